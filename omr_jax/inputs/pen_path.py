"""The pen's way through a symbol, as networks read it: evenly spaced points along all strokes.

Strokes are taken in the order they were written, as one line. Where the pen was lifted the line
goes straight to the next stroke, but counts for little, so that nearly all points lie on ink.
"""

from types import ModuleType

import numpy as np

from omr_jax.inputs.geometry import Array

POINTS = 96
PEN_UP_WEIGHT = 0.35  # Where the pen is up, a length counts this much of what it does on ink.


def way(points: Array, stroke: Array) -> Array:
  """The way through one symbol, by NumPy or, to be mapped over a batch, by JAX.

  Args:
    points: float [points, 2], x and y in pixels of the tablet.
    stroke: int [points], the stroke each point belongs to, ascending from 0; -1 past the end.

  Returns:
    float [POINTS, 3]: x, y and the number of the stroke. Halfway between two strokes' numbers is
    what lies between the strokes, where the pen is up.
  """
  xp: ModuleType = points.__array_namespace__()
  joined = stroke[1:] == stroke[:-1]
  length = xp.sqrt(((points[1:] - points[:-1]) ** 2).sum(-1))
  length = xp.where(stroke[1:] < 0, 0, xp.where(joined, length, PEN_UP_WEIGHT * length))
  so_far = xp.concat([xp.zeros(1, length.dtype), xp.cumsum(length)])
  rank = xp.arange(len(stroke), dtype=so_far.dtype)
  wanted = so_far[-1] * (xp.arange(POINTS, dtype=so_far.dtype) / (POINTS - 1))
  # Behind the last point there may be places of equal distance, past the symbol's end.
  place = xp.minimum(xp.interp(wanted, so_far, rank), (stroke >= 0).sum() - 1)
  before = xp.floor(place).astype(np.int32)
  after = xp.ceil(place).astype(np.int32)
  share = (place - before)[:, None]
  xy = points[before] * (1 - share) + points[after] * share
  number = (stroke[before] + stroke[after]) / 2
  return xp.concat([xy, number[:, None].astype(xy.dtype)], axis=-1)
