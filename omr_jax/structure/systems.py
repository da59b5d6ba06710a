"""Joins the staves that are played together to systems, by the line or brace at their left end."""

import numpy as np
from scipy import ndimage

from omr_jax.structure.comb import SPACE
from omr_jax.structure.straight import INK, Frame, slanted, straight

_FURTHEST = 25  # The largest distance of two staves of a system, in staff spaces.
_ROWS = 60  # The number of rows that are sampled between two staves.
_SLANTS = np.arange(-0.3, 0.31, 0.06)  # Columns for each row.

_JOINED = 0.9  # The least share of ink along a line that joins two staves.
_MARGIN = 3 * SPACE  # Columns left of the staves where a line or a brace may stand.
_FEW = 2  # So many bar lines that go on from one staff to the next also join them.


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
  # From the lowest line of one staff to the highest of the next: a stroke that ends between them
  # joins nothing.
  share = np.linspace(0, 1, _ROWS)[:, None, None]
  strip = straight(dark, top + share * (low - top))
  whole = np.max([_whole(strip, float(slant) * high / _ROWS) for slant in _SLANTS], 0)
  if whole[: 2 * _MARGIN].max() >= _JOINED:
    return True
  crossed = whole[2 * _MARGIN :] >= _JOINED
  return int(ndimage.label(ndimage.binary_dilation(crossed, iterations=SPACE))[1]) >= _FEW


def _whole(strip: np.ndarray, slant: float) -> np.ndarray:
  ink = (slanted(strip, slant) > INK).astype(np.float32)
  return ndimage.maximum_filter1d(ink, 5, 1).mean(0)


def _at(frame: Frame, columns: np.ndarray, down: bool = False) -> np.ndarray:
  """The middle line at some columns, or `frame.down` there; to the left it goes straight on."""
  known = frame.down if down else frame.middle
  found = known[np.maximum(columns, 0)]
  if not down:
    along = np.array([1.0, -frame.down[0, 0] / frame.down[0, 1]])
    found = found + np.minimum(columns, 0)[:, None] * along
  return found
