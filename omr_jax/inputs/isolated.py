"""Reads files in child processes with limits of memory and time, so that none ends the program.

Libraries in C may take any memory and time for a damaged or malicious file, or crash. In a child
process (`child`) that is an error of one page or one file. Children are started when the first such
file comes, one for each thread that asks at the same time, and read one file after the other. They
are programs of their own rather than those of `multiprocessing`, which would run the user's script
again.
"""

import atexit
import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from omr_jax.errors import UserError
from omr_jax.inputs import child, page_reader, pictures
from omr_jax.inputs.page_reader import Page, Wanted
from omr_jax.utils import thread_locks

# Seconds after which a page is given up even if nothing is computed, as when a disk hangs.
_WAIT = 10 * child.SECONDS
# Seconds in which a child must have started.
_START = 60
_PROGRAM = (
  'import sys; sys.path[:] = sys.argv[3:]; from omr_jax.inputs import child; '
  'child.main(int(sys.argv[1]), float(sys.argv[2]))'
)

Result = TypeVar('Result')

_PACKAGE = str(Path(__file__).resolve().parents[2])

_lock = thread_locks.free_in_forks(threading.Lock())
_idle: list['_Child'] = []
# Whether a child has ever been ready, by the program that was to be Python.
_starts: dict[str, bool] = {}


class Ended(UserError):
  """The process that read a file has ended, by a limit or by a crash."""


def call(function: Callable[[], Result], name: str, remedy: str) -> Result:
  """What a function returns, computed in a child process.

  Args:
    function: A function of a module, or a `partial` of one, which a child process can import.
    name: What it reads, for messages.
    remedy: What to do about a file that ends the process, as the end of a message.

  Raises:
    UserError: The function raises it; or, as `Ended`, the process has ended.
  """
  with _child(None) as found:
    answer = found.called(function, name, remedy) if found else function()
  if isinstance(answer, UserError):
    raise answer
  return cast(Result, answer)


def page(wanted: Wanted) -> Page:
  """Reads a page in a child process. Errors are returned: `Ended` where that process has ended."""
  with _child(wanted) as found:
    return found.answer(wanted) if found else page_reader.Reader().page(wanted)


class _Child:
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
    try:
      return self._asked(pickle.dumps(function))
    except (OSError, EOFError, pickle.UnpicklingError):
      return self._ended(name, remedy)

  def answer(self, wanted: Wanted) -> Page:
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
    self.close_pipes()
    # One that has closed its own end is just ending, and its exit code is wanted.
    with contextlib.suppress(subprocess.TimeoutExpired):
      self.process.wait(0.5)
    self.process.kill()
    self.process.wait()

  def close_pipes(self) -> None:
    for pipe in (self._questions, self._answers):
      with contextlib.suppress(OSError):
        pipe.close()


@contextlib.contextmanager
def _child(wanted: Wanted | None) -> Iterator[_Child | None]:
  """A child for one question, as from `_taken`; it is kept for others unless it has ended.

  None where none can be started.
  """
  found = _taken(wanted)
  try:
    if found and not found.is_ready():
      found.end()
      found = None
    yield found
  except BaseException:
    if found:
      found.end()
    raise
  if found and found.process.returncode is None:
    with _lock:
      _idle.append(found)


def _taken(wanted: Wanted | None) -> _Child | None:
  """An idle child, preferably the one that has the file open, else a new one.

  None where no program can be started.
  """
  with _lock:
    _idle.sort(key=lambda each: wanted is not None and each.file == wanted[:2])
    while _idle:
      found = _idle.pop()
      if found.process.poll() is None:
        return found
      found.end()
  # In a program that was packed into one file, sys.executable is that program and not Python. So it
  # may be in one that embeds Python, as web servers do; that is tried once.
  if not _starts.get(sys.executable, bool(sys.executable)) or getattr(sys, 'frozen', False):
    return None
  try:
    return _Child()
  except OSError:
    return None


def _reason(code: int, late: bool) -> str:
  if late or (hasattr(signal, 'SIGPROF') and code == -signal.SIGPROF):
    return f'reading it takes more than {child.SECONDS} s of computing'
  how = f'signal {-code}' if code < 0 else f'exit code {code}'
  return (
    f'reading it takes more than {child.MEMORY / 1e9:.1f} GB of memory, or crashes the library '
    f'that reads it ({how})'
  )


def _end_all() -> None:
  with _lock:
    while _idle:
      found = _idle.pop()
      found.process.kill()
      found.end()


def _forget() -> None:
  """In a fork of this process: the children belong to the process that started them."""
  for each in _idle:
    each.close_pipes()
    each.process.returncode = 0  # So that `Popen` does not wait for it.
  _idle.clear()


atexit.register(_end_all)
if hasattr(os, 'register_at_fork'):
  os.register_at_fork(after_in_child=_forget)
