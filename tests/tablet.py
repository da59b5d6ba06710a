"""Symbols of strokes, as arrays of points."""

import jax.numpy as jnp
import numpy as np


def batch(*symbols):
  """Symbols of strokes to arrays, padded with rubbish that must not matter."""
  count = max(sum(map(len, symbol)) for symbol in symbols) + 3
  points = np.full((len(symbols), count, 2), 7.0, np.float32)
  stroke = np.full((len(symbols), count), -1, np.int16)
  for i, symbol in enumerate(symbols):
    flat = [point for line in symbol for point in line]
    points[i, : len(flat)] = flat
    stroke[i, : len(flat)] = np.repeat(np.arange(len(symbol)), [len(line) for line in symbol])
  return jnp.array(points), jnp.array(stroke)


BOX = [[(0, 0), (40, 0), (40, 30), (0, 30), (0, 0)]]
TWO = [[(0, 0), (40, 30)], [(0, 30), (40, 0)]]
