"""Reads the bytes of a picture file in one call; `inputs.documents` does so page by page."""

import io

import numpy as np
from PIL import Image

from omr_jax.inputs import pictures, resizing


def read(content: bytes, name: str, least: int = 0) -> np.ndarray:
  """The first frame or page: uint8 [height, width, 3]."""
  return pictures.decode(pictures.opened(io.BytesIO(content), name), name, least)


def load(content: bytes, name: str, height: int, width: int) -> np.ndarray:
  """The same, resized while it is a picture of Pillow; JPEGs are reduced while they are decoded."""
  picture = pictures.opened(io.BytesIO(content), name)
  return pictures.decode(
    picture, name, 2 * max(height, width), lambda page: resizing.resized(page, height, width)
  )


def resize(picture: np.ndarray, height: int, width: int) -> np.ndarray:
  """`resizing.resized` of uint8 [source height, source width, 3]."""
  return resizing.resized(Image.fromarray(picture), height, width)
