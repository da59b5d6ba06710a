"""Staves, systems and measures of a page of MUSCIMA++, derived from its objects and their links.

A staff links to its five lines. Each `staffGrouping` (a brace or bracket) and `measureSeparator` (a
bar line) links to the staves that it joins. Staves that are joined so are a system, and the
separators of a staff are the ends of its measures.
"""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from omr_jax.inputs.mung import Node
from omr_jax.structure.arrays import POINTS
from omr_jax.structure.structure import LINES, Measure, Structure, space_of
from tfds_builders.muscima_pp.annotations import Page

_SHORTEST = 2.0  # The least width of a measure in staff spaces; double bar lines are narrower.
_SOUNDS = ('notehead', 'rest', 'repeat1Bar', 'multiMeasureRest')


def structure(page: Page, height: int, width: int) -> Structure:
  """The structure of a page.

  A measure lies between two separators of a staff, or between one and an end of the staff. It is
  left out if it is narrower than two staff spaces. At the ends of a staff, where staff lines may go
  on without music, it is also left out if it holds no note and no rest.

  Args:
    page: The page.
    height: Height of its picture in pixels.
    width: Width of its picture in pixels.
  """
  numbers = [n for n, node in page.nodes.items() if node.label == 'staff']
  numbers.sort(key=lambda n: page.nodes[n].box[1])
  staves = [_lines(page, n) for n in numbers]
  space = space_of(staves)
  place = {n: i for i, n in enumerate(numbers)}
  systems = _systems(page, place)
  measures = [
    measure
    for system in systems
    for i in system
    for measure in _measures(page, numbers[i], i, staves[i], space)
  ]
  measures.sort(key=lambda measure: (measure.staff, measure.left))
  return Structure(width, height, space, staves, systems, measures)


def _lines(page: Page, number: int) -> NDArray[np.float64]:
  """The five lines of a staff: float64 [5, POINTS, 2]."""
  nodes = [page.nodes[n] for n in page.nodes[number].links]
  lines = sorted((n for n in nodes if n.label == 'staffLine'), key=lambda n: n.box[1] + n.box[3])
  if len(lines) != LINES:
    raise ValueError(f'staff {number} has {len(lines)} lines, not {LINES}')
  left = float(np.median([line.box[0] for line in lines]))
  right = float(np.median([line.box[2] for line in lines]))
  at = np.linspace(left, right, POINTS)
  return np.stack([np.stack([at, _heights(line, at)], 1) for line in lines])


def _heights(line: Node, at: NDArray[np.float64]) -> NDArray[np.float64]:
  """y of the middle of a line's ink at `at`, smoothed over the distance of two points."""
  counts = line.mask.sum(0)
  rows = np.arange(len(line.mask)) + 0.5
  sums = rows @ line.mask
  half = max(1, round((at[1] - at[0]) / 2))
  window = np.ones(2 * half + 1)
  counts, sums = (np.convolve(each, window)[half:-half] for each in (counts, sums))
  seen = np.flatnonzero(counts)
  return line.box[1] + np.interp(at, line.box[0] + seen + 0.5, sums[seen] / counts[seen])


def _systems(page: Page, place: dict[int, int]) -> list[list[int]]:
  pairs = [
    pair
    for node in page.nodes.values()
    if node.label in ('staffGrouping', 'measureSeparator')
    for pair in itertools.pairwise(sorted(place[n] for n in node.links if n in place))
  ]
  rows, columns = np.array(pairs, int).reshape(-1, 2).T
  graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(place),) * 2)
  count, label = connected_components(graph, directed=False)
  return sorted(np.flatnonzero(label == n).tolist() for n in range(count))


def _measures(
  page: Page, number: int, place: int, staff: NDArray[np.float64], space: float
) -> list[Measure]:
  separators = [
    _crossing(page, node, staff)
    for node in page.nodes.values()
    if node.label == 'measureSeparator' and number in node.links
  ]
  begin, end = staff[0, 0, 0], staff[0, -1, 0]
  edges = [begin, *sorted(separators), end]
  sounds = _sounds(page, staff, space)
  found = []
  for i, (left, right) in enumerate(itertools.pairwise(edges)):
    at_end = i in (0, len(edges) - 2)
    empty = at_end and not ((sounds >= left) & (sounds < right)).any()
    if right - left >= _SHORTEST * space and not empty:
      found.append(Measure(place, float(left), float(right)))
  return found


def _crossing(page: Page, separator: Node, staff: NDArray[np.float64]) -> float:
  """The mean x of a separator's ink between the outer lines of a staff."""
  left, top, right, _ = separator.box
  middle = (left + right) / 2
  high, low = (float(np.interp(middle, *staff[line].T)) for line in (0, -1))
  rows = separator.mask[max(0, int(high) - top) : max(0, int(low) - top)]
  columns = np.flatnonzero(rows.any(0))
  return left + float(columns.mean()) + 0.5 if len(columns) else middle


def _sounds(page: Page, staff: NDArray[np.float64], space: float) -> NDArray[np.float64]:
  """x of the middle of all notes and rests that are nearer to a staff than four staff spaces."""
  boxes: Sequence[tuple[int, int, int, int]] = [
    node.box for node in page.nodes.values() if node.label.startswith(_SOUNDS)
  ]
  left, top, right, bottom = np.array(boxes, float).reshape(-1, 4).T
  x, y = (left + right) / 2, (top + bottom) / 2
  high, low = (np.interp(x, *staff[line].T) for line in (0, -1))
  return x[(y > high - 4 * space) & (y < low + 4 * space)]
