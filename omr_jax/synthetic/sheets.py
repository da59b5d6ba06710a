"""Draws sheets to fill in or to look up: answer sheets, tables with bands, grids of signs, windows.

Every function takes a random generator and the size in pixels, and returns uint8 [height, width,
3].
"""

import numpy as np

from omr_jax.synthetic import fonts, printing, words
from omr_jax.synthetic.printing import INK

_BANDS = ((225, 232, 242), (236, 236, 236), (255, 245, 205), (222, 240, 222), (205, 205, 205))
_BARS = ((40, 70, 130), (60, 60, 64), (150, 40, 40), (0, 110, 110), (205, 205, 210))


def answers(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """An answer sheet: rows of bubbles to fill in, in blocks, some of them filled."""
  image, pen = printing.sheet(height, width)
  across = max(1, round(width / height * rng.uniform(1, 4)))
  blocks = min(across, 8)
  options = int(rng.choice([2, 3, 4, 5, 5, 6, 10]))
  top = height * (rng.uniform(0.08, 0.25) if height > 0.6 * width else rng.uniform(0, 0.08))
  wide = width * 0.96 / blocks
  rows = max(1, round((height - top) / wide * (options + 2) * rng.uniform(0.55, 1)))
  apart = np.array([wide / (options + 2), (height - top) * 0.98 / rows])
  radius = min(apart) * rng.uniform(0.28, 0.47)
  shape = rng.choice(['circle', 'oval', 'box', 'bracket'], p=[0.5, 0.25, 0.15, 0.1])
  colour = INK if rng.random() < 0.7 else tuple(rng.integers(60, 220, 3).tolist())
  lettered, marked = rng.random() < 0.6, rng.uniform(0, 1)
  font = fonts.any_font(rng, radius * 1.3)
  thick = max(1, round(radius * rng.uniform(0.06, 0.25)))
  if top > height * 0.08:
    pen.text((width / 2, top / 2), words.phrase(rng, 3).title(), INK, fonts.any_font(rng, top / 3),
             'mm')  # fmt: skip
  for block in range(blocks):
    left = width * 0.02 + block * wide
    if rng.random() < 0.3:
      pen.rectangle([left, top, left + wide * 0.96, height - 2], outline=colour)
    for row in range(rows):
      y = top + (row + 0.5) * apart[1]
      pen.text((left + apart[0] * 0.9, y), str(block * rows + row + 1), INK, font, 'rm')
      filled = rng.integers(options) if rng.random() < marked else -1
      for option in range(options):
        x = left + (option + 1.6) * apart[0]
        letter = 'ABCDEFGHIJ'[option] if lettered else ''
        _bubble(pen, (x, y), radius, shape, colour, thick, option == filled)
        if letter and option != filled:
          pen.text((x, y), letter, colour, font, 'mm')
  if rng.random() < 0.3:  # Marks by which a scanner finds the rows.
    for row in range(rows):
      y = top + (row + 0.5) * apart[1]
      pen.rectangle([0, y - radius / 3, width * 0.015, y + radius / 3], fill=INK)
  return np.asarray(image)


def _bubble(pen, middle, radius, shape, colour, thick, filled) -> None:
  (x, y), high = middle, radius
  wide = radius if shape != 'oval' else radius * 1.3
  if shape == 'oval':
    high = radius * 0.65
  box = [x - wide, y - high, x + wide, y + high]
  fill = (30, 30, 40) if filled else None
  if shape in ('circle', 'oval'):
    pen.ellipse(box, fill, colour, thick)
  elif shape == 'box':
    pen.rectangle(box, fill, colour, thick)
  else:
    for side in (-1, 1):
      pen.line([(x + side * wide * 0.5, y - high), (x + side * wide, y - high),
                (x + side * wide, y + high), (x + side * wide * 0.5, y + high)],
               fill=colour, width=thick)  # fmt: skip
    if filled:
      pen.line([x - wide * 0.7, y, x + wide * 0.7, y], fill=fill, width=max(2, round(high)))


def bands(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A table with coloured bands, lines between the rows or neither, and with much or little text.

  In a strip it has a few rows only.
  """
  image, pen = printing.sheet(height, width)
  rows = max(2, round(height / width * rng.uniform(8, 40)))
  columns = int(rng.integers(2, 10))
  tall = height / rows
  edges = np.concatenate([[0], np.cumsum(rng.uniform(0.5, 1.6, columns))])
  edges = edges / edges[-1] * width
  band, head = printing.pick(rng, _BANDS), printing.pick(rng, _BARS)
  font = fonts.any_font(rng, tall * rng.uniform(0.3, 0.62))
  every, full = int(rng.integers(1, 4)), rng.uniform(0.2, 1)
  horizontal, vertical = rng.random() < 0.6, rng.random() < 0.5
  thick = max(1, round(tall * rng.uniform(0.02, 0.08)))
  for row in range(rows):
    y = row * tall
    is_head = row == 0 and rng.random() < 0.7
    if is_head or row % (every + 1) == 0:
      pen.rectangle([0, y, width, y + tall], fill=head if is_head else band)
    for column in range(columns):
      if rng.random() > full:
        continue
      entry = words.word(rng) if column == 0 or is_head else f'{rng.uniform(0, 999):.1f}'
      at = (edges[column] + tall * 0.2, y + tall / 2)
      room = edges[column + 1] - edges[column] - tall * 0.3
      while entry and font.getlength(entry) > room:
        entry = entry[:-1]
      pen.text(at, entry, (255, 255, 255) if is_head else INK, font, 'lm')
    if horizontal:
      pen.line([0, y, width, y], fill=(90, 90, 90), width=thick)
  for x in edges[:-1] if vertical else ():
    pen.line([x, 0, x, height], fill=(90, 90, 90), width=thick)
  return np.asarray(image)


def signs(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A grid of letters and signs, as a table of a font, with or without lines between them."""
  image, pen = printing.sheet(height, width)
  cell = min(height, width) / rng.uniform(1, 12)
  font = fonts.any_font(rng, cell * rng.uniform(0.5, 0.85))
  lined, rising = rng.random() < 0.5, rng.random() < 0.5
  start = int(rng.choice([33, 65, 161, 192, 913, 1040]))
  for row, y in enumerate(np.arange(0, height, cell)):
    for column, x in enumerate(np.arange(0, width, cell)):
      number = row * int(width // cell) + column if rising else int(rng.integers(62))
      pen.text((x + cell / 2, y + cell / 2), chr(start + number % 62), INK, font, 'mm')
      if lined:
        pen.rectangle([x, y, x + cell, y + cell], outline=(150, 150, 150))
  return np.asarray(image)


def window(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A window of a program: a bar with its title, a menu, lists or code, and buttons."""
  image, pen = printing.sheet(height, width)
  dark = rng.random() < 0.35
  ground, ink = ((32, 34, 40), (222, 222, 222)) if dark else ((250, 250, 250), (40, 40, 40))
  pen.rectangle([0, 0, width, height], fill=ground)
  line = max(12, min(height, width) / rng.uniform(9, 30))
  font = fonts.any_font(rng, line * 0.62)
  pen.rectangle([0, 0, width, line * 1.3], fill=printing.pick(rng, _BARS))
  pen.text((line * 0.4, line * 0.65), words.phrase(rng, 3).title(), (255, 255, 255), font, 'lm')
  for number in range(3):
    x = width - (number + 0.7) * line
    pen.ellipse([x, line * 0.4, x + line * 0.5, line * 0.9], fill=(200, 200, 200))
  x = line * 0.4
  while x < width * 0.8:
    entry = words.word(rng).capitalize()
    pen.text((x, line * 1.9), entry, ink, font, 'lm')
    x += font.getlength(entry) + line
  split = width * rng.uniform(0, 0.4)
  for row, y in enumerate(np.arange(line * 2.8, height - line, line * 1.15)):
    pen.text((line * 0.4, y), words.word(rng) if row % 5 else '▸', ink, font, 'lm')
    indent = split + line * (1 + rng.integers(0, 4))
    if indent < width and rng.random() < 0.85:
      pen.text((indent, y), words.phrase(rng, int(rng.integers(1, 6))), ink, font, 'lm')
  pen.rectangle([split, line * 2.4, width - 1, height - 1], outline=(140, 140, 140))
  return np.asarray(image)


def menu(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A menu or a row of buttons: entries, one of them chosen, with lines between groups of them."""
  image, pen = printing.sheet(height, width)
  pen.rectangle([0, 0, width, height], fill=printing.pick(rng, ((245, 245, 245), (230, 232, 238))))
  upright = height > 0.5 * width
  entries = int(rng.integers(3, 14)) if upright else max(2, int(width / height / 2))
  step = (height if upright else width) / entries
  size = min(step * 0.55, height * 0.5, width / 8)
  font = fonts.any_font(rng, size)
  chosen, colour = rng.integers(entries), printing.pick(rng, _BARS)
  for entry in range(entries):
    at = entry * step
    box = [0, at, width, at + step] if upright else [at, 0, at + step, height]
    if entry == chosen:
      pen.rectangle(box, fill=colour)
    elif rng.random() < 0.4:
      pen.line(box[:2] + ([width, at] if upright else [at, height]), fill=(150, 150, 150))
    ink = (255, 255, 255) if entry == chosen else INK
    text = words.phrase(rng, int(rng.integers(1, 3))).capitalize()
    place = (size, at + step / 2) if upright else (at + size * 0.4, height / 2)
    pen.text(place, text, ink, font, 'lm')
  return np.asarray(image)
