"""Draws machine-readable codes (bar codes, QR codes, matrix codes), which hold no message.

Every function takes a random generator and the size in pixels, and returns uint8 [height, width,
3], black on white.
"""

import numpy as np
from PIL import Image

from omr_jax.synthetic import fonts, printing
from omr_jax.synthetic.printing import INK


def bars(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A bar code with a quiet zone, with or without its number, upright or on its side."""
  side = rng.random() < 0.2
  if side:
    height, width = width, height
  image, pen = printing.sheet(height, width)
  modules = int(rng.integers(40, 120))
  margin = width * rng.uniform(0.01, 0.12)
  unit = (width - 2 * margin) / modules
  text = rng.random() < 0.6
  bottom = height * (rng.uniform(0.7, 0.85) if text else rng.uniform(0.88, 1))
  x = 0
  while x < modules:
    bar = min(int(rng.integers(1, 5)), modules - x)
    pen.rectangle(
      [margin + x * unit, height * 0.06, margin + (x + bar - 0.2) * unit, bottom], fill=INK
    )
    x += bar + int(rng.integers(1, 5))
  if text:
    number = ' '.join(str(digit) for digit in rng.integers(0, 10, 12))
    font = fonts.any_font(rng, min((height - bottom) * 0.8, width / 16))
    pen.text((width / 2, (bottom + height) / 2), number, INK, font, 'mm')
  return np.rot90(np.asarray(image)) if side else np.asarray(image)


def squares(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A QR code: random squares with finder patterns in three corners, or with more of them."""
  cells = int(rng.choice([21, 25, 29, 33, 41]))
  code = rng.random((cells, cells)) < 0.5
  corners = [(0, 0), (0, cells - 7), (cells - 7, 0)]
  if rng.random() < 0.15:  # An Aztec code has one pattern, in the middle.
    corners = [((cells - 7) // 2, (cells - 7) // 2)]
  for row, column in corners:
    code[max(0, row - 1) : row + 8, max(0, column - 1) : column + 8] = False
    finder = np.pad(np.pad(np.ones((3, 3), bool), 1), 1, constant_values=True)
    code[row : row + 7, column : column + 7] = finder
  return _placed(rng, code, height, width)


def matrix(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A Data Matrix, with solid and dotted edges, or stacked rows of bars as in PDF417."""
  if rng.random() < 0.5:
    cells = int(rng.choice([10, 14, 18, 22, 26]))
    code = rng.random((cells, cells)) < 0.5
    code[:, 0] = code[-1] = True
    code[0] = np.arange(cells) % 2 == 0
    code[:, -1] = np.arange(cells) % 2 == 1
    return _placed(rng, code, height, width)
  rows, columns = int(rng.integers(4, 30)), int(rng.integers(60, 150))
  code = rng.random((rows, columns)) < 0.5
  code[:, [0, 1, 2, -1]] = True
  tall = int(rng.integers(2, 5))
  return _placed(rng, np.repeat(code, tall, axis=0), height, width)


def _placed(rng: np.random.Generator, code: np.ndarray, height: int, width: int) -> np.ndarray:
  """The code's cells, square, as large as fits, with a quiet zone around."""
  share = rng.uniform(0.55, 0.97)
  scale = share * min(height / code.shape[0], width / code.shape[1])
  size = max(1, round(code.shape[1] * scale)), max(1, round(code.shape[0] * scale))
  cells = Image.fromarray(np.where(code, 0, 255).astype(np.uint8))
  image, _ = printing.sheet(height, width)
  corner = int((width - size[0]) * rng.uniform(0.2, 0.8)), (height - size[1]) // 2
  image.paste(cells.resize(size, Image.Resampling.NEAREST), corner)
  return np.asarray(image)
