"""Cuts a picture into the views that a network reads: the whole picture and overlapping parts.

In a whole page of 128x128 pixels staff lines are grey bands, and so are lines of text. In a view of
a part, staff lines can be told apart. Training, evaluation and prediction all use these functions.
"""

import io
import math
from functools import partial
from typing import NamedTuple

import numpy as np
from PIL import Image

from omr_jax.inputs import pictures, resizing


class Layout(NamedTuple):
  """Which views of a picture a network reads.

  Attributes:
    height: Height of the views in pixels.
    width: Width of the views in pixels.
    tiles: Number of parts along each side; 0 for the whole picture alone.
    colour: Whether the network reads colours; if not, it is given brightness only.
  """

  height: int
  width: int
  tiles: int
  colour: bool


def count(tiles: int) -> int:
  """The number of views of a picture: the whole picture and `tiles` times `tiles` parts."""
  return 1 + tiles**2


def views(picture: np.ndarray, height: int, width: int, tiles: int) -> np.ndarray:
  """All views of a picture, each resized by the rule of `resizing.resize`.

  The height and width of a part are the share s = 4 / (3 tiles + 1) of those of the picture, so
  that neighbouring parts overlap by a quarter and the outer ones end with the picture. The part in
  row i and column j begins at 3/4 s i of the height and 3/4 s j of the width. Beginnings and sizes
  are rounded to whole pixels, halves to the even number. A part has at least one pixel and lies
  inside the picture.

  Args:
    picture: uint8 [source height, source width, 3].
    height: Height of the views in pixels.
    width: Width of the views in pixels.
    tiles: Number of parts along each side; 0 for the whole picture alone.

  Returns:
    uint8 [1 + tiles^2, height, width, 3]: the whole picture, then the parts row by row.
  """
  return of_image(Image.fromarray(picture), height, width, tiles)


def of_image(
  picture: Image.Image, height: int, width: int, tiles: int, colour: bool = True
) -> np.ndarray:
  """The same views of a picture of Pillow in mode L or RGB, without another copy of it.

  Without `colour` the picture must be in mode L, and the views have one channel, brightness, which
  takes a third of the time. It differs from the brightness of views in colour by rounding only, at
  most 2.5 of 255. For a JPEG it may differ more where decoding to colours clips a channel.
  """
  columns, rows = (_parts(size, tiles) for size in picture.size)
  seen = np.empty((count(tiles), height, width, 3 if colour else 1), np.uint8)
  seen[0] = resizing.resized(picture, height, width, colour)
  boxes = ((left, top, right, bottom) for top, bottom in rows for left, right in columns)
  for view, box in zip(seen[1:], boxes, strict=True):
    view[:] = resizing.resized(picture.crop(box), height, width, colour)
  return seen


def least(height: int, width: int, tiles: int) -> int:
  """The smallest side in pixels to which a JPEG may be reduced while it is decoded.

  `pictures.read` takes it as its argument `least`.
  """
  return math.ceil(max(2, 1.2 / part(tiles)[0] if tiles else 0) * max(height, width))


def load(content: bytes, name: str, height: int, width: int, tiles: int) -> np.ndarray:
  """All views of the picture in a file: uint8 [1 + tiles^2, height, width, 3].

  Raises:
    UserError: The file is empty, damaged, cut short or no picture, or the picture is too large.
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
  """For each part along an axis its first pixel and the pixel after its last."""
  share, step = part(tiles)
  length = max(1, round(share * size)) if tiles else 0
  starts = [min(round(step * i * size), size - length) for i in range(tiles)]
  return [(start, start + length) for start in starts]
