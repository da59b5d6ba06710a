"""SIGTERM and Ctrl-C are only noted; the program asks between two steps whether one has arrived."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType


class Interrupted(Exception):
  """A run was stopped by SIGTERM or Ctrl-C. It is saved; the same command resumes it."""


@contextmanager
def signals(
  words: str = 'stopping at the next step (on a GPU or TPU, epoch) and saving ...',
) -> Iterator[Callable[[], bool]]:
  """Notes SIGTERM and Ctrl-C while the context is open. A second Ctrl-C raises KeyboardInterrupt.

  Args:
    words: What is said on standard error when the signal arrives.

  Yields:
    A function that tells whether a signal has arrived.
  """
  stopped: list[int] = []

  def note(number: int, frame: FrameType | None) -> None:
    del frame
    if stopped and number == signal.SIGINT:
      raise KeyboardInterrupt
    stopped.append(number)
    # Not `print`: the signal may have interrupted one, and its buffer cannot be entered twice.
    # Nobody may read this any more: in a terminal Ctrl-C also ends a `tee`.
    with suppress(OSError):
      os.write(2, f'\n{words}\n'.encode())

  before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
  try:
    yield lambda: bool(stopped)
  finally:
    for number, handler in before.items():
      signal.signal(number, handler)
