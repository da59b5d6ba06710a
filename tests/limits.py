"""Limits that a test puts on the machine."""

import resource
from contextlib import contextmanager


@contextmanager
def full_disk(size):
  """No file may grow beyond `size` bytes: writing fails as on a full disk."""
  soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
  resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
  try:
    yield
  finally:
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
