"""The one exception for what a user can put right, and how a command answers to it."""

import contextlib
import difflib
import os
import sys
from collections.abc import Callable, Collection
from typing import TextIO


class UserError(Exception):
  """Bad input: the message names the file or key, what is wrong and the remedy."""


def answered(command: Callable[[], None]) -> int:
  """Runs a command and returns its exit code: 2 after bad input, 1 after Ctrl-C, else 0.

  What is wrong is said on stderr in a few words, without a traceback. The code is 1, without any
  words, where the program that reads standard output through a pipe has ended.
  """
  replace_closed_streams()
  try:
    command()
    return _flushed()
  except UserError as error:
    print(f'\n{error}', file=sys.stderr)
    return 2
  except KeyboardInterrupt:
    print('\nstopped.', file=sys.stderr)
    return 1
  except BrokenPipeError:
    if _flushed() == 0:
      raise  # It was another pipe.
    return 1
  except (MemoryError, RuntimeError) as error:
    # JAX raises the latter for much else, which nobody but its authors can put right.
    if not isinstance(error, MemoryError) and 'RESOURCE_EXHAUSTED' not in str(error):
      raise
    print('\nout of memory; a smaller batch_size, canvas or network needs less.', file=sys.stderr)
    return 2


def _flushed() -> int:
  """Writes what standard output still holds, and returns the exit code of a command."""
  try:
    sys.stdout.flush()
  except BrokenPipeError:
    forget(sys.stdout)
    return 1
  except OSError as error:
    forget(sys.stdout)
    print(f'\nstandard output: cannot be written ({error.strerror}); make room.', file=sys.stderr)
    return 2
  except (AttributeError, ValueError):  # No file, or one that the command itself has closed.
    pass
  return 0


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


def is_closed(stream: TextIO | None) -> bool:
  """Whether a standard stream was closed when the program started."""
  return stream is None or getattr(stream, 'name', None) == os.devnull


def forget(stream: TextIO) -> None:
  """Discards what a stream still holds: Python would try to write it at its end and raise again."""
  with contextlib.suppress(OSError, ValueError, AttributeError):  # It may be no file.
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def nearest(name: str, known: Collection[str]) -> str:
  """The end of a message about an unknown name: the nearest one, or all."""
  found = difflib.get_close_matches(name, known, n=1)
  return f': did you mean {found[0]!r}?' if found else f': there are {", ".join(known)}.'
