"""The one exception for what a user can put right, and how a command answers to it."""

import contextlib
import difflib
import errno
import io
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from typing import TextIO


class UserError(Exception):
  """Bad input: the message names the file or key, what is wrong and the remedy."""


def answered(command: Callable[[], None]) -> int:
  """Runs a command and returns its exit code: 2 after bad input, 1 after Ctrl-C, else 0.

  What is wrong is said on stderr in a few words, without a traceback. The code is 1, without any
  words, where the program that reads standard output through a pipe has ended.
  """
  replace_closed_streams()
  _escape_odd_names()
  try:
    with _ctrl_c_raised():
      command()
      return _flushed()
  except UserError as error:
    print(f'\n{error}', file=sys.stderr)
    return 2
  except KeyboardInterrupt:
    print('\nstopped.', file=sys.stderr)
    return 1
  except BrokenPipeError:
    if not _nobody_reads(sys.stdout):
      raise  # It was another pipe.
    forget(sys.stdout)
    return 1
  except OSError as error:
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
      raise
    return _full(error)
  except (MemoryError, RuntimeError) as error:
    # JAX raises the latter for much else, which nobody but its authors can put right.
    if not isinstance(error, MemoryError) and 'RESOURCE_EXHAUSTED' not in str(error):
      raise
    print('\nout of memory; a smaller batch_size, canvas or network needs less.', file=sys.stderr)
    return 2


def end_at_ctrl_c() -> None:
  """Lets Ctrl-C end the program in a line, at once, until `answered` runs a command.

  For the time of imports: a KeyboardInterrupt would end them in a traceback.
  """
  if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _end)


def _end(number: int, frame: object) -> None:
  os.write(2, b'\nstopped.\n')
  os._exit(1)


@contextlib.contextmanager
def _ctrl_c_raised() -> Iterator[None]:
  """Lets Ctrl-C raise KeyboardInterrupt, and raises it once more where Python drops it.

  Python prints what is raised in a finalizer or in a callback of the garbage collector, such as
  JAX has one, and goes on.
  """
  if signal.getsignal(signal.SIGINT) is _end:
    signal.signal(signal.SIGINT, signal.default_int_handler)
  hook, again = sys.unraisablehook, []

  def raise_again(what: 'sys.UnraisableHookArgs') -> None:
    if not isinstance(what.exc_value, KeyboardInterrupt):
      hook(what)
      return
    # A little later, as in here it would be dropped too.
    arguments = threading.main_thread().ident, signal.SIGINT
    again.append(threading.Timer(0.01, signal.pthread_kill, arguments))
    again[-1].daemon = True
    again[-1].start()

  sys.unraisablehook = raise_again
  try:
    yield
  finally:
    sys.unraisablehook = hook
    for each in again:
      each.cancel()


def _flushed() -> int:
  """Writes what standard output still holds, and returns the exit code of a command."""
  try:
    sys.stdout.flush()
  except BrokenPipeError:
    forget(sys.stdout)
    return 1
  except OSError as error:
    return _full(error)
  except (AttributeError, ValueError):  # No file, or one that the command itself has closed.
    pass
  return 0


def _full(error: OSError) -> int:
  """Says that a file cannot be written, standard output where the error has no name of a file."""
  forget(sys.stdout)
  name = error.filename or 'standard output'
  print(f'\n{name}: cannot be written ({error.strerror}); make room.', file=sys.stderr)
  return 2


def _nobody_reads(stream: TextIO) -> bool:
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


def _escape_odd_names() -> None:
  """Lets standard output escape what it cannot encode, such as file names in another encoding."""
  if isinstance(sys.stdout, io.TextIOWrapper):
    sys.stdout.reconfigure(errors='backslashreplace')


def is_closed(stream: TextIO | None) -> bool:
  """Whether a standard stream was closed when the program started."""
  return stream is None or getattr(stream, 'name', None) == os.devnull


def forget(stream: TextIO) -> None:
  """Discards what a stream still holds: Python would try to write it at its end and raise again."""
  with contextlib.suppress(OSError, ValueError, AttributeError):  # It may be no file.
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def nearest(name: str, known: Collection[str]) -> str:
  """The end of a message about an unknown name: the nearest one, whatever its case, or all."""
  by_lower = {each.lower(): each for each in known}
  found = difflib.get_close_matches(name[:100].lower(), by_lower, n=1)
  return f': did you mean {by_lower[found[0]]!r}?' if found else f': there are {", ".join(known)}.'
