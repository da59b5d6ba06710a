"""Which staves are played together: those that a line or a brace joins."""

import numpy as np
from scipy import ndimage

from omr_jax.structure.comb import SPACE
from omr_jax.structure.straight import Frame, slanted, straight

_FURTHEST = 25  # Staff spaces between two staves of a system, at most.
_ROWS = 60  # So many places are looked at from one staff to the next.
_SLANTS = np.arange(-0.3, 0.31, 0.06)  # Columns for each row.
_INK = 0.35  # Darkness of ink.
_JOINED = 0.9  # The share of the way from staff to staff that is ink.
_MARGIN = 3 * SPACE  # Columns left of the staves where a line or a brace may stand.
_FEW = 2  # So many bar lines through the space between two staves join them too.


def joined(dark: np.ndarray, frames: list[Frame]) -> list[list[int]]:
  """The staves of each system.

  Args:
    dark: Darkness of the page at SPACE pixels a staff space.
    frames: Of the staves from top to bottom.
  """
  systems: list[list[int]] = []
  for number, frame in enumerate(frames):
    if number and _are_joined(dark, frames[number - 1], frame):
      systems[-1].append(number)
    else:
      systems.append([number])
  return systems


def _are_joined(dark: np.ndarray, upper: Frame, lower: Frame) -> bool:
  begin, end = upper.middle[0] + 2 * upper.down[0], lower.middle[0] - 2 * lower.down[0]
  high = float(end[1] - begin[1])
  if not 0 < high < _FURTHEST * SPACE or abs(end[0] - begin[0]) > high:
    return False
  columns = np.arange(-_MARGIN, min(len(upper.middle), len(lower.middle)))
  top = _at(upper, columns) + 2 * _at(upper, columns, down=True)
  low = _at(lower, columns) - 2 * _at(lower, columns, down=True)
  # From the outer lines themselves, so that a stroke that ends in the space does not join.
  share = np.linspace(0, 1, _ROWS)[:, None, None]
  strip = straight(dark, top + share * (low - top))
  whole = np.max([_whole(strip, float(slant) * high / _ROWS) for slant in _SLANTS], 0)
  if whole[: 2 * _MARGIN].max() >= _JOINED:
    return True
  crossed = whole[2 * _MARGIN :] >= _JOINED
  return int(ndimage.label(ndimage.binary_dilation(crossed, iterations=SPACE))[1]) >= _FEW


def _whole(strip: np.ndarray, slant: float) -> np.ndarray:
  ink = (slanted(strip, slant) > _INK).astype(np.float32)
  return ndimage.maximum_filter1d(ink, 5, 1).mean(0)


def _at(frame: Frame, columns: np.ndarray, down: bool = False) -> np.ndarray:
  """The middle line at some columns, or the way down there; it goes straight on to the left."""
  known = frame.down if down else frame.middle
  found = known[np.maximum(columns, 0)]
  if not down:
    along = np.array([1.0, -frame.down[0, 0] / frame.down[0, 1]])
    found = found + np.minimum(columns, 0)[:, None] * along
  return found
