"""Drops points of strokes that hardly change the ink, so that all symbols fit into one array."""

from collections.abc import Sequence

import numpy as np

# Most points of a symbol; only one with more ends of strokes than this keeps more. Symbols of HOMUS
# have up to 733 points, half of them more than 55.
MOST_POINTS = 64
# How far each pass may move the line of a symbol, as a share of the longer side of its box. The
# first passes are for every symbol, the others for symbols that still have too many points.
_TOLERANCES = (0.004, 0.004, 0.006, 0.01, 0.015, 0.02, 0.03, 0.05, *[np.inf] * 10)
_FOR_ALL = 3  # So many passes are for every symbol.


def simplify(
  points: Sequence[np.ndarray], stroke: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
  """Drops points that lie on, or close to, the line between their neighbours.

  The ends of strokes are kept. Each pass drops points of even position, then of odd position, so
  that two neighbours are never dropped at once. The line therefore moves by at most twice the sum
  of the tolerances, unless even the last finite one leaves more than MOST_POINTS.

  Args:
    points: For each symbol int [points, 2].
    stroke: For each symbol int [points], the stroke of each point, ascending from 0.

  Returns:
    The points, float32 [symbols, points, 2], relative to the middle of each symbol's box and padded
    with 0, and the stroke of each point, int16 [symbols, points], padded with -1.
  """
  symbol = np.repeat(np.arange(len(points)), [len(p) for p in points])
  side = np.array([max(np.ptp(p, axis=0).max(), 1) for p in points], np.float64)
  middle = np.stack([(p.min(0) + p.max(0)) / 2 for p in points])
  xy = np.concatenate(points) - middle[symbol]
  line = np.concatenate(stroke)
  for number, tolerance in enumerate(_TOLERANCES):
    count = np.bincount(symbol, minlength=len(points))
    wanted = np.ones(len(points), bool) if number < _FOR_ALL else count > MOST_POINTS
    if not wanted.any():
      break
    for odd in (0, 1):
      keep = ~_superfluous(xy, symbol, line, tolerance * side, wanted, odd)
      xy, symbol, line = xy[keep], symbol[keep], line[keep]
  return _pad(xy, symbol, line, len(points))


def _superfluous(
  xy: np.ndarray,
  symbol: np.ndarray,
  line: np.ndarray,
  tolerance: np.ndarray,
  wanted: np.ndarray,
  odd: int,
) -> np.ndarray:
  """Which points of even (`odd` 0) or odd (1) position to drop, bool [points]."""
  drop = np.zeros(len(xy), bool)
  before, at, after = slice(None, -2), slice(1, -1), slice(2, None)
  inner = (symbol[before] == symbol[after]) & (line[before] == line[after])
  chord, offset = xy[after] - xy[before], xy[at] - xy[before]
  along = (offset * chord).sum(1) / np.maximum((chord**2).sum(1), 1e-9)
  distance = np.hypot(*(offset - np.clip(along, 0, 1)[:, None] * chord).T)
  # The position is counted within the symbol, so that other symbols make no difference.
  rank = _place(symbol)[at] % 2
  drop[at] = inner & wanted[symbol[at]] & (rank == odd) & (distance <= tolerance[symbol[at]])
  return drop


def _pad(
  xy: np.ndarray, symbol: np.ndarray, line: np.ndarray, symbols: int
) -> tuple[np.ndarray, np.ndarray]:
  """Distributes one row of all symbols' points to a padded row for each symbol."""
  count = np.bincount(symbol, minlength=symbols)
  points = np.zeros((symbols, max(count.max(), MOST_POINTS), 2), np.float32)
  stroke = np.full(points.shape[:2], -1, np.int16)
  place = _place(symbol)
  points[symbol, place], stroke[symbol, place] = xy, line
  return points, stroke


def _place(symbol: np.ndarray) -> np.ndarray:
  """The position of each point in its symbol, from 0; `symbol` is in ascending order."""
  return np.arange(len(symbol)) - np.searchsorted(symbol, symbol)
