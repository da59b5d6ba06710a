"""How much boxes overlap. A box is its left, top, right and bottom edge."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def iou(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[Any]:
  """Intersection over union of all pairs: [n, 4] and [m, 4] to [n, m]; 0 where both are empty."""
  shared = _shared(one, other)
  return _share(shared, _areas(one)[:, None] + _areas(other)[None] - shared)


def inside(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[Any]:
  """The share of each box of [n, 4] in each of [m, 4]: [n, m]; 0 where the first is empty."""
  shared = _shared(one, other)
  return _share(shared, np.broadcast_to(_areas(one)[:, None], shared.shape))


def _shared(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[Any]:
  """The areas of all intersections."""
  low = np.maximum(one[:, None, :2], other[None, :, :2])
  high = np.minimum(one[:, None, 2:], other[None, :, 2:])
  return np.prod(np.maximum(high - low, 0), -1)


def _areas(boxes: NDArray[np.floating]) -> NDArray[Any]:
  return np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), -1)


def _share(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[Any]:
  return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
