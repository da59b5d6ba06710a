"""Pictures of a few pixels in every format and mode, and the resize rule by hand."""

import io
import math
import os
import re
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import decoding
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from waiting import HANG

from omr_jax.errors import UserError
from omr_jax.inputs import budget, pictures, pillow_setup

NOISE = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
EXACT = ['PNG', 'TIFF', 'BMP', 'WEBP']


def encode(picture, file_format, **options):
  picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
  if file_format == 'WEBP':
    options = {'lossless': True} | options
  file = io.BytesIO()
  picture.save(file, file_format, **options)
  return file.getvalue()


def tiff(values, bits=16, photometric=1, sample_format=1, order='<', **more):
  """An uncompressed TIFF of one row and one channel; tags by their number, as in t322=16."""
  data = values if isinstance(values, bytes) else values.astype(values.dtype.newbyteorder(order))
  data = bytes(data) if isinstance(data, bytes) else data.tobytes()
  width = len(values) if not isinstance(values, bytes) else len(values) * 8 // bits
  tags = {256: width, 257: 1, 258: bits, 259: 1, 262: photometric, 273: 8, 277: 1, 278: 1}
  tags |= {279: len(data), 339: sample_format} | {int(tag[1:]): n for tag, n in more.items()}
  entries = b''.join(struct.pack(f'{order}HHII', t, 4, 1, n) for t, n in sorted(tags.items()))
  header = (b'II' if order == '<' else b'MM') + struct.pack(f'{order}HI', 42, 8 + len(data))
  return header + data + struct.pack(f'{order}H', len(tags)) + entries + bytes(4)


def chunk(kind, data):
  """Of a PNG."""
  return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def with_chunk(png, kind, data):
  """A PNG with one chunk more behind its header."""
  return png[:33] + chunk(kind, data) + png[33:]


def grey(content):
  """The only row of a grey picture."""
  picture = decoding.read(content, 'row')
  assert picture.shape[0] == 1 and picture.dtype == np.uint8
  assert (picture == picture[..., :1]).all()
  return picture[0, :, 0].tolist()


def rgb(*rows):
  return np.array(rows, np.uint8)


# Resizing.


def row(*values):
  return np.repeat(np.array([values], np.uint8)[..., None], 3, 2)


def test_halved():
  # Pixel 0 of 2 has its centre at 1 and a triangle 2 wide to each side: 3/4, 3/4 and 1/4 of the
  # first three pixels, whose centres are at 1/2, 3/2 and 5/2; divided by their sum 3/7, 3/7, 1/7.
  halved = decoding.resize(row(70, 140, 0, 210), 1, 2)
  # (210 + 420 + 0) / 7 and, mirrored, (140 + 0 + 630) / 7.
  assert (halved == row(90, 110)).all()


def test_doubled():
  # Centres at 1/4, 3/4, 5/4 and 7/4 between those at 1/2 and 3/2.
  assert (decoding.resize(row(0, 100), 1, 4) == row(0, 25, 75, 100)).all()


def test_rows_first_and_rounded_between():
  # The rows' means 1/2 and 3/2 become 1 and 2, whose mean becomes 2. The columns have 0 and 2.
  tall = np.repeat(np.array([[0, 1], [0, 3]], np.uint8)[..., None], 3, 2)
  assert (decoding.resize(tall, 1, 1) == 2).all()
  assert (decoding.resize(tall.swapaxes(0, 1), 1, 1) == 1).all()


def test_channels_are_apart():
  two = rgb([[0, 10, 255], [100, 30, 255]])
  assert decoding.resize(two, 1, 1).tolist() == [[[50, 20, 255]]]


def axis_resized(values, m):
  """The rule as `resize` documents it, along the first axis."""
  n = len(values)
  s = n / m
  r = max(s, 1)
  result = np.empty((m, *values.shape[1:]))
  for i in range(m):
    c = (i + 0.5) * s
    window = range(max(0, math.floor(c - r + 0.5)), min(n, math.floor(c + r + 0.5)))
    weights = np.array([max(0, 1 - abs(j + 0.5 - c) / r) for j in window])
    result[i] = np.tensordot(weights / weights.sum(), values[window.start : window.stop], 1)
  return np.floor(result + 0.5)


