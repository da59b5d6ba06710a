"""Draws letters without music: big print, single words, formulas, underlined text, logos.

Every function takes a random generator and the size in pixels, and returns uint8 [height, width,
3], dark on white.
"""

import numpy as np
from PIL import ImageDraw

from omr_jax.synthetic import fonts, printing, words
from omr_jax.synthetic.printing import INK

_SYMBOLS = '=+−×·±≤≥≠≈→∈∂∇∞∑∫∏√'  # noqa: RUF001
_GREEK = 'αβγδεθλμπρσφψωΔΩ'


def big_print(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """One line of letters that fills a strip, as a headline or a sign does."""
  image, pen = printing.sheet(height, width)
  font = fonts.any_font(rng, height * rng.uniform(0.45, 0.95))
  text = words.phrase(rng, 1 + int(width / height / 2.5))
  text = text.upper() if rng.random() < 0.4 else text.title()
  if rng.random() < 0.2:
    text = ' '.join(text)
  left = width * rng.uniform(-0.02, 0.08)
  pen.text((left, height / 2), text, INK, font, 'lm')
  return np.asarray(image)


def word(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A single word or number, with much or little around it."""
  image, pen = printing.sheet(height, width)
  text = words.word(rng) if rng.random() < 0.8 else str(rng.integers(10_000))
  text = str(rng.choice(np.array([text, text.upper(), text.capitalize()])))
  size = min(height * 0.9, 1.6 * width / len(text)) * rng.uniform(0.35, 1)
  at = width * rng.uniform(0.42, 0.58), height * rng.uniform(0.42, 0.58)
  pen.text(at, text, INK, fonts.any_font(rng, size), 'mm')
  return np.asarray(image)


def formula(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A formula of letters, symbols, raised and lowered numbers, fractions and roots."""
  image, pen = printing.sheet(height, width)
  lines = max(1, round(height / width * rng.uniform(1, 5)))
  size = min(height / lines * rng.uniform(0.3, 0.55), width / 6)
  for line in range(lines):
    x, y = width * rng.uniform(0.02, 0.2), height * (line + 0.5) / lines
    end = width * rng.uniform(0.6, 0.98)
    while x < end - 1.5 * size:
      x = _term(pen, rng, x, y, size)
  return np.asarray(image)


def _term(pen: ImageDraw.ImageDraw, rng: np.random.Generator, x: float, y: float, size: float):
  """Draws one part of a formula at x; returns where the next one begins."""
  letters = fonts.named('STIXGeneralItalic', size)
  upright = fonts.named('STIXGeneral', size)
  small = fonts.named('STIXGeneralItalic', size * 0.6)

  def letter() -> str:
    return str(rng.choice(list('abcdefghijkmnpqrstuvwxyz' + _GREEK)))

  kind = rng.choice(['letter', 'power', 'index', 'fraction', 'symbol', 'bracket', 'bar'])
  if kind == 'fraction':
    top, low = ''.join(letter() for _ in range(3)), letter() + '²'
    wide = max(letters.getlength(top), letters.getlength(low)) + size * 0.2
    pen.text((x + wide / 2, y - size * 0.6), top, INK, letters, 'mm')
    pen.text((x + wide / 2, y + size * 0.6), low, INK, letters, 'mm')
    pen.line([x, y, x + wide, y], fill=INK, width=max(1, round(size / 22)))
    return x + wide + size * 0.2
  if kind == 'bar':  # Over letters, as of a mean or a root.
    wide = size * rng.uniform(0.5, 2)
    pen.text((x, y), letter() + letter(), INK, letters, 'lm')
    pen.line([x, y - size * 0.6, x + wide, y - size * 0.6], INK, max(1, round(size / 22)))
    return x + wide + size * 0.2
  if kind in ('symbol', 'bracket'):
    text = str(rng.choice(list(_SYMBOLS if kind == 'symbol' else '()[]{}|')))
    pen.text((x + size * 0.15, y), text, INK, upright, 'lm')
    return x + upright.getlength(text) + size * 0.35
  text = letter()
  pen.text((x, y), text, INK, letters, 'lm')
  x += letters.getlength(text)
  if kind != 'letter':
    at = (x, y - size * 0.4) if kind == 'power' else (x, y + size * 0.3)
    pen.text(at, str(rng.integers(10)), INK, small, 'lm')
    x += size * 0.4
  return x + size * 0.1


def underlined(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """Lines of text with one or two lines below, through or above each, as headings and links."""
  image, pen = printing.sheet(height, width)
  lines = max(1, round(height / width * rng.uniform(1, 12)))
  apart = height / lines
  size = apart * rng.uniform(0.3, 0.7)
  font = fonts.any_font(rng, size)
  thick = max(1, round(size * rng.uniform(0.03, 0.1)))
  places = rng.permutation([0.62, 0.8, 0.1, -0.65, 0.72])[: int(rng.integers(1, 4))]
  for line in range(lines):
    y = (line + 0.5) * apart
    text = words.phrase(rng, int(rng.integers(1, int(2 + width / size / 3))))
    left = width * rng.uniform(0, 0.2)
    end = left + font.getlength(text) if rng.random() < 0.6 else width
    pen.text((left, y), text, INK, font, 'lm')
    for place in places:
      pen.line([left, y + place * size, end, y + place * size], fill=INK, width=thick)
  return np.asarray(image)


def logo(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A mark of one to four simple shapes, with letters in it or beside it."""
  image, pen = printing.sheet(height, width)
  side = min(height, width) * rng.uniform(0.6, 0.95)
  x, y = side / 2 + 0.02 * width, height / 2
  colour = tuple(rng.integers(0, 200, 3).tolist())
  for _ in range(int(rng.integers(1, 5))):
    part = side / 2 * rng.uniform(0.3, 1)
    at = [x - part, y - part * rng.uniform(0.3, 1), x + part, y + part * rng.uniform(0.3, 1)]
    fill = colour if rng.random() < 0.6 else None
    thick = max(1, round(side * rng.uniform(0.02, 0.12)))
    shape = rng.choice(['oval', 'box', 'round', 'rays'])
    if shape == 'oval':
      pen.ellipse(at, fill, colour, thick)
    elif shape == 'box':
      pen.rectangle(at, fill, colour, thick)
    elif shape == 'round':
      pen.rounded_rectangle(at, side / 10, fill, colour, thick)
    else:
      for angle in np.arange(0, np.pi, np.pi / rng.integers(2, 9)):
        reach = part * np.array([np.cos(angle), np.sin(angle)])
        pen.line([*((x, y) - reach), *((x, y) + reach)], fill=colour, width=thick)
  font = fonts.any_font(rng, side * rng.uniform(0.3, 0.6))
  if width > 1.5 * side:
    pen.text((x + side * 0.6, y), words.word(rng).capitalize(), INK, font, 'lm')
  else:
    pen.text((x, y), words.word(rng)[:2].upper(), (255, 255, 255), font, 'mm')
  return np.asarray(image)
