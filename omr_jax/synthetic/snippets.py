"""Draws pieces of music of any shape: strips, a few bars, percussion, tablature, chant, chords.

Every function takes a random generator and the size in pixels, and returns uint8 [height, width],
black on white. In a strip there is one system, in a higher picture several. Lengths are in staff
spaces, as in `music`.
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, ImageDraw

from omr_jax.synthetic import fonts, music, words
from omr_jax.synthetic.staff_ink import Ink, head

_OVERSAMPLING = 2
_LEAST = 9  # Length of the shortest staff.
_CHORDS = ('C', 'Dm7', 'E♭', 'F#m', 'G7', 'Am', 'B♭maj7', 'Bm7♭5', 'Gsus4', 'A7', 'D/F#')


def staves(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """One to three staves to a system, with clefs, notes, bar lines, some with words."""
  parts = int(rng.choice([1, 2, 3], p=[0.7, 0.22, 0.08]))
  between = rng.uniform(7.5, 10)
  beats, sung = int(rng.choice([2, 3, 4])), rng.random() < 0.25

  def draw(ink: Ink, length: float, number: int) -> None:
    system = [
      dataclasses.replace(ink, y=ink.y - i * between * ink.space) for i in reversed(range(parts))
    ]
    for staff in system:
      _lines(staff, length, 5)
    few = max(1, min(beats, int((length - 6) / 5)))  # There is no room for more in a short staff.
    music.system_of(system, rng, length, few, number == 0, rng.random() < 0.3, sung, True)

  return _page(rng, height, width, (parts - 1) * between + 4, draw, below=3.5 * sung)


def bars(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A bar or two, cut out of a staff that often goes on beyond the edges."""
  cut = rng.random() < 0.65

  def draw(ink: Ink, length: float, number: int) -> None:
    del number
    left = 0.0
    if cut:
      left = -2 - ink.x / ink.space
      length -= left - 2
    _lines(dataclasses.replace(ink, x=ink.x + left * ink.space), length - left, 5)
    start = left + rng.uniform(2, 3)
    if rng.random() < 0.4:
      music.clef(dataclasses.replace(ink, x=ink.x + max(0, left + 2) * ink.space), bool(
        rng.random() < 0.3
      ))  # fmt: skip
      start = max(start, 5)
    end = length - (rng.uniform(1, 4) if cut else 1)
    count = max(1, round((end - start) / rng.uniform(8, 20)))
    ends = np.linspace(start, max(end, start + 4), count + 1)
    for begin, finish in itertools.pairwise(ends):
      beats = max(1, round((finish - begin) / rng.uniform(3.5, 8)))
      music.measure(ink, rng, begin + 1.6, finish - 0.6, beats, True)
      if rng.random() < 0.85:
        ink.line([(finish, -0.05), (finish, 4.05)], rng.choice([0.16, 0.16, 0.4]))

  return _page(rng, height, width, 4, draw, single=True)


