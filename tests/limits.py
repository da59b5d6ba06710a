"""Limits that a test puts on the machine."""

import os
import resource
from contextlib import contextmanager

import pytest


@contextmanager
def full_disk(size):
  """No file may grow beyond `size` bytes: writing fails as on a full disk."""
  soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
  resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
  try:
    yield
  finally:
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def read_only(folder):
  """Nothing in the folder may be written: as another user's folder, also where root runs the test.

  What the test imports has to be imported before, since root's own files cannot be read.
  """
  folders = [folder, *(path for path in folder.rglob('*') if path.is_dir())]
  for each in folders:
    each.chmod(0o555)
  is_root = os.geteuid() == 0
  try:
    if is_root:
      os.seteuid(65534)
    if not os.access(folder, os.R_OK, effective_ids=True):
      pytest.skip('the temporary folder is open to root alone')
    yield
  finally:
    if is_root:
      os.seteuid(0)
    for each in folders:
      each.chmod(0o755)
