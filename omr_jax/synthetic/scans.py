"""Draws symbols as somebody would cut them out of scanned pages, to test networks with.

Each symbol is written on paper at the resolution of a 300 dpi scan, with a pen of random width and
uneven ink, often beside another symbol, on staff lines, or both. The paper gets uneven light, noise
and JPEG compression. Then a crop with uneven margins is cut out; it shows some of the neighbour's
ink. This code deliberately shares nothing with `omr_jax.augment.crops`, which draws crops for
training.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from omr_jax.inputs import geometry
from omr_jax.synthetic import looks
from omr_jax.synthetic.hand import rotation
from omr_jax.utils import progress

KINDS = ('plain', 'neighbour', 'staff lines', 'both')


class Crop(NamedTuple):
  """A symbol, cut out of a page.

  Attributes:
    picture: uint8 [height, width], grey.
    kind: What is on the page beside the symbol, by which results are counted; here one of KINDS.
  """

  picture: np.ndarray
  kind: str


def crop(
  rng: np.random.Generator, symbol: Mapping[str, np.ndarray], neighbour: Mapping[str, np.ndarray]
) -> Crop:
  """Writes a symbol on paper and cuts it out.

  Args:
    rng: The source of all random numbers.
    symbol: `points` int [points, 2] and `stroke` int [points], the stroke of each point.
    neighbour: Another symbol in the same form, which may stand beside the first.
  """
  space = rng.uniform(14, 36)  # Distance of two staff lines in pixels.
  pen = space * rng.uniform(0.1, 0.28)
  points = _written(rng, symbol['points'], space)
  box = np.ptp(points, axis=0)
  border = int(3 * space)
  width, height = (np.ceil(box) + 2 * border).astype(int).tolist()
  ink = Image.new('L', (width, height))
  draw = ImageDraw.Draw(ink)
  _write(rng, draw, points - points.min(0) + border, symbol['stroke'], pen)
  kind = KINDS[rng.choice(4, p=(0.4, 0.25, 0.2, 0.15))]
  edges = np.concatenate([[border, border], border + box]) + np.repeat([-1, 1], 2) * pen / 2
  if kind in ('neighbour', 'both'):
    other = _written(rng, neighbour['points'], space)
    side, gap = rng.choice((-1, 1)), rng.uniform(0.1, 0.7) * space + pen
    other[:, 1] += border + rng.uniform(-0.5, 0.5) * box[1] - other[:, 1].min()
    # The gap is that between the ink in the symbol's rows, so that the crop can show both.
    beside = np.abs(other[:, 1] - border - box[1] / 2) <= box[1] / 2 + pen
    inner = (side * other[beside if beside.any() else slice(None), 0]).min()
    other[:, 0] += border + (box[0] if side > 0 else 0) + side * (gap - inner)
    _write(rng, draw, other, neighbour['stroke'], pen)
    edges[0 if side < 0 else 2] += side * (gap - pen)  # To where the neighbour's ink begins.
  if kind in ('staff lines', 'both'):
    _rule(rng, draw, border, box, space)
  picture = _scanned(rng, np.asarray(ink.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.2)))))
  edges += np.repeat([-1, 1], 2) * rng.uniform(0.05, 0.6, 4) * space
  left, top, right, bottom = np.rint(edges).astype(int)
  return Crop(picture[max(0, top) : bottom, max(0, left) : right], kind)


def crops(split: list[Mapping], seed: int) -> list[Crop]:
  """A crop of each symbol of a split; the same seed gives the same crops.

  Args:
    split: Symbols with `points` int [points, 2] and `stroke` int [points].
    seed: Seed of the random numbers.
  """
  found = []
  for number, symbol in enumerate(progress.shown(split, 'drawing crops', 'crop')):
    rng = np.random.default_rng((seed, number))
    found.append(crop(rng, symbol, split[rng.integers(len(split))]))
  return found


def _written(rng: np.random.Generator, points: np.ndarray, space: float) -> np.ndarray:
  """Points in pixels of the page, slightly rotated, slanted and stretched: float [points, 2]."""
  angle, lean = np.deg2rad(rng.uniform(-4, 4)), rng.uniform(-0.12, 0.12)
  turn = rotation(angle)
  stretch = np.diag(rng.uniform(0.88, 1.12, 2)) * space / geometry.STAFF_SPACE
  return points @ (turn @ np.array([[1, lean], [0, 1]]) @ stretch).T


def _write(
  rng: np.random.Generator, draw: ImageDraw.ImageDraw, points: np.ndarray, stroke, pen: float
) -> None:
  """Draws discs along every stroke, whose width varies as with the pen's pressure; leaves gaps."""
  for number in np.unique(stroke):
    line = points[stroke == number]
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    along = np.arange(0, length[-1] + 0.5, 0.5)
    x, y = (np.interp(along, length, line[:, axis]) for axis in (0, 1))
    knots = max(2, int(length[-1] / (4 * pen)) + 2)
    press = np.interp(along, np.linspace(0, length[-1] + 1, knots), rng.uniform(0.7, 1.2, knots))
    skipped = np.zeros(len(along), bool)
    if rng.random() < 0.25 and length[-1] > 6 * pen:
      start = rng.uniform(0.1, 0.8) * length[-1]
      skipped = (along > start) & (along < start + rng.uniform(1.0, 1.8) * pen)
    for px, py, wide in zip(x[~skipped], y[~skipped], press[~skipped] * pen / 2, strict=True):
      draw.ellipse([px - wide, py - wide, px + wide, py + wide], fill=255)


def _rule(
  rng: np.random.Generator, draw: ImageDraw.ImageDraw, border: int, box: np.ndarray, space: float
) -> None:
  """Draws five staff lines, at times only on one side of the symbol."""
  top = border + rng.uniform(-4, 1) * space + rng.uniform(0, 1) * max(0, box[1] - space)
  rise, wide = rng.uniform(-0.02, 0.02), rng.uniform(0.05, 0.11) * space
  end = 2 * border + box[0]
  begin, end = [(0, end), (0, border + rng.uniform(0, 0.5) * box[0]), (end / 2, end)][
    rng.integers(3)
  ]
  for line in range(5):
    y = top + line * space
    draw.line([(begin, y + rise * begin), (end, y + rise * end)], fill=230, width=round(wide) or 1)


def _scanned(rng: np.random.Generator, ink: np.ndarray) -> np.ndarray:
  """Ink (0 to 255) on uneven paper after a scanner and JPEG compression: uint8 [height, width]."""
  height, width = ink.shape
  paper, black = rng.uniform(190, 250), rng.uniform(15, 90)
  light = rng.uniform(-15, 15) * np.linspace(-1, 1, width) + rng.uniform(-15, 15) * np.linspace(
    -1, 1, height
  ).reshape(-1, 1)
  cover = ink / 255 * np.clip(rng.normal(1, 0.08, ink.shape), 0, 1)
  grey = (paper + light) * (1 - cover) + black * cover + rng.normal(0, rng.uniform(1, 7), ink.shape)
  return looks.compressed(np.clip(grey, 0, 255).astype(np.uint8), int(rng.integers(35, 95)))
