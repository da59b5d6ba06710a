"""Draws patterns without music: checkerboards, dither, stripes, dots, bricks, keys of a piano.

Every function takes a random generator and the size in pixels, and returns uint8 [height, width,
3].
"""

import numpy as np
from PIL import Image

from omr_jax.synthetic import printing
from omr_jax.synthetic.printing import INK

_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])


def checkerboard(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """Squares or bricks of two colours in turn."""
  high = max(1, min(height, width) / rng.uniform(3, 40))
  wide = high * rng.choice([1, 1, rng.uniform(0.5, 3)])
  rows, columns = np.arange(height) // high, np.arange(width) // wide
  return _two_colours(rng, (rows[:, None] + columns) % 2)


def dither(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """Shades made of black and white cells: by an ordered matrix, or by chance."""
  coarse = Image.fromarray(rng.uniform(0, 1, (3, 4)).astype(np.float32))
  scale = int(rng.integers(1, 7))
  size = max(1, width // scale), max(1, height // scale)
  shade = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC))
  if rng.random() < 0.6:
    level = np.tile(_BAYER, (size[1] // 4 + 1, size[0] // 4 + 1))[: size[1], : size[0]] / 16
  else:
    level = rng.random(shade.shape)
  cells = Image.fromarray(((shade > level) * 255).astype(np.uint8))
  large = np.asarray(cells.resize((width, height), Image.Resampling.NEAREST)) / 255
  return _two_colours(rng, large)


def stripes(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """Stripes over the whole picture: thin to wide, at any angle, straight or wavy.

  Thin horizontal lines are many or two, never the few of a staff.
  """
  angle = rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)])
  y, x = np.mgrid[:height, :width].astype(np.float32)
  across = x * np.sin(angle) + y * np.cos(angle)
  count = rng.choice([2, rng.uniform(9, 45)])
  share = rng.uniform(0.08, 0.9)  # Of a period that is dark.
  if rng.random() < 0.3:
    across += np.sin(x / width * rng.uniform(3, 20)) * min(height, width) * rng.uniform(0.01, 0.1)
  phase = across / (height * abs(np.cos(angle)) + width * abs(np.sin(angle))) * count
  return _two_colours(rng, (phase + rng.random()) % 1 < share)


def dots(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """Round dots in rows, all alike or each of its own size, or with their rows set off."""
  image, pen = printing.sheet(height, width)
  apart = min(height, width) / rng.uniform(2, 16)
  radius = apart * rng.uniform(0.1, 0.48)
  vary, shift, filled = rng.random() < 0.4, rng.random() < 0.4, rng.random() < 0.6
  for row, y in enumerate(np.arange(apart / 2, height, apart)):
    for x in np.arange(apart / 2 * (1 + shift * (row % 2)), width, apart):
      r = radius * (rng.uniform(0.3, 1) if vary else 1)
      pen.ellipse([x - r, y - r, x + r, y + r], INK if filled else None, INK, 2)
  return np.asarray(image)


def keys(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """The keys of a piano, or a fence: upright bars between two edges."""
  image, pen = printing.sheet(height, width)
  wide = height * rng.uniform(0.12, 0.3)
  piano = rng.random() < 0.6
  pen.rectangle([0, 0, width - 1, height - 1], outline=INK, width=2)
  for number, x in enumerate(np.arange(0, width + wide, wide)):
    pen.line([x, 0, x, height], fill=INK, width=2)
    if piano and number % 7 in (1, 2, 4, 5, 6):
      pen.rectangle([x - wide * 0.3, 0, x + wide * 0.3, height * 0.6], fill=INK)
  if not piano:
    for y in (0.2, 0.75):
      pen.rectangle([0, height * y, width, height * (y + 0.06)], fill=INK)
  return np.asarray(image)


def _two_colours(rng: np.random.Generator, share: np.ndarray) -> np.ndarray:
  """0 and 1 as black and white, or as two colours: [height, width] to [height, width, 3]."""
  first, second = np.array([(0, 0, 0), (255, 255, 255)])
  if rng.random() < 0.4:
    first, second = rng.integers(0, 256, (2, 3))
  picture = first + np.asarray(share, np.float32)[:, :, None] * (second - first)
  return np.rint(picture).astype(np.uint8)
