"""Draws music that is not written as notes on five lines: percussion, tablature, chant, chords.

Every function takes a random generator and the size in pixels, and returns uint8 [height, width],
black on white, as in `snippets`.
"""

import itertools

import numpy as np

from omr_jax.synthetic import fonts, music, signs, systems, words
from omr_jax.synthetic.staff_ink import Ink

_CHORDS = ('C', 'Dm7', 'E♭', 'F#m', 'G7', 'Am', 'B♭maj7', 'Bm7♭5', 'Gsus4', 'A7', 'D/F#')


def percussion(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """Percussion on one, two, three or five lines: crosses and heads with stems and beams."""
  lines = int(rng.choice([1, 1, 2, 3, 5, 5]))

  def draw(ink: Ink, length: float, number: int) -> None:
    del number
    systems.lines(ink, length, lines)
    middle = (lines - 1) / 2
    for x in (0.8, 1.6):
      ink.line([(x, middle - 1), (x, middle + 1)], 0.45)
    x = 3.5
    while x < length - 2:
      group = int(rng.choice([1, 1, 2, 4]))
      ends = min(x + group * rng.uniform(1.7, 2.4), length - 1)
      places = np.linspace(x, ends, group, endpoint=False)
      for place in places:
        step = int(rng.integers(0, 2 * lines))
        _beat(ink, rng, place, step, lines - 1 + 3.5)
      if group > 1:
        first, last = places[0] + 0.6, places[-1] + 0.6
        for level in range(int(rng.integers(1, 3))):
          y = lines - 1 + 3.5 - 0.8 * level
          ink.shape([(first, y), (last, y), (last, y - 0.5), (first, y - 0.5)])
      x = ends + 0.6
      if rng.random() < 0.3:
        low, high = (-1, 1) if lines == 1 else (0, lines - 1)
        ink.line([(x, low), (x, high)], 0.16)
        x += 1

  return systems.page(rng, height, width, max(lines - 1, 1), draw, above=3.5)


def _beat(ink: Ink, rng: np.random.Generator, x: float, step: int, tip: float) -> None:
  """Draws a cross or a head with a stem that ends at `tip`."""
  y = step / 2
  if rng.random() < 0.5:
    for way in (-1, 1):
      ink.line([(x - 0.5, y - 0.5 * way), (x + 0.5, y + 0.5 * way)], 0.18)
  else:
    signs.head(ink, x, step, False, False)
  ink.line([(x + 0.6, y), (x + 0.6, tip)], 0.13)


def tablature(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """Numbers of frets on four or six lines, some below a staff with the same music."""
  strings = int(rng.choice([4, 6], p=[0.25, 0.75]))
  apart = rng.uniform(1.2, 1.7)
  tall = (strings - 1) * apart
  staff = rng.random() < 0.4
  rhythm = rng.random() < 0.4

  def draw(ink: Ink, length: float, number: int) -> None:
    del number
    systems.lines(ink, length, strings, apart)
    for letter, place in zip('TAB', (0.78, 0.5, 0.22), strict=True):
      ink.text(1.2, tall * place, letter, tall * 0.3)
    for edge in (0, length):
      ink.line([(edge, 0), (edge, tall)], 0.16)
    if staff:
      upper = ink.moved(y=tall + 5)
      systems.lines(upper, length, 5)
      few = max(1, min(4, int((length - 6) / 5)))
      music.system_of([upper], rng, length, few, False, False, False, True)
    x = 3.0
    while x < length - 1.5:
      for string in rng.permutation(strings)[: int(rng.choice([1, 1, 1, 2, 3]))]:
        _fret(ink, x, string * apart, str(rng.integers(0, 15)), apart)
      if rhythm:
        ink.line([(x, -1), (x, -3)], 0.13)
      x += rng.uniform(1.6, 3.5)
      if rng.random() < 0.15:
        ink.line([(x, 0), (x, tall)], 0.16)
        x += 1.3

  return systems.page(rng, height, width, tall, draw, above=10 * staff, below=2.5 * rhythm)


def _fret(ink: Ink, x: float, y: float, number: str, apart: float) -> None:
  """Writes a number over a line, which it interrupts."""
  wide = 0.42 * apart * len(number)
  ink.shape(
    [(x - wide, y - 0.4), (x + wide, y - 0.4), (x + wide, y + 0.4), (x - wide, y + 0.4)], 255
  )
  ink.text(x, y, number, apart * 1.05)


def chant(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """Chant: square notes, alone and in groups, on four lines, mostly with words below."""
  sung = rng.random() < 0.8

  def draw(ink: Ink, length: float, number: int) -> None:
    del number
    systems.lines(ink, length, 4)
    line = int(rng.integers(2, 4))  # Of the C clef.
    for y in (line + 0.4, line - 0.4):
      ink.shape([(0.3, y - 0.25), (1.1, y - 0.25), (1.1, y + 0.25), (0.3, y + 0.25)])
    ink.line([(0.35, line - 0.5), (0.35, line + 0.5)], 0.15)
    x, step = 2.5, 3
    while x < length - 2:
      begin = x
      for _ in range(int(rng.choice([1, 1, 2, 3, 5]))):
        step = int(np.clip(step + rng.integers(-2, 3), -1, 7))
        _square(ink, rng, x, step / 2)
        x += rng.choice([0.85, 0.95])
      if sung:
        ink.text(begin, -2.2, words.word(rng)[:6], 1.5, 'lm')
      x += rng.uniform(0.5, 2.2)
      if rng.random() < 0.12:
        ink.line([(x, 0), (x, 3)], 0.12)
        x += 0.8

  return systems.page(rng, height, width, 3, draw, below=2.5 * sung)


def _square(ink: Ink, rng: np.random.Generator, x: float, y: float) -> None:
  """Draws a square or a diamond, some with a tail."""
  half = 0.42
  if rng.random() < 0.2:
    ink.shape([(x, y + half), (x + half, y), (x, y - half), (x - half, y)])
    return
  bend = rng.uniform(-0.1, 0.1)
  ink.shape([(x - half, y - half), (x, y - half + bend), (x + half, y - half),
             (x + half, y + half), (x, y + half + bend), (x - half, y + half)])  # fmt: skip
  if rng.random() < 0.2:
    ink.line([(x + half, y), (x + half, y - 2)], 0.12)


def chords(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A chart of chords: their names over a staff with slashes, or over empty bars."""
  slashes = rng.random() < 0.7

  def draw(ink: Ink, length: float, number: int) -> None:
    systems.lines(ink, length, 5)
    start = 0.5
    if number == 0 or rng.random() < 0.5:
      signs.clef(ink, False)
      start = 4.5
    measures = max(1, round((length - start) / rng.uniform(9, 16)))
    ends = np.linspace(start, length, measures + 1)
    for left, right in itertools.pairwise(ends):
      ink.line([(right, 0), (right, 4)], 0.16)
      names = int(rng.integers(1, 3))
      for name, x in zip(rng.choice(_CHORDS, names), np.linspace(left, right, names, False),
                         strict=True):  # fmt: skip
        _write(ink, x + 1, 6.2, str(name), 2)
      for x in np.linspace(left + 1.5, right - 1, 4) if slashes else ():
        ink.line([(x - 0.6, 0.9), (x + 0.6, 3.1)], 0.5)

  return systems.page(rng, height, width, 4, draw, above=4)


def _write(ink: Ink, x: float, y: float, text: str, size: float) -> None:
  font = fonts.named('DejaVuSans', size * ink.space)
  ink.pen.text(ink.pixels([(x, y)])[0], text, font=font, fill=0, anchor='lm')
