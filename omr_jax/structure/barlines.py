"""Finds the bar lines of a staff: straight ink from its upper line to its lower one, all alone.

A stem may be as long, but has note heads or beams at its ends, or goes on beyond the staff without
reaching the next one. The weights of these signs were fitted by logistic regression on 94 pages of
MUSCIMA++, every sixth of them also as a camera sees it, and on 18 typeset pages; to that of a line
alone a half was added, since more were missed than made up.
"""

import numpy as np
from scipy import ndimage

from omr_jax.structure.comb import SPACE
from omr_jax.structure.straight import ABOVE, INK, TALL, moves, slanted

WORST = -6.0  # The score of a column that is no bar line at all; 0 is even odds.

# Columns for each row, since people don't write upright; the upright one comes first.
_SLANTS = (0.0, -0.06, 0.06, -0.12, 0.12, -0.18, 0.18)
_STEPS = np.array([0, 1, 1, 2, 2, 3, 3])  # How many steps each slant is from upright.
_LEAST_INK = round(0.73 * (TALL + 1))  # The least number of rows with ink in the whole staff.
_IN_SPACE = SPACE // 2  # The least number of them in each space of the staff.
_ONE_LINE = 4  # Columns within which only the line with the most ink is taken.

_TOUCH = 2  # Columns from a line to where ink beside it begins.
_REACH = 7  # Columns from a line to where ink beside it ends.
_HEAD = SPACE // 2  # The least height of a note head, in rows.
_BEAM = 3  # The least height of a beam, in rows.
_END = SPACE - 1  # Rows inside the staff that count as an end of the line, at its top and bottom.
_OUT = SPACE  # Rows outside the staff that count as an end of the line.
_OUTSIDE = 3  # Rows beyond the outer staff lines, where a line begins to go on beyond the staff.
# A slur crosses the line: this share of the ink on its emptier side is taken off the fuller side.
_CROSSING = 0.65

# Log-odds that a line is a bar line:
_UPRIGHT = 5.9  # An upright line without gaps, with nothing beside it.
_SLANT = -0.77  # For each step of its slant.
_GAP = -0.72  # For each row without ink.
_ENDS = -5.5  # Ink beside it, summed over both ends, each from 0 to 1.
_BOTH = -4.8  # Ink beside it, at the end that has less of it, from 0 to 1.
_MIDDLE = -4.2  # Ink beside it between the ends, from 0 to 1.
_OVER = -0.22  # For each row by which it goes on beyond the staff, without reaching the next one.
_THROUGH = 1.0  # It goes on to the next staff.

BEYOND = SPACE  # Columns beyond each end of a staff, where its first or last bar line may stand.
_APART = 3 * SPACE  # The least distance of two bar lines; a double one counts as one.
_LEAST = 0.0  # The least log-odds of a bar line.

_ROWS = TALL + 2 * ABOVE + 1
_STAFF = slice(ABOVE, ABOVE + TALL + 1)
_MOVES = np.array([moves(_ROWS, slant) for slant in _SLANTS])


