"""Draws systems of music with all signs that code can draw, for pages with known positions.

`music` draws with fewer signs. Lengths are in staff spaces, as there.
"""

import itertools
from collections.abc import Sequence

import numpy as np

from omr_jax.synthetic import further_signs, music, signs, words
from omr_jax.synthetic.staff_ink import Ink

_SPACE_BEFORE = 2.2  # From a bar line to the first note.
_ACCIDENTALS = (
  signs.sharp,
  further_signs.flat,
  further_signs.natural,
  further_signs.double_sharp,
)
_ARTICULATION = (further_signs.staccato, further_signs.tenuto, further_signs.accent)
# What fills a part of a measure, and how many beats that takes.
_EVENTS = {
  'half': 2, 'half rest': 2, 'dotted': 2, 'quarter': 1, 'quarter rest': 1, 'eighths': 1,
  'flagged eighths': 1, 'sixteenths': 1, 'flagged sixteenths': 1, 'eighth rest': 1, 'triplet': 1,
}  # fmt: skip


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
  """Draws everything on the staves of one system except their lines, as `music.system_of` does."""
  del ledgers  # They are always drawn.
  start, key = 4.5, int(rng.integers(-5, 6))
  for number, staff in enumerate(system):
    bass = number >= max(1, len(system) / 2)
    middle = rng.random() < 0.1
    further_signs.c_clef(staff) if middle else signs.clef(staff, bass)
    if key:
      further_signs.key_signature(staff, start, key, 1 if middle else 2 if bass else 0)
    if first:
      signs.meter(staff, start + 1.2 * abs(key) + 0.5, beats)
  start += 1.2 * abs(key) + (2.4 if first else 0.6)
  measures = max(1, round((length - start) / rng.uniform(6, 9) / beats))
  ends = np.linspace(start, length, measures + 1)
  repeats = rng.random() < 0.15 and not last
  signs.bar_lines(system, ends[1 : -1 if repeats else None].tolist(), last)
  if repeats:
    further_signs.repeat(system, length)
  signs.system_start(system)
  for number, staff in enumerate(system):
    for left, right in itertools.pairwise(ends.tolist()):
      _measure(staff, rng, left + _SPACE_BEFORE, right - 0.8, beats)
    _below(staff, rng, start, length, words and number == 0)


def _below(ink: Ink, rng: np.random.Generator, start: float, length: float, sung: bool) -> None:
  """Draws what is below a staff: words to sing, or dynamics and hairpins."""
  x = start + 1
  while x < length - 8:
    if sung:
      word = words.word(rng)
      with ink.symbol('lyricsText'):
        ink.text(x, -4.6, word, 1.5, 'lm')
      x += 0.8 * len(word) + rng.uniform(0.5, 3)
    elif rng.random() < 0.5:
      further_signs.dynamics(ink, x, str(rng.choice(['p', 'pp', 'mp', 'mf', 'f', 'ff', 'sfz'])))
      x += rng.uniform(8, 30)
    else:
      end = min(x + rng.uniform(4, 14), length - 1)
      further_signs.hairpin(ink, x, end, bool(rng.random() < 0.5))
      x = end + rng.uniform(3, 20)


def _measure(ink: Ink, rng: np.random.Generator, left: float, right: float, beats: int) -> None:
  """Draws the notes and rests of one measure on one staff, from `left` to `right`."""
  if rng.random() < 0.06:
    further_signs.block_rest(ink, (left + right) / 2, whole=True)
    return
  step = int(rng.integers(-2, 11))
  if beats == 4 and rng.random() < 0.15:
    further_signs.whole_head(ink, left + 1, step)
    return
  wide, beat = (right - left) / beats, 0
  while beat < beats:
    event = str(rng.choice([name for name, takes in _EVENTS.items() if beat + takes <= beats]))
    step = int(np.clip(step + rng.integers(-3, 4), -4, 12))
    _event(ink, rng, event, left + beat * wide, wide, step)
    beat += _EVENTS[event]


def _event(
  ink: Ink, rng: np.random.Generator, event: str, x: float, wide: float, step: int
) -> None:
  """Draws what `_EVENTS` names, from x on, in beats that are `wide` spaces."""
  half = x + wide / 2
  other = int(np.clip(step + rng.integers(-2, 3), -4, 12))
  if event in ('half', 'quarter'):
    _note(ink, rng, x, step, hollow=event == 'half')
    if event == 'half' and rng.random() < 0.2:
      further_signs.tie(ink, x + 0.9, x + 2 * wide - 0.9, step)
  elif event == 'dotted':  # A dotted quarter and an eighth.
    _note(ink, rng, x, step)
    further_signs.dot(ink, x + 1.3, step)
    _note(ink, rng, x + 1.5 * wide, other, flags=1)
  elif event == 'half rest':
    further_signs.block_rest(ink, x, whole=False)
    if rng.random() < 0.3:
      further_signs.dot(ink, x + 1.2, 5)
  elif event == 'quarter rest':
    signs.rest(ink, x)
  elif event == 'flagged eighths':
    _note(ink, rng, x, step, flags=1)
    _note(ink, rng, half, other, flags=1)
  elif event == 'flagged sixteenths':
    further_signs.short_rest(ink, x, 2)
    _note(ink, rng, x + 1.3, step, flags=2)
    _note(ink, rng, half + 0.6, other, flags=1)
  elif event == 'eighth rest':
    further_signs.short_rest(ink, x, 1)
    _note(ink, rng, half, step, flags=1)
  else:
    _beamed(ink, rng, {'eighths': 2, 'triplet': 3, 'sixteenths': 4}[event], x, wide, step)


def _note(
  ink: Ink, rng: np.random.Generator, x: float, step: int, hollow: bool = False, flags: int = 0
) -> None:
  """Draws a note or two on one stem, with flags, and sometimes accidental and articulation."""
  up = step < 4
  way = 1 if up else -1
  side, tip = 0.6 * way, step / 2 + 3.5 * way
  signs.head(ink, x, step, hollow, True)
  chord = rng.random() < 0.2
  if chord:
    signs.head(ink, x, step + 2 * way, hollow, True)
  signs.stem(ink, x + side, step / 2, tip)
  if flags:
    draw = signs.flag if flags == 1 else further_signs.two_flags
    draw(ink, x + side, tip, up)
  if rng.random() < 0.2:
    _ACCIDENTALS[rng.choice(4, p=[0.32, 0.32, 0.3, 0.06])](ink, x - 1.6, step / 2)
  if rng.random() < 0.2:
    _ARTICULATION[rng.choice(3, p=[0.6, 0.2, 0.2])](ink, x, step / 2 - 1.2 * way)


def _beamed(
  ink: Ink, rng: np.random.Generator, count: int, x: float, wide: float, step: int
) -> None:
  """Draws two to four notes of one beat under beams, some with staccato dots or a slur."""
  steps = np.clip(step + np.cumsum(rng.integers(-2, 3, count)), -3, 11)
  places = [x + number * wide / count for number in range(count)]
  group = tuple((number / count, 1 / count if count == 4 else 0.5, 'n') for number in range(count))
  music.beamed(ink, places, steps, group, True)
  way = -1 if np.mean(steps) < 4 else 1  # To the heads.
  if count == 3:
    further_signs.triplet(ink, places[1], np.max(steps * way) * way / 2 + 1.6 * way)
  elif rng.random() < 0.25:
    signs.slur(ink, places[0], places[-1], steps)
  elif rng.random() < 0.4:
    for place, one in zip(places, steps.tolist(), strict=True):
      further_signs.staccato(ink, place, one / 2 + 1.1 * way)
