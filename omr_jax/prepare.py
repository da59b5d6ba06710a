"""Files to the inputs of a trained network, as in training: many at a time, in their order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from omr_jax import symbol_picture, views
from omr_jax.errors import UserError
from omr_jax.listing import STROKES
from omr_jax.pages import pages
from omr_jax.recipe import Recipe

Inputs = Mapping[str, np.ndarray]
Pages = Iterator[tuple[int, Inputs | UserError]]
# Files that are being read ahead, for each thread.
_AHEAD = 4


class Page(NamedTuple):
  """A page of a file, ready for the network, or what is wrong with it."""

  path: Path
  number: int  # From 1.
  inputs: Inputs | UserError


def reader(config: Mapping, parts: Recipe) -> Callable[[Path], Pages]:
  """A file's pages, one by one, for the network of a run; the function raises nothing.

  A network for scores takes all that `pages` reads, one for symbols stroke files too.

  Args:
    config: Of the run.
    parts: Its recipe.
  """
  if parts.drawing is None:
    size = config['picture']['height'], config['picture']['width'], config['picture']['tiles']
    least = views.least(*size)
    return lambda path: (
      (number, page if isinstance(page, UserError) else {'views': views.views(page, *size)})
      for number, page in pages(path, least)
    )
  return lambda path: _symbol(path, parts)


def in_order(read: Callable[[Path], Pages], paths: Iterable[Path]) -> Iterator[Page]:
  """The pages of all files, in their order; the next files are being read meanwhile.

  In memory are the first pages of a few files. What a file has beyond is read when its turn comes.
  """
  count = os.cpu_count() or 1
  waiting: deque[tuple[Path, Future]] = deque()
  paths = iter(paths)
  with ThreadPoolExecutor(count) as threads:
    while True:
      for path in islice(paths, _AHEAD * count - len(waiting)):
        waiting.append((path, threads.submit(_first, read, path)))
      if not waiting:
        return
      path, future = waiting.popleft()
      for number, inputs in chain(*future.result()):
        yield Page(path, number, inputs)


def _first(read: Callable[[Path], Pages], path: Path) -> tuple[list, Pages]:
  found = read(path)
  return list(islice(found, 1)), found


def _symbol(path: Path, parts: Recipe) -> Pages:
  try:
    if path.suffix.lower() in STROKES:
      yield 1, _symbol_inputs(*symbol_picture.of_strokes(_content(path), path.name, parts.drawing))
      return
  except UserError as error:
    yield 1, UserError(f'{path.parent}{os.sep}{error}')
    return
  for number, page in pages(path):
    if not isinstance(page, UserError):
      try:
        page = _symbol_inputs(*symbol_picture.of_picture(page, parts.drawing, str(path)))
      except UserError as error:
        page = UserError(str(error))  # Without a traceback, whose frames hold pictures.
    yield number, page


def _symbol_inputs(image: np.ndarray, size: np.ndarray) -> Inputs:
  return {'image': image, 'size': size}


def _content(path: Path) -> bytes:
  try:
    return path.read_bytes()
  except (OSError, ValueError) as error:
    raise UserError(
      f'{path.name}: can not be read ({error}); check its name and its rights.'
    ) from error
