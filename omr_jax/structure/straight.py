"""A staff, and what is around it, laid out straight: lines become rows, bar lines columns."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from omr_jax.structure.comb import SPACE

ABOVE = 2 * SPACE  # Rows above the upper line, and as many below the lower one.
TALL = 4 * SPACE  # Rows from the upper line to the lower one.
INK = 0.35  # Pixels darker than this are ink.


class Frame(NamedTuple):
  """Where the rows and columns of a straight staff lie in the picture.

  Attributes:
    middle: float64 [columns, 2], the points of the middle line, one for each column.
    down: float64 [columns, 2], one staff space down, across the lines.
  """

  middle: np.ndarray
  down: np.ndarray

  def at(self, rows: np.ndarray) -> np.ndarray:
    """The points of rows, counted in pixels from the middle line: [rows, columns, 2]."""
    return self.middle + rows[:, None, None] / SPACE * self.down


def frame(staff: np.ndarray) -> Frame:
  """The frame of a staff [5, points, 2], with one column for each pixel along the staff.

  The staff is in a picture with SPACE pixels to a staff space.
  """
  left, right = staff[0, 0, 0], staff[0, -1, 0]
  x = np.arange(left, right, 1.0) + 0.5
  y = np.stack([np.interp(x, line[:, 0], line[:, 1]) for line in staff])
  slope = ndimage.gaussian_filter1d(np.gradient(y[2]), 2 * SPACE, mode='nearest')
  gap = (y[4] - y[0]) / 4
  # The foot of the perpendicular on the next line is nearer than the point straight below.
  across = np.stack([-slope * gap, gap], 1) / (1 + slope**2)[:, None]
  return Frame(np.stack([x, y[2]], 1), across)


def longer(staff: Frame, columns: int) -> Frame:
  """The frame of a staff that goes straight on by so many columns beyond each end."""
  far = np.arange(1.0, columns + 1)[:, None]
  slope = -staff.down[:, 0] / staff.down[:, 1]
  left, right = (np.array([1.0, slope[end]]) for end in (0, -1))
  before, after = staff.middle[0] - far[::-1] * left, staff.middle[-1] + far * right
  middle = np.concatenate([before, staff.middle, after])
  return Frame(middle, np.pad(staff.down, ((columns, columns), (0, 0)), 'edge'))


def offsets(frames: Sequence[Frame]) -> list[int]:
  """How many columns farther right each staff begins than the leftmost one, along their lines."""
  along = np.mean([f.middle[-1] - f.middle[0] for f in frames], 0)
  along /= max(float(np.linalg.norm(along)), 1.0)
  begins = [round(float(f.middle[0] @ along)) for f in frames]
  return [begin - min(begins) for begin in begins]


def straight(dark: np.ndarray, places: np.ndarray) -> np.ndarray:
  """The darkness at places [rows, columns, 2], 0 beyond the picture."""
  x, y = places[..., 0] - 0.5, places[..., 1] - 0.5
  return ndimage.map_coordinates(dark, [y, x], order=1, mode='constant')


def slanted(strip: np.ndarray, slant: float) -> np.ndarray:
  """Moves each row of a strip so that a line of this slant becomes a column.

  Args:
    strip: [rows, columns].
    slant: Columns to the right for each row down, with the middle row as the pivot.
  """
  moved = moves(len(strip), slant)
  reach = int(np.abs(moved).max())
  padded = np.pad(strip, ((0, 0), (reach, reach)))
  columns = np.arange(strip.shape[1]) + reach
  return padded[np.arange(len(strip))[:, None], columns + moved[:, None]]


def moves(rows: int, slant: float) -> np.ndarray:
  """How far each of so many rows moves for a line of this slant to become a column: int [rows]."""
  return np.rint(slant * (np.arange(rows) - (rows - 1) / 2)).astype(int)