def by_the_rule(picture, height, width):
  rows = axis_resized(picture.swapaxes(0, 1).astype(float), width).swapaxes(0, 1)
  return axis_resized(rows, height)


sides = st.integers(1, 50)


@given(sides, sides, sides, sides, st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_any_size_by_the_rule(source_height, source_width, height, width, random):
  shape = source_height, source_width, 3
  picture = np.frombuffer(random.randbytes(math.prod(shape)), np.uint8).reshape(shape)
  resized = decoding.resize(picture, height, width)
  assert resized.shape == (height, width, 3) and resized.dtype == np.uint8
  # Each of the two passes may round a half the other way, since its weights have 22 bits.
  assert np.abs(resized - by_the_rule(picture, height, width)).max() <= 2


@pytest.mark.parametrize('shape', [(1, 30_000, 3), (30_000, 1, 3)])
def test_strips_by_the_rule(shape):
  strip = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
  resized = decoding.resize(strip, 12, 16)
  assert np.abs(resized - by_the_rule(strip, 12, 16)).max() <= 1


# Loading.


@pytest.mark.parametrize('turn', [1, 6])
@pytest.mark.parametrize('mode', ['L', 'RGB', 'CMYK'])
@pytest.mark.parametrize('file_format', ['JPEG', 'TIFF'])
def test_load_is_read_and_resize(file_format, mode, turn):
  exif = Image.Exif()
  exif[0x112] = turn
  content = encode(Image.fromarray(NOISE).convert(mode), file_format, exif=exif)
  # JPEGs at half their size: 40x30 or 30x40 stay above 14.
  half = decoding.read(content, 'x', 14)
  expected = {'JPEG': (15, 20), 'TIFF': (30, 40)}[file_format]
  assert half.shape[:2] == (expected if turn == 1 else expected[::-1])
  assert (decoding.load(content, 'x', 5, 7) == decoding.resize(half, 5, 7)).all()


@pytest.mark.parametrize(
  ('least', 'shape'),
  [(0, (49, 65)), (49, (49, 65)), (25, (49, 65)), (24, (25, 33)), (12, (13, 17)), (6, (7, 9))],
)
def test_jpegs_are_decoded_small(least, shape):
  # By the largest of 1, 2, 4 and 8 that is no more than 49 // least; what is left is rounded up.
  content = encode(Image.new('RGB', (65, 49)), 'JPEG')
  assert decoding.read(content, 'x', least).shape[:2] == shape


# Formats and modes.


@pytest.mark.parametrize('file_format', EXACT)
def test_exact_formats(file_format):
  assert (decoding.read(encode(NOISE, file_format), 'x') == NOISE).all()


@pytest.mark.parametrize('file_format', ['JPEG', 'WEBP', 'GIF'])
def test_other_formats(file_format):
  # A plain colour loses next to nothing.
  content = encode(Image.new('RGB', (20, 10), (200, 100, 50)), file_format, lossless=False)
  picture = decoding.read(content, 'x')
  assert picture.shape == (10, 20, 3)
  assert np.abs(picture.astype(int) - (200, 100, 50)).max() <= 3


def test_heic():
  pytest.importorskip('pillow_heif', reason='needs the extra [heic]')
  pillow_setup.set_up()  # Otherwise Pillow cannot write HEIF.
  content = encode(Image.new('RGB', (64, 32), (200, 100, 50)), 'HEIF')
  picture = decoding.read(content, 'x')
  assert picture.shape == (32, 64, 3)
  assert np.abs(picture.astype(int) - (200, 100, 50)).max() <= 4


def test_heic_without_its_library(monkeypatch):
  monkeypatch.setattr(pictures, 'pillow_heif', None)
  with pytest.raises(
    UserError, match=re.escape("a.heic: HEIC needs one more library; pip install '")
  ):
    decoding.read(b'\0\0\0\x18ftypheic' + bytes(100), 'a.heic')


@pytest.mark.parametrize('file_format', ['JPEG', 'TIFF'])
def test_cmyk(file_format):
  # (1 - ink) (1 - black): 0.8 x 1, 0.4 x 1, 1 x 1; then all of it at 0.6.
  two = Image.new('CMYK', (32, 16), (51, 153, 0, 0))
  two.paste((51, 153, 0, 102), (16, 0, 32, 16))
  picture = decoding.read(encode(two, file_format), 'x').astype(int)
  assert np.abs(picture[8, 4] - (204, 102, 255)).max() <= 2
  assert np.abs(picture[8, 28] - (122, 61, 153)).max() <= 2


def test_16_bits():
  values = np.array([0, 128, 129, 257, 32767, 32768, 65406, 65407, 65535], np.uint16)
  # Over 257: 0.498, 0.502, 1, 127.498, 127.502, 254.498 and 254.502 between 0 and 255.
  expected = [0, 0, 1, 1, 127, 128, 254, 255, 255]
  assert grey(encode(values[None], 'PNG')) == expected
  assert grey(tiff(values)) == expected
  assert grey(tiff(values, order='>')) == expected
  assert grey(tiff(values, photometric=0)) == [255 - value for value in expected]


def test_12_bits():
  # 0xABC = 2748 and 0x123 = 291 of 4095, packed: 171.1 and 18.1.
  assert grey(tiff(b'\xab\xc1\x23', bits=12)) == [171, 18]


def test_16_bit_colours():
  # Their upper 8 bits.
  data = b'\0' + struct.pack('>6H', 0x1234, 0xFFFF, 0x00FF, 0x8000, 0x7FFF, 0)
  header = chunk(b'IHDR', struct.pack('>IIBBBBB', 2, 1, 16, 2, 0, 0, 0))
  content = b'\x89PNG\r\n\x1a\n' + header + chunk(b'IDAT', zlib.compress(data))
  content += chunk(b'IEND', b'')
  assert decoding.read(content, 'x').tolist() == [[[0x12, 0xFF, 0], [0x80, 0x7F, 0]]]


@pytest.mark.parametrize(
  ('values', 'expected'),
  [
    ([0, 0.2, 1], [0, 51, 255]),
    ([0, 51, 255], [0, 51, 255]),
    ([0, 51, 200], [0, 51, 200]),
    ([0, 25700, 65535], [0, 100, 255]),
    ([-1, 0, 4], [0, 51, 255]),
    ([100_000, 120_000, 200_000], [0, 51, 255]),
    ([-7, -7, -7], [0, 0, 0]),
    ([0, 0, 0], [0, 0, 0]),
    ([math.nan, math.inf, 51], [0, 255, 51]),
    ([-1, math.nan, 1], [0, 0, 255]),
    ([math.nan] * 3, [0, 0, 0]),
    ([-3e38, 0, 3e38], [0, 128, 255]),
  ],
)
def test_floats_and_wide_numbers(values, expected):
  floats = np.array(values, np.float32)
  assert grey(tiff(floats, bits=32, sample_format=3)) == expected
  if np.isfinite(floats).all() and (floats == np.rint(floats)).all() and floats.max() < 2**31:
    assert grey(tiff(floats.astype(np.int32), bits=32, sample_format=2)) == expected


def test_unsigned_numbers_of_32_bits():
  """Pillow gives those from 2^31 on as negative ones. White is the highest value."""
  values = np.array([0, 2**31, 2**32 - 1], np.uint32)
  assert grey(tiff(values, bits=32)) == [0, 128, 255]


def test_a_transparent_value_of_16_bits():
  """Black is transparent here, so the paper below it is seen; 25700 is 100 of 255."""
  data = zlib.compress(b'\0' + struct.pack('>3H', 0, 25700, 65535))
  header = chunk(b'IHDR', struct.pack('>IIBBBBB', 3, 1, 16, 0, 0, 0, 0))
  clear = chunk(b'tRNS', struct.pack('>H', 0))
  content = b'\x89PNG\r\n\x1a\n' + header + clear + chunk(b'IDAT', data) + chunk(b'IEND', b'')
  assert grey(content) == [255, 100, 255]


def test_white_is_zero_in_floats():
  floats = np.array([0, 0.2, 1], np.float32)
  assert grey(tiff(floats, bits=32, sample_format=3, photometric=0)) == [255, 204, 0]


@pytest.mark.parametrize('file_format', ['PNG', 'TIFF', 'BMP'])
def test_one_bit(file_format):
  assert grey(encode(np.array([[False, True, True]]), file_format)) == [0, 255, 255]


@pytest.mark.parametrize('file_format', ['PNG', 'TIFF', 'BMP', 'WEBP'])
def test_grey(file_format):
  assert grey(encode(np.array([[0, 77, 255]], np.uint8), file_format)) == [0, 77, 255]


# 255 x (1 - alpha) + value x alpha: 255, 255 - 128 + 0, 200 x 51/255 + 255 x 204/255.
COLOURS = [(9, 9, 9, 0), (0, 0, 0, 128), (200, 100, 0, 51), (1, 2, 3, 255)]
OVER_WHITE = [[255, 255, 255], [127, 127, 127], [244, 224, 204], [1, 2, 3]]


@pytest.mark.parametrize('file_format', ['PNG', 'TIFF', 'WEBP'])
def test_alpha_is_over_white(file_format):
  content = encode(np.array([COLOURS], np.uint8), file_format)
  assert decoding.read(content, 'x').tolist() == [OVER_WHITE]


def test_grey_with_alpha():
  row_of_two = np.array([[(0, 128), (100, 51)]], np.uint8)
  # 100 x 0.2 + 255 x 0.8.
  assert grey(encode(row_of_two, 'PNG')) == [127, 224]
  assert grey(encode(row_of_two, 'TIFF')) == [127, 224]
  # With grey already multiplied by alpha: 100 x 0.2 = 20.
  premultiplied = tiff(b'\0\x80\x14\x33', 8, t256=2, t277=2, t338=1)
  assert grey(premultiplied) == pytest.approx([127, 224], abs=1)


@pytest.mark.parametrize(
  ('pixels', 'expected'),
  [
    # White ink on a third of the picture, and at its edge.
    ([(255, 255), (9, 0), (9, 0)], [255, 0, 0]),
    ([(255, 255), (255, 51), (9, 0)], [255, 51, 0]),
    # 193 is light; 192 is not, and is 192 on white.
    ([(193, 255), (0, 0), (0, 0)], [193, 0, 0]),
    ([(192, 255), (0, 0), (0, 0)], [192, 255, 255]),
    # The weights are the alphas: 255 x 255 / 340 is 191.25, and / 338 it is 192.4.
    ([(255, 255), (0, 85), (0, 0)], [255, 170, 255]),
    ([(255, 255), (0, 83), (0, 0)], [255, 0, 0]),
    # White paper, as it covers one half or more; dark ink, and faint dark ink: 255 x 0.8.
    ([(255, 255), (0, 0)], [255, 255]),
    ([(255, 255), (0, 255), (255, 255), (255, 0)], [255, 0, 255, 255]),
    ([(0, 255), (255, 0), (255, 0)], [0, 255, 255]),
    ([(0, 51), (0, 0)], [204, 255]),
    ([(77, 0), (0, 0)], [255, 255]),  # Nothing at all.
  ],
)
def test_light_ink_is_over_black(pixels, expected):
  row = np.array([pixels], np.uint8)
  assert grey(encode(row, 'PNG')) == expected
  in_colours = Image.fromarray(row[..., [0, 0, 0, 1]])
  assert grey(encode(in_colours, 'PNG')) == expected


def palette_picture():
  picture = Image.new('P', (4, 1))
  picture.putpalette([channel for colour in COLOURS for channel in colour[:3]])
  picture.putdata([0, 1, 2, 3])
  return picture


def test_palettes():
  opaque = [[list(colour[:3]) for colour in COLOURS]]
  assert decoding.read(encode(palette_picture(), 'PNG'), 'x').tolist() == opaque
  assert decoding.read(encode(palette_picture(), 'BMP'), 'x').tolist() == opaque
  alphas = bytes(colour[3] for colour in COLOURS)
  content = encode(palette_picture(), 'PNG', transparency=alphas)
  assert decoding.read(content, 'x').tolist() == [OVER_WHITE]
  for file_format in ('PNG', 'GIF'):
    content = encode(palette_picture(), file_format, transparency=2)
    one_clear = [[*opaque[0][:2], [255, 255, 255], opaque[0][3]]]
    assert decoding.read(content, 'x').tolist() == one_clear


def test_a_transparent_colour():
  content = encode(np.array([[0, 77, 255]], np.uint8), 'PNG', transparency=77)
  assert grey(content) == [0, 255, 255]


def test_the_first_frame():
  frames = [Image.new('L', (3, 2), value) for value in (10, 200)]
  for file_format in ('GIF', 'TIFF', 'PNG', 'WEBP'):
    content = encode(frames[0], file_format, save_all=True, append_images=frames[1:])
    assert (decoding.read(content, 'x') == 10).all()


def test_a_photo_of_several():
  # As many phones store them: JPEG to the eye, MPO to Pillow.
  frames = [Image.new('RGB', (64, 48), (value, 0, 0)) for value in (10, 200)]
  content = encode(frames[0], 'MPO', save_all=True, append_images=frames[1:])
  picture = decoding.read(content, 'x', 24)
  assert picture.shape == (24, 32, 3)
  assert np.abs(picture.astype(int) - (10, 0, 0)).max() <= 3


# What the camera was held like: row 0 of what is stored is, for 6, the right edge.
TURNED = {
  1: lambda a: a,
  2: lambda a: a[:, ::-1],
  3: lambda a: a[::-1, ::-1],
  4: lambda a: a[::-1],
  5: lambda a: a.swapaxes(0, 1),
  6: lambda a: a[::-1].swapaxes(0, 1),
  7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
  8: lambda a: a[:, ::-1].swapaxes(0, 1),
  9: lambda a: a,
}


@pytest.mark.parametrize('file_format', ['PNG', 'TIFF', 'WEBP'])
@pytest.mark.parametrize('orientation', TURNED)
def test_orientation(orientation, file_format):
  exif = Image.Exif()
  exif[0x112] = orientation
  content = encode(NOISE, file_format, exif=exif.tobytes())
  assert (decoding.read(content, 'x') == TURNED[orientation](NOISE)).all()


@pytest.mark.parametrize('orientation', [1, 6])
@pytest.mark.parametrize('mode', ['L', 'RGBA', 'CMYK'])
def test_pixels_are_those_of_the_given_file(orientation, mode, tmp_path, monkeypatch):
  """Of an uncompressed picture Pillow would read them from whatever has its name here."""
  monkeypatch.chdir(tmp_path)
  picture, exif = Image.fromarray(NOISE).convert(mode), Image.Exif()
  exif[0x112] = orientation
  Image.new(mode, (400, 300)).save('x', 'TIFF')
  content = encode(picture, 'TIFF', exif=exif)
  right = decoding.read(encode(picture, 'TIFF', exif=exif, compression='tiff_lzw'), 'y')
  assert (decoding.read(content, 'x') == right).all()
  Path('z').write_bytes(content)  # Pillow would turn its rows before it reads them.
  assert (decoding.read(content, 'z') == right).all()


def test_orientation_of_a_photo():
  pixels = Image.new('L', (32, 16))
  pixels.paste(255, (16, 0, 32, 16))
  exif = Image.Exif()
  exif[0x112] = 6
  turned = decoding.read(encode(pixels, 'JPEG', exif=exif), 'x')
  assert turned.shape == (32, 16, 3)
  assert turned[:15].max() < 10 and turned[17:].min() > 245


@pytest.mark.parametrize('exif', [b'', b'junk', b'II*\0\x08\0\0\0\xff\xff\x12\x01', b'MM\0*' * 9])
def test_a_damaged_exif_block_is_no_matter(exif):
  content = encode(NOISE, 'PNG')
  assert (decoding.read(with_chunk(content, b'eXIf', exif), 'x') == NOISE).all()
  assert decoding.read(encode(NOISE, 'JPEG', exif=b'Exif\0\0' + exif), 'x').shape == NOISE.shape


# What is refused.


def refusal(content, name='some.file'):
  with pytest.raises(UserError) as error:
    decoding.read(content, name)
  with pytest.raises(UserError):
    decoding.load(content, name, 8, 8)
  message = str(error.value)
  assert message.startswith(f'{name}: ') and '\n' not in message and len(message) < 400
  return message


def test_empty():
  assert 'is empty' in refusal(b'')


@pytest.mark.parametrize(
  'content',
  [b'x', b'hello world\n' * 100, bytes(1000), b'%PDF-1.7\n', b'P6 1 1 255 abc', b'%!PS-Adobe-3.0'],
)
def test_no_picture_that_is_read(content):
  assert 'not a picture' in refusal(content)


@pytest.mark.parametrize(
  'content',
  [b'Clef-G\n10,5;11,6;\n', b'10,5;11,6;\n', b'{"strokes": [[[1, 2]]]}', b'\xef\xbb\xbf[]'],
)
def test_strokes_are_sent_to_a_model_that_reads_them(content):
  assert 'not a picture; if it holds strokes' in refusal(content)
  assert 'such as homus_strokes' in refusal(content)


def test_pillows_other_plug_ins_stay_out():
  for file_format in ('PPM', 'EPS', 'TGA', 'JPEG2000', 'PCX', 'ICO'):
    assert 'not a picture' in refusal(encode(NOISE, file_format))


@pytest.mark.parametrize('file_format', [*EXACT, 'JPEG', 'GIF'])
@pytest.mark.parametrize('share', [0.02, 0.3, 0.6, 0.9])
def test_cut_short(file_format, share):
  content = encode(NOISE, file_format)
  refusal(content[: int(len(content) * share)])


@pytest.mark.parametrize('shape', [(20_000, 20_000), (11_586, 11_586), (1, 70_000), (70_000, 1)])
def test_gigantic(shape):
  header = chunk(b'IHDR', struct.pack('>IIBBBBB', *shape, 8, 2, 0, 0, 0))
  content = b'\x89PNG\r\n\x1a\n' + header + chunk(b'IDAT', zlib.compress(bytes(100)))
  # RGB takes 8 bytes a pixel where it is turned: of a square 11 585 pixels a side fit into 2^30.
  assert f'too large ({shape[0]}x{shape[1]} pixels' in refusal(content)


def test_gigantic_tiles():
  tile = {'t322': 60_000, 't323': 60_000, 't324': 8, 't325': 4}
  assert 'too large' in refusal(tiff(np.zeros(4, np.uint8), bits=8, **tile))


@pytest.mark.parametrize('compression', [34712, 34887, 50001, 65000])
def test_tiffs_of_other_compressions(compression):
  """Leadtools' JPEG 2000, LERC, WebP, and none that exists; libtiff is built without these."""
  content = tiff(np.zeros(4, np.uint8), bits=8, t259=compression)
  assert 'one of a kind that is not read' in refusal(content)


@pytest.mark.parametrize('brand', [b'avif', b'avis', b'isom'])
def test_other_files_in_the_container_of_heic(brand):
  assert 'AVIF, a video or another kind of HEIF, which are not read' in refusal(
    b'\0\0\0\x18ftyp' + brand + bytes(100)
  )


def test_one_budget_in_bytes():
  """By hand: what is stored, and the copies on the way to grey or RGB."""
  million = (1000, 1000)
  for mode, bytes_each in (('1', 2), ('L', 2), ('P', 5), ('I;16', 3), ('RGB', 8), ('CMYK', 8)):
    assert budget.needed(Image.new(mode, million)) == bytes_each * 10**6
  assert budget.needed(Image.new('RGBA', million)) == 8 * 10**6
  assert budget.needed(Image.new('LA', million)) == 12 * 10**6
  assert budget.needed(Image.new('L', million), as_array=True) == (1 + 3) * 10**6
  assert budget.needed(Image.new('RGB', million), as_array=True) == 8 * 10**6


@pytest.mark.parametrize(('options', 'bytes_each'), [({}, 0), ({'progressive': True}, 3)])
def test_reduced_jpegs_count_reduced(options, bytes_each):
  """Of a progressive one libjpeg keeps all coefficients, of 2 bytes: here 1.5 for each pixel."""
  content = encode(Image.new('RGB', (800, 1600)), 'JPEG', subsampling='4:2:0', **options)
  picture = pictures.opened(io.BytesIO(content), 'x')
  picture.draft(None, (100, 100))
  assert picture.size == (100, 200)
  expected = 8 * 100 * 200 + bytes_each * 800 * 1600
  assert budget.needed(picture, (800, 1600)) == expected


def test_black_and_white_of_1200_dots_per_inch():
  """A4; Pillow's own limit would be 179 million pixels, of any kind."""
  for file_format in ('TIFF', 'PNG'):
    options = {'compression': 'group4'} if file_format == 'TIFF' else {}
    content = encode(Image.new('1', (9921, 14031), 1), file_format, **options)
    assert (decoding.load(content, 'x', 8, 8) == 255).all()


def test_a_jpeg_of_200_million_pixels():
  content = encode(Image.new('L', (16320, 12240), 77), 'JPEG')
  assert np.abs(decoding.load(content, 'x', 8, 8).astype(int) - 77).max() <= 1


LITTLE_MEMORY = """
import resource, sys
import decoding
from omr_jax.errors import UserError
decoding.load(open(sys.argv[1], 'rb').read(), 'x', 8, 8)
used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 90_000_000, -1))
try:
  decoding.load(open(sys.argv[2], 'rb').read(), 'x', 8, 8)
except UserError as error:
  print(error)
"""


@pytest.mark.skipif(not os.path.exists('/proc/self/statm'), reason='asks Linux for the memory')
def test_lack_of_memory_is_no_damage(tmp_path):
  """A progressive JPEG of 24 million pixels has 144 MB of coefficients."""
  options = {'progressive': True, 'subsampling': 0}
  for name, size in (('small', (60, 40)), ('large', (6000, 4000))):
    (tmp_path / name).write_bytes(encode(Image.new('RGB', size), 'JPEG', **options))
  command = [sys.executable, '-c', LITTLE_MEMORY, tmp_path / 'small', tmp_path / 'large']
  here = os.path.dirname(decoding.__file__)
  done = subprocess.run(command, capture_output=True, text=True, cwd=here)
  assert done.stdout.startswith('x: there is not enough memory to read it') and not done.stderr


def test_a_text_of_a_million_letters():
  text = b'Comment\0\0' + zlib.compress(bytes(2**21))
  assert 'damaged' in refusal(with_chunk(encode(NOISE, 'PNG'), b'zTXt', text))


# Threads.

# Pillow warns of an animation without frames.
WARNS = with_chunk(encode(NOISE, 'PNG'), b'acTL', bytes(8))


def test_pillow_is_quiet_in_threads(capfd):
  with pytest.warns(UserWarning, match='Invalid APNG'):
    Image.open(io.BytesIO(WARNS)).load()
  with warnings.catch_warnings():
    warnings.simplefilter('error')
    with ThreadPoolExecutor(8) as pool:
      for picture in pool.map(lambda _: decoding.read(WARNS, 'x'), range(200)):
        assert (picture == NOISE).all()
    # Nobody else's warnings are lost.
    with pytest.raises(UserWarning):
      warnings.warn('mine', stacklevel=1)
  assert capfd.readouterr() == ('', '')


@pytest.mark.parametrize(('many', 'at_once'), [(0, 1), (10**6, 4)])
def test_large_pictures_one_at_a_time(monkeypatch, many, at_once):
  monkeypatch.setattr(pictures, 'SMALL', many)
  content, meeting = encode(NOISE, 'PNG'), threading.Barrier(at_once)
  others = threading.Lock()

  def finish(picture):
    meeting.wait(timeout=HANG)  # Breaks, unless all of them come at once.
    if at_once == 1:
      assert others.acquire(blocking=False)
      threading.Event().wait(0.01)
      others.release()
    return np.asarray(picture)

  def one(_):
    return pictures.decode(pictures.opened(io.BytesIO(content), 'x'), 'x', finish=finish)

  with ThreadPoolExecutor(4) as pool:
    assert all((picture == NOISE).all() for picture in pool.map(one, range(4)))
