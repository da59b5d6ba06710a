"""Draws pages of music: staves, clefs, notes, bar lines, words. The music itself is random.

Lengths are in staff spaces (the distance of two staff lines), which `Ink` converts to pixels. On a
staff, x goes to the right from its left end and y goes up from its bottom line, as musicians count.
"""

import dataclasses
import itertools
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw

from omr_jax.synthetic import signs, systems
from omr_jax.synthetic import words as made_up
from omr_jax.synthetic.record import Record
from omr_jax.synthetic.staff_ink import Ink
from omr_jax.synthetic.systems import OVERSAMPLING

# What fills one beat: (start, length, kind), in beats; the kind is n(ote) or r(est).
_BEATS = (
  ((0, 1, 'n'),),
  ((0, 0.5, 'n'), (0.5, 0.5, 'n')),
  ((0, 0.25, 'n'), (0.25, 0.25, 'n'), (0.5, 0.25, 'n'), (0.75, 0.25, 'n')),
  ((0, 0.5, 'n'), (0.5, 0.25, 'n'), (0.75, 0.25, 'n')),
  ((0, 1, 'r'),),
)


def page(
  rng: np.random.Generator,
  height: int,
  width: int,
  lines: bool = True,
  notes: bool = True,
  compose: Callable[..., None] | None = None,
  record: Record | None = None,
) -> np.ndarray:
  """A page of music, black on white: uint8 [height, width].

  `rng` decides the size of the staves, the numbers of systems, staves and measures, and clefs,
  metre, rhythm, beams, slurs, words and title.

  Args:
    rng: The source of all random numbers.
    height: Height in pixels, at least 300.
    width: Width in pixels, at least 300.
    lines: Whether staff lines and ledger lines are drawn.
    notes: Whether anything but staff lines is drawn; if not, the page is staff paper.
    compose: Draws a system, with the arguments of `system_of`, which is the default.
    record: Where the symbols are noted, in pixels of a page that is OVERSAMPLING times as large.
  """
  canvas = Image.new('L', (width * OVERSAMPLING, height * OVERSAMPLING), 255)
  space = canvas.width / rng.uniform(85, 130)
  ink = Ink(ImageDraw.Draw(canvas), space, canvas.width * rng.uniform(0.07, 0.1), 0, record=record)
  length = (canvas.width - 2 * ink.x) / space
  staves = int(rng.choice([1, 2, 2, 4])) if notes else 1
  between = rng.uniform(9, 11)
  top = _title(ink, rng, canvas, length) if notes else canvas.height * 0.07
  high = ((staves - 1) * between + 4) * space
  room = canvas.height * 0.94 - top
  count = max(1, int((room - high) // (high + rng.uniform(6, 9) * space)) + 1)
  step = min((room - high) / max(1, count - 1), high + 12 * space)
  beats = int(rng.choice([2, 3, 4]))
  words = notes and rng.random() < 0.4
  for number in range(count):
    first = top + number * step + 4 * space
    system = [dataclasses.replace(ink, y=first + i * between * space) for i in range(staves)]
    for staff in system if lines else ():
      systems.lines(staff, length, 5)
    if notes:
      last = number == count - 1
      (compose or system_of)(system, rng, length, beats, number == 0, last, words, lines)
  return np.asarray(canvas.reduce(OVERSAMPLING))


def _title(ink: Ink, rng: np.random.Generator, canvas: Image.Image, length: float) -> float:
  """Writes title, composer and tempo; returns the y of the first staff line in pixels."""
  top = dataclasses.replace(ink, y=canvas.height * rng.uniform(0.06, 0.08))
  with top.symbol('otherText'):
    top.text(length / 2, 0, made_up.phrase(rng, 3).title(), rng.uniform(3, 4.5))
  with top.symbol('otherText'):
    top.text(length, -5, made_up.phrase(rng, 2).title(), 1.7, 'rm')
  with top.symbol('tempoText'):
    top.text(0, -6, made_up.phrase(rng, 1).title(), 1.7, 'lm')
  return top.y + 11 * top.space


def system_of(
  system: Sequence[Ink],
  rng: np.random.Generator,
  length: float,
  beats: int,
  first: bool,
  last: bool,
  words: bool,
  ledgers: bool,
) -> None:
  """Draws everything on the staves of one system except their lines.

  Args:
    system: The staves, from top to bottom.
    rng: The source of all random numbers.
    length: Of the staves.
    beats: Of a measure.
    first: Whether the metre is given.
    last: Whether a final bar line is drawn.
    words: Whether words to sing are below the upper staff.
    ledgers: Whether ledger lines are drawn.
  """
  start = 4.5
  for number, staff in enumerate(system):
    signs.clef(staff, number >= max(1, len(system) / 2))
    if first:
      signs.meter(staff, start + 0.7, beats)
  start += 2.4 if first else 0.6
  measures = max(2 if length > 25 else 1, round((length - start) / rng.uniform(5, 8) / beats))
  ends = np.linspace(start, length, measures + 1)
  signs.bar_lines(system, ends[1:].tolist(), last)
  signs.system_start(system)
  for number, staff in enumerate(system):
    for left, right in itertools.pairwise(ends):
      measure(staff, rng, left + 1.6, right - 0.6, beats, ledgers)
    if words and number == 0:
      left = start + 1
      while left < length - 4:
        word = made_up.word(rng)
        staff.text(left, -4.6, word, 1.5, 'lm')
        left += 0.8 * len(word) + rng.uniform(0.5, 3)
    elif rng.random() < 0.6:
      staff.text(
        rng.uniform(start, max(start, length / 2)), -4.2, str(rng.choice(['p', 'mf', 'f'])), 1.9
      )


def measure(
  ink: Ink, rng: np.random.Generator, left: float, right: float, beats: int, ledgers: bool
) -> None:
  """Draws the notes and rests of one measure on one staff, from `left` to `right`."""
  wide = (right - left) / beats
  pitch = int(rng.integers(0, 9))
  beat = 0
  while beat < beats:
    at = left + beat * wide
    if beat + 2 <= beats and rng.random() < 0.2:
      _note(ink, rng, at, pitch, 2, ledgers)
      beat += 2
      continue
    group = _BEATS[rng.choice(len(_BEATS), p=[0.35, 0.3, 0.15, 0.1, 0.1])]
    steps = np.clip(pitch + np.cumsum(rng.integers(-2, 3, len(group))), -3, 11)
    pitch = int(steps[-1])
    if group[0][2] == 'r':
      signs.rest(ink, at)
    elif len(group) == 1:
      _note(ink, rng, at, pitch, 1, ledgers)
    elif len(group) == 2 and rng.random() < 0.25:
      for (onset, _, _), step in zip(group, steps, strict=True):
        _note(ink, rng, at + onset * wide, step, 0.5, ledgers)
    else:
      beamed(ink, [at + note[0] * wide for note in group], steps, group, ledgers)
    if len(group) > 1 and rng.random() < 0.2:
      signs.slur(ink, at, at + group[-1][0] * wide, steps)
    beat += 1


def _note(ink, rng, x, step, length, ledgers) -> None:
  """Draws one note with its stem, and sometimes a flag, an accidental or a second head."""
  step = int(step)
  signs.head(ink, x, step, length == 2, ledgers)
  if rng.random() < 0.2:
    signs.head(ink, x, step - 2, length == 2, ledgers)
  up = step < 4
  side, tip = (0.6, step / 2 + 3.5) if up else (-0.6, step / 2 - 3.5)
  signs.stem(ink, x + side, step / 2 - (1 if up else 0), tip)
  if length == 0.5:
    signs.flag(ink, x + side, tip, up)
  if rng.random() < 0.15:
    signs.sharp(ink, x - 1.5, step / 2)


def beamed(ink, places, steps, group, ledgers) -> None:
  """Draws two to four notes under a beam; sixteenths have a second beam."""
  up = np.mean(steps) < 4
  side, way = (0.6, 1) if up else (-0.6, -1)
  far = np.max(steps * way) * way / 2 + 3 * way
  slope = np.clip((steps[-1] - steps[0]) / 6, -0.6, 0.6)
  share = (np.array(places) - places[0]) / (places[-1] - places[0])
  tips = far + slope * (share - 0.5) + 0.3 * way
  for x, step, tip in zip(places, steps, tips, strict=True):
    signs.head(ink, x, int(step), False, ledgers)
    signs.stem(ink, x + side, step / 2, tip)
  sixteenths = [i for i, (_, length, _) in enumerate(group) if length == 0.25]
  for level, notes in enumerate((range(len(group)), sixteenths)):
    if len(notes) > 1:
      ends = [(places[i] + side, tips[i] - level * 0.75 * way) for i in (notes[0], notes[-1])]
      signs.beam(ink, ends, way)
