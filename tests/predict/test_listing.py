"""Files in folders, and names on standard input."""

import io
import os
import sys
import tracemalloc
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from omr_jax.predict import listing


def made(folder: Path, *names: str) -> str:
  """The folder with empty files of these names."""
  for name in names:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).touch()
  return str(folder)


def found(paths, names=(), suffixes=listing.PICTURES):
  return list(listing.files(paths, names, suffixes))


def test_folder(tmp_path):
  kinds = ('b.png', 'a.PNG', 'c.pdf', 'notes.txt', 'png', '.hidden.png', '__MACOSX/x.png')
  folder = made(tmp_path, *kinds, 'z/1.jpg', 'a/er/2.tiff', 'a/3.webp', '.git/x.png', 'a.d/4.gif')
  names = ['a.PNG', 'b.png', 'c.pdf', 'a/3.webp', 'a/er/2.tiff', 'a.d/4.gif', 'z/1.jpg']
  assert found([folder]) == [f'{folder}/{name}' for name in names]
  strokes = frozenset(('.json', '.txt'))
  assert found([f'{folder}/a/', folder], suffixes=strokes) == [f'{folder}/notes.txt']


def test_a_folder_that_is_omitted(tmp_path):
  """It is known by a link too, and what is in it is not counted as left out."""
  folder = made(
    tmp_path / 'in', 'a.png', 'answers/_shards.json', 'answers/x/b.png', 'answers2/c.png'
  )
  (tmp_path / 'link').symlink_to(folder, target_is_directory=True)
  left_out = Counter()
  given = listing.files([folder], (), listing.PICTURES, left_out, tmp_path / 'link/answers')
  assert list(given) == [f'{folder}/a.png', f'{folder}/answers2/c.png'] and not left_out
  # As `find` names them.
  names = ['a.png', 'answers/_shards.json', 'answers/x', 'answers2/c.png']
  paths = [f'{folder}/{name}' for name in names]
  listed = listing.files(
    ['-'], map(os.fsencode, paths), listing.PICTURES, left_out, tmp_path / 'in/answers'
  )
  assert list(listed) == [paths[0], paths[3]]


def test_named_files_are_given_whatever_they_are(tmp_path):
  folder = made(tmp_path, '.hidden.png', 'notes.txt', '__MACOSX/x.png')
  names = [f'{folder}/{name}' for name in ('notes.txt', 'missing', '.hidden.png')]
  assert found([*names, f'{folder}/__MACOSX']) == [*names, f'{folder}/__MACOSX/x.png']


def given(monkeypatch, content: bytes, null=False):
  """The names of a standard input with this content."""
  monkeypatch.setattr(sys, 'stdin', io.TextIOWrapper(io.BytesIO(content)))
  return listing.standard_input(null)


@pytest.mark.parametrize('null', [False, True])
def test_standard_input(tmp_path, monkeypatch, null):
  folder = made(tmp_path, 'a/1.png', 'a/2.png', 'b.png')
  names = [f'{folder}/b.png', '', f'{folder}/a', '-', f'{folder}/missing.png']
  content = b'\0'.join(map(os.fsencode, names))
  if not null:
    content = content.replace(b'\0', b'\n').replace(b'/a\n', b'/a\r\n')
  inside = [f'{folder}/a/1.png', f'{folder}/a/2.png']
  assert found(['x.gif', '-', 'y.gif'], given(monkeypatch, content, null)) == [
    *('x.gif', f'{folder}/b.png', *inside, '-', f'{folder}/missing.png', 'y.gif')
  ]


@pytest.mark.parametrize('end', [b'', b'\0'])
@pytest.mark.parametrize('size', [1, 7, 2**16])
def test_names_that_end_with_nul_may_have_line_breaks(monkeypatch, size, end):
  names = [b'a\nb.png', b'\r\n', b'c.png\n', b'\xff.png', b'x' * 100]
  monkeypatch.setattr(listing, '_CHUNK', size)
  assert [name for name in given(monkeypatch, b'\0'.join(names) + end, True) if name] == names


def test_a_name_that_ends_with_nul_does_not_wait_for_the_next(monkeypatch):
  reading, writing = os.pipe()
  with open(writing, 'wb', 0) as writer, open(reading, 'rb') as reader:
    monkeypatch.setattr(sys, 'stdin', io.TextIOWrapper(reader))
    names = listing.standard_input(True)
    for name in (b'a', b'b'):
      writer.write(name + b'\0')
      assert next(names) == name


def test_names_on_standard_input_are_not_gathered():
  def endless():
    while True:
      yield b'x.png'

  assert list(islice(listing.files(['-'], endless(), listing.PICTURES), 1000)) == ['x.png'] * 1000


def test_links(tmp_path):
  """Those to files and to nowhere are given, those to folders aren't followed."""
  folder = made(tmp_path / 'in', 'deep/a.png')
  outside = made(tmp_path / 'out', 'b.png')
  (tmp_path / 'in/deep/loop').symlink_to(folder)
  (tmp_path / 'in/b.png').symlink_to(f'{outside}/b.png')
  (tmp_path / 'in/nowhere.png').symlink_to('missing')
  (tmp_path / 'in/self.png').symlink_to('self.png')
  names = ['b.png', 'nowhere.png', 'self.png', 'deep/a.png']
  assert found([folder]) == [f'{folder}/{name}' for name in names]
  assert found([f'{folder}/deep/loop']) == [f'{folder}/deep/loop/{name}' for name in names]


