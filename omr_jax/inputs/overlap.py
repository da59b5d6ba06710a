"""How much boxes overlap. A box is its left, top, right and bottom edge."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def iou(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[Any]:
  """Intersection over union of all pairs: [n, 4] and [m, 4] to [n, m]; 0 where both are empty."""
  low = np.maximum(one[:, None, :2], other[None, :, :2])
  high = np.minimum(one[:, None, 2:], other[None, :, 2:])
  shared = np.prod(np.maximum(high - low, 0), -1)
  sizes = [np.prod(np.maximum(each[:, 2:] - each[:, :2], 0), -1) for each in (one, other)]
  union = sizes[0][:, None] + sizes[1][None] - shared
  return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
