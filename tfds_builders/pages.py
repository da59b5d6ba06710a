"""The features of pages with everything on them; `omr_jax.structure.arrays` makes examples."""

from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from omr_jax.structure.arrays import POINTS
from omr_jax.structure.structure import LINES


def features(boxes: type[np.generic]) -> dict[str, Any]:
  """The features of `arrays.example`, with edges of boxes of this type."""
  return {
    # The bytes of a PNG. TFDS's own feature for pictures would decode them.
    'image': tfds.features.Scalar(dtype=np.object_),
    'boxes': tfds.features.Tensor(shape=(None, 4), dtype=boxes),
    # Places in the classes. A sequence of TFDS's class labels takes minutes to write.
    'labels': tfds.features.Tensor(shape=(None,), dtype=np.int32),
    'staves': tfds.features.Tensor(shape=(None, LINES, POINTS, 2), dtype=np.float32),
    'systems': tfds.features.Tensor(shape=(None,), dtype=np.int32),
    'measures': tfds.features.Tensor(shape=(None, 3), dtype=np.float32),
    'id': tfds.features.Text(),
  }
