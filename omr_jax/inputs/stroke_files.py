"""Strokes as people have them: symbol files of HOMUS, JSON, and lists in memory.

JSON is {"strokes": [[[x, y], ...], ...]}, or that list alone: a list of strokes in the order they
were written, each a list of points in the order the pen took, y down. Numbers are in pixels of
HOMUS's tablet, on which staff lines are 14 apart: on another screen, multiply by 14 and divide by
the distance of the lines that the writer sees.
"""

import json
import os
from typing import Any

import numpy as np

from omr_jax.errors import UserError
from omr_jax.inputs import strokes
from omr_jax.inputs.strokes import MAX_BYTES, MAX_COORDINATE, MAX_POINTS

_LARGEST_BOX = 4000  # Pixels of the tablet; HOMUS reaches 258. `resized` draws the whole box.
_SHAPE = 'give {"strokes": [[[x, y], ...], ...]}'


def read(content: bytes, name: str) -> tuple[np.ndarray, np.ndarray]:
  """The strokes of a file: `.json`, or else a symbol file of HOMUS.

  Args:
    content: Of the file.
    name: Of the file, for messages; a symbol file's ends in `<writer>-<n>.txt`.

  Returns:
    points float or int [points, 2], and the stroke of each, int [points], ascending from 0.

  Raises:
    UserError: The file holds no strokes, or they are far too large.
  """
  if os.path.splitext(name)[1].lower() == '.json':
    return _of_json(content, name)
  symbol = strokes.parse(content, name)
  _refuse_large(symbol.points, name)
  return symbol.points, symbol.stroke


def _of_json(content: bytes, name: str) -> tuple[np.ndarray, np.ndarray]:
  if len(content) > MAX_BYTES:
    raise UserError(f'{name}: {len(content)} bytes; a symbol has at most {MAX_BYTES}.')
  try:
    found = json.loads(content)
  except (ValueError, RecursionError) as error:
    raise UserError(f'{name}: no JSON ({error}); {_SHAPE}.') from None
  return of_lists(found, name)


def of_lists(given: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
  """The same of what such JSON holds; a stroke may be an array of NumPy.

  Raises:
    UserError: It isn't strokes, or they are far too large.
  """
  if isinstance(given, dict):
    given = given.get('strokes')
  if not isinstance(given, list | tuple) or not given:
    raise UserError(f'{name}: no strokes in it; {_SHAPE}.')
  lines = [_line(each, f'{name}, stroke {n}') for n, each in enumerate(given, 1)]
  counts = [len(line) for line in lines]
  if sum(counts) > MAX_POINTS:
    raise UserError(f'{name}: {sum(counts)} points; a symbol has at most {MAX_POINTS}.')
  points = np.concatenate(lines)
  _refuse_large(points, name)
  return points, np.repeat(np.arange(len(lines), dtype=np.int32), counts)


def _line(given: Any, place: str) -> np.ndarray:
  try:
    points = np.asarray(given)
  except ValueError:  # Rows of different lengths.
    points = np.empty(0)
  # Text and truth values would pass as numbers.
  if points.dtype.kind not in 'iuf' or points.ndim != 2 or points.shape[1] != 2 or not len(points):
    raise UserError(f'{place}: is no list of points [x, y]; {_SHAPE}.')
  if not (np.abs(points) <= MAX_COORDINATE).all():
    raise UserError(f'{place}: has a point beyond +-{MAX_COORDINATE}; correct it.')
  return points.astype(np.float64)


def _refuse_large(points: np.ndarray, name: str) -> None:
  box = np.ptp(points, axis=0)
  if box.max() > _LARGEST_BOX:
    raise UserError(
      f'{name}: {box[0]:g}x{box[1]:g} pixels of the tablet; scale it to at most {_LARGEST_BOX}.'
    )
