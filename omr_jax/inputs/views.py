"""How a picture is looked at: whole, and in overlapping parts from near.

On a whole page of 128x128 pixels staff lines are grey bands, and so are lines of text. A part of it
shows the lines. Training, evaluation and use take their views from here.
"""

import io
import math
from functools import partial
from typing import NamedTuple

import numpy as np
from PIL import Image

from omr_jax.inputs import pictures


class Layout(NamedTuple):
  """How pictures are brought to a network.

  Attributes:
    height: Of the views in pixels.
    width: Of the views in pixels.
    tiles: Parts along each side, beside the whole picture.
    colour: Whether the network tells colours apart; if not, it is given brightness alone.
  """

  height: int
  width: int
  tiles: int
  colour: bool


def count(tiles: int) -> int:
  """Views of a picture: the whole one, and `tiles` times `tiles` parts."""
  return 1 + tiles**2


def views(picture: np.ndarray, height: int, width: int, tiles: int) -> np.ndarray:
  """All views of a picture, each by the rule of `pictures.resize`.

  A part has the share s = 4 / (3 tiles + 1) of the picture's height and width, so that neighbours
  overlap by a quarter of a part and the outer ones end with the picture: the part in row i and
  column j begins at 3/4 s i of the height and 3/4 s j of the width; begin and size are rounded to
  whole pixels, half to even, a part has one pixel at least, and lies inside the picture.

  Args:
    picture: uint8 [source height, source width, 3].
    height: Of the views in pixels.
    width: Of the views in pixels.
    tiles: Parts along each side; 0 for the whole picture alone.

  Returns:
    uint8 [1 + tiles^2, height, width, 3]: the whole picture, then the parts row by row.
  """
  return of_image(Image.fromarray(picture), height, width, tiles)


def of_image(
  picture: Image.Image, height: int, width: int, tiles: int, colour: bool = True
) -> np.ndarray:
  """`views` of a picture of Pillow in mode L or RGB, without another copy of it.

  Without `colour` it must be in mode L, and the views have one channel, brightness: a third of the
  work. The brightness of views in colour is the same to rounding, within 2.5 of 255; of a JPEG it
  may be further off where decoding to colours cuts them off at black or white.
  """
  columns, rows = (_parts(size, tiles) for size in picture.size)
  seen = np.empty((count(tiles), height, width, 3 if colour else 1), np.uint8)
  seen[0] = pictures.resized(picture, height, width, colour)
  boxes = ((left, top, right, bottom) for top, bottom in rows for left, right in columns)
  for view, box in zip(seen[1:], boxes, strict=True):
    view[:] = pictures.resized(picture.crop(box), height, width, colour)
  return seen


def least(height: int, width: int, tiles: int) -> int:
  """How far JPEGs may be made smaller while they are decoded (`pictures.read`), in pixels."""
  return math.ceil(max(2, 1.2 / part(tiles)[0] if tiles else 0) * max(height, width))


def load(content: bytes, name: str, height: int, width: int, tiles: int) -> np.ndarray:
  """All views of the picture in a file: uint8 [1 + tiles^2, height, width, 3].

  Raises:
    UserError: As `pictures.read`.
  """
  finish = partial(of_image, height=height, width=width, tiles=tiles)
  return pictures.decode(
    pictures.opened(io.BytesIO(content), name), name, least(height, width, tiles), finish
  )


def part(tiles: int) -> tuple[float, float]:
  """Size of a part, and the distance from one part to the next, as shares of the whole picture."""
  size = 4 / (3 * tiles + 1)
  return size, 0.75 * size


def _parts(size: int, tiles: int) -> list[tuple[int, int]]:
  """First pixel of each, and the one behind the last."""
  share, step = part(tiles)
  length = max(1, round(share * size)) if tiles else 0
  starts = [min(round(step * i * size), size - length) for i in range(tiles)]
  return [(start, start + length) for start in starts]
