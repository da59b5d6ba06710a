"""Files that are written whole or not at all."""

import os
import time
from pathlib import Path

import pytest

from omr_jax.errors import UserError
from omr_jax.utils.files import TEMPORARY, output, write_files


@pytest.fixture
def folder(tmp_path):
  """A folder of three files and a repository."""
  folder = tmp_path / 'model'
  (folder / '.git').mkdir(parents=True)
  for name in ('a', 'b', 'old', '.git/HEAD'):
    (folder / name).write_text(f'earlier {name}')
  return folder


def content(folder: Path) -> dict[str, str]:
  files = (path for path in folder.rglob('*') if path.is_file())
  return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


EARLIER = {name: f'earlier {name}' for name in ('a', 'b', 'old', '.git/HEAD')}


def test_what_else_is_in_the_folder_stays(folder, monkeypatch):
  monkeypatch.chdir(folder)
  write_files(Path(), {'b': b'new b', 'c': b'new c'}, gone=('old', 'c', 'none'))
  assert content(folder) == {
    'a': 'earlier a',
    'b': 'new b',
    'c': 'new c',
    '.git/HEAD': 'earlier .git/HEAD',
  }
  assert {path.name for path in folder.iterdir()} == {'a', 'b', 'c', '.git'}


def test_a_link_to_the_folder_stays_one(folder, tmp_path):
  link = tmp_path / 'link'
  link.symlink_to(folder, target_is_directory=True)
  write_files(link, {'a': b'new a'})
  assert link.is_symlink() and content(folder) == EARLIER | {'a': 'new a'}


@pytest.mark.parametrize('number', range(3))
@pytest.mark.parametrize('error', [OSError(28, 'No space left on device'), KeyboardInterrupt()])
def test_when_writing_ends_half_way_the_folder_is_as_it_was(folder, number, error, monkeypatch):
  """Three files are put in their places, two of them in place of earlier ones."""
  put, replace = [], os.replace

  def fails(path, target):
    put.append(path)
    if len(put) == number + 1:
      raise error
    return replace(path, target)

  monkeypatch.setattr(os, 'replace', fails)
  new = {'a': b'new a', 'b': b'new b', 'c': b'new c'}
  with pytest.raises((UserError, KeyboardInterrupt)):
    write_files(folder, new, gone=('old',))
  assert len(put) > number and content(folder) == EARLIER


def test_a_folder_in_the_place_of_a_file_is_refused(folder):
  (folder / 'c').mkdir()
  (folder / 'c' / 'notes').write_text('mine')
  with pytest.raises(UserError, match='model: cannot be written'):
    write_files(folder, {'a': b'new a', 'c': b'new c'})
  assert content(folder) == EARLIER | {'c/notes': 'mine'}


def test_where_files_have_one_name_only_they_are_copied(folder, monkeypatch):
  def refused(*arguments, **more):
    raise OSError(95, 'Operation not supported')

  monkeypatch.setattr(os, 'link', refused)
  test_when_writing_ends_half_way_the_folder_is_as_it_was(folder, 1, OSError(28, ''), monkeypatch)


def test_a_new_folder_that_cannot_be_filled_is_not_left(tmp_path, monkeypatch):
  with pytest.raises(UserError, match='new: cannot be written'):
    write_files(tmp_path / 'new', {'a/b': b''})
  assert not (tmp_path / 'new').exists()

  def stopped(*arguments):
    raise KeyboardInterrupt

  monkeypatch.setattr(os, 'replace', stopped)
  with pytest.raises(KeyboardInterrupt):
    write_files(tmp_path / 'new', {'a': b''})
  assert not (tmp_path / 'new').exists()


def test_what_a_killed_program_has_left_is_removed_after_a_day(folder):
  """Before, another program may be at work there."""
  for name, age in (('old', 25), ('new', 23)):
    left = folder / f'{TEMPORARY}{name}'
    (left / 'new').mkdir(parents=True)
    then = time.time() - 3600 * age
    os.utime(left, (then, then))
  write_files(folder, {'a': b'new a'})
  assert content(folder) == EARLIER | {'a': 'new a'}
  assert [path.name for path in folder.glob(f'{TEMPORARY}*')] == [f'{TEMPORARY}new']


@pytest.mark.skipif(not os.path.exists('/dev/fd'), reason='needs names of open files')
def test_output_into_a_pipe_by_the_name_of_its_file():
  """As with `--out >(gzip > rows.gz)` in a shell."""
  reader, writer = os.pipe()
  with output(Path(f'/dev/fd/{writer}')) as file:
    file.write('rows')
  os.close(writer)
  with os.fdopen(reader) as file:
    assert file.read() == 'rows'