def scores(strip: np.ndarray, above: np.ndarray, below: np.ndarray) -> np.ndarray:
  """Log-odds that a bar line crosses the middle line at each column, from WORST to 6.9.

  Args:
    strip: The darkness of a staff that is laid out straight, and of what is beyond its ends:
      [2 ABOVE + TALL + 1, BEYOND + columns + BEYOND].
    above: Whether a stroke goes on from each column to the staff above, bool [columns].
    below: Whether one goes on to the staff below.
  """
  columns, slants = _lines(strip > INK)
  around = np.arange(-_REACH, _REACH + 1)
  places = columns[:, None, None] + _MOVES[slants][..., None] + around
  inside = (places >= 0) & (places < strip.shape[1])
  rows = np.arange(_ROWS)[:, None]
  dark = np.where(inside, strip[rows, np.clip(places, 0, strip.shape[1] - 1)], 0)
  # A shaky line leaves its column by a pixel.
  line = dark[..., _REACH - 1 : _REACH + 2].max(2) > INK
  # Staff lines are beside everything, so only what is darker than they are counts.
  usual = np.median(strip[:, ::4], 1)
  ends, middle = _beside(np.maximum(dark - usual[:, None], 0))
  upwards, downwards = (
    np.cumprod(part, 1).sum(1)
    for part in (line[:, ABOVE - _OUTSIDE :: -1], line[:, ABOVE + TALL + _OUTSIDE :])
  )
  at = np.clip(columns - BEYOND, 0, len(above) - 1)
  over = np.maximum(np.where(above[at], 0, upwards), np.where(below[at], 0, downwards))
  found = _UPRIGHT + _SLANT * _STEPS[slants] + _GAP * (~line[:, _STAFF]).sum(1)
  found += _ENDS * ends.sum(0) + _BOTH * ends.min(0) + _MIDDLE * middle
  found += _OVER * over + _THROUGH * (above[at] | below[at])
  score = np.full(len(above), WORST, np.float32)
  np.maximum.at(score, at, found.astype(np.float32))
  return score


def _lines(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """The columns of upright lines, and which of the slants each has."""
  most = np.zeros(ink.shape[1], int)
  slants = np.zeros_like(most)
  wide = ndimage.maximum_filter1d(ink, 3, 1, mode='constant')
  for number, slant in enumerate(_SLANTS):
    own, near = (slanted(each, slant)[_STAFF] for each in (ink, wide))
    seen = near.sum(0)
    spaces = near[:TALL].reshape(4, SPACE, -1).sum(1).min(0)
    whole = (seen >= _LEAST_INK) & (spaces >= _IN_SPACE)
    # Of slants with as much ink that which needs the fewest pixels beside it is taken.
    count = np.where(whole, (TALL + 1) * seen + own.sum(0), 0)
    better = count > most
    most[better], slants[better] = count[better], number
  best = ndimage.maximum_filter1d(most, 2 * _ONE_LINE + 1)
  found = _middles(np.flatnonzero((most == best) & (most > 0)), _ONE_LINE)
  return found, slants[found]


def _beside(dark: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """How much ink touches each line, on its fuller side: at most 1, for a beam or a note head.

  Args:
    dark: What is darker than staff lines around each line, [lines, rows, 2 _REACH + 1].

  Returns:
    That at its upper and its lower end, [2, lines]; and that between them, [lines].
  """
  sides = dark[..., _REACH + _TOUCH :], dark[..., _REACH - _TOUCH :: -1]
  # What begins farther from the line does not touch it.
  touching = [np.minimum.accumulate(side, 2)[..., 1:].mean(2) for side in sides]
  highs = [ndimage.uniform_filter1d(side, _HEAD, 1) * _HEAD / _BEAM for side in touching]
  most = np.minimum(np.maximum(*highs) - _CROSSING * np.minimum(*highs), 1)
  upper = most[:, ABOVE - _OUT : ABOVE + _END].max(1)
  lower = most[:, ABOVE + TALL + 1 - _END : ABOVE + TALL + 1 + _OUT].max(1)
  return np.stack([upper, lower]), most[:, ABOVE + _END : ABOVE + TALL + 1 - _END].max(1)


def peaks(score: np.ndarray) -> np.ndarray:
  """The columns of bar lines: the best one within three staff spaces, if its log-odds suffice."""
  best = ndimage.maximum_filter1d(score, 2 * _APART + 1, mode='constant', cval=WORST)
  return _middles(np.flatnonzero((score == best) & (score > _LEAST)), _APART)


def _middles(columns: np.ndarray, apart: int) -> np.ndarray:
  """The middle one of each group of columns that are no farther apart than this."""
  groups = np.split(columns, np.flatnonzero(np.diff(columns) > apart) + 1)
  return np.array([group[len(group) // 2] for group in groups if len(group)], int)
