"""Pages of configs and sweeps are read from their text, never from Python's bytecode cache."""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def from_text() -> Iterator[None]:
  """Inside this context Python reads each module, also those that a page imports, from its text.

  Python takes the bytecode of an earlier version for that of a page which was changed within the
  same second and kept its size, as `(0, 1)` changed to `(0, 2)` does.
  """
  before = sys.pycache_prefix, sys.dont_write_bytecode
  # No folder can be in there, so no bytecode is found.
  sys.pycache_prefix, sys.dont_write_bytecode = os.devnull, True
  try:
    yield
  finally:
    sys.pycache_prefix, sys.dont_write_bytecode = before