def percussion(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """Percussion on one, two, three or five lines: crosses and heads with stems and beams."""
  lines = int(rng.choice([1, 1, 2, 3, 5, 5]))

  def draw(ink: Ink, length: float, number: int) -> None:
    del number
    _lines(ink, length, lines)
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

  return _page(rng, height, width, max(lines - 1, 1), draw, above=3.5)


def _beat(ink: Ink, rng: np.random.Generator, x: float, step: int, tip: float) -> None:
  """Draws a cross or a head with a stem that ends at `tip`."""
  y = step / 2
  if rng.random() < 0.5:
    for way in (-1, 1):
      ink.line([(x - 0.5, y - 0.5 * way), (x + 0.5, y + 0.5 * way)], 0.18)
  else:
    head(ink, x, step, False, False)
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
    _lines(ink, length, strings, apart)
    for letter, place in zip('TAB', (0.78, 0.5, 0.22), strict=True):
      ink.text(1.2, tall * place, letter, tall * 0.3)
    for edge in (0, length):
      ink.line([(edge, 0), (edge, tall)], 0.16)
    if staff:
      upper = dataclasses.replace(ink, y=ink.y - (tall + 5) * ink.space)
      _lines(upper, length, 5)
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

  return _page(rng, height, width, tall, draw, above=10 * staff, below=2.5 * rhythm)


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
    _lines(ink, length, 4)
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

  return _page(rng, height, width, 3, draw, below=2.5 * sung)


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
    _lines(ink, length, 5)
    start = 0.5
    if number == 0 or rng.random() < 0.5:
      music.clef(ink, False)
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

  return _page(rng, height, width, 4, draw, above=4)


def _write(ink: Ink, x: float, y: float, text: str, size: float) -> None:
  font = fonts.named('DejaVuSans', size * ink.space)
  ink.pen.text(ink.pixels([(x, y)])[0], text, font=font, fill=0, anchor='lm')


def paper(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """Staff paper without notes: staves alone or in pairs, some with clefs and bar lines."""
  pair, clefs, divided = rng.random() < 0.25, rng.random() < 0.3, rng.random() < 0.2

  def draw(ink: Ink, length: float, number: int) -> None:
    del number
    for bass, staff in enumerate(
      (dataclasses.replace(ink, y=ink.y - 8 * ink.space), ink) if pair else (ink,)
    ):
      _lines(staff, length, 5)
      if clefs:
        music.clef(staff, bool(bass))
      for x in np.linspace(0, length, 5) if divided else ():
        staff.line([(x, 0), (x, 4)], 0.16)

  return _page(rng, height, width, 4 + 8 * pair, draw)


def among_text(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """Staves and lines of text in turn, as in a textbook or a hymn book."""
  font_name = str(rng.choice(['DejaVuSerif', 'DejaVuSans', 'STIXGeneral']))
  rows = int(rng.integers(1, 6))

  def draw(ink: Ink, length: float, number: int) -> None:
    _lines(ink, length, 5)
    few = max(1, min(3, int((length - 6) / 5)))
    music.system_of([ink], rng, length, few, number == 0, False, False, True)
    font = fonts.named(font_name, 1.8 * ink.space)
    for row, line in enumerate(words.lines(rng, font, length * ink.space, rows)):
      at = ink.pixels([(0, -3.5 - 2.4 * row)])[0]
      ink.pen.text(at, line, font=font, fill=0, anchor='lm')

  return _page(rng, height, width, 4, draw, below=2.4 * rows + 1)


def _lines(ink: Ink, length: float, count: int, apart: float = 1) -> None:
  """Draws the lines of a staff."""
  for line in range(count):
    ink.line([(0, line * apart), (length, line * apart)], 0.11)


def _page(
  rng: np.random.Generator,
  height: int,
  width: int,
  high: float,
  draw: Callable[[Ink, float, int], None],
  above: float = 0,
  below: float = 0,
  single: bool = False,
) -> np.ndarray:
  """Draws systems, one below the other: uint8 [height, width].

  Args:
    rng: The source of all random numbers.
    height: In pixels.
    width: In pixels.
    high: From the lowest to the highest line of a system.
    draw: Draws a system with this pen, on its lowest staff; its length; its number from 0.
    above: Room that a system needs above its highest line, besides what notes need.
    below: The same below its lowest line.
    single: Whether there is one system whatever the shape.
  """
  canvas = Image.new('L', (width * _OVERSAMPLING, height * _OVERSAMPLING), 255)
  for number, (ink, length) in enumerate(_systems(rng, canvas, high, above, below, single)):
    draw(ink, length, number)
  return np.asarray(canvas.reduce(_OVERSAMPLING))


def _systems(
  rng: np.random.Generator,
  canvas: Image.Image,
  high: float,
  above: float,
  below: float,
  single: bool,
) -> Iterator[tuple[Ink, float]]:
  """A pen for each system, and the system's length; with tight to wide margins."""
  above += np.exp(rng.uniform(np.log(1.2), np.log(6)))
  below += np.exp(rng.uniform(np.log(1.2), np.log(6)))
  tall = above + high + below
  # As many systems as a page of this shape may have, with staves of at least _LEAST spaces.
  shape = canvas.height / canvas.width
  count = 1
  if not single and shape > 0.4:
    count = max(1, round(shape * np.exp(rng.uniform(np.log(20), np.log(100))) / tall))
  space = min(canvas.height / (count * tall), canvas.width / _LEAST)
  margin = canvas.width * rng.choice([0, rng.uniform(0, 0.1)])
  margin = min(margin + space, canvas.width / 5)
  weight = float(np.exp(rng.uniform(np.log(0.7), np.log(1.7))))
  pen = ImageDraw.Draw(canvas)
  length = (canvas.width - 2 * margin) / space
  for number in range(count):
    bottom = (number + 0.5) * canvas.height / count + (tall / 2 - below) * space
    yield Ink(pen, space, margin, bottom, weight), length
