"""From pages with annotations to the tiles that training takes windows from."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from omr_jax.inputs import windows

TILE = 256  # Height and width of a tile in pixels; a staff space has `windows.SPACE`.
_STEP = 112  # From one tile to the next.


class Annotated(NamedTuple):
  """A page and its symbols, as a data set has them.

  Attributes:
    id: Its name.
    group: Its writer, composer or the like, by which results are grouped.
    grey: uint8 [height, width], dark ink on bright paper.
    staff_space: In pixels.
    boxes: float [objects, 4]: left, top, right and bottom edge in pixels.
    labels: int [objects], places in the list of classes.
    staves: Each staff as float [5, points, 2], x and y along the middle of its lines.
  """

  id: str
  group: str
  grey: np.ndarray
  staff_space: float
  boxes: np.ndarray
  labels: np.ndarray
  staves: Sequence[np.ndarray]


def tiles(page: Annotated) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
  """The tiles of a page, which overlap: picture uint8 [TILE, TILE], boxes in it, and labels.

  Boxes are float32 [objects, 4], those with their middle in the tile. They may leave it.
  """
  picture, scale = windows.resized(page.grey, page.staff_space)
  boxes = page.boxes * np.tile(scale, 2)
  middles = (boxes[:, :2] + boxes[:, 2:]) / 2
  for y in _starts(picture.shape[0]):
    for x in _starts(picture.shape[1]):
      seen = picture[y : y + TILE, x : x + TILE]
      down, right = (TILE - side for side in seen.shape)
      inside = np.all((middles >= (x, y)) & (middles < (x + TILE, y + TILE)), 1)
      yield (
        np.pad(seen, ((0, down), (0, right)), constant_values=255),
        (boxes[inside] - np.tile((x, y), 2)).astype(np.float32),
        page.labels[inside],
      )


def _starts(side: int) -> list[int]:
  """Where tiles begin: every _STEP pixels, and so that the last one ends with the page."""
  last = max(0, side - TILE)
  return [*range(0, last, _STEP), last]


def draws(labels: Sequence[np.ndarray], classes: int) -> np.ndarray:
  """With which probability each draw of an epoch takes each tile: those with rare symbols more.

  A symbol has the weight 1 / sqrt(n), where n is the number of symbols of its class, and a tile
  the sum of the weights of its symbols. This is raised to at least a tenth of the mean, so that
  empty paper is seen too, and lowered to at most five times the mean.

  Args:
    labels: The labels of each tile, int [objects].
    classes: Number of classes.
  """
  counts = np.bincount(np.concatenate(labels), minlength=classes)
  rarity = 1 / np.sqrt(np.maximum(counts, 1))
  weights = np.array([rarity[each].sum() for each in labels])
  weights = np.clip(weights, weights.mean() / 10, weights.mean() * 5)
  return weights / weights.sum()


def padded(
  boxes: Sequence[np.ndarray], labels: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
  """Arrays of equal shape: float32 [tiles, objects, 4] and int32 [tiles, objects], -1 for none."""
  most = max(map(len, labels))
  all_boxes = np.zeros((len(boxes), most, 4), np.float32)
  all_labels = np.full((len(labels), most), -1, np.int32)
  for number, (some, names) in enumerate(zip(boxes, labels, strict=True)):
    all_boxes[number, : len(some)] = some
    all_labels[number, : len(names)] = names
  return all_boxes, all_labels
