"""Locks and temporary files have predictable names, so others may have put a link there."""

import errno
import os

import pytest

from omr_jax.errors import UserError
from omr_jax.sweeps import folder
from omr_jax.utils import locks
from omr_jax.utils.files import output, write_file


@pytest.fixture
def precious(tmp_path):
  """A file that nobody may change."""
  path = tmp_path / 'precious'
  path.write_text('kept')
  yield path
  assert path.read_text() == 'kept'


def test_a_lock_is_made_with_its_folder_and_held(tmp_path):
  path = tmp_path / 'a' / 'b.lock'
  with locks.held(path), pytest.raises(TimeoutError), locks.held(path, seconds=0):
    pass
  with locks.held(path, seconds=0):  # It was free again.
    pass


def test_where_there_are_no_locks_nothing_is_locked(tmp_path, monkeypatch):
  def flock(*_):
    raise OSError(errno.ENOLCK, 'No locks available')

  monkeypatch.setattr('fcntl.flock', flock)
  path = tmp_path / 'b.lock'
  with locks.held(path), locks.held(path, seconds=0):
    pass


def test_an_error_of_the_caller_is_passed_on(tmp_path):
  with pytest.raises(OSError, match='of the caller'), locks.held(tmp_path / 'b.lock'):
    raise OSError(errno.ENOLCK, 'of the caller')


def test_a_lock_leaves_what_is_there(tmp_path, precious):
  with locks.held(precious):
    pass
  (tmp_path / 'link.lock').symlink_to(precious)
  with pytest.raises(OSError, match='symbolic link'), locks.held(tmp_path / 'link.lock'):
    pass
  with (
    pytest.raises(UserError, match='cannot be written'),
    folder.locked(tmp_path / 'link.lock', 0, 'held'),
  ):
    pass


def test_written_files_do_not_follow_a_link_in_the_place_of_their_temporary_file(
  tmp_path, precious
):
  for name in ('a', 'b.0'):  # Those of `output` have random names, and are removed after a day.
    (tmp_path / f'.{name}.tmp').symlink_to(precious)
    os.utime(tmp_path / f'.{name}.tmp', (0, 0), follow_symlinks=False)
  write_file(tmp_path / 'a', b'new')
  with output(tmp_path / 'b') as file:
    file.write('new')
  assert [(tmp_path / name).read_text() for name in ('a', 'b')] == ['new', 'new']
  assert not list(tmp_path.glob('.*.tmp'))
