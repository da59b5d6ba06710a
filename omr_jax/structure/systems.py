"""Joins the staves that are played together to systems.

Two staves are joined by a line or brace at their left end, or by a bar line that goes on from one
to the other. A single staff above joined ones, such as that of a voice, needs none of these if its
bar lines stand above theirs.
"""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from omr_jax.structure.comb import SPACE
from omr_jax.structure.straight import INK, Frame, longer, offsets, slanted, straight

_FURTHEST = 25  # The largest distance of two staves of a system, in staff spaces.
_ROWS = 60  # The number of rows that are sampled between two staves.
_SLANTS = np.arange(-0.3, 0.31, 0.06)  # Columns for each row.

JOINED = 0.89  # The least share of ink along a line that joins two staves: 54 of _ROWS.
_ALIGNED = 0.5  # The least share of the bar lines of a staff that are above those of the next.
# The least number and the least share of aligned bar lines if no line or brace joins two staves.
# Fewer may be aligned by chance.
_CHANCE, _SAME = 4, 0.8
# A line or a brace stands within so many columns left of the staves' left end.
BESIDE = 3 * SPACE
# It also may stand so many columns right of it; farther right there are clefs.
_INSIDE = SPACE
_ASIDE = 6  # Columns from where a stroke leaves a staff to where it crosses its middle line.
_NEAR = SPACE  # Columns between the parts of a bar line that goes on from staff to staff.


def strokes(dark: np.ndarray, upper: Frame, lower: Frame) -> np.ndarray | None:
  """How much of each stroke from one staff to the next is ink: [BESIDE + columns], from 0 to 1.

  Columns are counted from the left end of the longer staff, the first of them BESIDE to the left.
  A stroke begins at the lowest line of one staff and ends at the upper line of the next.

  Args:
    dark: Darkness of the page at SPACE pixels a staff space.
    upper: The frame of a staff.
    lower: That of the next one below.

  Returns:
    None if the staves are too far from each other.
  """
  begin, end = upper.middle[0] + 2 * upper.down[0], lower.middle[0] - 2 * lower.down[0]
  high = float(end[1] - begin[1])
  if not 0 < high < _FURTHEST * SPACE or abs(end[0] - begin[0]) > high:
    return None
  above, below = offsets([upper, lower])
  width = BESIDE + min(len(upper.middle) + above, len(lower.middle) + below)
  (top,) = longer(upper, BESIDE + above).at(np.array([2 * SPACE]))[:, :width]
  (low,) = longer(lower, BESIDE + below).at(np.array([-2 * SPACE]))[:, :width]
  share = np.linspace(0, 1, _ROWS)[:, None, None]
  strip = straight(dark, top + share * (low - top))
  return np.max([_whole(strip, float(slant) * high / _ROWS) for slant in _SLANTS], 0)


def onwards(
  frames: Sequence[Frame], between: Sequence[np.ndarray | None]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
  """Whether a stroke goes on from each column of each staff to the staff above, and to that below.

  Args:
    frames: Of the staves from top to bottom.
    between: `strokes` of each staff and the next.
  """
  above, below = ([np.zeros(len(each.middle), bool) for each in frames] for _ in range(2))
  for number, inked in enumerate(between):
    if inked is None:
      continue
    goes_on = ndimage.maximum_filter1d(inked, 2 * _ASIDE + 1)[BESIDE:] >= JOINED
    pair = (below[number], above[number + 1])
    for mine, offset in zip(pair, offsets(frames[number : number + 2]), strict=True):
      seen = goes_on[offset : offset + len(mine)]
      mine[: len(seen)] = seen
  return above, below


def joined(
  frames: Sequence[Frame], bars: Sequence[np.ndarray], between: Sequence[np.ndarray | None]
) -> list[list[int]]:
  """The staves of each system.

  Args:
    frames: Of the staves from top to bottom.
    bars: The columns of bar lines of each staff (`barlines.peaks`).
    between: `strokes` of each staff and the next.
  """
  alone: list[list[int]] = [[0]] if frames else []
  for number, inked in enumerate(between):
    pair = slice(number, number + 2)
    if inked is not None and _are_joined(inked, frames[pair], bars[pair]):
      alone[-1].append(number + 1)
    else:
      alone.append([number + 1])
  found: list[list[int]] = []
  for system in alone:
    pair = slice(system[0] - 1, system[0] + 1)
    is_voice = bool(found) and len(found[-1]) == 1 and len(system) > 1
    if is_voice and _have_the_same(frames[pair], bars[pair]):
      found[-1] += system
    else:
      found.append(system)
  return found


def _are_joined(inked: np.ndarray, frames: Sequence[Frame], bars: Sequence[np.ndarray]) -> bool:
  if inked[: BESIDE + max(offsets(frames)) + _INSIDE].max() >= JOINED:
    return True
  # Not every stroke between two staves is a part of a bar line: both staves must have one there,
  # and most of their others above each other too.
  goes_on = crossed(inked, frames, bars)
  return bool(goes_on.any()) and len(goes_on) >= _ALIGNED * min(map(len, bars))


def _have_the_same(frames: Sequence[Frame], bars: Sequence[np.ndarray]) -> bool:
  """Whether the bar lines of two staves stand above each other; so few may do so by chance."""
  count = len(_common(frames, bars))
  return count >= _CHANCE and count >= _SAME * max(map(len, bars))


def _common(frames: Sequence[Frame], bars: Sequence[np.ndarray]) -> np.ndarray:
  """The columns of bar lines that two staves have above each other, but for their left end."""
  above, below = (mine + offset for mine, offset in zip(bars, offsets(frames), strict=True))
  both = above[(np.abs(above[:, None] - below) <= _NEAR).any(1)]
  return both[both > max(offsets(frames)) + BESIDE]


def crossed(inked: np.ndarray, frames: Sequence[Frame], bars: Sequence[np.ndarray]) -> np.ndarray:
  """Whether each bar line that two staves have above each other goes on from one to the other.

  The line at their left end does not count: it always goes on.

  Args:
    inked: Their `strokes`.
    frames: Of both staves.
    bars: The columns of bar lines of both staves.

  Returns:
    bool [bar lines].
  """
  both = _common(frames, bars)
  through = np.flatnonzero(inked >= JOINED) - BESIDE
  return np.isclose(both[:, None], through, rtol=0, atol=_NEAR).any(1)


def _whole(strip: np.ndarray, slant: float) -> np.ndarray:
  ink = (slanted(strip, slant) > INK).astype(np.float32)
  return ndimage.maximum_filter1d(ink, 5, 1, mode='constant').mean(0)
