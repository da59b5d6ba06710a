"""Parts of drawn pages: a sheet, columns of text, pictures, scribbles."""

import numpy as np
from PIL import Image, ImageDraw
from scipy import interpolate

from omr_jax.synthetic import fonts, words

INK = (25, 25, 30)  # The colour of printed words and lines.


def text_columns(
  pen: ImageDraw.ImageDraw,
  rng: np.random.Generator,
  box: tuple[float, float, float, float],
  columns: int,
  size: float,
  fill: tuple[int, int, int] = INK,
) -> None:
  """Fills a box (left, top, right, bottom) with columns of text, `size` pixels high."""
  left, top, right, bottom = box
  font = fonts.plain_font(size)
  apart = font.size * 1.3
  wide = (right - left) / columns
  count = max(0, int((bottom - top) / apart))
  for column in range(columns):
    for row, line in enumerate(words.lines(rng, font, wide - font.size, count)):
      pen.text((left + column * wide, top + row * apart), line, fill, font)


def sheet(height: int, width: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
  """White paper and a pen on it."""
  image = Image.new('RGB', (width, height), (255, 255, 255))
  return image, ImageDraw.Draw(image)


def pick(rng: np.random.Generator, colours: tuple) -> tuple[int, int, int]:
  """One of the colours."""
  return colours[rng.integers(len(colours))]


def picture(image: Image.Image, rng: np.random.Generator, box) -> None:
  """Pastes a smooth grey pattern in place of a photo."""
  left, top, right, bottom = (round(value) for value in box)
  coarse = Image.fromarray(rng.integers(30, 220, (4, 5), dtype=np.uint8))
  image.paste(coarse.resize((right - left, bottom - top), Image.Resampling.BICUBIC), (left, top))


def scribble(pen, rng, box, colour, letters: int) -> None:
  """Draws a scribble like a handwritten word in a box (left, top, right, bottom)."""
  left, top, right, bottom = box
  knots = 3 * letters + 1
  x = np.linspace(left, right, knots) + rng.normal(0, (right - left) / knots / 2, knots)
  y = np.where(np.arange(knots) % 2, top, bottom) + rng.normal(0, (bottom - top) / 5, knots)
  tall = rng.random(knots) < 0.15
  y = y - tall * (bottom - top) * 0.7
  smooth = interpolate.CubicSpline(np.arange(knots), np.stack([x, y], 1))
  points = smooth(np.linspace(0, knots - 1, 6 * knots))
  pen.line([tuple(point) for point in points.tolist()], fill=colour, width=2, joint='curve')
