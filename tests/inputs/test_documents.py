"""Documents of a few pages, written by hand or by Pillow."""

import contextlib
import io
import os
import struct
import tempfile
from concurrent.futures import ThreadPoolExecutor

import decoding
import numpy as np
import pytest
from PIL import Image

from omr_jax.errors import UserError
from omr_jax.inputs import documents, page_reader, pdf

needs_pdf = pytest.mark.skipif(pdf.pypdfium2 is None, reason='needs the extra [pdf]')


def pdf_of(*objects, trailer=''):
  """Of objects, numbered from 1, the first of which is the catalog."""
  content, places = b'%PDF-1.4\n', []
  for number, text in enumerate(objects, 1):
    places.append(len(content))
    content += f'{number} 0 obj\n{text}\nendobj\n'.encode()
  table = ''.join(f'{place:010} 00000 n \n' for place in places)
  size = len(objects) + 1
  end = f'xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R '
  return content + f'{end}{trailer}>>\nstartxref\n{len(content)}\n%%EOF\n'.encode()


CATALOG = '<< /Type /Catalog /Pages 2 0 R >>'


def stream(text, entries=''):
  return f'<< /Length {len(text)} {entries}>>\nstream\n{text}\nendstream'


def drawn(content, box='0 0 100 200', resources=''):
  """A PDF of one page."""
  page = f'<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Contents 4 0 R {resources}>>'
  return pdf_of(CATALOG, '<< /Type /Pages /Kids [3 0 R] /Count 1 >>', page, stream(content))


def written(tmp_path, content, name='document'):
  path = tmp_path / name
  path.write_bytes(content)
  return path


def plain(*values):
  return [Image.new('L', (4, 3), value) for value in values]


def saved(frames, file_format, **options):
  file = io.BytesIO()
  frames[0].save(file, file_format, save_all=True, append_images=frames[1:], **options)
  return file.getvalue()


def errors(path):
  """The numbers and messages of a document none of whose pages can be read."""
  found = list(documents.pages(path))
  assert all(isinstance(page, UserError) for _, page in found)
  assert all(str(page).startswith(str(path)) for _, page in found)
  return [(number, str(page)) for number, page in found]


def test_frames_of_a_tiff(tmp_path):
  frames = [*plain(10, 20), Image.new('RGB', (2, 5), (1, 2, 3))]
  found = list(documents.pages(written(tmp_path, saved(frames, 'TIFF'))))
  assert [number for number, _ in found] == [1, 2, 3]
  assert [page.shape for _, page in found] == [(3, 4, 3), (3, 4, 3), (5, 2, 3)]
  # Each is a copy of its own: 20 didn't overwrite 10.
  assert [np.unique(page).tolist() for _, page in found] == [[10], [20], [1, 2, 3]]


def test_a_frame_is_read_as_often_as_it_is_asked_for(tmp_path):
  """One process reads all of them, and keeps the file open for its next page."""
  path = written(tmp_path, saved(plain(10, 20, 30), 'TIFF'))
  for _ in range(2):
    number, first = next(documents.pages(path))
    assert (number, first[0, 0, 0]) == (1, 10)
    assert [page[0, 0, 0] for _, page in documents.pages(path)] == [10, 20, 30]


@pytest.mark.parametrize('file_format', ['GIF', 'PNG', 'WEBP'])
def test_an_animation_is_one_picture(tmp_path, file_format):
  path = written(tmp_path, saved(plain(10, 200), file_format))
  ((number, page),) = documents.pages(path)
  assert number == 1 and page.shape == (3, 4, 3)
  assert np.abs(page.astype(int) - 10).max() <= 1


@pytest.mark.parametrize('least', [0, 8])
def test_a_photo_is_as_read(tmp_path, least):
  noise = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
  file = io.BytesIO()
  Image.fromarray(noise).save(file, 'JPEG')
  ((_, page),) = documents.pages(written(tmp_path, file.getvalue()), least)
  assert (page == decoding.read(file.getvalue(), 'x', least)).all()
  assert page.shape == ((32, 48, 3) if least == 0 else (8, 12, 3))


def test_a_broken_frame_between_others(tmp_path):
  content = saved(plain(10, 20, 30), 'TIFF')
  # The strip of the second: tag 273, one LONG; it is moved behind the end of the file.
  entries = [place for place in range(len(content)) if content[place:].startswith(b'\x11\1\4\0\1')]
  place = entries[1] + 8
  content = content[:place] + struct.pack('<I', 10**6) + content[place + 4 :]
  path = written(tmp_path, content)
  (_, first), (_, second), (_, third) = documents.pages(path)
  assert (first == 10).all() and (third == 30).all()
  assert str(second).startswith(f'{path}, page 2: damaged or cut short')


