"""The program of the process that reads what may take any memory and time.

It says that it is READY, then reads questions, pickled, on its standard input and writes answers to
its standard output, until the input ends. A question is a page (`page_reader.Wanted`), answered by
a `page_reader.Page`, or a function without arguments, answered by what it returns.
`child_process` starts this program.

Only Linux keeps the limit of memory: macOS ignores RLIMIT_AS, and Python cannot set one on Windows.
There a picture must still fit `budget` before it is decoded, which documents and damaged files can
evade. The limit of computing time needs ITIMER_PROF, which Windows lacks; that of `child_process`
holds everywhere.
"""

import os
import pickle
import signal
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from PIL import Image

from omr_jax.errors import UserError
from omr_jax.inputs import budget, page_reader, pictures

try:
  import resource
except ImportError:  # On Windows.
  resource = None  # type: ignore[assignment]

# In bytes, for all that the libraries take beyond what they have when they are loaded.
MEMORY = 2 * budget.BUDGET
# Seconds of computing for one question; the time of other programs on the machine does not count.
SECONDS = 30
# What the program writes first: that it is Python which runs, and has all that it imports.
READY = b'omr_jax reads\n'
# Answers besides pages. LARGE asks whether a large picture may be decoded now; any question that
# follows means yes.
LARGE = 'large'
# The question that has no answer: the file of the last page is closed.
CLOSE = 'close'
# Sent before the first page of a file is read. If the process ends after this, a page is the cause,
# and other pages of the file may still be read.
OPENED = 'opened'


def main(memory: int, seconds: float) -> None:
  """Answers until the input ends.

  Args:
    memory: The bytes that may be taken; an allocation beyond fails.
    seconds: Of computing for one question, after which the process ends by the signal SIGPROF.
  """
  questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), 'wb')
  # What a library prints must not come between answers.
  os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
  # Ctrl-C is for the command that asks; when it ends, so does the input.
  signal.signal(signal.SIGINT, signal.SIG_IGN)
  _limit_memory(memory)
  Image.MAX_IMAGE_PIXELS = None  # `budget` has the limit.
  pictures.ONE_LARGE = _Turn(questions, answers)
  reader = page_reader.Reader(lambda: _say(answers, OPENED))
  answers.write(READY)
  answers.flush()
  while (wanted := _next(questions)) is not None:
    if wanted == CLOSE:
      reader.close()
      continue
    _limit_time(seconds)
    answer = reader.page(wanted) if isinstance(wanted, page_reader.Wanted) else _called(wanted)
    _limit_time(0)
    _say(answers, answer)


def _called(function: Callable[[], Any]) -> Any:
  """What a function returns, or its error without a traceback, which would keep its memory."""
  try:
    return function()
  except UserError as error:
    return UserError(str(error))


class _Turn:
  """Takes the place of a lock: waits until the other process lets this one decode a large picture.

  That process allows one large picture at a time.
  """

  def __init__(self, questions: BinaryIO, answers: BinaryIO):
    self._questions, self._answers = questions, answers

  def __enter__(self) -> None:
    _say(self._answers, LARGE)
    if _next(self._questions) is None:
      sys.exit()

  def __exit__(self, *error: object) -> None:
    pass


def _next(questions: BinaryIO) -> Any:
  try:
    return pickle.load(questions)
  except EOFError:
    return None


def _say(answers: BinaryIO, answer: object) -> None:
  answers.write(pickle.dumps(answer, pickle.HIGHEST_PROTOCOL))
  answers.flush()


def _limit_memory(memory: int) -> None:
  try:
    with open('/proc/self/statm') as file:
      memory += int(file.read().split()[0]) * resource.getpagesize()
    with open('/proc/self/oom_score_adj', 'w') as file:
      file.write('1000')  # Where the machine has no memory left, this process ends first.
  except (OSError, AttributeError):  # Not on Linux.
    pass
  try:
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if most != resource.RLIM_INFINITY:
      memory = min(memory, most)
    resource.setrlimit(resource.RLIMIT_AS, (memory, most))
  except (OSError, ValueError, AttributeError):
    pass


def _limit_time(seconds: float) -> None:
  if hasattr(signal, 'setitimer'):
    signal.setitimer(signal.ITIMER_PROF, seconds)
