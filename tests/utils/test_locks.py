"""Locks and temporary files have predictable names, so others may have put a link there."""

import fcntl

import pytest

from omr_jax.errors import UserError
from omr_jax.sweeps import folder
from omr_jax.utils.files import open_lock, output, write_file


@pytest.fixture
def precious(tmp_path):
  """A file that nobody may change."""
  path = tmp_path / 'precious'
  path.write_text('kept')
  yield path
  assert path.read_text() == 'kept'


def test_a_lock_is_made_with_its_folder_and_held(tmp_path):
  with open_lock(tmp_path / 'a' / 'b.lock') as first, open_lock(tmp_path / 'a' / 'b.lock') as other:
    fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with pytest.raises(BlockingIOError):
      fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_lock_leaves_what_is_there(tmp_path, precious):
  open_lock(precious).close()
  (tmp_path / 'link.lock').symlink_to(precious)
  with pytest.raises(OSError, match='symbolic link'):
    open_lock(tmp_path / 'link.lock')
  with (
    pytest.raises(UserError, match='cannot be written'),
    folder.locked(tmp_path / 'link.lock', 0, 'held'),
  ):
    pass


def test_written_files_do_not_follow_a_link_in_the_place_of_their_temporary_file(
  tmp_path, precious
):
  for name in ('a', 'b'):
    (tmp_path / f'.{name}.tmp').symlink_to(precious)
  write_file(tmp_path / 'a', b'new')
  with output(tmp_path / 'b') as file:
    file.write('new')
  assert [(tmp_path / name).read_text() for name in ('a', 'b')] == ['new', 'new']
  assert not list(tmp_path.glob('.*.tmp'))
