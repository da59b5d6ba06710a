"""The structure of a page: its staves with their five lines, its systems and its measures.

Coordinates are in pixels from the upper left corner of the page, x to the right and y down; pixel n
covers n to n + 1, so its centre is at n + 0.5.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

LINES = 5  # Of a staff.
Box = tuple[float, float, float, float]  # left, top, right, bottom


class Measure(NamedTuple):
  """A part of one staff between two bar lines, or between one and the end of the staff.

  Attributes:
    staff: The index of the staff in `Structure.staves`.
    left: x of the left bar line where it crosses the middle line of the staff.
    right: x of the right bar line there.
  """

  staff: int
  left: float
  right: float


class Structure(NamedTuple):
  """Where the music of a page is.

  Attributes:
    width: Of the page in pixels.
    height: Of the page in pixels.
    staff_space: The distance of two staff lines in pixels; 0 if there are no staves.
    staves: Each staff as float64 [5, points, 2]: x and y along its lines, from left to right, the
      upper line first. The points of the five lines have the same x. Staves go from top to bottom.
    systems: For each system the indices of its staves, which are played together; from top to
      bottom.
    measures: Staff by staff, from left to right.
  """

  width: int
  height: int
  staff_space: float
  staves: list[np.ndarray]
  systems: list[list[int]]
  measures: list[Measure]


def box(staff: np.ndarray) -> Box:
  """The smallest upright box around the lines of a staff: [5, points, 2] to four numbers."""
  (left, top), (right, bottom) = staff.min((0, 1)).tolist(), staff.max((0, 1)).tolist()
  return left, top, right, bottom


def space_of(staves: Sequence[np.ndarray]) -> float:
  """The median of the mean distances of the lines of each staff; 0 if there are no staves."""
  gaps = [float(np.diff(staff[..., 1], axis=0).mean()) for staff in staves]
  return float(np.median(gaps)) if gaps else 0.0


def part(staff: np.ndarray, left: float, right: float) -> np.ndarray:
  """The piece of a staff from x = `left` to x = `right`: float64 [5, points, 2]."""
  x = staff[0, :, 0]
  inner = x[(x > left) & (x < right)]
  at = np.concatenate([[left], inner, [right]])
  return np.stack([np.stack([at, np.interp(at, x, line[:, 1])], 1) for line in staff])


def measure_box(found: Structure, measure: Measure) -> Box:
  """The smallest upright box around the staff lines of a measure."""
  return box(part(found.staves[measure.staff], measure.left, measure.right))


def system_box(found: Structure, system: Sequence[int]) -> Box:
  """The smallest upright box around the staves of a system."""
  boxes = np.array([box(found.staves[staff]) for staff in system])
  (left, top), (right, bottom) = boxes[:, :2].min(0).tolist(), boxes[:, 2:].max(0).tolist()
  return left, top, right, bottom