def test_name_that_is_no_text(tmp_path):
  path = os.fsencode(tmp_path) + b'/\xff\xfe.png'
  with open(path, 'wb'):
    pass
  assert [os.fsencode(name) for name in found([str(tmp_path)])] == [path]
  assert [os.fsencode(name) for name in found(['-'], [path])] == [path]


@pytest.fixture
def deep(tmp_path):
  """A folder deeper than Python's functions may call each other, and so than pytest removes."""
  folders = [tmp_path.joinpath(*['d'] * depth) for depth in range(1, 1201)]
  for folder in folders:
    folder.mkdir()
  yield folders[-1]
  for folder in reversed(folders):
    for file in folder.glob('*.png'):
      file.unlink()
    folder.rmdir()


def test_deep_folders(deep, tmp_path):
  made(deep, 'b.png')
  made(tmp_path, 'a.png')
  assert found([str(tmp_path)]) == [f'{tmp_path}/a.png', f'{deep}/b.png']


@pytest.mark.skipif(os.geteuid() == 0, reason='root reads everything')
def test_unreadable_folder_is_given(tmp_path):
  folder = made(tmp_path, 'a/1.png', 'b/2.png')
  (tmp_path / 'a').chmod(0)
  try:
    assert found([folder]) == [f'{folder}/a', f'{folder}/b/2.png']
  finally:
    (tmp_path / 'a').chmod(0o700)


def test_folder_that_goes_away_is_given(tmp_path):
  made(tmp_path, '1.png', 'a/2.png', 'b/3.png')
  files = listing.files([str(tmp_path)], (), listing.PICTURES)
  assert [next(files), next(files)] == [f'{tmp_path}/1.png', f'{tmp_path}/a/2.png']
  (tmp_path / 'b/3.png').unlink()
  (tmp_path / 'b').rmdir()
  assert list(files) == [f'{tmp_path}/b']


@pytest.mark.parametrize('number', [0, 1, 2, 3, 4, 6, 7])
def test_many_names_are_read_in_portions(tmp_path, monkeypatch, number):
  monkeypatch.setattr(listing, '_NAMES', 3)
  names = [f'{index}.png' for index in range(number)]
  folders = [f'{index}/x.png' for index in range(number)]
  folder = made(tmp_path, *names, *folders)
  assert found([folder]) == [f'{folder}/{name}' for name in names + folders]


def test_memory_is_that_of_a_portion(tmp_path, monkeypatch):
  monkeypatch.setattr(listing, '_NAMES', 100)
  folder = made(tmp_path, *(f'{"x" * 200}{index:04}.png' for index in range(4000)))
  tracemalloc.start()
  try:
    assert sum(1 for _ in listing.files([folder], (), listing.PICTURES)) == 4000
    peak = tracemalloc.get_traced_memory()[1]
  finally:
    tracemalloc.stop()
  assert peak < 4000 * 200 / 4  # A quarter of the letters of all names.


def test_pictures_are_known_by_their_first_bytes_too(tmp_path):
  """As in the folders of training; videos have the container of HEIC."""
  starts = {
    'a': b'\xff\xd8\xff\xe0',
    'b.dat': b'\x89PNG\r\n\x1a\n',
    'c.x': b'junk\n%PDF-1.4',
    'd.mp4': b'\0\0\0\x18ftypisom',
    'e': b'\0\0\0\x18ftypheic',
    'f.txt': b'BM is no picture',
    'g.JPE': b'',
    'h.mpo': b'',
  }
  for name, content in starts.items():
    (tmp_path / name).write_bytes(content)
  names = [os.path.basename(path) for path in found([str(tmp_path)])]
  assert names == ['a', 'b.dat', 'c.x', 'e', 'g.JPE', 'h.mpo']


def test_what_is_left_out_is_counted_once_by_kind(tmp_path, monkeypatch):
  monkeypatch.setattr(listing, '_NAMES', 2)
  names = ('1.svg', '2.SVG', '3.png', '4', '5.a b', '.hidden', '__MACOSX/x.png', 'in/6.svg')
  folder = made(tmp_path, *names)
  (tmp_path / 'in/link').symlink_to(folder)
  os.mkfifo(tmp_path / 'in/pipe.svg')  # Opening it would wait for ever.
  left_out = Counter()
  assert list(listing.files([folder], (), listing.PICTURES, left_out)) == [f'{folder}/3.png']
  assert left_out == {
    **{'.svg': 4, 'no suffix': 1, 'odd suffixes': 1, 'hidden': 2, 'links to folders': 1}
  }
  assert listing.words(left_out) == (
    '; left out of the folders, as they are of other kinds: .svg (4), hidden (2), no suffix (1), '
    'odd suffixes (1), links to folders (1)'
  )
  assert listing.words(Counter()) == ''


def test_many_kinds_are_shortened():
  left_out = Counter({f'.x{number}': 20 - number for number in range(12)})
  assert listing.words(left_out).endswith('.x9 (11), others (19)')
