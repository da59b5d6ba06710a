"""Reads pages and finds their structure, if the gate takes them for pages of music."""

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

# Larger pictures are reduced by a whole number until the longer side has no more pixels than this.
# The structure is found as well, and a page takes less than 500 MB.
SIDE = 4000


class Reduced(NamedTuple):
  """A page as it is looked at.

  Attributes:
    picture: uint8 [height, width, 3].
    factor: The pixels of the page for each of its pixels, along both sides.
    size: Width and height of the page.
  """

  picture: np.ndarray
  factor: int
  size: tuple[int, int]


class Detected(NamedTuple):
  """What is said of a page.

  Attributes:
    page: The page as it was looked at.
    label: What the gate takes it for, `scores` or `other`.
    confidence: Of that.
    structure: In pixels of the page itself; empty where the page is none of music.
  """

  page: Reduced
  label: str
  confidence: float
  structure: Structure


def read(
  paths: Iterable[str | os.PathLike[str]],
) -> Iterator[tuple[str, int, Reduced | UserError]]:
  """The pages of files: path, number from 1, and the page or what is wrong with it."""
  for path in paths:
    for number, page in documents.pages(path, finish=partial(reduced, side=SIDE)):
      yield os.fspath(path), number, page


def reduced(picture: Image.Image, side: int) -> Reduced:
  """A picture of Pillow, in mode L or RGB, with at most `side` pixels along its longer side."""
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
