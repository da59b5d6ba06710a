"""Locks between processes, which end with the process that holds them, however it ends."""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

import filelock

# The errors of file systems that have no locks.
_NONE = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP)


@contextlib.contextmanager
def held(path: Path, seconds: float = -1) -> Iterator[None]:
  """Holds the lock of a file, which is made, with its folder, where it is missing.

  The file's content is left alone. A symbolic link in its place is not followed, since somebody
  else may have put it there. On a file system without locks nothing is locked.

  Args:
    path: The file.
    seconds: How long to wait for another process that holds it; -1 for ever.

  Raises:
    TimeoutError: Another process holds the lock.
    OSError: The file cannot be opened.
  """
  path.parent.mkdir(parents=True, exist_ok=True)
  lock = filelock.FileLock(path, seconds, thread_local=False, fallback_to_soft=False)
  try:
    lock.acquire()
  except OSError as error:
    if error.errno not in _NONE:
      raise
  try:
    yield
  finally:
    lock.release()
