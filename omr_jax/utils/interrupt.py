"""SIGTERM and Ctrl-C as a question that a run asks between two steps."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Interrupted(Exception):
  """SIGTERM or Ctrl-C: the state is saved, and the same command goes on from it."""


@contextmanager
def signals(
  words: str = 'stopping at the next step (on a GPU or TPU, epoch) and saving ...',
) -> Iterator[Callable[[], bool]]:
  """Turns SIGTERM and Ctrl-C into a question: () to bool. A second Ctrl-C ends at once."""
  stopped = []

  def note(number, frame) -> None:
    del frame
    if stopped and number == signal.SIGINT:
      raise KeyboardInterrupt
    stopped.append(number)
    # A print could have been interrupted, and may not be entered twice.
    os.write(2, f'\n{words}\n'.encode())

  before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
  try:
    yield lambda: bool(stopped)
  finally:
    for number, handler in before.items():
      signal.signal(number, handler)
