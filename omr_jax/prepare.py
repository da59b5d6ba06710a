"""Files to the inputs of a trained network, as in training: many at a time, in their order."""

import os
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import NamedTuple

import numpy as np
from PIL import Image

from omr_jax import pen, render, stroke_files, strokes, symbol_picture, views
from omr_jax.errors import UserError
from omr_jax.listing import STROKES
from omr_jax.pages import pages

Inputs = Mapping[str, np.ndarray]
Pages = Iterator[tuple[int, Inputs | UserError]]
# Files that are being read ahead, for each thread.
_AHEAD = 4
# Of a file that is being read ahead. Above 1, so that a picture's file is seen to end.
_PAGES = 4


class Rule(NamedTuple):
  """How what people have becomes the inputs of a network.

  Attributes:
    picture: Pictures of pages by the one, symbols by the other.
    reads: Names of the inputs.
  """

  picture: views.Layout | render.Drawing
  reads: tuple[str, ...]


class Page(NamedTuple):
  """A page of a file, ready for the network, or what is wrong with it."""

  path: str
  number: int  # From 1.
  inputs: Inputs | UserError


def inputs(picture: Image.Image, rule: Rule, name: str = 'the picture') -> Inputs:
  """A picture as a network sees it: its `views`, or what is read of a symbol.

  Args:
    picture: Of Pillow, in mode L or RGB; L alone for views without colour.
    rule: Of the network.
    name: For messages.

  Raises:
    UserError: There is no symbol in the picture, or the network reads strokes.
  """
  if isinstance(rule.picture, views.Layout):
    return {'views': views.of_image(picture, *rule.picture)}
  if 'pen' in rule.reads:
    raise UserError(
      f'{name}: this network reads strokes, and a picture has none; give a stroke file, or a model '
      'for pictures.'
    )
  pixels = np.asarray(picture.convert('RGB'))
  if not rule.picture.thinned:
    return {'image': symbol_picture.inked(pixels, rule.picture, name)}
  return of_strokes(*symbol_picture.lines(pixels, name), rule)


def of_strokes(points: np.ndarray, stroke: np.ndarray, rule: Rule) -> Inputs:
  """Strokes as a network for symbols sees them, prepared as those of its test were.

  Args:
    points: [points, 2], x and y in pixels of the tablet.
    stroke: int [points], the stroke each point belongs to, ascending from 0.
    rule: Of the network.

  Returns:
    Of `image` uint8 [height, width, 1], `size` float32 [2], the logarithms of the box's width and
    height, and `pen` float32 [pen.POINTS, 3] those that it reads.
  """
  make = {
    'image': lambda: render.draw(points, stroke, rule.picture)[..., None],
    'size': lambda: render.log_size(np.ptp(points, axis=0)).astype(np.float32),
    'pen': lambda: pen.way(points, stroke).astype(np.float32),
  }
  return {name: make[name]() for name in rule.reads}


def reader(rule: Rule) -> Callable[[str], Pages]:
  """A file's pages, one by one, for the network with that rule; they raise nothing.

  A network for scores takes all that `pages` reads, one for symbols stroke files too.
  """
  layout = rule.picture

  def read(path: str) -> Pages:
    finish = partial(inputs, rule=rule, name=path)
    if isinstance(layout, views.Layout):
      least = views.least(layout.height, layout.width, layout.tiles)
      return _refused(path) or pages(path, least, finish, layout.colour)
    if os.path.splitext(path)[1].lower() in STROKES:
      return _refused(path) or _of_stroke_file(path, rule)
    return _refused(path) or pages(path, finish=finish)

  return read


def in_order(read: Callable[[str], Pages], paths: Iterable[str]) -> Iterator[Page]:
  """The pages of all files, in their order; the next ones are being read meanwhile.

  In memory are the inputs of the first pages of a few files. What a file has beyond is read when
  its turn comes.
  """
  count = os.cpu_count() or 1
  paths, waiting = iter(paths), deque()
  threads = ThreadPoolExecutor(count)
  start = partial(threads.submit, lambda found: list(islice(found, _PAGES)))
  try:
    while True:
      for path in islice(paths, _AHEAD * count - len(waiting)):
        found = read(path)
        waiting.append((path, found, start(found)))
      if not waiting:
        return
      path, found, future = waiting.popleft()
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


def _of_stroke_file(path: str, rule: Rule) -> Pages:
  folder, name = os.path.split(path)
  try:
    with open(path, 'rb') as file:
      content = file.read(strokes.MAX_BYTES + 1)
    yield 1, of_strokes(*stroke_files.read(content, name), rule)
  except UserError as error:
    yield 1, UserError(f'{os.path.join(folder, "")}{error}')
  except (OSError, ValueError) as error:
    yield 1, UserError(f'{path}: can not be read ({error}); check its name and its rights.')
