"""Draws pages without music: paper, text, tables, forms, charts.

Every public function for a page takes a random generator and the size in pixels (each side at least
300) and returns the page as uint8 [height, width, 3].
"""

import itertools

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import interpolate

from omr_jax.synthetic import words as probe_words

PAPERS = {'white': (255, 255, 255), 'cream': (246, 236, 208), 'grey': (176, 176, 176)}
_INK = (25, 25, 30)
_PRINTED_LINES = ((120, 160, 215), (150, 190, 160), (205, 150, 160), (150, 150, 150))


def blank(rng: np.random.Generator, height: int, width: int, paper: str = 'white') -> np.ndarray:
  """A blank sheet of one of PAPERS; it has a little grain unless it is white."""
  page = np.broadcast_to(np.array(PAPERS[paper], float), (height, width, 3))
  if paper == 'white':
    return page.astype(np.uint8)
  grain = rng.normal(0, 2, (height, width, 1)) + rng.uniform(-6, 6)
  return np.clip(page + grain, 0, 255).astype(np.uint8)


def ruled(rng: np.random.Generator, height: int, width: int, coloured: bool = False) -> np.ndarray:
  """Writing paper: evenly spaced lines over the whole page, some pages with a margin line."""
  image, pen = _sheet(height, width)
  color = _pick(rng, _PRINTED_LINES) if coloured else (40, 40, 40)
  distance = height / rng.uniform(24, 50)
  thick = int(rng.integers(1, 3))
  left = int(width * rng.uniform(0, 0.08))
  for y in np.arange(distance * rng.integers(1, 5), height, distance):
    pen.line([left, y, width - left, y], fill=color, width=thick)
  if rng.random() < 0.6:
    x = width * rng.uniform(0.1, 0.16)
    pen.line([x, 0, x, height], fill=(210, 90, 100) if coloured else color, width=thick)
  return np.array(image)


def squared(
  rng: np.random.Generator, height: int, width: int, coloured: bool = False
) -> np.ndarray:
  """Squared paper; on some sheets every fifth line is thicker."""
  image, pen = _sheet(height, width)
  color = _pick(rng, _PRINTED_LINES) if coloured else (90, 90, 90)
  distance = width / rng.uniform(28, 60)
  fifth = rng.random() < 0.4
  for horizontal, far, along in ((False, width, height), (True, height, width)):
    for number, at in enumerate(np.arange(distance / 2, far, distance)):
      ends = [0, at, along, at] if horizontal else [at, 0, at, along]
      pen.line(ends, fill=color, width=3 if fifth and number % 5 == 0 else 1)
  return np.array(image)


def text(rng: np.random.Generator, height: int, width: int, columns: int = 1) -> np.ndarray:
  """A page of a book: dense text in columns under a page header."""
  image, pen = _sheet(height, width)
  box = (width * 0.08, height * 0.09, width * 0.92, height * 0.94)
  text_columns(pen, rng, box, columns, height / rng.uniform(55, 85))
  pen.text((width / 2, height * 0.06), probe_words.phrase(rng, 3), _INK, _font(height / 60), 'mm')
  return np.array(image)


