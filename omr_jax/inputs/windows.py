"""From a page to the windows that a detector reads, and from boxes in windows back to the page.

A detector sees every page at the same scale: a staff space, the distance of two staff lines, has
SPACE pixels. It reads the page in square windows that overlap: as few of them as can cover all ink,
spread evenly. Each pixel of them is in the core of exactly one window, and an object belongs to the
window whose core has the middle of its box. So memory does not grow with the page, and an object is
not found twice.
"""

import itertools
from typing import NamedTuple

import numpy as np
from PIL import Image

from omr_jax.inputs import peaks
from omr_jax.structure.scale import darkness

SPACE = 10.0  # Pixels of a staff space.
SIDE = 352  # Height and width of a window in pixels. Detectors need a multiple of 32.
MARGIN = 32  # The least that a window sees around its core where there is another one, in pixels.
INK = 204  # What is darker is ink. Paper has _WHITE, and faint ink less than 0.8 of it.
BORDER = 8  # The least between the outermost ink and the ends of the windows, in pixels.
STEP = 16  # Windows begin at its multiples, as most tiles do that detectors are trained on.
# No window reaches further beyond the page: where there is one, ink is in its middle, give or take
# a step.
_PADDING = SIDE // 2 + STEP
_WHITE = 255


class Windows(NamedTuple):
  """A page in windows.

  Attributes:
    padded: The resized page with white around it, as far as windows reach: uint8 [height, width].
    corners: int [windows, 2], x and y of each window's upper left corner on the resized page. A
      blank page has no windows.
    cores: int [windows, 4], left, top, right and bottom edge of each core in pixels of its window.
    scale: Width and height of the resized page, divided by those of the page: float [2].
  """

  padded: np.ndarray
  corners: np.ndarray
  cores: np.ndarray
  scale: np.ndarray

  def pixels(self, first: int = 0, last: int | None = None) -> np.ndarray:
    """Some windows, uint8 [windows, SIDE, SIDE, 1]: dark ink on bright paper.

    All windows of a large page take twice its memory.
    """
    places = self.corners[first:last] + _PADDING
    seen = [self.padded[y : y + SIDE, x : x + SIDE] for x, y in places]
    return np.array(seen, np.uint8).reshape(-1, SIDE, SIDE, 1)


def resized(grey: np.ndarray, staff_space: float) -> tuple[np.ndarray, np.ndarray]:
  """A page with even light whose staff space has SPACE pixels, and how many times larger it is.

  Args:
    grey: uint8 [height, width], dark ink on bright paper.
    staff_space: In pixels of the page, above 0.

  Returns:
    uint8 [new height, new width], paper 255, the blackest ink 0; and float64 [2], the factors by
    which width and height have grown.
  """
  height, width = grey.shape
  factor = SPACE / staff_space
  size = max(1, round(width * factor)), max(1, round(height * factor))
  light = darkness(grey)
  # In place: at 4 bytes a pixel each copy of a large page counts.
  np.subtract(1, light, out=light)
  light *= _WHITE
  evened = np.rint(light, out=light).astype(np.uint8)
  del light
  page = Image.fromarray(evened).resize(size, Image.Resampling.BILINEAR)
  return np.asarray(page), np.array(size) / (width, height)


def cut(grey: np.ndarray, staff_space: float) -> Windows:
  """Cuts a page into windows: rows of them, from left to right.

  Args:
    grey: uint8 [height, width], dark ink on bright paper.
    staff_space: The distance of two staff lines in pixels, above 0.
  """
  page, scale = resized(grey, staff_space)
  corners, cores = [], []
  for top, upper, lower in _spread(page.min(1) < INK):
    row = page[max(0, top + upper) : top + lower]
    for left, start, end in _spread(row.min(0) < INK):
      if (row[:, max(0, left + start) : left + end] < INK).any():
        corners.append((left, top))
        cores.append((start, upper, end, lower))
  padded = np.pad(page, _PADDING, constant_values=_WHITE)
  return Windows(
    padded, np.array(corners, int).reshape(-1, 2), np.array(cores, int).reshape(-1, 4), scale
  )


def _spread(ink: np.ndarray) -> list[tuple[int, int, int]]:
  """Spreads windows along an axis, from the first ink to the last, at about equal distances.

  Args:
    ink: bool [pixels], whether there is ink.

  Returns:
    For each window its first pixel, and the ends of its core in it. Cores end in the middle of what
    two windows share.
  """
  places = np.flatnonzero(ink)
  if not len(places):
    return []
  first, end = (int(places[0]) - BORDER) // STEP * STEP, int(places[-1]) + 1 + BORDER
  left = end - first - SIDE  # Pixels after the first window.
  more = -(-left // (SIDE - 2 * MARGIN))  # Windows after it.
  if more <= 0:
    return [(-(-(left // 2) // STEP) * STEP + first, 0, SIDE)]
  starts = [first - (-n * left // (more * STEP)) * STEP for n in range(more + 1)]
  middles = [(start + after + SIDE) // 2 for start, after in itertools.pairwise(starts)]
  edges = itertools.pairwise([starts[0], *middles, starts[-1] + SIDE])
  return [
    (start, low - start, high - start) for start, (low, high) in zip(starts, edges, strict=True)
  ]


def in_core(boxes: np.ndarray, core: np.ndarray) -> np.ndarray:
  """Whether the middle of each box is in its window's core: float [boxes, 4] to bool [boxes].

  Args:
    boxes: left, top, right and bottom edge in pixels of the window.
    core: The window's row of `Windows.cores`.
  """
  middles = (boxes[:, :2] + boxes[:, 2:]) / 2
  return np.all((middles >= core[:2]) & (middles < core[2:]), 1)


def objects(
  maps: tuple[np.ndarray, np.ndarray],
  kinds: np.ndarray,
  corner: np.ndarray,
  core: np.ndarray,
  scale: np.ndarray,
  least: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """The objects that belong to a window, as `peaks.found`, with boxes in pixels of the page.

  Args:
    maps: The window's `heat` and `edges`.
    kinds: int [classes], the kind of each class's box (`box_kinds.kinds`).
    corner: The window's row of `Windows.corners`.
    core: The window's row of `Windows.cores`.
    scale: `Windows.scale`.
    least: Objects with lower log-odds are left out.
  """
  boxes, classes, log_odds = peaks.found(*maps, kinds, least)
  kept = in_core(boxes, core)
  on_page = (boxes[kept] + np.tile(corner, 2)) / np.tile(scale, 2)
  return on_page, classes[kept], log_odds[kept]
