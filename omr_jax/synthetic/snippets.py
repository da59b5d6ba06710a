"""Draws pieces of music of any shape: staves, a few bars, staff paper, staves among text.

Every function takes a random generator and the size in pixels, and returns uint8 [height, width],
black on white. A flat strip has one system, a higher picture several. Lengths are in staff spaces,
as in `music`.
"""

import itertools

import numpy as np

from omr_jax.synthetic import fonts, music, signs, systems, words
from omr_jax.synthetic.staff_ink import Ink


def staves(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """One to three staves to a system, with clefs, notes, bar lines, some with words."""
  parts = int(rng.choice([1, 2, 3], p=[0.7, 0.22, 0.08]))
  between = rng.uniform(7.5, 10)
  beats, sung = int(rng.choice([2, 3, 4])), rng.random() < 0.25

  def draw(ink: Ink, length: float, number: int) -> None:
    system = [ink.moved(y=i * between) for i in reversed(range(parts))]
    for staff in system:
      systems.lines(staff, length, 5)
    few = max(1, min(beats, int((length - 6) / 5)))  # There is no room for more in a short staff.
    music.system_of(system, rng, length, few, number == 0, rng.random() < 0.3, sung, True)

  return systems.page(rng, height, width, (parts - 1) * between + 4, draw, below=3.5 * sung)


def bars(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A bar or two, cut out of a staff that often goes on beyond the edges."""
  cut = rng.random() < 0.65

  def draw(ink: Ink, length: float, number: int) -> None:
    del number
    left = 0.0
    if cut:
      left = -2 - ink.x / ink.space
      length -= left - 2
    systems.lines(ink.moved(x=left), length - left, 5)
    start = left + rng.uniform(2, 3)
    if rng.random() < 0.4:
      signs.clef(ink.moved(x=max(0, left + 2)), bool(rng.random() < 0.3))
      start = max(start, 5)
    end = length - (rng.uniform(1, 4) if cut else 1)
    count = max(1, round((end - start) / rng.uniform(8, 20)))
    ends = np.linspace(start, max(end, start + 4), count + 1)
    for begin, finish in itertools.pairwise(ends):
      beats = max(1, round((finish - begin) / rng.uniform(3.5, 8)))
      music.measure(ink, rng, begin + 1.6, finish - 0.6, beats, True)
      if rng.random() < 0.85:
        ink.line([(finish, -0.05), (finish, 4.05)], rng.choice([0.16, 0.16, 0.4]))

  return systems.page(rng, height, width, 4, draw, single=True)


def paper(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """Staff paper without notes: staves alone or in pairs, some with clefs and bar lines."""
  pair, clefs, divided = rng.random() < 0.25, rng.random() < 0.3, rng.random() < 0.2

  def draw(ink: Ink, length: float, number: int) -> None:
    del number
    for bass, staff in enumerate((ink.moved(y=8), ink) if pair else (ink,)):
      systems.lines(staff, length, 5)
      if clefs:
        signs.clef(staff, bool(bass))
      for x in np.linspace(0, length, 5) if divided else ():
        staff.line([(x, 0), (x, 4)], 0.16)

  return systems.page(rng, height, width, 4 + 8 * pair, draw)


def among_text(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """Staves and lines of text in turn, as in a textbook or a hymn book."""
  font_name = str(rng.choice(['DejaVuSerif', 'DejaVuSans', 'STIXGeneral']))
  rows = int(rng.integers(1, 6))

  def draw(ink: Ink, length: float, number: int) -> None:
    systems.lines(ink, length, 5)
    few = max(1, min(3, int((length - 6) / 5)))
    music.system_of([ink], rng, length, few, number == 0, False, False, True)
    font = fonts.named(font_name, 1.8 * ink.space)
    for row, line in enumerate(words.lines(rng, font, length * ink.space, rows)):
      at = ink.pixels([(0, -3.5 - 2.4 * row)])[0]
      ink.pen.text(at, line, font=font, fill=0, anchor='lm')

  return systems.page(rng, height, width, 4, draw, below=2.4 * rows + 1)
