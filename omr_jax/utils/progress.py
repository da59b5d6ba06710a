"""What people see of work that takes long: a bar on a terminal, now and then a line in a log."""

import contextlib
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from tqdm import tqdm

from omr_jax.utils.files import is_terminal
from omr_jax.utils.words import counted, duration

_DELAY = 1  # Seconds after which a bar is drawn.
_FIRST, _FURTHER = 10, 60  # Seconds to the first line in a log, and from each to the next.

Item = TypeVar('Item')


def shown(items: Iterable[Item], doing: str, unit: str, total: int | None = None) -> Iterable[Item]:
  """The items, while standard error shows how many of them are done.

  Args:
    items: What is worked on, one after the other.
    doing: What is done with them, such as 'drawing train'.
    unit: What one of them is, such as 'symbol'.
    total: How many there are, if that is known and `items` has no length.
  """
  if is_terminal(sys.stderr):
    bar: Iterable[Item] = tqdm(items, doing, total, leave=False, unit=unit, delay=_DELAY, **size())
    return bar
  if total is None and isinstance(items, Sized):
    total = len(items)
  return _logged(items, doing, unit, total)


def size() -> dict[str, int]:
  """The size of the terminal for tqdm, if standard error is one that does not know its own.

  Such a terminal, as of `docker exec -t`, says 0, and tqdm would draw nothing. Else tqdm finds the
  size itself.
  """
  with contextlib.suppress(AttributeError, OSError, ValueError):  # No terminal.
    columns, rows = os.get_terminal_size(sys.stderr.fileno())
    if not (columns and rows):
      return {'ncols': columns or 80, 'nrows': rows or 24}
  return {}


def _logged(items: Iterable[Item], doing: str, unit: str, total: int | None) -> Iterator[Item]:
  began = last = time.monotonic()
  wait = _FIRST
  for done, item in enumerate(items):
    if (now := time.monotonic()) >= last + wait:
      some = counted(done, unit) if total is None else f'{done} of {counted(total, unit)}'
      print(f'{doing}: {some} in {duration(now - began)}', file=sys.stderr, flush=True)
      last, wait = now, _FURTHER
    yield item
