"""Draws plots without music: curves and points on a grid, bars along a time axis.

Every function takes a random generator and the size in pixels, and returns uint8 [height, width,
3].
"""

import numpy as np

from omr_jax.synthetic import fonts, printing, words
from omr_jax.synthetic.printing import INK


def curves(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """One to five curves, with or without points, over a grid with numbers at its edges."""
  image, pen = printing.sheet(height, width)
  box = _axes(pen, rng, height, width)
  count = int(rng.integers(8, 80))
  x = np.linspace(box[0], box[2], count)
  for _ in range(int(rng.integers(1, 6))):
    steps = rng.normal(0, 1, count) + rng.normal(0, 0.3)
    if rng.random() < 0.5:
      steps = np.convolve(steps, np.ones(5) / 5, 'same')
    y = np.cumsum(steps) if rng.random() < 0.6 else steps
    y = (y - y.min()) / max(np.ptp(y), 1e-9) * rng.uniform(0.3, 1)
    y = box[3] - (y + rng.uniform(0, 1 - y.max())) * (box[3] - box[1])
    colour = _colour(rng)
    points = list(zip(x.tolist(), y.tolist(), strict=True))
    kind = rng.choice(['line', 'points', 'both', 'stems'], p=[0.45, 0.2, 0.2, 0.15])
    if kind in ('line', 'both'):
      pen.line(points, colour, int(rng.integers(1, 4)), 'curve')
    radius = min(height, width) * rng.uniform(0.006, 0.025)
    for px, py in points if kind != 'line' else ():
      pen.ellipse([px - radius, py - radius, px + radius, py + radius], colour, colour)
      if kind == 'stems':
        pen.line([px, py, px, box[3]], fill=colour)
  return np.asarray(image)


def times(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """Bars along a time axis, as in a project plan, or signals that go up and down."""
  image, pen = printing.sheet(height, width)
  left, top, right, bottom = _axes(pen, rng, height, width)
  rows = max(1, round((bottom - top) / width * rng.uniform(6, 25)))
  tall = (bottom - top) / rows
  signals, colour = rng.random() < 0.5, _colour(rng)
  for row in range(rows):
    low = top + (row + 0.8) * tall
    if not signals:
      start, end = np.sort(rng.uniform(left, right, 2))
      pen.rectangle([start, low - tall * 0.55, end, low], fill=_colour(rng), outline=INK)
      continue
    x, up, points = left, False, []
    while x < right:
      y = low - tall * 0.6 * up
      ahead = x + tall * rng.uniform(0.3, 3)
      points += [(x, y), (min(ahead, right), y)]
      x, up = ahead, not up
    pen.line(points, fill=colour, width=max(1, round(tall / 20)))
  return np.asarray(image)


def _axes(pen, rng: np.random.Generator, height: int, width: int) -> tuple[float, ...]:
  """Draws axes, a grid and their numbers; returns left, top, right and bottom of the inside."""
  size = max(7, min(height, width) / rng.uniform(18, 40))
  font = fonts.any_font(rng, size)
  named = rng.random() < 0.8
  left, bottom = size * 3 * named + 2, height - size * 1.8 * named - 2
  right, top = width * rng.uniform(0.93, 0.99), height * rng.uniform(0.03, 0.1)
  shade = tuple([int(rng.integers(90, 225))] * 3)
  thick = int(rng.integers(1, 3))
  across, along = int(rng.integers(0, 10)), int(rng.integers(0, 14))
  for share in np.linspace(0, 1, across + 1) if across else ():
    y = bottom + (top - bottom) * share
    pen.line([left, y, right, y], fill=shade, width=thick)
    if named:
      pen.text((left - 3, y), f'{100 * share:.0f}', INK, font, 'rm')
  for share in np.linspace(0, 1, along + 1) if along else ():
    x = left + (right - left) * share
    pen.line([x, top, x, bottom], fill=shade, width=thick)
    if named:
      pen.text((x, bottom + size), str(int(1990 + 40 * share)), INK, font, 'mm')
  if rng.random() < 0.6:
    pen.rectangle([left, top, right, bottom], outline=INK)
  if named and rng.random() < 0.5:
    pen.text(((left + right) / 2, top), words.phrase(rng, 3).title(), INK, font, 'mm')
  return left, top, right, bottom


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
  """The colour of a line: black, or in most cases a random dark colour."""
  return INK if rng.random() < 0.4 else tuple(rng.integers(0, 200, 3).tolist())