def newspaper(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A front page: a title, headlines over columns of small text, a grey picture."""
  image, pen = _sheet(height, width)
  pen.rectangle([0, 0, width, height], fill=(236, 232, 222))
  title = probe_words.phrase(rng, 2).title()
  font = _font(height / 14)
  font = font.font_variant(size=font.size * min(1, width * 0.9 / font.getlength(title)))
  pen.text((width / 2, height * 0.06), title, _INK, font, 'mm')
  for y in (0.105, 0.125):
    pen.line([width * 0.04, height * y, width * 0.96, height * y], fill=_INK, width=2)
  pen.text((width / 2, height * 0.115), probe_words.phrase(rng, 6), _INK, _font(height / 90), 'mm')
  columns = int(rng.integers(4, 6))
  wide = width * 0.92 / columns
  split = int(rng.integers(2, columns))
  for start, end in ((0, split), (split, columns)):
    x, right = width * 0.04 + start * wide, width * 0.04 + end * wide
    for y0, y1 in ((0.14, 0.52), (0.54, 0.97)):
      low = height * y0
      heading = _font(height / 45)
      for line in probe_words.lines(rng, heading, right - x - 20, 2):
        pen.text((x, low), line, _INK, heading)
        low += height / 38
      if rng.random() < 0.4:
        tall = height * rng.uniform(0.1, 0.16)
        _picture(image, rng, (x, low + 5, right - 15, low + tall))
        low += tall + 10
      box = (x, low + 8, right - 12, height * y1)
      text_columns(pen, rng, box, end - start, height / 110)
  return np.array(image)


def table(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A table of words and numbers, with all its lines or only those between the rows."""
  image, pen = _sheet(height, width)
  rows, columns = int(rng.integers(18, 40)), int(rng.integers(4, 8))
  left, right, top = width * 0.07, width * 0.93, height * 0.14
  tall = height * 0.78 / rows
  cuts = np.concatenate([[0], np.cumsum(rng.uniform(0.7, 1.6, columns))])
  edges = left + (right - left) * cuts / cuts[-1]
  pen.text((left, height * 0.08), probe_words.phrase(rng, 4).title(), _INK, _font(height / 42))
  shaded, vertical = rng.random() < 0.5, rng.random() < 0.6
  font = _font(min(tall * 0.55, height / 70))
  for row in range(rows):
    y = top + row * tall
    if row == 0 or (shaded and row % 2 == 0):
      pen.rectangle([left, y, right, y + tall], fill=(205, 212, 222) if row == 0 else (238,) * 3)
    for column in range(columns):
      words = row == 0 or column == 0
      entry = probe_words.word(rng) if words else f'{rng.uniform(0, 999):.2f}'
      at, anchor = (edges[column] + 6, 'lm') if words else (edges[column + 1] - 8, 'rm')
      pen.text((at, y + tall / 2), entry, _INK, font, anchor)
  for y in top + np.arange(rows + 1) * tall:
    pen.line([left, y, right, y], fill=_INK)
  for x in edges if vertical else ():
    pen.line([x, top, x, top + rows * tall], fill=_INK)
  return np.array(image)


def form(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A form: a heading, labelled fields, lines to write on, boxes to tick, a place to sign."""
  image, pen = _sheet(height, width)
  left, right = width * 0.08, width * 0.92
  size = height / 75
  pen.rectangle([left, height * 0.05, right, height * 0.1], fill=(60, 75, 105))
  title = probe_words.phrase(rng, 3).upper()
  pen.text((left + 15, height * 0.075), title, (255, 255, 255), _font(size * 1.7), 'lm')
  y = height * 0.13
  while y < height * 0.86:
    kind = rng.choice(['fields', 'line', 'ticks', 'digits'], p=[0.4, 0.25, 0.2, 0.15])
    if kind == 'fields':
      edges = np.linspace(left, right, int(rng.integers(2, 5)))
      for x0, x1 in itertools.pairwise(edges):
        pen.rectangle([x0, y, x1, y + size * 3], outline=_INK)
        pen.text((x0 + 6, y + 4), probe_words.phrase(rng, 2), _INK, _font(size * 0.75))
      y += size * 3.6
    elif kind == 'line':
      label, font = probe_words.phrase(rng, 2).capitalize() + ':', _font(size)
      pen.text((left, y + size), label, _INK, font)
      start = left + font.getlength(label) + 10
      pen.line([start, y + size * 2.2, right, y + size * 2.2], fill=_INK)
      y += size * 3.2
    elif kind == 'ticks':
      for x in np.linspace(left, right, 4)[:-1]:
        pen.rectangle([x, y + size * 0.6, x + size * 1.2, y + size * 1.8], outline=_INK, width=2)
        if rng.random() < 0.4:
          _scribble(pen, rng, (x, y + size * 0.5, x + size * 1.3, y + size * 2), (30, 50, 150), 3)
        pen.text((x + size * 2, y + size * 0.6), probe_words.phrase(rng, 2), _INK, _font(size))
      y += size * 2.8
    else:
      pen.text((left, y + size * 0.6), probe_words.word(rng).capitalize(), _INK, _font(size))
      for number in range(int(rng.integers(8, 15))):
        x = left + width * 0.2 + number * size * 1.7
        pen.rectangle([x, y, x + size * 1.7, y + size * 2.1], outline=_INK)
      y += size * 3
  pen.line([left, height * 0.94, left + width * 0.35, height * 0.94], fill=_INK, width=2)
  box = (left + 20, height * 0.9, left + width * 0.25, height * 0.935)
  _scribble(pen, rng, box, (30, 50, 150), 9)
  return np.array(image)


def chart(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A page of a report: text above, a bar chart with grid lines below."""
  image, pen = _sheet(height, width)
  left, right = width * 0.1, width * 0.9
  text_columns(pen, rng, (left, height * 0.08, right, height * 0.4), 1, height / 65)
  top, bottom = height * 0.46, height * 0.86
  for share in np.linspace(0, 1, 6):
    y = bottom + (top - bottom) * share
    pen.line([left, y, right, y], fill=(190, 190, 190))
    pen.text((left - 6, y), f'{100 * share:.0f}', _INK, _font(height / 80), 'rm')
  bars = int(rng.integers(5, 14))
  wide = (right - left) / bars
  color = _pick(rng, ((70, 110, 170), (90, 90, 90), (190, 110, 60)))
  for number, share in enumerate(rng.uniform(0.1, 0.95, bars)):
    x = left + number * wide
    pen.rectangle([x + wide * 0.2, bottom - (bottom - top) * share, x + wide * 0.8, bottom], color)
    pen.text((x + wide / 2, bottom + 15), str(2000 + number), _INK, _font(height / 90), 'mm')
  pen.line([left, bottom, right, bottom], fill=_INK, width=2)
  return np.array(image)


def barcode(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A parcel label: an address, two large barcodes (long lines close together), their numbers."""
  image, pen = _sheet(height, width)
  left, right = width * 0.1, width * 0.9
  pen.rectangle([left - 30, height * 0.06, right + 30, height * 0.94], outline=_INK, width=4)
  for row in range(4):
    at = (left, height * (0.1 + 0.035 * row))
    pen.text(at, probe_words.phrase(rng, 3).title(), _INK, _font(height / 45))
  for top, bottom in ((0.3, 0.55), (0.68, 0.84)):
    x, unit = left, max(1, width * rng.uniform(0.003, 0.006))
    while x < right - 8 * unit:
      bar = unit * rng.integers(1, 5)
      pen.rectangle([x, height * top, x + bar - 1, height * bottom], fill=_INK)
      x += bar + unit * rng.integers(1, 4)
    number = ''.join(str(digit) for digit in rng.integers(0, 10, 14))
    pen.text((width / 2, height * (bottom + 0.03)), number, _INK, _font(height / 45), 'mm')
  return np.array(image)


def notebook(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """Ruled paper with lines of scribble that looks like handwriting."""
  image, pen = _sheet(height, width)
  distance = height / rng.uniform(24, 34)
  color = _pick(rng, ((30, 45, 130), (40, 40, 45)))
  margin = width * 0.13
  for y in np.arange(distance * 3, height, distance):
    pen.line([0, y, width, y], fill=(160, 190, 220), width=2)
    x, end = margin + 10, width * (rng.uniform(0.3, 0.9) if rng.random() < 0.2 else 0.93)
    while x < end - distance:
      letters = min(int(rng.integers(2, 9)), int((end - x) / distance / 0.38))
      wide = letters * distance * 0.38
      _scribble(pen, rng, (x, y - distance * 0.5, x + wide, y - 2), color, letters)
      x += wide + distance * 0.5
  pen.line([margin, 0, margin, height], fill=(215, 110, 120), width=2)
  return np.array(image)


def text_columns(
  pen: ImageDraw.ImageDraw,
  rng: np.random.Generator,
  box: tuple[float, float, float, float],
  columns: int,
  size: float,
  fill: tuple[int, int, int] = _INK,
) -> None:
  """Fills a box (left, top, right, bottom) with columns of text, `size` pixels high."""
  left, top, right, bottom = box
  font = _font(size)
  apart = font.size * 1.3
  wide = (right - left) / columns
  count = max(0, int((bottom - top) / apart))
  for column in range(columns):
    for row, line in enumerate(probe_words.lines(rng, font, wide - font.size, count)):
      pen.text((left + column * wide, top + row * apart), line, fill, font)


def _sheet(height: int, width: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
  """White paper and a pen on it."""
  image = Image.new('RGB', (width, height), PAPERS['white'])
  return image, ImageDraw.Draw(image)


def _font(size: float) -> ImageFont.FreeTypeFont:
  """The font that comes with Pillow."""
  return ImageFont.load_default(size=max(6, size))


def _pick(rng: np.random.Generator, colors: tuple) -> tuple[int, int, int]:
  """One of the colours."""
  return colors[rng.integers(len(colors))]


def _picture(image: Image.Image, rng: np.random.Generator, box) -> None:
  """Pastes a smooth grey pattern in place of a photo."""
  left, top, right, bottom = (round(value) for value in box)
  coarse = Image.fromarray(rng.integers(30, 220, (4, 5), dtype=np.uint8))
  image.paste(coarse.resize((right - left, bottom - top), Image.Resampling.BICUBIC), (left, top))


def _scribble(pen, rng, box, color, letters: int) -> None:
  """Draws a scribble like a handwritten word in a box (left, top, right, bottom)."""
  left, top, right, bottom = box
  knots = 3 * letters + 1
  x = np.linspace(left, right, knots) + rng.normal(0, (right - left) / knots / 2, knots)
  y = np.where(np.arange(knots) % 2, top, bottom) + rng.normal(0, (bottom - top) / 5, knots)
  tall = rng.random(knots) < 0.15
  y = y - tall * (bottom - top) * 0.7
  smooth = interpolate.CubicSpline(np.arange(knots), np.stack([x, y], 1))
  points = smooth(np.linspace(0, knots - 1, 6 * knots))
  pen.line([tuple(point) for point in points.tolist()], fill=color, width=2, joint='curve')
