"""The pen's path through a symbol, as networks read it: evenly spaced points along all strokes."""

from types import ModuleType

import numpy as np

from omr_jax.inputs.geometry import Array

POINTS = 96
PEN_UP_WEIGHT = 0.35  # The share of its length at which a line between two strokes is counted.

# How the path is sampled, in words; `model.json` has them for other programs.
RULE = (
  "Pen's path: the strokes, in the order in which they were written, are joined to one line. Where "
  'the pen was lifted a straight line leads to the next stroke, whose length counts only '
  f'{PEN_UP_WEIGHT}, so that most points lie on ink. {POINTS} points at even distances along that '
  'line, both ends among them, each have x, y and the number of the stroke, from 0; between two '
  "strokes it is the mean of the two strokes' numbers."
)


def sampled(points: Array, stroke: Array) -> Array:
  """The path through one symbol by RULE, in NumPy or in JAX (where it is mapped over a batch).

  Args:
    points: float [points, 2], x and y in pixels of the tablet.
    stroke: int [points], the stroke each point belongs to, ascending from 0; -1 past the end.

  Returns:
    float [POINTS, 3]: x, y and the number of the stroke. Points between two strokes, where the pen
    is up, have the mean of the two strokes' numbers.
  """
  xp: ModuleType = points.__array_namespace__()
  joined = stroke[1:] == stroke[:-1]
  length = xp.sqrt(((points[1:] - points[:-1]) ** 2).sum(-1))
  length = xp.where(stroke[1:] < 0, 0, xp.where(joined, length, PEN_UP_WEIGHT * length))
  so_far = xp.concat([xp.zeros(1, length.dtype), xp.cumsum(length)])
  rank = xp.arange(len(stroke), dtype=so_far.dtype)
  wanted = so_far[-1] * (xp.arange(POINTS, dtype=so_far.dtype) / (POINTS - 1))
  # The places past the symbol's end are as far along the line as its last point.
  place = xp.minimum(xp.interp(wanted, so_far, rank), (stroke >= 0).sum() - 1)
  before = xp.floor(place).astype(np.int32)
  after = xp.ceil(place).astype(np.int32)
  share = (place - before)[:, None]
  xy = points[before] * (1 - share) + points[after] * share
  number = (stroke[before] + stroke[after]) / 2
  return xp.concat([xy, number[:, None].astype(xy.dtype)], axis=-1)
