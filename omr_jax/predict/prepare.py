"""Turns files into the inputs of a trained network, as in training: several at once, in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from omr_jax.errors import UserError
from omr_jax.tasks.task import Task
from omr_jax.utils import machine

Inputs = Mapping[str, np.ndarray]
Pages = Iterator[tuple[int, Inputs | UserError]]
# Files for each thread that are read ahead.
_AHEAD = 4
# Pages of each of these files that are read ahead. Above 1, since only a request for a second page
# shows that there is none.
_PAGES = 4
_PATIENCE = 1  # Seconds that a batch waits for its next page before it is passed on as it is.


class Rule(NamedTuple):
  """How the inputs of a network are made from files, pictures and strokes.

  Attributes:
    task: What the network is asked.
    picture: The picture settings, of the task's own type (`tasks.task`).
    reads: Names of the inputs.
  """

  task: Task
  picture: Any
  reads: tuple[str, ...]


class Page(NamedTuple):
  """A page of a file, ready for the network, or what is wrong with it."""

  path: str
  number: int  # From 1.
  inputs: Inputs | UserError


def inputs(picture: Image.Image, rule: Rule, name: str = 'the picture') -> Inputs:
  """The inputs of a network for a picture.

  Args:
    picture: An image of Pillow in mode L or RGB.
    rule: How the network's inputs are made.
    name: For messages.

  Raises:
    UserError: The network reads something else, or finds nothing in the picture.
  """
  if rule.task.inputs.brightness_only(rule.picture):
    picture = picture.convert('L')
  found: Inputs = rule.task.inputs.of_picture(picture, rule.picture, rule.reads, name)
  return found


def pages(source: str | bytes, name: str, rule: Rule) -> Pages:
  """The pages of a file, one by one, given by its path or its bytes; messages call it `name`.

  Errors are yielded, not raised.
  """
  found: Pages = rule.task.inputs.pages(source, rule.picture, rule.reads, name)
  return found


def batches(
  read: Callable[[str], Pages], paths: Iterable[str], size: int, threads: int | None = None
) -> Iterator[list[Page]]:
  """The pages of all files, in their order, in lists of `size`.

  A list is shorter at the end, and where the next page takes long, so that pages which are ready
  need not wait for it. So many threads read files; None stands for one on each core.
  """
  batch = []
  for page in _pages(read, paths, threads or machine.cores()):
    if page is not None:
      batch.append(page)
    if batch and (page is None or len(batch) == size):
      yield batch
      batch = []
  if batch:
    yield batch


def _pages(read: Callable[[str], Pages], paths: Iterable[str], count: int) -> Iterator[Page | None]:
  """The pages of all files, in their order, and None before a page that takes long.

  The next files are read meanwhile. Only the first pages of a few files are in memory. The other
  pages of a file are read when its turn comes.
  """
  paths = iter(paths)
  waiting: deque[tuple[str, Pages, Future[list[tuple[int, Inputs | UserError]]]]] = deque()
  threads = ThreadPoolExecutor(count)

  def start(found: Pages) -> Future[list[tuple[int, Inputs | UserError]]]:
    return threads.submit(lambda: list(islice(found, _PAGES)))

  try:
    while True:
      for path in islice(paths, _AHEAD * count - len(waiting)):
        found = read(path)
        waiting.append((path, found, start(found)))
      if not waiting:
        return
      path, found, future = waiting.popleft()
      if not wait([future], _PATIENCE).done:
        yield None
      ready = future.result()
      if len(ready) == _PAGES:
        waiting.appendleft((path, found, start(found)))
      for number, inputs in ready:
        yield Page(path, number, inputs)
  finally:
    threads.shutdown(cancel_futures=True)
