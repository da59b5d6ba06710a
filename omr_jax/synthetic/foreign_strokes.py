"""Strokes of what is no music symbol of the 32 classes: letters, digits, other signs, scribbles.

With them a network learns to say "none of these", and is measured on it. `KINDS` are kinds that
have names; half of them are for learning, the other half for measuring. `invented` are strokes that
look like nothing, each of another kind.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

Strokes = list[np.ndarray]  # For each stroke its points, float [points, 2], y down.

_LIST = Path(__file__).with_suffix('.txt')  # Its head says how it is written.
_SAMPLES = 8  # Points from one knot of a curve to the next.
_SMALLEST, _LARGEST = 16, 130  # The longer side, in pixels of the tablet.


class Kind(NamedTuple):
  """A kind of foreign strokes.

  Attributes:
    group: What it belongs to, such as 'capital' or 'sign'.
    name: Such as 'A' or 'fermata'.
    ways: The ways in which people write it: for each its strokes, each a pair of whether it is
      smooth and its knots, float [knots, 2]. Scribbles have none.
  """

  group: str
  name: str
  ways: tuple[tuple[tuple[bool, np.ndarray], ...], ...]


def _read() -> tuple[Kind, ...]:
  found: dict[tuple[str, str], list] = {}
  for line in _LIST.read_text().splitlines():
    if line.startswith('#'):
      continue
    group, name, *rest = line.split(maxsplit=2)
    ways = found.setdefault((group, name), [])
    if rest:
      ways.append(tuple(_stroke(each.split()) for each in rest[0].split('/')))
  return tuple(Kind(group, name, tuple(ways)) for (group, name), ways in found.items())


def _stroke(words: Sequence[str]) -> tuple[bool, np.ndarray]:
  smooth = words[0] == '~'
  knots = [[float(x) for x in word.split(',')] for word in words[smooth:]]
  return smooth, np.array(knots)


KINDS = _read()
# What is measured differs from what was learned: of all groups but `further` every other kind.
TO_MEASURE = tuple(kind for kind in KINDS if kind.group != 'further')[1::2]
TO_LEARN = tuple(kind for kind in KINDS if kind not in TO_MEASURE)


def written(kind: Kind, rng: np.random.Generator) -> Strokes:
  """Strokes of a kind, by a random hand, in pixels of the tablet."""
  if not kind.ways:
    return _by_hand([_SCRIBBLES[kind.name](rng)], rng)
  way = kind.ways[rng.integers(len(kind.ways))]
  # The hand misses each knot a little.
  spread = rng.uniform(0.1, 0.45)
  lines = [(smooth, knots + rng.normal(0, spread, knots.shape)) for smooth, knots in way]
  return _by_hand([_curve(knots) if smooth else _line(knots) for smooth, knots in lines], rng)


def invented(rng: np.random.Generator) -> Strokes:
  """Strokes of a kind that nobody knows, in pixels of the tablet: a letter, or lines anywhere."""
  strokes = _letter(rng) if rng.random() < 0.5 else _lines(rng)
  return _by_hand([_curve(knots) if rng.random() < 0.5 else _line(knots) for knots in strokes], rng)


def _letter(rng: np.random.Generator) -> Strokes:
  """Knots as in scripts: on a grid of 3 by 4, and a stroke begins or ends where others pass."""
  grid = np.stack(np.meshgrid([0, 5, 10], [0, 4, 8, 12]), -1).reshape(-1, 2).astype(float)
  count = rng.choice([1, 2, 3, 4], p=[0.25, 0.4, 0.25, 0.1])
  strokes: Strokes = []
  for _ in range(count):
    # One stroke of two knots would be a bar line or a rest.
    knots = grid[rng.permutation(len(grid))[: rng.integers(2 if count > 1 else 4, 6)]]
    if strokes and rng.random() < 0.7:
      knots[0] = rng.choice(strokes[-1])
    strokes.append(knots)
  return [knots + rng.normal(0, 0.4, knots.shape) for knots in strokes]


def _lines(rng: np.random.Generator) -> Strokes:
  count = rng.choice([1, 2, 3, 4, 5], p=[0.35, 0.3, 0.2, 0.1, 0.05])
  return [
    rng.uniform(0, 10, (rng.integers(2, 8), 2)) * rng.uniform(0.3, 1, 2) + rng.uniform(0, 5, 2)
    for _ in range(count)
  ]


def _line(knots: np.ndarray) -> np.ndarray:
  """Straight lines, with points about as dense as a pen gives them."""
  parts = [np.linspace(a, b, _SAMPLES, endpoint=False) for a, b in itertools.pairwise(knots)]
  return np.concatenate([*parts, knots[-1:]])


def _curve(knots: np.ndarray) -> np.ndarray:
  """A smooth curve through all knots (Catmull-Rom); a knot that is there twice is a corner."""
  ends = 2 * knots[:1] - knots[1:2], 2 * knots[-1:] - knots[-2:-1]
  around = np.concatenate([ends[0], knots, ends[1]])
  before, start, end, after = (around[i : len(knots) - 1 + i, None] for i in range(4))
  t = np.linspace(0, 1, _SAMPLES, endpoint=False)[:, None]
  third = 3 * (start - end) + after - before
  second = 2 * before - 5 * start + 4 * end - after
  pieces = start + t / 2 * (end - before + t * (second + t * third))
  return np.concatenate([pieces.reshape(-1, 2), knots[-1:]])


def _by_hand(strokes: Strokes, rng: np.random.Generator) -> Strokes:
  """The strokes as a random hand writes them: its order, slant, proportions, tremble and size."""
  if rng.random() < 0.3:
    strokes = [strokes[i] for i in rng.permutation(len(strokes))]
  strokes = [each[::-1] if rng.random() < 0.15 else each for each in strokes]
  if len(strokes) > 1 and rng.random() < 0.1:  # Without lifting the pen.
    strokes = [np.concatenate(strokes)]
  angle = rng.normal(0, 0.12)
  turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
  slant = np.array([[1, rng.normal(0, 0.15)], [0, 1]])
  stretch = np.exp(rng.normal(0, 0.15, 2))
  strokes = [(stretch * each) @ slant.T @ turn.T for each in strokes]
  box = np.ptp(np.concatenate(strokes), axis=0)
  size = np.exp(rng.uniform(np.log(_SMALLEST), np.log(_LARGEST)))
  zoom, trembling = size / max(box.max(), 1e-3), rng.uniform(0, 0.012) * size
  return [each * zoom + _tremble(len(each), trembling, rng) for each in strokes]


def _tremble(count: int, strength: float, rng: np.random.Generator) -> np.ndarray:
  """How far a hand is off at each of its points: noise that is smooth along the stroke."""
  noise = rng.normal(0, 1, (count + 4, 2))
  return strength * sum(noise[i : count + i] for i in range(5)) / np.sqrt(5)


def _tangle(rng: np.random.Generator) -> np.ndarray:
  return _curve(rng.uniform(0, 10, (rng.integers(5, 14), 2)))


def _corners(rng: np.random.Generator) -> np.ndarray:
  return _line(rng.uniform(0, 10, (rng.integers(4, 10), 2)))


def _loops(rng: np.random.Generator) -> np.ndarray:
  turns, step = rng.uniform(2, 6), rng.uniform(0.5, 3)
  t = np.linspace(0, 2 * np.pi * turns, round(20 * turns))
  return np.stack([step * t / 3 + 2 * np.sin(t), 2 * np.cos(t)], 1)


def _spiral(rng: np.random.Generator) -> np.ndarray:
  turns = rng.uniform(2, 5)
  t = np.linspace(0.3, 2 * np.pi * turns, round(20 * turns))
  return (t * np.stack([np.cos(t), np.sin(t)]) * rng.choice([-1, 1], (2, 1))).T


def _hatching(rng: np.random.Generator) -> np.ndarray:
  x = np.arange(rng.integers(5, 14)) * rng.uniform(0.5, 2)
  return _line(np.stack([x, np.where(np.arange(len(x)) % 2, 10, rng.uniform(-1, 3))], 1))


def _wave(rng: np.random.Generator) -> np.ndarray:
  t = np.linspace(0, rng.uniform(2.5, 8) * np.pi, 60)
  return np.stack([t, rng.uniform(0.5, 2.5) * np.sin(t)], 1)


_SCRIBBLES: Mapping[str, Callable[[np.random.Generator], np.ndarray]] = {
  'tangle': _tangle,
  'corners': _corners,
  'loops': _loops,
  'spiral': _spiral,
  'hatching': _hatching,
  'wave': _wave,
}
