"""Finds the bar lines of a staff: straight ink from its upper line to its lower one, all alone.

A stem may be as long, but has a note head or a beam beside it. The weights of these signs were
fitted by logistic regression on 30 pages of MUSCIMA++ that 25 people wrote.
"""

import numpy as np
from scipy import ndimage

from omr_jax.structure.comb import SPACE
from omr_jax.structure.straight import ABOVE, INK, TALL, slanted

WORST = -6.0  # The score of a column that is no bar line at all; 0 is even odds.

_SLANTS = np.arange(-0.18, 0.19, 0.06)  # Columns for each row: people don't write upright.

_MISSING = 0.15  # The share of the rows that may lack ink.
_BESIDE = range(3, 8)  # Distances from a bar line, in columns, at which there is no ink.
_HEAD = SPACE // 2  # The least height of a note head, and that of a beam, in rows.
# Log-odds: those of a whole line with nothing beside it; and what is subtracted for missing ink,
# and for ink beside the line inside the staff, above it and below it.
_LINE, _GAPS, _IN, _OVER, _UNDER = 4.7, 3.7, 7.0, 2.6, 2.0

_APART = 3 * SPACE  # The least distance of two bar lines; a double one counts as one.
_LEAST = 0.5  # The least log-odds of a bar line.


def scores(strip: np.ndarray) -> np.ndarray:
  """Log-odds that a bar line crosses the middle line at each column, from WORST to 4.7.

  Args:
    strip: The darkness of a staff that is laid out straight, [2 ABOVE + TALL + 1, columns].
  """
  clear = np.abs(np.arange(TALL + 2 * ABOVE + 1)[:, None] - ABOVE - np.arange(5) * SPACE).min(1) > 2
  score = np.full(strip.shape[1], WORST, np.float32)
  for slant in _SLANTS:
    ink = (slanted(strip, float(slant)) > INK).astype(np.float32)
    missing = 1 - _whole(ink)
    heads = ndimage.uniform_filter1d(_beside(ink * clear[:, None]), _HEAD, 0) * _HEAD / 3
    staff = heads[ABOVE - 2 : ABOVE + TALL + 3]
    # Beside a double bar there is ink in all rows alike.
    inside = staff.max(0) - np.median(staff[::2], 0)
    above = heads[ABOVE - SPACE - 2 : ABOVE - 2].max(0)
    below = heads[ABOVE + TALL + 3 : ABOVE + TALL + SPACE + 3].max(0)
    found = _LINE - _GAPS * missing / _MISSING
    found -= (
      _IN * np.minimum(inside, 1) + _OVER * np.minimum(above, 1) + _UNDER * np.minimum(below, 1)
    )
    score = np.maximum(score, np.where(missing <= _MISSING, found, WORST))
  return score


def _whole(ink: np.ndarray) -> np.ndarray:
  """The share of rows with ink in each column of a staff.

  It is at most _MISSING above that of the emptiest of the four spaces.
  """
  # A shaky line leaves its column by a pixel.
  ink = ndimage.maximum_filter1d(ink[ABOVE : ABOVE + TALL + 1], 3, 1)
  spaces = ink[:TALL].reshape(4, SPACE, -1).mean(1)
  return np.minimum(ink.mean(0), spaces.min(0) + _MISSING)


def _beside(ink: np.ndarray) -> np.ndarray:
  """The share of ink on the fuller side of each column, row by row."""
  reach = _BESIDE[-1]
  padded = np.pad(ink, ((0, 0), (reach, reach)))
  width = ink.shape[1]
  sides = [
    np.mean([padded[:, reach + way * step :][:, :width] for step in _BESIDE], 0) for way in (-1, 1)
  ]
  return np.maximum(*sides)


def peaks(score: np.ndarray) -> np.ndarray:
  """The columns of bar lines: the best one within three staff spaces, if its log-odds suffice."""
  best = ndimage.maximum_filter1d(score, 2 * _APART + 1, mode='constant', cval=WORST)
  columns = np.flatnonzero((score == best) & (score > _LEAST))
  # Where neighbours are equal, the middle one is taken.
  groups = np.split(columns, np.flatnonzero(np.diff(columns) > _APART) + 1)
  return np.array([group[len(group) // 2] for group in groups if len(group)], int)
