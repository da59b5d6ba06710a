"""Reads files in child processes with limits of memory and time, so that none ends the program.

Libraries in C may take any memory and time for a damaged or malicious file, or crash. In a child
process (`child_process`) that is an error of one page or one file. Children are started when the
first such file comes, one for each thread that asks at the same time up to a limit, and read one
file after the other. They are programs of their own rather than those of `multiprocessing`, which
would run the user's script again.
"""

import atexit
import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar, cast

from omr_jax.errors import UserError
from omr_jax.inputs import child_process, page_reader
from omr_jax.inputs.child_process import Ended as Ended
from omr_jax.inputs.page_reader import Page, Wanted
from omr_jax.utils import machine, thread_locks

# Of so many children for each core files are read at once; further threads wait. Some of them wait
# for a disk, or for their turn with a large picture.
_AT_ONCE = 4

Result = TypeVar('Result')

# Held where the two below are used, and told when a thread need not wait any more.
_change = thread_locks.free_in_forks(threading.Condition())
# At most one for each core: each takes about 50 MB.
_idle: list[child_process.Child] = []
# One entry for each child that is being asked.
_asking: set[object] = set()


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


def close(path: str) -> None:
  """Has a file closed of which no more pages are wanted; children keep that of their last page."""
  with _change:
    for each in _idle:
      if each.file and each.file[0] == path:
        each.close_file()


@contextlib.contextmanager
def _child(wanted: Wanted | None) -> Iterator[child_process.Child | None]:
  """A child for one question, when it is this thread's turn; None where none can be started.

  It is kept for others unless it has ended, or enough are idle.
  """
  place, found = object(), None
  try:
    with _change:
      _change.wait_for(lambda: len(_asking) < _AT_ONCE * machine.cores())
      _asking.add(place)
    found = _taken(wanted)
    if found and not found.is_ready():
      found.end()
      found = None
    if not found:
      _leave(place)  # This process reads the file, so that no other waits for a child.
    yield found
  except BaseException:
    if found:
      found.end()
    raise
  else:
    if found:
      _keep(found)
  finally:
    _leave(place)


def _taken(wanted: Wanted | None) -> child_process.Child | None:
  """An idle child, preferably the one that has the file open, else a new one."""
  with _change:
    _idle.sort(key=lambda each: wanted is not None and each.file == wanted[:2])
    while _idle:
      found = _idle.pop()
      if found.process.poll() is None:
        return found
      found.end()
  return child_process.started()


def _keep(found: child_process.Child) -> None:
  with _change:
    if found.process.returncode is None and len(_idle) < machine.cores():
      _idle.append(found)
      return
  found.process.kill()
  found.end()


def _leave(place: object) -> None:
  """Lets another thread ask; without effect when it is called again."""
  with _change:
    _asking.discard(place)
    _change.notify()


def _end_all() -> None:
  with _change:
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
  _asking.clear()


atexit.register(_end_all)
if hasattr(os, 'register_at_fork'):
  os.register_at_fork(after_in_child=_forget)
