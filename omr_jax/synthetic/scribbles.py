"""Scribbles by their names: each is another one every time."""

from collections.abc import Callable, Mapping

import numpy as np

from omr_jax.synthetic.hand import Strokes, curve, line, rotation


def _tangle(rng: np.random.Generator) -> Strokes:
  return [curve(rng.uniform(0, 10, (rng.integers(5, 14), 2)))]


def _corners(rng: np.random.Generator) -> Strokes:
  return [line(rng.uniform(0, 10, (rng.integers(4, 10), 2)))]


def _loops(rng: np.random.Generator) -> Strokes:
  turns, step = rng.uniform(2, 6), rng.uniform(0.5, 3)
  t = np.linspace(0, 2 * np.pi * turns, round(20 * turns))
  return [np.stack([step * t / 3 + 2 * np.sin(t), 2 * np.cos(t)], 1)]


def _spiral(rng: np.random.Generator) -> Strokes:
  turns = rng.uniform(2, 5)
  t = np.linspace(0.3, 2 * np.pi * turns, round(20 * turns))
  return [(t * np.stack([np.cos(t), np.sin(t)]) * rng.choice([-1, 1], (2, 1))).T]


def _hatching(rng: np.random.Generator) -> Strokes:
  x = np.arange(rng.integers(5, 14)) * rng.uniform(0.5, 2)
  return [line(np.stack([x, np.where(np.arange(len(x)) % 2, 10, rng.uniform(-1, 3))], 1))]


def _wave(rng: np.random.Generator) -> Strokes:
  t = np.linspace(0, rng.uniform(2.5, 8) * np.pi, 60)
  return [np.stack([t, rng.uniform(0.5, 2.5) * np.sin(t)], 1)]


def _shading(rng: np.random.Generator) -> Strokes:
  """Strokes side by side."""
  lean, length = rng.uniform(-4, 4), rng.uniform(3, 12)
  starts = np.arange(rng.integers(4, 9)) * rng.uniform(0.8, 2)
  ends = rng.normal(0, 0.4, (len(starts), 2, 2)) + np.array([[0, 0], [lean, length]])
  return [line(pair + [x, 0]) for pair, x in zip(ends, starts, strict=True)]


def _outline(rng: np.random.Generator) -> Strokes:
  """A closed line with bumps."""
  count = rng.integers(7, 14)
  angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
  around = np.stack([np.cos(angle), rng.uniform(0.5, 1) * np.sin(angle)], 1)
  knots = around * rng.uniform(2, 5, (count, 1))
  return [curve(np.concatenate([knots, knots[:1]]))]


def _signature(rng: np.random.Generator) -> Strokes:
  """A name that nobody can read, and often a line below it."""
  count = rng.integers(6, 16)
  x = np.cumsum(rng.uniform(-0.6, 1.6, count))
  y = np.where(np.arange(count) % 2, 1, -1) * rng.exponential(1.5, count)
  strokes = [curve(np.stack([x, y], 1))]
  if rng.random() < 0.6:
    strokes.append(curve(np.array([[x[-1], 3], [x.mean(), 3.5], [x[0], 3]])))
  return strokes


def _scrub(rng: np.random.Generator) -> Strokes:
  """To and fro over the same place."""
  count = rng.integers(6, 18)
  x = np.where(np.arange(count) % 2, 10, 0) + rng.normal(0, 1, count)
  y = np.cumsum(rng.uniform(-0.3, 0.9, count))
  angle = rng.uniform(0, np.pi)
  return [curve(np.stack([x, y], 1) @ rotation(angle))]


def _taps(rng: np.random.Generator) -> Strokes:
  """Dots here and there."""
  places = rng.uniform(0, 10, (rng.integers(4, 9), 2))
  return [line(place + rng.normal(0, 0.2, (2, 2))) for place in places]


SCRIBBLES: Mapping[str, Callable[[np.random.Generator], Strokes]] = {
  'tangle': _tangle,
  'corners': _corners,
  'loops': _loops,
  'spiral': _spiral,
  'hatching': _hatching,
  'wave': _wave,
  'shading': _shading,
  'outline': _outline,
  'signature': _signature,
  'scrub': _scrub,
  'taps': _taps,
}
