"""From a page to the windows that a detector reads, and from boxes in windows back to the page.

A detector sees every page at the same scale: a staff space, the distance of two staff lines, has
SPACE pixels. It sees it in square windows that overlap. Each pixel of the page is in the core of
exactly one window; an object belongs to the window whose core has the middle of its box. So memory
does not grow with the page, and an object is not found twice.
"""

from typing import NamedTuple

import numpy as np
from PIL import Image

from omr_jax.inputs import peaks
from omr_jax.structure.scale import darkness

SPACE = 10.0  # Pixels of a staff space.
SIDE = 320  # Height and width of a window in pixels. Detectors need a multiple of 32.
MARGIN = 48  # What a window sees around its core, in pixels.
_CORE = SIDE - 2 * MARGIN
_WHITE = 255


class Windows(NamedTuple):
  """A page in windows.

  Attributes:
    padded: The resized page with white around it, as far as windows reach: uint8 [height, width].
    corners: int [windows, 2], x and y of each window's upper left corner on the resized page.
    scale: Width and height of the resized page, divided by those of the page: float [2].
  """

  padded: np.ndarray
  corners: np.ndarray
  scale: np.ndarray

  def pixels(self, first: int = 0, last: int | None = None) -> np.ndarray:
    """Some windows, uint8 [windows, SIDE, SIDE, 1]: dark ink on bright paper.

    All windows of a large page take twice its memory.
    """
    places = self.corners[first:last] + MARGIN
    return np.stack([self.padded[y : y + SIDE, x : x + SIDE] for x, y in places])[..., None]


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
  """Cuts a page into windows.

  Args:
    grey: uint8 [height, width], dark ink on bright paper.
    staff_space: The distance of two staff lines in pixels, above 0.
  """
  page, scale = resized(grey, staff_space)
  rows, columns = (-(-side // _CORE) for side in page.shape)
  padding = [
    (MARGIN, MARGIN + count * _CORE - side)
    for count, side in zip((rows, columns), page.shape, strict=True)
  ]
  padded = np.pad(page, padding, constant_values=_WHITE)
  corners = np.array([(x * _CORE, y * _CORE) for y in range(rows) for x in range(columns)])
  return Windows(padded, corners - MARGIN, scale)


def in_core(boxes: np.ndarray) -> np.ndarray:
  """Whether the middle of each box is in its window's core: float [boxes, 4] to bool [boxes]."""
  middles = (boxes[:, :2] + boxes[:, 2:]) / 2
  return np.all((middles >= MARGIN) & (middles < SIDE - MARGIN), 1)


def objects(
  maps: tuple[np.ndarray, np.ndarray],
  kinds: np.ndarray,
  corner: np.ndarray,
  scale: np.ndarray,
  least: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """The objects that belong to a window, as `peaks.found`, with boxes in pixels of the page.

  Args:
    maps: The window's `heat` and `edges`.
    kinds: int [classes], the kind of each class's box (`box_kinds.kinds`).
    corner: The window's row of `Windows.corners`.
    scale: `Windows.scale`.
    least: Objects with lower log-odds are left out.
  """
  boxes, classes, log_odds = peaks.found(*maps, kinds, least)
  kept = in_core(boxes)
  return on_page(boxes[kept], corner, scale), classes[kept], log_odds[kept]


def on_page(boxes: np.ndarray, corner: np.ndarray, scale: np.ndarray) -> np.ndarray:
  """Boxes of a window, float [boxes, 4], in pixels of the page.

  Args:
    boxes: left, top, right and bottom edge in pixels of the window.
    corner: The window's row of `Windows.corners`.
    scale: `Windows.scale`.
  """
  return (boxes + np.tile(corner, 2)) / np.tile(scale, 2)
