"""The staves, systems and measures of a page that Verovio drew, in units of the page."""

import itertools

import numpy as np
from numpy.typing import NDArray

from omr_jax.structure.arrays import POINTS
from omr_jax.structure.structure import LINES, Measure, Structure
from tfds_builders.typeset import bounds
from tfds_builders.typeset.bounds import Box
from tfds_builders.typeset.drawing import STAFF_SPACE, Group
from tfds_builders.typeset.symbols import bar_lines

_SHORTEST = 2 * STAFF_SPACE  # The least width of a measure; double bar lines are narrower.


def structure(page: Group, scale: float, height: int, width: int) -> Structure:
  """The structure of a page in pixels.

  A measure lies between two bar lines, or between one and the left end of its staff. Staves with
  another number of lines than five are left out.

  Args:
    page: What Verovio drew.
    scale: Pixels of a unit of the page.
    height: Of the picture in pixels.
    width: Of the picture in pixels.
  """
  staves: list[NDArray[np.float64]] = []
  systems: list[list[int]] = []
  measures: list[Measure] = []
  for system in page.named('system'):
    lines = [_lines(boxes) for boxes in _staves(system)]
    if not lines:
      continue
    numbers = [len(staves) + n for n in range(len(lines))]
    separators = sorted(
      (box[0] + box[2]) / 2
      for group in system.named('barLine')
      if (boxes := bar_lines(group)) and (box := bounds.union(boxes))
    )
    staves += [staff * scale for staff in lines]
    systems.append(numbers)
    for number, staff in zip(numbers, lines, strict=True):
      edges = [float(staff[0, 0, 0]), *separators]
      measures += [
        Measure(number, left * scale, right * scale)
        for left, right in itertools.pairwise(edges)
        if right - left >= _SHORTEST
      ]
  return Structure(width, height, STAFF_SPACE * scale, staves, systems, measures)


def _staves(system: Group) -> list[list[Box]]:
  """The boxes of the lines of each staff, from top to bottom; a piece for each measure."""
  pieces: dict[tuple[float, ...], list[Box]] = {}
  for staff in system.named('staff'):
    boxes = [ink.box for ink in staff.ink if ink.kind == 'path']
    if len(boxes) == LINES:
      heights = tuple((top + bottom) / 2 for _, top, _, bottom in boxes)
      pieces.setdefault(heights, []).extend(boxes)
  return [pieces[heights] for heights in sorted(pieces)]


def _lines(boxes: list[Box]) -> NDArray[np.float64]:
  """The lines of a staff from their pieces: float64 [LINES, POINTS, 2]."""
  left, _, right, _ = bounds.union(boxes)
  x = np.linspace(left, right, POINTS)
  heights = sorted({(top + bottom) / 2 for _, top, _, bottom in boxes})
  return np.stack([np.stack([x, np.full(POINTS, y)], 1) for y in heights])
