"""Pages of configs and sweeps: which file a name means, and how it is read.

A page is the Python file of a config or of a sweep. The pages in `configs` have names, which mean
the same in any folder: `homus`, or `configs/homus.py` where there is no such file. All other pages
are given as paths. The link `omr_jax/configs` to that folder makes it a part of the package, so
that a wheel has it too.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from omr_jax.errors import UserError, nearest
from omr_jax.utils.ending import about_variable

_SHIPPED = Path(__file__).parent.parent / 'configs'
SWEEPS = 'sweeps/'  # The folder of sweeps in the folder of configs.


def names(folder: str = '') -> list[str]:
  """The pages that come with the package: those of configs, or with SWEEPS those of sweeps."""
  return sorted(path.stem for path in (_SHIPPED / folder).glob('[!_]*.py'))


def find(given: str, folder: str = '') -> str:
  """The path of a page.

  Args:
    given: A path, or the name of a page of this package.
    folder: As in `names`.

  Raises:
    UserError: There is no such file, and no such name.
  """
  if os.path.isfile(given):
    return given
  name = given.removeprefix(f'configs/{folder}').removesuffix('.py')
  if name in names(folder):
    return str(_SHIPPED / folder / f'{name}.py')
  kind = 'sweep' if folder else 'config'
  raise UserError(f'{given!r}: there is no such {kind}{nearest(name, names(folder))}')


@contextlib.contextmanager
def from_text() -> Iterator[None]:
  """Inside this context Python compiles each module anew, also those that a page imports.

  Bytecode may be out of date: Python does not notice that a page was changed within the same second
  if its size stayed the same, as where `(0, 1)` became `(0, 2)`.
  """
  before = sys.pycache_prefix, sys.dont_write_bytecode
  # No folder can be in there, so no bytecode is found.
  sys.pycache_prefix, sys.dont_write_bytecode = os.devnull, True
  try:
    yield
  finally:
    sys.pycache_prefix, sys.dont_write_bytecode = before


@contextlib.contextmanager
def failures_named(path: str) -> Iterator[None]:
  """Turns whatever a page raises inside this context into a UserError that names the page.

  A page is a program, which may even call `sys.exit`. KeyboardInterrupt is left as it is.
  """
  try:
    yield
  except UserError:
    raise
  except (Exception, SystemExit) as error:
    if words := about_variable(error):
      raise UserError(words) from error
    # The text of an error of ml_collections may hold a traceback; the last line says what is wrong.
    *_, said = str(error).strip().splitlines() or ['']
    raise UserError(f'{path}: {type(error).__name__}: {said}') from error
