"""Files to the inputs of a trained network, as in training: many at a time, in their order."""

import os
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from omr_jax.errors import UserError
from omr_jax.tasks.task import Task

Inputs = Mapping[str, np.ndarray]
Pages = Iterator[tuple[int, Inputs | UserError]]
# Files that are being read ahead, for each thread.
_AHEAD = 4
# Of a file that is being read ahead. Above 1, so that a picture's file is seen to end.
_PAGES = 4
_PATIENCE = 1  # Seconds that pages which are read wait for the next ones.


class Rule(NamedTuple):
  """How what people have becomes the inputs of a network.

  Attributes:
    task: What the network is asked.
    picture: How pictures are made, as the task has it.
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
  """A picture as a network reads it.

  Args:
    picture: Of Pillow, in mode L or RGB.
    rule: Of the network.
    name: For messages.

  Raises:
    UserError: The network reads something else, or finds nothing in the picture.
  """
  if rule.task.inputs.brightness_only(rule.picture):
    picture = picture.convert('L')
  found: Inputs = rule.task.inputs.of_picture(picture, rule.picture, rule.reads, name)
  return found


def of_strokes(points: np.ndarray, stroke: np.ndarray, rule: Rule, name: str = '') -> Inputs:
  """Strokes as a network reads them.

  Args:
    points: [points, 2], x and y in pixels of the tablet.
    stroke: int [points], the stroke each point belongs to, ascending from 0.
    rule: Of the network.
    name: For messages.

  Raises:
    UserError: The network reads pictures only.
  """
  found: Inputs = rule.task.inputs.of_strokes(points, stroke, rule.picture, rule.reads, name)
  return found


def reader(rule: Rule) -> Callable[[str], Pages]:
  """A file's pages, one by one, for the network with that rule; they raise nothing."""

  def read(path: str) -> Pages:
    return _refused(path) or rule.task.inputs.pages(path, rule.picture, rule.reads, path)

  return read


def of_bytes(content: bytes, name: str, rule: Rule) -> Pages:
  """The same for the bytes of a file, which is called `name` in messages."""
  found: Pages = rule.task.inputs.pages(content, rule.picture, rule.reads, name)
  return found


def batches(read: Callable[[str], Pages], paths: Iterable[str], size: int) -> Iterator[list[Page]]:
  """The pages of all files, in their order, in lists of `size`.

  A list is shorter at the end, and where the next page takes long: what is read does not wait.
  """
  batch = []
  for page in _pages(read, paths):
    if page is not None:
      batch.append(page)
    if batch and (page is None or len(batch) == size):
      yield batch
      batch = []
  if batch:
    yield batch


def in_order(read: Callable[[str], Pages], paths: Iterable[str]) -> Iterator[Page]:
  """The pages of all files, in their order; the next ones are being read meanwhile.

  In memory are the inputs of the first pages of a few files. What a file has beyond is read when
  its turn comes.
  """
  for page in _pages(read, paths):
    if page is not None:
      yield page


def _pages(read: Callable[[str], Pages], paths: Iterable[str]) -> Iterator[Page | None]:
  """As `in_order`, with None before a page that takes long."""
  count = os.cpu_count() or 1
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


def _refused(path: str) -> Pages | None:
  """The error, if opening might take for ever."""
  try:
    if stat.S_ISREG(os.stat(path).st_mode):
      return None
  except (OSError, ValueError):
    return None  # Opening will say why.
  what = 'no file, or a folder that can not be listed; leave it out, or check its rights.'
  return iter([(1, UserError(f'{path}: {what}'))])
