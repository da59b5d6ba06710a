"""Reads pages in child processes with limits of memory and time, so that no file ends the program.

Libraries in C may take any memory and time for a damaged or malicious file, or crash. In a child
process (`child`) that is an error of one page. Children are started when the first such file comes,
one for each thread that asks at the same time, and read one file after the other. They are programs
of their own rather than those of `multiprocessing`, which would run the user's script again.
"""

import atexit
import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from omr_jax.errors import UserError
from omr_jax.inputs import child, page_reader, pictures
from omr_jax.inputs.page_reader import Page, Wanted

# Seconds after which a page is given up even if nothing is computed, as when a disk hangs.
_WAIT = 10 * child.SECONDS
_PROGRAM = (
  'import sys; sys.path[:] = sys.argv[3:]; from omr_jax.inputs import child; '
  'child.main(int(sys.argv[1]), float(sys.argv[2]))'
)

_PACKAGE = str(Path(__file__).resolve().parents[2])

_lock = threading.Lock()
_idle: list['_Child'] = []


class Ended(UserError):
  """The process that read a page has ended, by a limit or by a crash."""


def page(wanted: Wanted) -> Page:
  """Reads a page in a child process. Errors are returned: `Ended` where that process has ended."""
  found = _taken(wanted)
  if found is None:
    return page_reader.Reader().page(wanted)
  try:
    answer = found.answer(wanted)
  except BaseException:
    found.end()
    raise
  if isinstance(answer.found, Ended):
    found.end()
  else:
    with _lock:
      _idle.append(found)
  return answer


class _Child:
  """A child process, and the file that it has open."""

  def __init__(self) -> None:
    # The last entry finds this package where sys.path has names relative to an earlier folder.
    path = [*(each for each in sys.path if isinstance(each, str)), _PACKAGE]
    limits = [str(child.MEMORY), str(child.SECONDS)]
    self.file: tuple[Any, ...] | None = None
    self.process = subprocess.Popen(
      [sys.executable, '-W', 'ignore', '-c', _PROGRAM, *limits, *path],
      stdin=subprocess.PIPE,
      stdout=subprocess.PIPE,
      stderr=subprocess.DEVNULL,
      # NumPy would reserve memory for as many threads as there are cores.
      env=os.environ | {'OPENBLAS_NUM_THREADS': '1', 'OMP_NUM_THREADS': '1'},
    )
    # Both are there, since they were asked for.
    self._questions = cast(IO[bytes], self.process.stdin)
    self._answers = cast(IO[bytes], self.process.stdout)

  def answer(self, wanted: Wanted) -> Page:
    question = pickle.dumps(wanted)
    late: list[float] = []
    opened = self.file == wanted[:2]
    try:
      answer = self._asked(question, late)
      if answer == child.OPENED:
        opened = True
        answer = self._asked(b'', late)
      if answer == child.LARGE:
        with pictures.ONE_LARGE:
          answer = self._asked(pickle.dumps(child.LARGE), late)
      self.file = wanted[:2]
      return answer
    except (OSError, EOFError, pickle.UnpicklingError):
      self.end()
      words = _reason(self.process.returncode, bool(late))
      # Where the file could not even be opened, its other pages can't be read either.
      return Page(Ended(f'{wanted.name}, page {wanted.number + 1}: {words}'), more=opened)

  def _asked(self, question: bytes, late: list[float]) -> Any:
    with self._no_longer_than(_WAIT, late):
      self._questions.write(question)
      self._questions.flush()
      return pickle.load(self._answers)

  @contextlib.contextmanager
  def _no_longer_than(self, seconds: float, late: list[float]) -> Iterator[None]:
    def give_up() -> None:
      late.append(seconds)
      self.process.kill()

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
      yield
    finally:
      timer.cancel()

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


def _taken(wanted: Wanted) -> _Child | None:
  """An idle child, best that which has the file open, or a new one; None where none can start."""
  with _lock:
    _idle.sort(key=lambda each: each.file == wanted[:2])
    while _idle:
      found = _idle.pop()
      if found.process.poll() is None:
        return found
      found.end()
  # In a program that was packed as one file, sys.executable is that program.
  if not sys.executable or getattr(sys, 'frozen', False):
    return None
  try:
    return _Child()
  except OSError:
    return None


def _reason(code: int, late: bool) -> str:
  if late or (hasattr(signal, 'SIGPROF') and code == -signal.SIGPROF):
    return f'reading it takes more than {child.SECONDS} s of computing; save it anew, as a picture.'
  how = f'signal {-code}' if code < 0 else f'exit code {code}'
  return (
    f'reading it takes more than {child.MEMORY / 1e9:.1f} GB of memory, or crashes the library '
    f'that reads it ({how}); save it anew, as a picture.'
  )


def _end_all() -> None:
  with _lock:
    while _idle:
      found = _idle.pop()
      found.process.kill()
      found.end()


def _forget() -> None:
  """In a fork of this process: the children belong to the process that started them."""
  global _lock
  _lock = threading.Lock()
  for each in _idle:
    each.close_pipes()
    each.process.returncode = 0  # Nor is it waited for.
  _idle.clear()


atexit.register(_end_all)
if hasattr(os, 'register_at_fork'):
  os.register_at_fork(after_in_child=_forget)
