"""Finds the staves of a flat page: five dark lines, one above the other, at equal distances.

The distance of the lines is the most frequent one between the beginnings of vertical runs of ink,
as in Fujinaga's rule (1988), counted only where it comes twice in a row. A comb of five horizontal
runs at this distance, moved over the page, then responds where a staff is. Pages may lean by a
degree; on bent and photographed pages it misses staves. `omr_jax.structure` also finds those, and
the course of each line, but takes five times as long, and the staves of many training pictures are
too small for it.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from scipy import ndimage

_LINES = 5
_SPACES = (3, 60)  # Smallest and largest distance of two lines that is looked for, in pixels.
_SHORTEST = 8  # Length of the shortest staff, in spaces.
_RUN = 2.5  # The least length of a run of ink that may be a piece of a line, in spaces.


class Staff(NamedTuple):
  """Where a staff is, in pixels from the top left corner of the page.

  Attributes:
    left: The first column.
    top: The row of its highest line.
    right: The column after the last one.
    bottom: The row of its lowest line.
    space: The distance of two lines.
  """

  left: float
  top: float
  right: float
  bottom: float
  space: float


def find(grey: np.ndarray) -> list[Staff]:
  """The staves of a page, from top to bottom; none where there is no music or nothing flat.

  Args:
    grey: uint8 [height, width]; dark ink on light paper, or light ink on dark paper.
  """
  ink = _ink(grey)
  space = _space(ink)
  if space is None:
    return []
  comb, lines = _comb(_line_pieces(ink, space), space)
  # Notes and clefs interrupt the lines; a staff goes on across such gaps.
  joined = ndimage.uniform_filter1d(comb.astype(np.float32), 2 * round(2 * space) + 1, axis=1) > 0.5
  labels, _ = ndimage.label(ndimage.maximum_filter(joined, (3, max(3, round(2 * space)))))
  found = []
  for box in ndimage.find_objects(labels):
    rows, columns = box
    if columns.stop - columns.start >= _SHORTEST * space:
      middle = (rows.start + rows.stop - 1) / 2
      half = (_LINES - 1) / 2 * space
      left, right = float(columns.start), float(columns.stop)
      staff = Staff(left, middle - half, right, middle + half, space)
      # The comb also responds one line too high or too low, where it meets four lines of the five.
      found.append((int(np.sum(lines[box] == _LINES)), right - left, staff))
  return _without_doubles([staff for _, _, staff in sorted(found, reverse=True)])


def _ink(grey: np.ndarray) -> np.ndarray:
  """Where ink is, bool [height, width]: clearly darker than around, or lighter on dark paper."""
  grey = grey.astype(np.float32)
  if np.median(grey) < 128:
    grey = 255 - grey
  around = ndimage.uniform_filter(grey, max(15, min(grey.shape) // 16))
  return grey < around - max(12.0, 0.25 * float(np.ptp(grey[::4, ::4])) / 2)


def _space(ink: np.ndarray) -> float | None:
  """The distance of two staff lines in pixels, or None without any regular distance."""
  # Along each column, the rows where paper turns to ink: the first row of every run of ink.
  starts = np.diff(ink.astype(np.int8), axis=0, prepend=0) == 1
  columns, rows = np.nonzero(starts.T)
  apart = np.diff(rows)[np.diff(columns) == 0]
  # Twice the same distance in a row is much more frequent in staves than elsewhere.
  same = np.abs(np.diff(apart)) <= 1 if len(apart) > 1 else np.zeros(0, bool)
  apart = apart[1:][same]
  counts = np.bincount(apart, minlength=_SPACES[1] + 2)[: _SPACES[1] + 2].astype(float)
  counts[: _SPACES[0]] = 0
  smooth = np.convolve(counts, np.ones(3), 'same')
  best = int(np.argmax(smooth))
  if smooth[best] < 4 * _SHORTEST:
    return None
  near = np.arange(max(best - 1, 0), best + 2)
  return float(np.average(near, weights=counts[near]))


def _line_pieces(ink: np.ndarray, space: float) -> np.ndarray:
  """Where ink, made one row thicker above and below, belongs to a long horizontal run."""
  length = max(5, round(_RUN * space))
  thick = ndimage.maximum_filter1d(ink, 3, axis=0)  # A line that leans changes its row.
  return ndimage.binary_opening(thick, np.ones((1, length), bool))


def _comb(pieces: np.ndarray, space: float) -> tuple[np.ndarray, np.ndarray]:
  """Where at least four of five lines are found, and how many: by the row of the middle line."""
  height, half = len(pieces), round(2 * space) + 1
  padded = np.pad(pieces, ((half, half), (0, 0)))

  def count(places: Iterable[float]) -> np.ndarray:
    """At how many of these places, in spaces below each row, pieces are."""
    starts = [half + round(place * space) for place in places]
    return np.stack([padded[start : start + height] for start in starts]).sum(0, np.int8)

  found, between = count(range(-2, 3)), count((-1.5, -0.5, 0.5, 1.5))
  return (found >= _LINES - 1) & (between <= 2), found


def _without_doubles(staves: list[Staff]) -> list[Staff]:
  """Of staves that overlap, the first one."""
  kept: list[Staff] = []
  for staff in staves:
    overlaps = any(
      min(staff.bottom, other.bottom) - max(staff.top, other.top) > 0.5 * staff.space
      and min(staff.right, other.right) > max(staff.left, other.left)
      for other in kept
    )
    if not overlaps:
      kept.append(staff)
  return sorted(kept, key=lambda staff: (staff.top, staff.left))
