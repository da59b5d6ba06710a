"""Smooth curves through points."""

import numpy as np


def catmull_rom(knots: np.ndarray, samples: int) -> np.ndarray:
  """A Catmull-Rom spline through float [knots, 2], with `samples` points from each to the next."""
  around = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
  before, start, end, after = (around[i : len(knots) - 1 + i, None] for i in range(4))
  t = np.linspace(0, 1, samples, endpoint=False)[:, None]
  third = 3 * (start - end) + after - before
  second = 2 * before - 5 * start + 4 * end - after
  pieces = start + t / 2 * (end - before + t * (second + t * third))
  return np.concatenate([pieces.reshape(-1, 2), knots[-1:]])
