"""Files that are written whole or not at all."""

from pathlib import Path

import pytest

from omr_jax.errors import UserError
from omr_jax.utils.files import write_files


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


@pytest.mark.parametrize('number', range(6))
@pytest.mark.parametrize('error', [OSError(28, 'No space left on device'), KeyboardInterrupt()])
def test_when_writing_ends_half_way_the_folder_is_as_it_was(folder, number, error, monkeypatch):
  """Three files are moved away, and three new ones to their places."""
  moved, rename = [], Path.rename

  def fails(path, target):
    moved.append(path)
    if len(moved) == number + 1:
      raise error
    return rename(path, target)

  monkeypatch.setattr(Path, 'rename', fails)
  new = {'a': b'new a', 'b': b'new b', 'c': b'new c'}
  with pytest.raises((UserError, KeyboardInterrupt)):
    write_files(folder, new, gone=('old',))
  assert len(moved) > number and content(folder) == EARLIER
