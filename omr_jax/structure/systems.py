"""Joins the staves that are played together to systems.

Two staves are joined by a line or brace at their left end, or by a bar line that goes on from one
to the other.
"""

import numpy as np

from omr_jax.structure import barlines
from omr_jax.structure.comb import SPACE
from omr_jax.structure.straight import INK, Frame, slanted, straight

_FURTHEST = 25  # The largest distance of two staves of a system, in staff spaces.
_ROWS = 60  # The number of rows that are sampled between two staves.
_SLANTS = np.arange(-0.3, 0.31, 0.06)  # Columns for each row.

_JOINED = 0.9  # The least share of ink along a line that joins two staves.
_BESIDE = 3 * SPACE  # Columns left of the staves where a line or a brace may stand,
_INSIDE = SPACE  # and right of their left end; farther right there are clefs.
_NEAR = SPACE  # Columns between the parts of a bar line that goes on from staff to staff.


def joined(dark: np.ndarray, frames: list[Frame], scores: list[np.ndarray]) -> list[list[int]]:
  """The staves of each system.

  Args:
    dark: Darkness of the page at SPACE pixels a staff space.
    frames: Of the staves from top to bottom.
    scores: `barlines.scores` of each staff.
  """
  bars = [barlines.peaks(score) for score in scores]
  systems: list[list[int]] = []
  for number in range(len(frames)):
    pair = slice(number - 1, number + 1)
    if number and _are_joined(dark, frames[pair], bars[pair]):
      systems[-1].append(number)
    else:
      systems.append([number])
  return systems


def _are_joined(dark: np.ndarray, frames: list[Frame], bars: list[np.ndarray]) -> bool:
  upper, lower = frames
  begin, end = upper.middle[0] + 2 * upper.down[0], lower.middle[0] - 2 * lower.down[0]
  high = float(end[1] - begin[1])
  if not 0 < high < _FURTHEST * SPACE or abs(end[0] - begin[0]) > high:
    return False
  columns = np.arange(-_BESIDE, min(len(upper.middle), len(lower.middle)))
  top = _at(upper, columns) + 2 * _at(upper, columns, down=True)
  low = _at(lower, columns) - 2 * _at(lower, columns, down=True)
  # From the lowest line of one staff to the highest of the next: a stroke that ends between them
  # joins nothing.
  share = np.linspace(0, 1, _ROWS)[:, None, None]
  strip = straight(dark, top + share * (low - top))
  whole = np.max([_whole(strip, float(slant) * high / _ROWS) for slant in _SLANTS], 0)
  if whole[: _BESIDE + _INSIDE].max() >= _JOINED:
    return True
  # Not every stroke between two staves is a part of a bar line: both staves must have one there.
  both = bars[0][(np.abs(bars[0][:, None] - bars[1]) <= _NEAR).any(1)]
  crossed = np.flatnonzero(whole >= _JOINED) - _BESIDE
  return bool((np.abs(both[:, None] - crossed) <= _NEAR).any())


def _whole(strip: np.ndarray, slant: float) -> np.ndarray:
  ink = (slanted(strip, slant) > INK).astype(np.float32)
  padded = np.pad(ink, ((0, 0), (2, 2)))
  return np.max([padded[:, step:][:, : ink.shape[1]] for step in range(5)], 0).mean(0)


def _at(frame: Frame, columns: np.ndarray, down: bool = False) -> np.ndarray:
  """The middle line at some columns, or `frame.down` there; to the left it goes straight on."""
  known = frame.down if down else frame.middle
  found = known[np.maximum(columns, 0)]
  if not down:
    along = np.array([1.0, -frame.down[0, 0] / frame.down[0, 1]])
    found = found + np.minimum(columns, 0)[:, None] * along
  return found
