"""Several processes that share files or pages; any of them may be killed at any time.

`multiprocessing.Pool` loses what a killed process had been given, and the pools of
`concurrent.futures` lose what all their processes had been given. Here each process has a pipe of
its own, so it is known what it was asked for when it ended. That is tried again item by item; an
item whose process ends every time gets an answer that says so.
"""

import contextlib
import itertools
import multiprocessing
import os
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from multiprocessing import connection, resource_tracker
from typing import Any

from omr_jax.errors import UserError

# From what a process is given, such as the paths of files, to a list of answers. Both can be
# pickled.
Answer = Callable[[Sequence[Any]], list[Any]]
# From an item and the reason why it is given up to the answer that it gets.
Lost = Callable[[Any, UserError], Any]

# After so many processes that have ended over it, an item is given up; and so is the command, after
# so many processes in a row that have ended before they could be asked for anything.
_TRIES = 3


class Pool:
  """Processes that answer, from the first call of `answers` until the context is left."""

  def __init__(self, make: Callable[[], Answer], count: int, lost: Lost, ahead: int):
    """Nothing is started yet.

    Args:
      make: Makes the function that answers. It can be pickled, and is called in each process.
      count: The number of processes.
      lost: Makes the answer of an item over which every process has ended.
      ahead: Pieces for each process that may be answered before their turn, while one takes long.
    """
    self._start = partial(_Worker, make)
    self._count, self._ahead = count, ahead * count
    self._lost = lost
    self._workers: list[_Worker] = []
    self._failed_starts = 0

  def __enter__(self) -> 'Pool':
    return self

  def __exit__(self, *error: object) -> None:
    while self._workers:
      self._workers.pop().end()

  def answers(self, pieces: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
    """The answers to each piece, a list of items, in the order of the pieces.

    Args:
      pieces: They are taken as they are needed, some ahead.

    Raises:
      UserError: The processes can't start, or the model can't be loaded there.
      Exception: Whatever the function that answers, or the one that makes it, raises.
    """
    pieces = iter(pieces)
    waiting: deque[_Piece] = deque()  # All that is not yielded, in order.
    todo: deque[_Piece] = deque()  # What no process has yet.
    while True:
      # To take a piece may take long: what there is to do or to hear does not wait for all of them.
      for items in itertools.islice(pieces, self._ahead - len(waiting)):
        waiting.append(_Piece(items))
        todo.append(waiting[-1])
        self._give(todo)
        if self._heard(timeout=0):
          break
      if not waiting:
        return
      self._give(todo)
      for worker in self._heard():
        self._listen(worker, todo)
      while waiting and (found := waiting[0].found()) is not None:
        waiting.popleft()
        yield found

  def _give(self, todo: deque['_Piece']) -> None:
    """Starts the processes that are missing, and gives work to the idle ones."""
    busy = sum(worker.piece is not None for worker in self._workers)
    while len(self._workers) < min(self._count, busy + len(todo)):
      try:
        self._workers.append(self._start())
      except OSError as error:
        words = f'--workers: a process cannot be started ({error.strerror}); try fewer of them.'
        raise UserError(words) from error
    for worker in self._workers:
      if todo and worker.is_idle:
        worker.give(todo.popleft())

  def _heard(self, timeout: float | None = None) -> list['_Worker']:
    """Waits until processes have said something or have ended; returns them, or none in time."""
    pipes = connection.wait([worker.pipe for worker in self._workers], timeout)
    return [worker for worker in self._workers if worker.pipe in pipes]

  def _listen(self, worker: '_Worker', todo: deque['_Piece']) -> None:
    try:
      said = worker.pipe.recv()
    except (EOFError, OSError):
      self._workers.remove(worker)
      self._bury(worker, todo)
      return
    if isinstance(said, Exception):
      raise said
    if worker.piece is not None:
      worker.piece.answers, worker.piece.items = said, ()  # Pages take much memory.
    else:
      self._failed_starts = 0
    worker.piece, worker.is_idle = None, True

  def _bury(self, worker: '_Worker', todo: deque['_Piece']) -> None:
    """Puts what a process that has ended had to do back to the work, or gives an item up."""
    how = worker.end(patience=1)
    if worker.piece is not None:
      todo.extendleft(reversed(worker.piece.again(how, self._lost)))
    elif not worker.is_idle:
      self._failed_starts += 1
      if self._failed_starts == _TRIES:
        raise UserError(f'--workers: the processes end as they start ({how}); try fewer of them.')


class _Piece:
  """Items that one process is given together, and the answers once they are there."""

  def __init__(self, items: Sequence[Any], tries: int = 0):
    self.items = items
    self._tries = tries
    self._parts: list[_Piece] = []  # In place of this piece, after its process has ended.
    self.answers: list[Any] | None = None

  def found(self) -> list[Any] | None:
    """The answers, or None while some are missing."""
    if not self._parts:
      return self.answers
    found = [answers for part in self._parts if (answers := part.found()) is not None]
    return list(itertools.chain(*found)) if len(found) == len(self._parts) else None

  def again(self, how: str, lost: Lost) -> list['_Piece']:
    """What is to be tried after a process has ended over this piece: its items one by one."""
    self._tries += 1
    if self._tries < _TRIES:
      self._parts = [_Piece([item], self._tries) for item in self.items]
      return self._parts
    (item,) = self.items
    words = f'{self._tries} processes have ended over it ({how}); leave it out.'
    self.answers = [lost(item, UserError(words))]
    return []


class _Worker:
  """A process, and what it has been given. It is idle once it has said that it is ready."""

  def __init__(self, make: Callable[[], Answer]):
    context = multiprocessing.get_context('spawn')
    self.pipe, theirs = context.Pipe()
    self.piece: _Piece | None = None
    self.is_idle = False
    self._process = context.Process(
      target=_serve, args=(theirs, make, os.getcwd()), daemon=True, name='answers'
    )
    with _ctrl_c_held():
      self._process.start()
    theirs.close()

  def give(self, piece: _Piece) -> None:
    self.piece, self.is_idle = piece, False
    with contextlib.suppress(OSError):  # If it has just ended, `recv` will say so.
      self.pipe.send(piece.items)

  def end(self, patience: float = 0) -> str:
    """Ends the process, which may do so itself for some seconds; returns in words how it did."""
    self.pipe.close()
    self._process.join(patience)
    self._process.terminate()
    self._process.join()
    code = self._process.exitcode or 0
    return f'signal {-code}' if code < 0 else f'exit code {code}'


def _serve(pipe: connection.Connection, make: Callable[[], Answer], folder: str) -> None:
  """The process: says that it is ready, then answers until the pipe is closed."""
  signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, which ends the others.
  os.chdir(folder)  # Where `multiprocessing` was imported may be another one.
  answer = _tried(make)
  with contextlib.suppress(EOFError, OSError):  # The command has ended.
    pipe.send(answer if isinstance(answer, Exception) else None)
    while True:
      pipe.send(_tried(partial(answer, pipe.recv())))


def _tried(call: Callable[[], Any]) -> Any:
  """What a call returns, or the exception that it raises."""
  try:
    return call()
  except Exception as error:
    error.add_note(traceback.format_exc())  # Of this process; a pipe carries no traceback.
    return error


@contextlib.contextmanager
def _ctrl_c_held() -> Iterator[None]:
  """Keeps Ctrl-C from a process while it starts; what arrives meanwhile comes to us afterwards."""
  if not hasattr(signal, 'pthread_sigmask'):  # On Windows.
    yield
    return
  # It is started with the first process otherwise, and would let the signal through again.
  resource_tracker.ensure_running()
  before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
  # Other threads of this process still take the signal, and Python would raise it here.
  came: list[int] = []
  handler = signal.getsignal(signal.SIGINT)
  ours = callable(handler) and threading.current_thread() is threading.main_thread()
  if ours:
    signal.signal(signal.SIGINT, lambda *_: came.append(1))
  try:
    yield
  finally:
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if ours:
      signal.signal(signal.SIGINT, handler)
    if came:
      signal.raise_signal(signal.SIGINT)
