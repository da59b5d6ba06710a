"""Turns, bends or tilts pages as scanners and cameras do, together with their known structure.

So one can measure how well staves are found. Coordinates are as in `omr_jax.structure.structure`.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from omr_jax.structure.structure import Measure, Structure, part, space_of
from omr_jax.synthetic import looks
from omr_jax.synthetic.hand import rotation

KINDS = ('turned', 'bent', 'camera')

_CELL = 48  # Side of the squares in which a map is taken for linear, in pixels.
_STEPS = 12  # Iterations of the search for the place where a point of the page is seen.

Points = NDArray[np.float64]
# From places in the new picture, [..., 2], to those in the page.
Map = Callable[[Points], Points]


class Moved(NamedTuple):
  """A moved page.

  Attributes:
    picture: uint8 [height, width], grey.
    structure: The structure of the page, where the picture shows it.
  """

  picture: NDArray[np.uint8]
  structure: Structure


def moved(
  rng: np.random.Generator, grey: NDArray[np.uint8], structure: Structure, kind: str
) -> Moved:
  """Moves a page in one of the KINDS.

  Args:
    rng: The source of all random numbers.
    grey: uint8 [height, width], the flat page.
    structure: Its structure.
    kind: `turned` by up to ten degrees; `bent` like the page of an open book, and turned by up to
      two degrees; or as a `camera` sees it: bent a little, tilted, turned by up to six degrees, in
      uneven light, out of focus, with noise and JPEG compression.
  """
  size = np.array(grey.shape[::-1], float)
  if kind == 'turned':
    where = _turn(size, rng.uniform(-10, 10))
  elif kind == 'bent':
    where = _after(_bend(rng, size, 0.03), _turn(size, rng.uniform(-2, 2)))
  else:
    where = _after(_bend(rng, size, 0.01), _tilt(rng, size, 0.1), _turn(size, rng.uniform(-6, 6)))
  border = (0.12 * size).astype(int)
  shown = _shown(grey, lambda points: where(points - border), border)
  if kind == 'camera':
    shown = _photographed(rng, shown)
  return Moved(shown, _followed(structure, where, border, shown.shape))


def _after(*maps: Map) -> Map:
  """One map that applies several, beginning with the last."""

  def where(points: Points) -> Points:
    for one in reversed(maps):
      points = one(points)
    return points

  return where


def _turn(size: Points, degrees: float) -> Map:
  turn = rotation(np.deg2rad(degrees))
  return lambda points: (points - size / 2) @ turn.T + size / 2


def _bend(rng: np.random.Generator, size: Points, most: float) -> Map:
  """Moves points up and down by two waves, by up to the share `most` of the page's width."""
  lengths, phases = rng.uniform(0.7, 1.6, 2), rng.uniform(0, 2 * np.pi, 2)
  high = most * size[0] * rng.uniform(0.4, 1) / 2

  def where(points: Points) -> Points:
    x, y = points[..., 0], points[..., 1]
    waves = sum(
      np.sin(2 * np.pi * x / size[0] / length + phase + 0.5 * y / size[1])
      for length, phase in zip(lengths, phases, strict=True)
    )
    return np.stack([x, y + high * waves], -1)

  return where


def _tilt(rng: np.random.Generator, size: Points, most: float) -> Map:
  """A perspective: the scale changes by up to the share `most` from the middle to each side."""
  tilt = rng.uniform(-most, most, 2)

  def where(points: Points) -> Points:
    middle = points / size - 0.5
    return (middle / (1 + 2 * middle @ tilt)[..., None] + 0.5) * size

  return where


def _shown(grey: NDArray[np.uint8], where: Map, border: NDArray[np.intp]) -> NDArray[np.uint8]:
  """The page with a white border, as a map shows it."""
  width, height = (np.array(grey.shape[::-1]) + 2 * border).tolist()
  pad = _CELL
  page = Image.fromarray(np.pad(grey, pad, constant_values=255))
  cells = []
  for top in range(0, height, _CELL):
    for left in range(0, width, _CELL):
      right, bottom = left + _CELL, top + _CELL
      corners = np.array([(left, top), (left, bottom), (right, bottom), (right, top)], float)
      cells.append(((left, top, right, bottom), (where(corners) + pad).ravel().tolist()))
  shown = page.transform(
    (width, height), Image.Transform.MESH, cells, Image.Resampling.BILINEAR, fillcolor=255
  )
  return np.array(shown)


def _photographed(rng: np.random.Generator, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
  """Adds uneven light, a little blur, noise and JPEG compression."""
  height, width = picture.shape
  lamps = Image.fromarray(rng.uniform(0.35, 1, (3, 3)).astype(np.float32))
  light = np.asarray(lamps.resize((width, height), Image.Resampling.BICUBIC))
  ink = rng.uniform(20, 80)  # Not all ink is black.
  seen = (ink + picture * np.float32((240 - ink) / 255)) * np.clip(light, 0.3, 1)
  blurred = Image.fromarray(np.clip(seen, 0, 255).astype(np.uint8)).filter(
    ImageFilter.GaussianBlur(rng.uniform(0.5, 1.6))
  )
  noisy = np.asarray(blurred, np.float32) + rng.normal(0, rng.uniform(1, 6), picture.shape)
  return looks.compressed(np.clip(noisy, 0, 255).astype(np.uint8), int(rng.integers(50, 90)))


def _followed(
  structure: Structure, where: Map, border: NDArray[np.intp], shape: tuple[int, ...]
) -> Structure:
  """The structure where the new picture shows it."""
  staves, measures = [], []
  for place, staff in enumerate(structure.staves):
    seen = _seen(where, staff) + border
    # The points of the five lines get the same x, that of the middle line.
    at = seen[2, :, 0]
    staves.append(
      np.stack([np.stack([at, np.interp(at, line[:, 0], line[:, 1])], 1) for line in seen])
    )
    for measure in structure.measures:
      if measure.staff == place:
        ends = part(staff, measure.left, measure.right)[2, [0, -1]]
        left, right = (_seen(where, ends) + border)[:, 0].tolist()
        measures.append(Measure(place, left, right))
  space = space_of(staves)
  return Structure(shape[1], shape[0], space, staves, structure.systems, measures)


def _seen(where: Map, points: Points) -> Points:
  """The places that a map sends to `points`, found by iteration, since maps move points little."""
  found = points
  for _ in range(_STEPS):
    found = found - (where(found) - points)
  return found
