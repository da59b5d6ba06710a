"""The standard streams of a command: closed, broken, full, or of another encoding."""

import contextlib
import io
import os
import select
import sys
from typing import TextIO


def nobody_reads(stream: TextIO) -> bool:
  """Whether a stream is a pipe whose other end is closed."""
  with contextlib.suppress(OSError, ValueError, AttributeError):  # No file; no poll on Windows.
    ends = select.poll()
    ends.register(stream.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in ends.poll(0))
  return False


def replace_closed_streams() -> None:
  """Opens /dev/null for standard streams that were closed, as by `>&-` in a shell.

  Python has None for these. `print(..., file=None)` would write to standard output, and a file that
  is opened later would get the number of the closed stream.
  """
  with contextlib.suppress(OSError):
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
      os.set_inheritable(number, True)
    os.close(number)
  for name in ('stdout', 'stderr'):
    if getattr(sys, name) is None:
      # For the whole program.
      setattr(sys, name, open(os.devnull, 'w'))  # noqa: SIM115


def escape_odd_names() -> None:
  """Lets standard output escape what it cannot encode, such as file names in another encoding."""
  if isinstance(sys.stdout, io.TextIOWrapper):
    sys.stdout.reconfigure(errors='backslashreplace')


def is_closed(stream: TextIO | None) -> bool:
  """Whether a standard stream was closed when the program started."""
  return stream is None or getattr(stream, 'name', None) == os.devnull


def forget(stream: TextIO) -> None:
  """Discards what a stream still holds, which Python would try to write when it ends."""
  with contextlib.suppress(OSError, ValueError, AttributeError):  # It may be no file.
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
