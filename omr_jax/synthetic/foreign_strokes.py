"""Strokes of what is no music symbol of the 32 classes: letters, digits, other signs, scribbles.

With them a network learns to say "none of these", and is measured on it. `TO_LEARN` and
`TO_MEASURE` are kinds that have names; no kind is in both. `invented` are strokes that look like
nothing, each of another kind.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from omr_jax.synthetic import hand
from omr_jax.synthetic.hand import Strokes
from omr_jax.synthetic.scribbles import SCRIBBLES

_FOLDER = Path(__file__).parent


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


def _read(file: str) -> tuple[Kind, ...]:
  found: dict[tuple[str, str], list] = {}
  for line in (_FOLDER / file).read_text().splitlines():
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


TO_LEARN = _read('foreign_strokes.txt')  # Its head says how it is written.
TO_MEASURE = _read('foreign_strokes_measured.txt')


def written(kind: Kind, rng: np.random.Generator) -> Strokes:
  """Strokes of a kind, by a random hand, in pixels of the tablet."""
  if not kind.ways:
    return hand.written(SCRIBBLES[kind.name](rng), rng)
  way = kind.ways[rng.integers(len(kind.ways))]
  # The hand misses each knot a little.
  spread = rng.uniform(0.1, 0.45)
  lines = [(smooth, knots + rng.normal(0, spread, knots.shape)) for smooth, knots in way]
  strokes = [hand.curve(knots) if smooth else hand.line(knots) for smooth, knots in lines]
  return hand.written(strokes, rng)


def invented(rng: np.random.Generator) -> Strokes:
  """Strokes of a kind that nobody knows, in pixels of the tablet: a letter, or lines anywhere."""
  strokes = _letter(rng) if rng.random() < 0.5 else _lines(rng)
  joined = [hand.curve(knots) if rng.random() < 0.5 else hand.line(knots) for knots in strokes]
  return hand.written(joined, rng)


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
