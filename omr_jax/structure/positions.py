"""On which staff a symbol is, and how high."""

import numpy as np

from omr_jax.structure.structure import LINES, Structure

# A symbol belongs to a staff if it is not farther than this from its lines, in staff spaces:
_ABOVE = 8.0  # above or below,
_BESIDE = 4.0  # to the left or right.


def positions(
  found: Structure, boxes: np.ndarray, anchors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """The staff of each symbol, and its position there.

  A symbol is on the staff that is nearest to it. It is on none if it is far from all of them, or
  reaches from one to another, as a brace does.

  Args:
    found: The structure of the page.
    boxes: float [symbols, 4], left, top, right and bottom edge of each symbol.
    anchors: float [symbols], where in its box a symbol has the line or space that it stands for,
      from 0 (top) to 1 (bottom).

  Returns:
    The index of its staff in `found.staves`, or -1; and its position, the number of half staff
    spaces from the middle line, upwards positive: an even number is a line, an odd one a space.
    Both int [symbols].
  """
  if not found.staves or not len(boxes):
    return np.full(len(boxes), -1), np.zeros(len(boxes), int)
  top, bottom = boxes[:, 1], boxes[:, 3]
  x = (boxes[:, 0] + boxes[:, 2]) / 2
  places = [_heights(staff, x, top + anchors * (bottom - top)) for staff in found.staves]
  heights, beside = (np.stack(each) for each in zip(*places, strict=True))
  crossed = [
    (_heights(staff, x, top)[0] >= 0) & (_heights(staff, x, bottom)[0] <= 0)
    for staff in found.staves
  ]
  nearest = np.abs(heights).argmin(0)
  symbols = np.arange(len(boxes))
  position = heights[nearest, symbols]
  near = np.abs(position) <= LINES - 1 + 2 * _ABOVE
  alone = np.sum(crossed, 0) <= 1
  staff = np.where(near & alone & (beside[nearest, symbols] <= _BESIDE), nearest, -1)
  return staff, np.rint(position).astype(int)


def _heights(staff: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Half staff spaces above the middle line, and staff spaces beyond the ends, of each point."""
  upper, middle, lower = (np.interp(x, *staff[line].T) for line in (0, LINES // 2, LINES - 1))
  space = (lower - upper) / (LINES - 1)
  left, right = staff[0, 0, 0], staff[0, -1, 0]
  return 2 * (middle - y) / space, np.maximum(left - x, x - right) / space
