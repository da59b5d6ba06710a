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

from omr_jax import render, strokes, symbol_picture, views
from omr_jax.errors import UserError
from omr_jax.listing import STROKES
from omr_jax.pages import pages

Inputs = Mapping[str, np.ndarray]
# Pictures of pages by the one, symbols by the other.
Rule = views.Layout | render.Drawing
Pages = Iterator[tuple[int, Inputs | UserError]]
# Files that are being read ahead, for each thread.
_AHEAD = 4
# Of a file that is being read ahead. Above 1, so that a picture's file is seen to end.
_PAGES = 4


class Page(NamedTuple):
  """A page of a file, ready for the network, or what is wrong with it."""

  path: str
  number: int  # From 1.
  inputs: Inputs | UserError


def inputs(picture: Image.Image, rule: Rule, name: str = 'the picture') -> Inputs:
  """A picture as a network sees it: its `views`, or the `image` and `size` of a symbol.

  Args:
    picture: Of Pillow, in mode L or RGB; L alone for views without colour.
    rule: Of the network.
    name: For messages.

  Raises:
    UserError: There is no symbol in the picture.
  """
  if isinstance(rule, views.Layout):
    return {'views': views.of_image(picture, *rule)}
  return _symbol_inputs(*symbol_picture.of_picture(np.asarray(picture.convert('RGB')), rule, name))


def reader(rule: Rule) -> Callable[[str], Pages]:
  """A file's pages, one by one, for the network with that rule; they raise nothing.

  A network for scores takes all that `pages` reads, one for symbols stroke files too.
  """

  def read(path: str) -> Pages:
    finish = partial(inputs, rule=rule, name=path)
    if isinstance(rule, views.Layout):
      least = views.least(rule.height, rule.width, rule.tiles)
      return _refused(path) or pages(path, least, finish, rule.colour)
    if os.path.splitext(path)[1].lower() in STROKES:
      return _refused(path) or _of_strokes(path, rule)
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


def _of_strokes(path: str, drawing: render.Drawing) -> Pages:
  folder, name = os.path.split(path)
  try:
    with open(path, 'rb') as file:
      content = file.read(strokes.MAX_BYTES + 1)
    yield 1, _symbol_inputs(*symbol_picture.of_strokes(content, name, drawing))
  except UserError as error:
    yield 1, UserError(f'{os.path.join(folder, "")}{error}')
  except (OSError, ValueError) as error:
    yield 1, UserError(f'{path}: can not be read ({error}); check its name and its rights.')


def _symbol_inputs(image: np.ndarray, size: np.ndarray) -> Inputs:
  return {'image': image, 'size': size}
