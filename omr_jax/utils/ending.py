"""How a command ends: its exit code, and a message instead of a traceback."""

import _thread
import contextlib
import errno
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import CodeType, TracebackType

from omr_jax.errors import UserError
from omr_jax.utils import extras, streams

# The beginnings of the names of environment variables that the libraries read.
_OF_LIBRARIES = ('JAX_', 'JAXLIB_', 'XLA_', 'TQDM_', 'MPL', 'TFDS_', 'ORBAX_', 'OMP_')

# Errors of a path that no program can foresee. A file that is missing may be a fault of ours.
_OF_PLACES = (
  *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP, errno.EIO),
  *(errno.ESTALE, errno.EMFILE, errno.ENFILE),
)
# The beginning of what `tempfile` says, with the folders that it has tried.
_NO_TEMPORARY_FOLDER = 'No usable temporary directory'


def answered(command: Callable[[], None]) -> int:
  """Runs a command and returns its exit code: 2 after bad input, 1 after Ctrl-C, else 0.

  What is wrong is said on stderr in a few words, without a traceback. The code is 1, without any
  words, where the program that reads standard output through a pipe has ended.
  """
  streams.replace_closed_streams()
  streams.escape_odd_names()
  try:
    with _ctrl_c_raised(), extras.needed():
      command()
      return _flushed()
  except UserError as error:
    return _refused(str(error))
  except KeyboardInterrupt:
    print('\nstopped.', file=sys.stderr)
    return 1
  except BrokenPipeError:
    if not streams.nobody_reads(sys.stdout):
      raise  # It was another pipe.
    streams.forget(sys.stdout)
    return 1
  except OSError as error:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
      return _full(error)
    if (error.strerror or '').startswith(_NO_TEMPORARY_FOLDER):
      return _refused(f'{error.strerror}; set $TMPDIR to a folder that can be written to.')
    if error.errno not in _OF_PLACES or not error.filename:
      raise
    return _refused(
      f'{error.filename}: {error.strerror}; change its permissions, or choose another place.'
    )
  except Exception as error:
    # JAX has no type of its own for this.
    if isinstance(error, MemoryError) or 'RESOURCE_EXHAUSTED' in str(error):
      return _refused('out of memory; a smaller batch_size, canvas or network needs less.')
    if (words := about_variable(error)) is None:
      raise
    return _refused(words)


def end_imports_in_words() -> None:
  """Makes errors while modules are imported end the program with one line instead of a traceback.

  These are Ctrl-C, a library that is not installed, and a wrong environment variable. Later
  `answered` takes over.
  """
  hook = sys.excepthook

  def say(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if (words := extras.missing(error) or about_variable(error)) is None:
      hook(kind, error, traceback)
      return
    print(f'\n{words}', file=sys.stderr)
    sys.exit(2)

  sys.excepthook = say
  if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _end)


def about_variable(error: BaseException) -> str | None:
  """A message where an error of a library is about an environment variable, else None."""
  said = str(error)
  if isinstance(error, Warning) and (value := os.environ.get('PYTHONWARNINGS')):
    warning = said.splitlines()[0] if said else type(error).__name__
    return f'$PYTHONWARNINGS is {value!r}, and a library warns: {warning:.200}; unset it.'
  for name, value in os.environ.items():
    if not name.startswith(_OF_LIBRARIES) or not value:
      continue
    if name.lower() in said.lower() or f"'{value}'" in said or f'"{value}"' in said:
      return f'${name} is {value!r} ({said.splitlines()[0]:.200}); change it, or unset it.'
  return None


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
  hook, is_over = sys.unraisablehook, threading.Event()

  def raise_again(what: 'sys.UnraisableHookArgs') -> None:
    if not isinstance(what.exc_value, KeyboardInterrupt):
      hook(what)
      return
    while True:
      try:
        # Later, and in another thread: what is raised in here is dropped too.
        arguments = raise_again.__code__, is_over
        threading.Thread(target=_interrupt_later, args=arguments, daemon=True).start()
        return
      except KeyboardInterrupt:  # Somebody types it again.
        pass

  sys.unraisablehook = raise_again
  try:
    yield
  finally:
    is_over.set()
    sys.unraisablehook = hook


def _interrupt_later(code: CodeType, is_over: threading.Event) -> None:
  """Interrupts the main thread once it no longer runs this code, or not at all if it `is_over`."""
  while not is_over.wait(0.01):
    if not _main_thread_runs(code):
      _interrupt_main()
      return


def _main_thread_runs(code: CodeType) -> bool:
  frame = sys._current_frames().get(threading.main_thread().ident or 0)
  while frame is not None and frame.f_code is not code:
    frame = frame.f_back
  return frame is not None


def _interrupt_main() -> None:
  if hasattr(signal, 'pthread_kill'):  # It also ends a wait for the system. Not on Windows.
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
  else:
    _thread.interrupt_main()


def _flushed() -> int:
  """Writes what standard output still holds, and returns the exit code of a command."""
  try:
    sys.stdout.flush()
  except BrokenPipeError:
    streams.forget(sys.stdout)
    return 1
  except OSError as error:
    return _full(error)
  except (AttributeError, ValueError):  # No file, or one that the command itself has closed.
    pass
  return 0


def _full(error: OSError) -> int:
  """Says that a file cannot be written: the one that the error names, or else standard output."""
  streams.forget(sys.stdout)
  name = error.filename or 'standard output'
  return _refused(f'{name}: cannot be written ({error.strerror}); make room.')


def _refused(words: str) -> int:
  """Says what is wrong, and returns the exit code after bad input."""
  print(f'\n{words}', file=sys.stderr)
  return 2
