"""From a detector's two maps to boxes.

A cell is a square of CELL x CELL pixels of a window. `heat` has for each cell and class the
log-odds that an object of the class has the middle of its box there; an object is where they have
a local maximum. `edges` has for each cell and kind of box (`box_kinds`) four numbers, from which
the box of an object there follows (`boxes_at`): how far its middle lies from the cell's, and the
logarithms of its size.
"""

import numpy as np

from omr_jax.inputs import overlap

CELL = 2  # Height and width of a cell in pixels.
SMALLEST, LARGEST = 0.5, 2000.0  # Bounds of a box's height and width in pixels.
_MOST = 2000  # Objects of a window.
SAME = 0.5  # Of two boxes of one class that overlap by more (IoU), the less confident is dropped.


def boxes_at(edges: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
  """The boxes of some objects: float32 [objects, 4], left, top, right and bottom edge.

  Args:
    edges: float32 [objects, 4]: the distance in cells from the middle of the object's cell to that
      of its box, to the right and down; and the natural logarithms of the box's width and height
      in cells.
    rows: int [objects], the row of each object's cell.
    columns: int [objects], its column.
  """
  middle = np.stack([columns, rows], 1) + 0.5 + edges[:, :2]
  low, high = np.log([SMALLEST / CELL, LARGEST / CELL])
  half = np.exp(np.clip(edges[:, 2:], low, high)) / 2
  return np.concatenate([middle - half, middle + half], 1).astype(np.float32) * CELL


def found(
  heat: np.ndarray, edges: np.ndarray, kinds: np.ndarray, least: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """The objects of a window, the most confident first.

  Args:
    heat: float32 [rows, columns, classes].
    edges: float32 [rows, columns, kinds, 4].
    kinds: int [classes], the kind of each class's box (`box_kinds.kinds`).
    least: Objects with lower log-odds are left out.

  Returns:
    Their boxes in pixels, float32 [objects, 4]; classes, int [objects]; and log-odds, float32
    [objects].
  """
  rows, columns, classes = np.nonzero(heat >= least)
  values = heat[rows, columns, classes]
  is_peak = np.ones(len(values), bool)
  last_row, last_column = heat.shape[0] - 1, heat.shape[1] - 1
  for down in (-1, 0, 1):
    for right in (-1, 0, 1):
      row, column = np.clip(rows + down, 0, last_row), np.clip(columns + right, 0, last_column)
      is_peak &= values >= heat[row, column, classes]
  order = np.flatnonzero(is_peak)
  order = order[np.argsort(-values[order], kind='stable')][:_MOST]
  rows, columns, classes, values = (each[order] for each in (rows, columns, classes, values))
  boxes = boxes_at(edges[rows, columns, kinds[classes]], rows, columns)
  kept = _first_of_each(boxes, classes)
  return boxes[kept], classes[kept], values[kept]


def _first_of_each(boxes: np.ndarray, classes: np.ndarray) -> np.ndarray:
  """The places of boxes, without those that repeat an earlier one of their class."""
  kept: list[int] = []
  for label in np.unique(classes):
    mine = np.flatnonzero(classes == label)
    same = overlap.iou(boxes[mine], boxes[mine]) > SAME
    alive = np.ones(len(mine), bool)
    for place in range(len(mine)):
      if alive[place]:
        alive[place + 1 :] &= ~same[place, place + 1 :]
    kept += mine[alive].tolist()
  return np.array(sorted(kept), int)