def test_frames_that_run_in_circles(tmp_path):
  content = saved(plain(10, 20), 'TIFF')
  with Image.open(io.BytesIO(content)) as picture:
    first = struct.unpack_from('<I', content, 4)[0]
    picture.seek(1)
    second = picture._frame_pos[1]
  # The address of the next frame stands behind the entries of 12 bytes.
  end = second + 2 + 12 * struct.unpack_from('<H', content, second)[0]
  content = content[:end] + struct.pack('<I', first) + content[end + 4 :]
  assert [number for number, _ in documents.pages(written(tmp_path, content))] == [1, 2]


def test_many_broken_frames(tmp_path):
  content = saved(plain(*range(30)), 'TIFF')
  gone = struct.pack('<HHII', 273, 4, 1, 10**6)[:8]
  places = [p for p in range(len(content)) if content[p : p + 8] == gone]
  assert len(places) == 30
  for place in places:
    content = content[: place + 8] + struct.pack('<I', 10**6) + content[place + 12 :]
  found = errors(written(tmp_path, content))
  assert [number for number, _ in found] == list(range(1, 12))
  assert '10 broken pages in a row; the rest is left out' in found[-1][1]


def test_no_file(tmp_path):
  os.mkfifo(tmp_path / 'pipe')  # Opening it would wait until somebody writes into it.
  for path, words in (
    (tmp_path / 'none.pdf', 'cannot be read'),
    (f'{tmp_path}/a\0b.png', 'cannot be read'),
    (tmp_path, 'no file, or a folder that cannot be listed'),
    (tmp_path / 'pipe', 'no file, or'),
  ):
    ((number, page),) = documents.pages(path)
    assert number == 1 and str(page).startswith(f'{path}: {words}')


def test_no_picture(tmp_path):
  ((number, message),) = errors(written(tmp_path, b'dear diary'))
  assert number == 1 and 'not a picture' in message
  ((_, message),) = errors(written(tmp_path, b''))
  assert 'is empty' in message


def test_a_file_of_gigabytes(tmp_path):
  path = written(tmp_path, b'RIFF\xff\xff\xff\xffWEBPVP8 ')
  with path.open('r+b') as file:
    file.truncate(2**32)  # Takes no place on the disk.
  ((_, message),) = errors(path)
  assert f'{2**32} bytes' in message


def test_the_file_is_closed(tmp_path):
  # Otherwise a ResourceWarning, an error in tests.
  with contextlib.closing(
    documents.pages(written(tmp_path, saved(plain(1, 2, 3), 'TIFF')))
  ) as found:
    assert next(found)[0] == 1


def test_pdf_without_its_library(tmp_path, monkeypatch):
  monkeypatch.setattr(pdf, 'pypdfium2', None)
  path = str(written(tmp_path, b'%PDF-1.7\n'))
  page = page_reader.Reader().page(page_reader.Wanted(path, (), 'a.pdf', 0, 0, None, True))
  assert str(page.found).startswith("a.pdf: PDFs need one more library; pip install 'omr_jax[pdf]'")
  assert not page.more


@pytest.mark.parametrize('file_format', ['JPEG', 'PNG', 'TIFF', 'WEBP', 'GIF'])
def test_without_colour(tmp_path, file_format):
  """Brightness of 16x8 red pixels and as many blue ones: 0.299 and 0.114 of 255."""
  picture = Image.new('RGB', (32, 8), 'red')
  picture.paste('blue', (16, 0, 32, 8))
  options = {'lossless': True} if file_format == 'WEBP' else {}
  file = io.BytesIO()
  picture.save(file, file_format, **options)
  path = written(tmp_path, file.getvalue())
  ((_, values),) = documents.pages(path, finish=np.asarray, colour=False)
  assert values.shape == (8, 32)
  expected = np.repeat([[0.299 * 255, 0.114 * 255]], 16, 1)
  assert np.abs(values - expected).max() <= (2 if file_format == 'JPEG' else 1)


@needs_pdf
def test_a_drawn_page(tmp_path):
  # 100 x 200 points become 750 x 1500 pixels. The lower left quarter is red.
  path = written(tmp_path, drawn('1 0 0 rg 0 0 50 100 re f'))
  ((number, page),) = documents.pages(path)
  assert number == 1 and page.shape == (1500, 750, 3) and page.dtype == np.uint8
  assert (page[:749] == 255).all() and (page[:, 376:] == 255).all()
  assert (page[751:, :374] == (255, 0, 0)).all()


@needs_pdf
@pytest.mark.parametrize(
  ('box', 'shape'), [('0 0 14400 1', (1, 1500, 3)), ('0 0 0.01 0.02', (1500, 750, 3))]
)
def test_size_on_paper_is_no_matter(tmp_path, box, shape):
  ((_, page),) = documents.pages(written(tmp_path, drawn('', box)))
  assert page.shape == shape


@needs_pdf
def test_pages_of_pictures(tmp_path):
  path = written(tmp_path, b'\r\n\r\n' + saved(plain(0, 128, 255), 'PDF'))
  found = list(documents.pages(path))
  assert [number for number, _ in found] == [1, 2, 3]
  # 4 x 3; a JPEG inside.
  assert all(page.shape == (1125, 1500, 3) for _, page in found)
  means = [page.mean() for _, page in found]
  assert means == pytest.approx([0, 128, 255], abs=1)


