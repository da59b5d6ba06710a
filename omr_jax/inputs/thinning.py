"""Ink to strokes: what is thick is thinned to lines, and lines are cut into straight runs.

1. Depth is a pixel's Euclidean distance to the nearest pixel that is not ink, outside of the
   picture included, less 1/2. The middle of a line is half a pen's width deep.
2. The ink is thinned to lines by Zhang and Suen (1984, doi:10.1145/357994.358023); a piece that
   vanishes, as a dot may, keeps its deepest pixels. The pen's width is 1/2 more than twice the
   median depth along these lines (even widths give 1 less, odd ones 0), at least 1. Pixels deeper
   than 0.4 times the width are added: they keep filled heads and rests filled, and make lines
   thicker by up to a fifth of the pen.
3. Strokes are straight runs through centres of these pixels: every horizontal run and every
   vertical run (also of one pixel), and diagonal steps where neither pixel beside the step is set.
   Coordinates are multiplied by 4 / width: as if the tablet's pen had been 4 pixels wide.
"""

import numpy as np
from scipy import ndimage

_DEEP = 0.4  # Of the pen's width.
_TABLET_PEN = 4  # Pixels of the tablet.
CORNERS_TOO = np.ones((3, 3))  # What joins pixels of ink: sides and corners.


def depth(ink: np.ndarray) -> np.ndarray:
  """How deep in the ink each pixel is, float [height, width], by the module's rule."""
  return ndimage.distance_transform_edt(np.pad(ink, 1))[1:-1, 1:-1] - 0.5


def strokes(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """The strokes of one symbol, by the module's rule.

  Args:
    ink: bool [height, width], some of it set, framed by what is not.

  Returns:
    points float [points, 2] in pixels of the tablet, and the stroke of each, int [points].
  """
  deep = depth(ink)
  line = _thin(ink)
  line |= _deepest_of_lost(ink, line, deep)
  pen = max(1, 2 * np.median(deep[line]) + 0.5)
  line |= deep > _DEEP * pen
  across = _runs(line)
  down = _runs(line.T)[:, :, ::-1]
  fall = np.argwhere(_diagonal(line))[:, None, ::-1] + [[0, 0], [1, 1]]
  rise = np.argwhere(_diagonal(line[:, ::-1]))[:, None, ::-1] + [[0, 0], [1, 1]]
  rise[..., 0] = line.shape[1] - 1 - rise[..., 0]
  # Single pixels are runs both across and down.
  ends = np.unique(np.concatenate([across, down, fall, rise]), axis=0)
  return ends.reshape(-1, 2) * (_TABLET_PEN / pen), np.repeat(np.arange(len(ends)), 2)


def _deepest_of_lost(ink: np.ndarray, line: np.ndarray, deep: np.ndarray) -> np.ndarray:
  pieces, count = ndimage.label(ink, CORNERS_TOO)
  deepest = ndimage.maximum(deep, pieces, np.arange(count + 1))
  return ink & ~np.isin(pieces, pieces[line]) & (deep == deepest[pieces])


def _runs(line: np.ndarray) -> np.ndarray:
  """First and last pixel of each row's runs: int [runs, 2, 2], (x, y)."""
  change = np.diff(np.pad(line, ((0, 0), (1, 1))).astype(np.int8), axis=1)
  first, last = np.argwhere(change == 1), np.argwhere(change == -1) - [0, 1]
  return np.stack([first, last], 1)[:, :, ::-1]


def _diagonal(line: np.ndarray) -> np.ndarray:
  """Where a step to the right and down is the only way from one pixel of the line to the other."""
  return line[:-1, :-1] & line[1:, 1:] & ~line[:-1, 1:] & ~line[1:, :-1]


def _removable() -> list[np.ndarray]:
  """For the two halves of a pass by Zhang and Suen: bool [256], by the neighbours' bits."""
  near = (np.arange(256)[:, None] >> np.arange(8)) & 1  # From north, clockwise.
  rises = (np.diff(near, axis=1, append=near[:, :1]) == 1).sum(1)
  simple = (near.sum(1) >= 2) & (near.sum(1) <= 6) & (rises == 1)
  north, east, south, west = near[:, ::2].T
  return [
    simple & (north * east * south == 0) & (east * south * west == 0),
    simple & (north * east * west == 0) & (north * south * west == 0),
  ]


_REMOVABLE = _removable()
_BITS = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]])


def _thin(ink: np.ndarray) -> np.ndarray:
  """Lines in the middle of the ink, joined and holed as it is."""
  line, before = ink, None
  while before is None or line.sum() < before:
    before = line.sum()
    for removable in _REMOVABLE:
      near = ndimage.correlate(line.astype(np.int32), _BITS, mode='constant')
      line = line & ~removable[near]
  return line
