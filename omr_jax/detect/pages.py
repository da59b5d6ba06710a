"""Reads pages, and finds the structure of those that show music.

The gate is the model `scores`, which tells pages of music from anything else.
"""

import math
import os
from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
from PIL import Image

from omr_jax.errors import UserError
from omr_jax.inputs import documents
from omr_jax.predict.classifier import Classifier
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


class Detected(NamedTuple):
  """What was found on a page.

  Attributes:
    page: The page as it was looked at.
    label: What the gate takes the page for, `scores` or `other`.
    confidence: The gate's confidence in the label.
    structure: In pixels of the page itself; empty if the label is `other`.
  """

  page: Reduced
  label: str
  confidence: float
  structure: Structure


def read(
  paths: Iterable[str | os.PathLike[str]],
) -> Iterator[tuple[str, int, Reduced | UserError]]:
  """For each page of the files its path, its number from 1, and the page or a UserError."""
  for path in paths:
    for number, page in documents.pages(path, finish=partial(reduced, side=SIDE)):
      yield os.fspath(path), number, page


def reduced(picture: Image.Image, side: int) -> Reduced:
  """Reduces an image of Pillow in mode L or RGB to at most `side` pixels along the longer side."""
  factor = max(1, math.ceil(max(picture.size) / side))
  return Reduced(np.asarray(picture.reduce(factor).convert('RGB')), factor, picture.size)


def detected(gate: Classifier, page: Reduced) -> Detected:
  """Asks the gate, and finds the structure of a page of music.

  Raises:
    UserError: The gate's network can't be computed.
  """
  answer = gate(page.picture)
  assert not isinstance(answer, list)  # It was asked for one picture.
  width, height = page.size
  structure = Structure(width, height, 0.0, [], [], [])
  if answer.label == 'scores':
    grey = np.asarray(Image.fromarray(page.picture).convert('L'))
    structure = _enlarged(find.structure(grey), page)
  return Detected(page, answer.label, answer.confidence, structure)


def _enlarged(found: Structure, page: Reduced) -> Structure:
  factor, (width, height) = page.factor, page.size
  return Structure(
    width,
    height,
    found.staff_space * factor,
    [staff * factor for staff in found.staves],
    found.systems,
    [Measure(m.staff, m.left * factor, m.right * factor) for m in found.measures],
  )