@needs_pdf
def test_a_gigantic_picture_in_a_pdf(tmp_path):
  entries = '/Type /XObject /Subtype /Image /Width 30000 /Height 30000 /BitsPerComponent 8 '
  page = '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 200] '
  content = pdf_of(
    CATALOG,
    '<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 2 >>',
    f'{page}/Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>',
    stream('100 0 0 200 0 0 cm /I Do'),
    stream('abc', f'{entries}/ColorSpace /DeviceGray '),
    f'{page}>>',
  )
  path = written(tmp_path, content)
  (_, first), (_, second) = documents.pages(path)
  # 8 bytes for each of 900 million pixels, since the damaged picture does not say that it is grey.
  assert str(first).startswith(f'{path}, page 1: too large (30000x30000 pixels')
  assert (second == 255).all()


@needs_pdf
@pytest.mark.parametrize('before', [0, 9, 1015, 1024, 5000, 60_000])
def test_other_bytes_before_a_pdf(tmp_path, before):
  ((_, page),) = documents.pages(written(tmp_path, b'x' * before + drawn('0 0 50 100 re f')))
  assert page.shape == (1500, 750, 3) and not page[751:, :374].any()


@needs_pdf
def test_a_picture_with_the_word_pdf_in_it_is_a_picture(tmp_path):
  file = io.BytesIO()
  Image.new('L', (4, 3)).save(file, 'JPEG', comment=b'%PDF-1.4')
  assert b'%PDF-' in file.getvalue()[:1024]
  ((_, page),) = documents.pages(written(tmp_path, file.getvalue()))
  assert page.shape == (3, 4, 3)


def test_no_folder_for_the_file_that_a_child_process_reads(monkeypatch):
  monkeypatch.setattr(tempfile, 'tempdir', None)
  monkeypatch.setattr(tempfile, '_candidate_tempdir_list', lambda: ['/nowhere'])
  ((_, error),) = documents.pages(b'%PDF-1.4', name='a.pdf')
  assert str(error).startswith('a.pdf: cannot be written to a temporary folder (No usable')


@needs_pdf
@pytest.mark.parametrize('crop', ['300 300 400 400', '100 200 200 300'])
def test_a_page_that_is_cropped_to_nothing(tmp_path, crop):
  path = written(tmp_path, drawn('', f'0 0 100 200] /CropBox [{crop}'))
  ((_, error),) = documents.pages(path)
  assert str(error) == f'{path}, page 1: has no area (0x0 points); leave it out.'


@needs_pdf
def test_files_are_called_as_they_are_named(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  broken = drawn('')[:60]
  files = {'a.pdf': broken, 'a.tif': b'II*\0', 'a.png': b'x', 'a b.pdf': broken}
  for name, content in files.items():
    written(tmp_path, content, name)
    ((_, error),) = documents.pages(name)
    assert str(error).startswith(f'{name}: ')
  ((_, error),) = documents.pages('missing.pdf')
  assert str(error) == (
    'missing.pdf: cannot be read (No such file or directory); check its name and its permissions.'
  )


@needs_pdf
def test_a_pdf_that_claims_a_million_pages(tmp_path):
  content = pdf_of(CATALOG, '<< /Type /Pages /Kids [] /Count 1000000 >>')
  assert len(errors(written(tmp_path, content))) <= 11


@needs_pdf
def test_a_locked_pdf(tmp_path):
  key = f'<{"00" * 32}>'
  lock = f'/Filter /Standard /V 1 /R 2 /O {key} /U {key} /P -4'
  content = pdf_of(
    CATALOG,
    '<< /Type /Pages /Kids [] /Count 0 >>',
    f'<< {lock} >>',
    trailer='/Encrypt 3 0 R /ID [<00> <00>] ',
  )
  ((_, message),) = errors(written(tmp_path, content))
  assert 'needs a password' in message


@needs_pdf
def test_damaged_pdfs(tmp_path, capfd):
  content = drawn('1 0 0 rg 0 0 50 100 re f')
  rng = np.random.default_rng(0)
  for trial in range(200):
    damaged = bytearray(content[: rng.integers(9, len(content))] if trial % 2 else content)
    for place in rng.integers(8, len(damaged), rng.integers(1, 20)):
      damaged[place] = rng.integers(256)
    for _, page in documents.pages(written(tmp_path, bytes(damaged))):
      assert isinstance(page, UserError) or page.size <= 3 * pdf.SIDE**2
  assert capfd.readouterr() == ('', '')


@needs_pdf
def test_pdfs_in_threads(tmp_path):
  path = written(tmp_path, saved(plain(0, 128, 255), 'PDF'))
  expected = [page.mean() for _, page in documents.pages(path)]
  with ThreadPoolExecutor(4) as pool:
    for found in pool.map(lambda _: [page.mean() for _, page in documents.pages(path)], range(8)):
      assert found == expected
