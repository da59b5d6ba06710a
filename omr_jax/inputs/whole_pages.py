"""Whole pages, as they are searched for music: pictures of a bounded size, and their structure."""

import math
import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

from omr_jax.errors import UserError
from omr_jax.inputs import documents
from omr_jax.structure import find
from omr_jax.structure.structure import Measure, Structure

# Larger pages are reduced by the smallest whole number that leaves the longer side no more pixels.
# The structure is found as well in them, and a page takes less than 500 MB.
SIDE = 4000


class Reduced(NamedTuple):
  """A page as it is looked at.

  Attributes:
    picture: uint8 [height, width, 3].
    factor: How many times smaller the picture is than the page, along each side.
    size: Width and height of the page in pixels.
  """

  picture: np.ndarray
  factor: int
  size: tuple[int, int]

  @property
  def grey(self) -> np.ndarray:
    """The brightness of the picture: uint8 [height, width]."""
    return np.asarray(Image.fromarray(self.picture).convert('L'))


def pages(source: str | bytes, name: str) -> Iterator[tuple[int, Reduced | UserError]]:
  """For each page of a file its number from 1, and the page or a UserError.

  Args:
    source: The path of the file, or its bytes.
    name: What to call the file in messages.
  """
  return documents.pages(source, finish=reduced, name=name)


def read(
  paths: Iterable[str | os.PathLike[str]],
) -> Iterator[tuple[str, int, Reduced | UserError]]:
  """For each page of the files its path, its number from 1, and the page or a UserError."""
  for given in paths:
    path = os.fspath(given)
    for number, page in pages(path, path):
      yield path, number, page


def reduced(picture: Image.Image, side: int = SIDE) -> Reduced:
  """Reduces an image of Pillow in mode L or RGB to at most `side` pixels along the longer side."""
  factor = max(1, math.ceil(max(picture.size) / side))
  return Reduced(np.asarray(picture.reduce(factor).convert('RGB')), factor, picture.size)


def structure(page: Reduced) -> Structure:
  """The structure of a page of music, in pixels of the page itself."""
  found, factor, (width, height) = find.structure(page.grey), page.factor, page.size
  return Structure(
    width,
    height,
    found.staff_space * factor,
    [staff * factor for staff in found.staves],
    found.systems,
    [Measure(m.staff, m.left * factor, m.right * factor) for m in found.measures],
  )


def no_structure(page: Reduced) -> Structure:
  """The structure of a page without music."""
  return Structure(*page.size, 0.0, [], [], [])
