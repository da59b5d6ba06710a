"""Draws pages without music: paper, text, tables, forms, charts.

Every public function for a page takes a random generator and the size in pixels (each side at least
300) and returns the page as uint8 [height, width, 3].
"""

import itertools

import numpy as np

from omr_jax.synthetic import words as made_up
from omr_jax.synthetic.fonts import plain_font
from omr_jax.synthetic.printing import INK, pick, picture, scribble, sheet, text_columns

PAPERS = {'white': (255, 255, 255), 'cream': (246, 236, 208), 'grey': (176, 176, 176)}
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
  image, pen = sheet(height, width)
  colour = pick(rng, _PRINTED_LINES) if coloured else (40, 40, 40)
  distance = height / rng.uniform(24, 50)
  thick = int(rng.integers(1, 3))
  left = int(width * rng.uniform(0, 0.08))
  for y in np.arange(distance * rng.integers(1, 5), height, distance):
    pen.line([left, y, width - left, y], fill=colour, width=thick)
  if rng.random() < 0.6:
    x = width * rng.uniform(0.1, 0.16)
    pen.line([x, 0, x, height], fill=(210, 90, 100) if coloured else colour, width=thick)
  return np.array(image)


def squared(
  rng: np.random.Generator, height: int, width: int, coloured: bool = False
) -> np.ndarray:
  """Squared paper; on some sheets every fifth line is thicker."""
  image, pen = sheet(height, width)
  colour = pick(rng, _PRINTED_LINES) if coloured else (90, 90, 90)
  distance = width / rng.uniform(28, 60)
  fifth = rng.random() < 0.4
  for horizontal, far, along in ((False, width, height), (True, height, width)):
    for number, at in enumerate(np.arange(distance / 2, far, distance)):
      ends = [0, at, along, at] if horizontal else [at, 0, at, along]
      pen.line(ends, fill=colour, width=3 if fifth and number % 5 == 0 else 1)
  return np.array(image)


def text(rng: np.random.Generator, height: int, width: int, columns: int = 1) -> np.ndarray:
  """A page of a book: dense text in columns under a page header."""
  image, pen = sheet(height, width)
  box = (width * 0.08, height * 0.09, width * 0.92, height * 0.94)
  text_columns(pen, rng, box, columns, height / rng.uniform(55, 85))
  pen.text((width / 2, height * 0.06), made_up.phrase(rng, 3), INK, plain_font(height / 60), 'mm')
  return np.array(image)


