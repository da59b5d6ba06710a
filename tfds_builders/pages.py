"""Pages with everything on them, as all builders of such pages store them."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from numpy.typing import NDArray
from PIL import Image

from omr_jax.structure.arrays import POINTS, arrays
from omr_jax.structure.structure import LINES, Structure


def features(boxes: type[np.generic]) -> dict[str, Any]:
  """The features of a page, with edges of boxes of this type."""
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


def example(
  name: str,
  picture: NDArray[Any],
  boxes: NDArray[Any],
  labels: Sequence[int],
  structure: Structure,
) -> dict[str, Any]:
  """A page with these features.

  Args:
    name: Its id.
    picture: uint8 [height, width], or bool where paper is True.
    boxes: Of the symbols, [symbols, 4]: left, top, right and bottom edge in pixels.
    labels: Places of the symbols' classes.
    structure: Its staves, systems and measures.
  """
  file = io.BytesIO()
  Image.fromarray(picture).save(file, 'PNG')
  return {
    'image': file.getvalue(),
    'boxes': boxes.reshape(-1, 4),
    'labels': np.array(labels, np.int32),
    **arrays(structure),
    'id': name,
  }
