"""A child process that reads files, as the process that asks sees it. `child` is its program."""

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from omr_jax.errors import UserError
from omr_jax.inputs import child, pictures
from omr_jax.inputs.page_reader import Page, Wanted

# Seconds after which a page is given up even if nothing is computed, as when a disk hangs.
_WAIT = 10 * child.SECONDS
# Seconds in which a child must have started.
_START = 60
_PROGRAM = (
  'import sys; sys.path[:] = sys.argv[3:]; from omr_jax.inputs import child; '
  'child.main(int(sys.argv[1]), float(sys.argv[2]))'
)
_PACKAGE = str(Path(__file__).resolve().parents[2])

# Whether a child has ever been ready, by the program that was to be Python.
_starts: dict[str, bool] = {}


class Ended(UserError):
  """The process that read a file has ended, by a limit or by a crash."""


def started() -> 'Child | None':
  """A new child; None where no program can be started."""
  # In a program that was packed into one file, sys.executable is that program and not Python. So it
  # may be in one that embeds Python, as web servers do; that is tried once.
  if not _starts.get(sys.executable, bool(sys.executable)) or getattr(sys, 'frozen', False):
    return None
  try:
    return Child()
  except OSError:
    return None


class Child:
  """A child process, and the file that it has open."""

  def __init__(self) -> None:
    # The last entry finds this package where sys.path has names relative to an earlier folder.
    path = [*(each for each in sys.path if isinstance(each, str)), _PACKAGE]
    limits = [str(child.MEMORY), str(child.SECONDS)]
    self.file: tuple[Any, ...] | None = None
    self._is_late = self._is_ready = False
    self.program = sys.executable
    self.process = subprocess.Popen(
      [self.program, '-W', 'ignore', '-c', _PROGRAM, *limits, *path],
      stdin=subprocess.PIPE,
      stdout=subprocess.PIPE,
      stderr=subprocess.DEVNULL,
      # NumPy would reserve memory for as many threads as there are cores.
      env=os.environ | {'OPENBLAS_NUM_THREADS': '1', 'OMP_NUM_THREADS': '1'},
    )
    # Both are there, since they were asked for.
    self._questions = cast(IO[bytes], self.process.stdin)
    self._answers = cast(IO[bytes], self.process.stdout)

  def is_ready(self) -> bool:
    """Whether it can be asked; waits until it has started."""
    if not self._is_ready:
      with self._given_up_after(_START), contextlib.suppress(OSError):
        self._is_ready = self._answers.read(len(child.READY)) == child.READY
      _starts[self.program] = self._is_ready or _starts.get(self.program, False)
    return self._is_ready

  def called(self, function: Callable[[], Any], name: str, remedy: str) -> Any:
    """What a function returns, or an error, for the arguments of `isolated.call`."""
    try:
      return self._asked(pickle.dumps(function))
    except (OSError, EOFError, pickle.UnpicklingError):
      return self._ended(name, remedy)

  def answer(self, wanted: Wanted) -> Page:
    """Reads a page."""
    question = pickle.dumps(wanted)
    opened = self.file == wanted[:2]
    try:
      answer = self._asked(question)
      if answer == child.OPENED:
        opened = True
        answer = self._asked(b'')
      if answer == child.LARGE:
        with pictures.ONE_LARGE:
          answer = self._asked(pickle.dumps(child.LARGE))
      self.file = wanted[:2]
      return answer
    except (OSError, EOFError, pickle.UnpicklingError):
      name = f'{wanted.name}, page {wanted.number + 1}'
      # Where the file could not even be opened, its other pages can't be read either.
      return Page(self._ended(name, 'save it anew, as a picture'), more=opened)

  def close_file(self) -> None:
    """Has it close the file that it has open, and does not wait for that."""
    self.file = None
    with contextlib.suppress(OSError):  # It has ended.
      self._questions.write(pickle.dumps(child.CLOSE))
      self._questions.flush()

  def _ended(self, name: str, remedy: str) -> Ended:
    self.end()
    return Ended(f'{name}: {_reason(self.process.returncode, self._is_late)}; {remedy}.')

  def _asked(self, question: bytes) -> Any:
    with self._given_up_after(_WAIT):
      self._questions.write(question)
      self._questions.flush()
      return pickle.load(self._answers)

  @contextlib.contextmanager
  def _given_up_after(self, seconds: float) -> Iterator[None]:
    timer = threading.Timer(seconds, self._give_up)
    timer.daemon = True
    timer.start()
    try:
      yield
    finally:
      timer.cancel()

  def _give_up(self) -> None:
    self._is_late = True
    self.process.kill()

  def end(self) -> None:
    """Ends it, and waits until it has ended."""
    self.close_pipes()
    # One that has closed its own end is just ending, and its exit code is wanted.
    with contextlib.suppress(subprocess.TimeoutExpired):
      self.process.wait(0.5)
    self.process.kill()
    self.process.wait()

  def close_pipes(self) -> None:
    """Without them it ends by itself, as soon as it has answered."""
    for pipe in (self._questions, self._answers):
      with contextlib.suppress(OSError):
        pipe.close()


def _reason(code: int, late: bool) -> str:
  if late or (hasattr(signal, 'SIGPROF') and code == -signal.SIGPROF):
    return f'reading it takes more than {child.SECONDS} s of computing'
  how = f'signal {-code}' if code < 0 else f'exit code {code}'
  return (
    f'reading it takes more than {child.MEMORY / 1e9:.1f} GB of memory, or crashes the library '
    f'that reads it ({how})'
  )