def newspaper(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A front page: a title, headlines over columns of small text, a grey picture."""
  image, pen = sheet(height, width)
  pen.rectangle([0, 0, width, height], fill=(236, 232, 222))
  title = made_up.phrase(rng, 2).title()
  font = plain_font(height / 14)
  font = font.font_variant(size=font.size * min(1, width * 0.9 / font.getlength(title)))
  pen.text((width / 2, height * 0.06), title, INK, font, 'mm')
  for y in (0.105, 0.125):
    pen.line([width * 0.04, height * y, width * 0.96, height * y], fill=INK, width=2)
  pen.text((width / 2, height * 0.115), made_up.phrase(rng, 6), INK, plain_font(height / 90), 'mm')
  columns = int(rng.integers(4, 6))
  wide = width * 0.92 / columns
  split = int(rng.integers(2, columns))
  for start, end in ((0, split), (split, columns)):
    x, right = width * 0.04 + start * wide, width * 0.04 + end * wide
    for y0, y1 in ((0.14, 0.52), (0.54, 0.97)):
      low = height * y0
      heading = plain_font(height / 45)
      for line in made_up.lines(rng, heading, right - x - 20, 2):
        pen.text((x, low), line, INK, heading)
        low += height / 38
      if rng.random() < 0.4:
        tall = height * rng.uniform(0.1, 0.16)
        picture(image, rng, (x, low + 5, right - 15, low + tall))
        low += tall + 10
      box = (x, low + 8, right - 12, height * y1)
      text_columns(pen, rng, box, end - start, height / 110)
  return np.array(image)


def table(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A table of words and numbers, with all its lines or only those between the rows."""
  image, pen = sheet(height, width)
  rows, columns = int(rng.integers(18, 40)), int(rng.integers(4, 8))
  left, right, top = width * 0.07, width * 0.93, height * 0.14
  tall = height * 0.78 / rows
  cuts = np.concatenate([[0], np.cumsum(rng.uniform(0.7, 1.6, columns))])
  edges = left + (right - left) * cuts / cuts[-1]
  pen.text((left, height * 0.08), made_up.phrase(rng, 4).title(), INK, plain_font(height / 42))
  shaded, vertical = rng.random() < 0.5, rng.random() < 0.6
  font = plain_font(min(tall * 0.55, height / 70))
  for row in range(rows):
    y = top + row * tall
    if row == 0 or (shaded and row % 2 == 0):
      pen.rectangle([left, y, right, y + tall], fill=(205, 212, 222) if row == 0 else (238,) * 3)
    for column in range(columns):
      words = row == 0 or column == 0
      entry = made_up.word(rng) if words else f'{rng.uniform(0, 999):.2f}'
      at, anchor = (edges[column] + 6, 'lm') if words else (edges[column + 1] - 8, 'rm')
      pen.text((at, y + tall / 2), entry, INK, font, anchor)
  for y in top + np.arange(rows + 1) * tall:
    pen.line([left, y, right, y], fill=INK)
  for x in edges if vertical else ():
    pen.line([x, top, x, top + rows * tall], fill=INK)
  return np.array(image)


def form(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A form: a heading, labelled fields, lines to write on, boxes to tick, a place to sign."""
  image, pen = sheet(height, width)
  left, right = width * 0.08, width * 0.92
  size = height / 75
  pen.rectangle([left, height * 0.05, right, height * 0.1], fill=(60, 75, 105))
  title = made_up.phrase(rng, 3).upper()
  pen.text((left + 15, height * 0.075), title, (255, 255, 255), plain_font(size * 1.7), 'lm')
  y = height * 0.13
  while y < height * 0.86:
    kind = rng.choice(['fields', 'line', 'ticks', 'digits'], p=[0.4, 0.25, 0.2, 0.15])
    if kind == 'fields':
      edges = np.linspace(left, right, int(rng.integers(2, 5)))
      for x0, x1 in itertools.pairwise(edges):
        pen.rectangle([x0, y, x1, y + size * 3], outline=INK)
        pen.text((x0 + 6, y + 4), made_up.phrase(rng, 2), INK, plain_font(size * 0.75))
      y += size * 3.6
    elif kind == 'line':
      label, font = made_up.phrase(rng, 2).capitalize() + ':', plain_font(size)
      pen.text((left, y + size), label, INK, font)
      start = left + font.getlength(label) + 10
      pen.line([start, y + size * 2.2, right, y + size * 2.2], fill=INK)
      y += size * 3.2
    elif kind == 'ticks':
      for x in np.linspace(left, right, 4)[:-1]:
        pen.rectangle([x, y + size * 0.6, x + size * 1.2, y + size * 1.8], outline=INK, width=2)
        if rng.random() < 0.4:
          scribble(pen, rng, (x, y + size * 0.5, x + size * 1.3, y + size * 2), (30, 50, 150), 3)
        pen.text((x + size * 2, y + size * 0.6), made_up.phrase(rng, 2), INK, plain_font(size))
      y += size * 2.8
    else:
      pen.text((left, y + size * 0.6), made_up.word(rng).capitalize(), INK, plain_font(size))
      for number in range(int(rng.integers(8, 15))):
        x = left + width * 0.2 + number * size * 1.7
        pen.rectangle([x, y, x + size * 1.7, y + size * 2.1], outline=INK)
      y += size * 3
  pen.line([left, height * 0.94, left + width * 0.35, height * 0.94], fill=INK, width=2)
  box = (left + 20, height * 0.9, left + width * 0.25, height * 0.935)
  scribble(pen, rng, box, (30, 50, 150), 9)
  return np.array(image)


def chart(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A page of a report: text above, a bar chart with grid lines below."""
  image, pen = sheet(height, width)
  left, right = width * 0.1, width * 0.9
  text_columns(pen, rng, (left, height * 0.08, right, height * 0.4), 1, height / 65)
  top, bottom = height * 0.46, height * 0.86
  for share in np.linspace(0, 1, 6):
    y = bottom + (top - bottom) * share
    pen.line([left, y, right, y], fill=(190, 190, 190))
    pen.text((left - 6, y), f'{100 * share:.0f}', INK, plain_font(height / 80), 'rm')
  bars = int(rng.integers(5, 14))
  wide = (right - left) / bars
  colour = pick(rng, ((70, 110, 170), (90, 90, 90), (190, 110, 60)))
  for number, share in enumerate(rng.uniform(0.1, 0.95, bars)):
    x = left + number * wide
    pen.rectangle([x + wide * 0.2, bottom - (bottom - top) * share, x + wide * 0.8, bottom], colour)
    pen.text((x + wide / 2, bottom + 15), str(2000 + number), INK, plain_font(height / 90), 'mm')
  pen.line([left, bottom, right, bottom], fill=INK, width=2)
  return np.array(image)


def barcode(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A parcel label: an address, two large barcodes (long lines close together), their numbers."""
  image, pen = sheet(height, width)
  left, right = width * 0.1, width * 0.9
  pen.rectangle([left - 30, height * 0.06, right + 30, height * 0.94], outline=INK, width=4)
  for row in range(4):
    at = (left, height * (0.1 + 0.035 * row))
    pen.text(at, made_up.phrase(rng, 3).title(), INK, plain_font(height / 45))
  for top, bottom in ((0.3, 0.55), (0.68, 0.84)):
    x, unit = left, max(1, width * rng.uniform(0.003, 0.006))
    while x < right - 8 * unit:
      bar = unit * rng.integers(1, 5)
      pen.rectangle([x, height * top, x + bar - 1, height * bottom], fill=INK)
      x += bar + unit * rng.integers(1, 4)
    number = ''.join(str(digit) for digit in rng.integers(0, 10, 14))
    pen.text((width / 2, height * (bottom + 0.03)), number, INK, plain_font(height / 45), 'mm')
  return np.array(image)


def notebook(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """Ruled paper with lines of scribble that looks like handwriting."""
  image, pen = sheet(height, width)
  distance = height / rng.uniform(24, 34)
  colour = pick(rng, ((30, 45, 130), (40, 40, 45)))
  margin = width * 0.13
  for y in np.arange(distance * 3, height, distance):
    pen.line([0, y, width, y], fill=(160, 190, 220), width=2)
    x, end = margin + 10, width * (rng.uniform(0.3, 0.9) if rng.random() < 0.2 else 0.93)
    while x < end - distance:
      letters = min(int(rng.integers(2, 9)), int((end - x) / distance / 0.38))
      wide = letters * distance * 0.38
      scribble(pen, rng, (x, y - distance * 0.5, x + wide, y - 2), colour, letters)
      x += wide + distance * 0.5
  pen.line([margin, 0, margin, height], fill=(215, 110, 120), width=2)
  return np.array(image)
