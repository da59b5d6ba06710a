"""Thins ink to lines and cuts the lines into straight strokes; RULE says how."""

import numpy as np
import scipy  # It loads `scipy.ndimage` when that is first used.

_DEEP = 0.4  # Depth from which on pixels are added to the lines, as a share of the pen's width.
_TABLET_PEN = 4  # Width of the pen in the resulting strokes, in pixels of the tablet.
CORNERS_TOO = np.ones((3, 3))  # For `ndimage.label`: pixels are joined at sides and at corners.

# The steps from ink to strokes; `model.json` has them for other programs. In the middle of a line
# the depth is about half the pen's width: twice the depth is 1 less than a width that is even, and
# equals a width that is odd. On average 1/2 is missing, which is added.
RULE = (
  'Thinning: the ink is thinned to lines by the algorithm of Zhang and Suen (1984, '
  'doi:10.1145/357994.358023). A piece that vanishes, as a dot may, keeps its deepest pixels; the '
  'depth of a pixel is its Euclidean distance to the nearest pixel that is not ink, minus 1/2. The '
  "pen's width is twice the median depth along these lines plus 1/2, at least 1. Pixels deeper "
  f'than {_DEEP} times the width are added to the lines, so note heads and rests stay filled, and '
  "lines get thicker by up to a fifth of the pen's width.",
  'Strokes: every horizontal and every vertical run through the centres of these pixels, even of a '
  'single pixel, and every diagonal step beside which neither pixel is set, from its first to its '
  f'last pixel; each once. Coordinates are multiplied by {_TABLET_PEN} / width, as if the pen on '
  f'the tablet were {_TABLET_PEN} pixels wide.',
)


def depth(ink: np.ndarray) -> np.ndarray:
  """The depth of each pixel in the ink as RULE defines it, float [height, width]."""
  return scipy.ndimage.distance_transform_edt(np.pad(ink, 1))[1:-1, 1:-1] - 0.5


def strokes(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """The strokes of one symbol, by RULE.

  Args:
    ink: bool [height, width], true for ink; at least one pixel is ink, and none at the border.

  Returns:
    Points, float [points, 2], in pixels of the tablet, and the stroke of each, int [points].
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
  pieces, count = scipy.ndimage.label(ink, CORNERS_TOO)
  deepest = scipy.ndimage.maximum(deep, pieces, np.arange(count + 1))
  return ink & ~np.isin(pieces, pieces[line]) & (deep == deepest[pieces])


def _runs(line: np.ndarray) -> np.ndarray:
  """First and last pixel of each row's runs: int [runs, 2, 2], (x, y)."""
  change = np.diff(np.pad(line, ((0, 0), (1, 1))).astype(np.int8), axis=1)
  first, last = np.argwhere(change == 1), np.argwhere(change == -1) - [0, 1]
  return np.stack([first, last], 1)[:, :, ::-1]


def _diagonal(line: np.ndarray) -> np.ndarray:
  """Where two pixels of the line touch only at a corner, the second to the right and below."""
  return line[:-1, :-1] & line[1:, 1:] & ~line[:-1, 1:] & ~line[1:, :-1]


def _removable() -> list[np.ndarray]:
  """Which pixels each of the two steps of a pass by Zhang and Suen removes.

  Two tables, each bool [256], indexed by the eight neighbours as bits, clockwise from north.
  """
  near = (np.arange(256)[:, None] >> np.arange(8)) & 1
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
  """Lines in the middle of the ink, with the same pieces and holes as the ink."""
  line, before = ink, None
  while before is None or line.sum() < before:
    before = line.sum()
    for removable in _REMOVABLE:
      near = scipy.ndimage.correlate(line.astype(np.int32), _BITS, mode='constant')
      line = line & ~removable[near]
  return line
