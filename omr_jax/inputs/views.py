"""Cuts a picture into the views that a network reads: the whole picture and overlapping parts.

In a whole page of 128x128 pixels staff lines are grey bands, and so are lines of text. In a view of
a part, staff lines can be told apart. Training, evaluation and prediction all use these functions.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

from omr_jax.inputs import resizing

# No view is squeezed by more than this ratio of its sides: a single staff would become a grey band.
BOUND = 2.0

Box = tuple[int, int, int, int]  # Left, top, right and bottom in pixels; the last two lie outside.

# How a picture is cut into views, in words; `model.json` has them for other programs.
RULE = (
  'Views: the whole picture, then parts of it, row by row. Halves are rounded to even numbers. '
  'Where `bound` is null there is no bound.',
  'Whole: it becomes max(1, round(`width` * min(1, `bound` * w / h))) pixels wide and max(1, '
  'round(`height` * min(1, `bound` * h / w))) high, for a picture of w x h pixels. Where that is '
  'less than the view, it lies in the middle (of two places the first), and the rest has the lower '
  'median of its pixels, channel by channel.',
  'Parts: the short side of the picture is cut into m parts and the long side into n = '
  'floor(`tiles`^2 / m), with the largest m from `tiles` down to 1 for which long * (3 m + 1) <= '
  '`bound` * short * (3 n + 1), or else 1. Each of k parts of a side has the share s = 4 / '
  '(3 k + 1) of it, and part i, from 0, begins at the share 3/4 s i. Where a part would be longer '
  'than `bound` * short, that is its length, and the parts begin at even distances from the start '
  'to the end of the side. Lengths and beginnings are rounded; a part has at least one pixel, and '
  'begins earlier where it would end beyond the picture. Views that are left are black.',
)


class Layout(NamedTuple):
  """Which views of a picture a network reads.

  Attributes:
    height: Height of the views in pixels.
    width: Width of the views in pixels.
    tiles: Number of parts along each side of a picture that is not long; 0 for the whole picture
      alone.
    colour: Whether the network reads colours; if not, it is given brightness only.
    bound: The largest ratio of long to short side of what is squeezed into a view. Infinite for
      networks that were trained with pictures of every shape squeezed.
  """

  height: int
  width: int
  tiles: int
  colour: bool
  bound: float


def count(tiles: int) -> int:
  """The number of views of a picture: the whole picture and `tiles` times `tiles` parts."""
  return 1 + tiles**2


def views(picture: np.ndarray, height: int, width: int, tiles: int) -> np.ndarray:
  """All views of a picture by RULE with the bound BOUND, resized by `resizing.RULE`.

  A picture up to BOUND to 1 is squeezed into a view, and cut into `tiles` x `tiles` parts. A longer
  one keeps its proportions within the bound: the first view has margins, and the short side is cut
  into fewer parts.

  Args:
    picture: uint8 [source height, source width, 3].
    height: Height of the views in pixels.
    width: Width of the views in pixels.
    tiles: As in `boxes`.

  Returns:
    uint8 [1 + tiles^2, height, width, 3]: the whole picture, then the parts row by row.
  """
  return of_image(Image.fromarray(picture), height, width, tiles)


def of_image(
  picture: Image.Image,
  height: int,
  width: int,
  tiles: int,
  colour: bool = True,
  bound: float = BOUND,
) -> np.ndarray:
  """The views, as by `views`, of an image of Pillow in mode L or RGB, which is not copied.

  Without `colour` the picture must be in mode L, and the views have one channel, brightness, which
  takes a third of the time. It differs from the brightness of views in colour by rounding only, at
  most 2.5 of 255. For a JPEG it may differ more where decoding to colours clips a channel.
  """
  seen = np.zeros((count(tiles), height, width, 3 if colour else 1), np.uint8)
  seen[0] = _whole(picture, height, width, colour, bound)
  for view, box in zip(seen[1:], boxes(*picture.size, tiles, bound), strict=False):
    view[:] = resizing.resized(picture.crop(box), height, width, colour)
  return seen


def boxes(width: int, height: int, tiles: int, bound: float = BOUND) -> Iterator[Box]:
  """Where the parts of a picture lie by RULE, row by row.

  Neighbours overlap by a quarter. With 3 tiles and a bound of 2 there are 3x3 parts up to sides of
  2 to 1, then 2x4 up to 26 to 7, and then 1x9, between which there are gaps beyond 14 to 1.

  Args:
    width: Width of the picture in pixels.
    height: Height of the picture in pixels.
    tiles: Number of parts along each side of a picture that is not long; 0 for no parts.
    bound: The largest ratio of the sides of a part.
  """
  if not tiles:
    return
  short, long = sorted((width, height))
  for across in range(tiles, 0, -1):
    along = tiles**2 // across
    if long * (3 * across + 1) <= bound * short * (3 * along + 1):
      break
  columns, rows = (along, across) if width > height else (across, along)
  longest = bound * short
  for top, bottom in _parts(height, rows, longest):
    for left, right in _parts(width, columns, longest):
      yield left, top, right, bottom


def least(height: int, width: int, tiles: int) -> int:
  """The smallest side in pixels to which a JPEG may be reduced while it is decoded.

  `pictures.decode` takes it as its argument `least`. It leaves every part a fifth more pixels than
  its view has. Long pictures have fewer parts along the short side, which need less.
  """
  return math.ceil(max(2, 1.2 / part(tiles)[0] if tiles else 0) * max(height, width))


def part(parts: int) -> tuple[float, float]:
  """Size of one of so many parts, and their distance, as shares of the side that they cover."""
  size = 4 / (3 * parts + 1)
  return size, 0.75 * size


def _parts(size: int, parts: int, longest: float) -> list[tuple[int, int]]:
  """For each part along an axis its first pixel and the pixel after its last."""
  share, step = part(parts)
  if share * size > longest:
    share = longest / size
    step = (1 - share) / max(1, parts - 1)
  length = max(1, round(share * size))
  starts = [min(round(step * i * size), size - length) for i in range(parts)]
  return [(start, start + length) for start in starts]


def _whole(picture: Image.Image, height: int, width: int, colour: bool, bound: float) -> np.ndarray:
  """The view of the whole picture: uint8 [height, width, channels]."""
  columns, rows = picture.size
  inner_height = max(1, round(height * min(1, bound * rows / columns)))
  inner_width = max(1, round(width * min(1, bound * columns / rows)))
  inner = resizing.resized(picture, inner_height, inner_width, colour)
  if (inner_height, inner_width) == (height, width):
    return inner
  pixels = inner.reshape(-1, inner.shape[-1])
  middle = (len(pixels) - 1) // 2
  seen = np.empty((height, width, inner.shape[-1]), np.uint8)
  seen[:] = np.partition(pixels, middle, axis=0)[middle]
  top, left = (height - inner_height) // 2, (width - inner_width) // 2
  seen[top : top + inner_height, left : left + inner_width] = inner
  return seen
