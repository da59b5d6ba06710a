"""Reads strokes from symbol files of HOMUS, from JSON, and from lists in memory.

JSON is {"strokes": [[[x, y], ...], ...]} or that list alone. It lists the strokes in the order in
which they were written; each stroke lists its points in the order in which the pen passed them, y
down. Coordinates are in pixels of HOMUS's tablet, on which staff lines are 14 pixels apart. For
strokes from another screen, multiply them by 14 and divide them by the distance, in the same units,
of the staff lines that the writer sees.
"""

import json
import os
import re
from typing import Any

import numpy as np

from omr_jax.errors import UserError
from omr_jax.inputs import strokes
from omr_jax.inputs.geometry import STAFF_SPACE
from omr_jax.inputs.strokes import MAX_BYTES, MAX_COORDINATE, MAX_POINTS

# The longest side of a symbol's box, in pixels of the tablet: the layout `resized` draws a picture
# of that size. Symbols of HOMUS have up to 258.
_LARGEST_BOX = 4000
_SHORT = 4096  # Bytes that tell what a file is.
_POINTS = re.compile(rb'\s*-?[0-9]+,-?[0-9]+;')  # At the beginning of a stroke.
_SHAPE = 'give {"strokes": [[[x, y], ...], ...]}'


def read(content: bytes, name: str) -> tuple[np.ndarray, np.ndarray]:
  """Reads the strokes of a JSON file or of a symbol file of HOMUS.

  The first line of a symbol file, the class, may be missing. The content decides which of the two
  kinds of file it is, or the name if the content begins like neither.

  Args:
    content: The bytes of the file.
    name: The path of the file, or what to call it.

  Returns:
    The points, float or int [points, 2], and the stroke of each, int [points], ascending from 0.

  Raises:
    UserError: The file holds no strokes, or far too large ones.
  """
  named_json = os.path.splitext(name)[1].lower() == '.json'
  if _begins_like_json(content) or (named_json and not begins(content)):
    return _of_json(content, name)
  points, stroke = strokes.parse_strokes(content, name)
  _refuse_large(points, name)
  return points, stroke


def begins(content: bytes) -> bool:
  """Whether a file that begins so holds strokes, perhaps damaged ones; no picture begins so."""
  lines = strokes.canonical(content[:_SHORT]).lstrip().split(b'\n', 2)
  is_class = lines[0].strip().decode('latin-1') in strokes.CLASSES
  return is_class or _begins_like_json(content) or any(map(_POINTS.match, lines[:2]))


def _begins_like_json(content: bytes) -> bool:
  return strokes.canonical(content[:_SHORT]).lstrip()[:1] in (b'{', b'[')


def _of_json(content: bytes, name: str) -> tuple[np.ndarray, np.ndarray]:
  if len(content) > MAX_BYTES:
    raise UserError(f'{name}: {len(content)} bytes; a symbol has at most {MAX_BYTES}.')
  try:
    found = json.loads(content)
  except (ValueError, RecursionError) as error:
    raise UserError(f'{name}: no JSON ({error}); {_SHAPE}.') from None
  return of_lists(found, name)


def of_lists(given: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
  """Reads strokes from lists as JSON has them; a stroke may also be a NumPy array.

  Args:
    given: {'strokes': [[[x, y], ...], ...]} or that list alone.
    name: What to call them in messages.

  Returns:
    The points, float [points, 2], and the stroke of each, int [points], ascending from 0.

  Raises:
    UserError: These are no strokes, or in another unit: far too large, or between 0 and 1.
  """
  if isinstance(given, dict):
    given = given.get('strokes')
  if not isinstance(given, list | tuple) or not given:
    raise UserError(f'{name}: no strokes in it; {_SHAPE}.')
  if len(given) > MAX_POINTS:
    raise UserError(f'{name}: {len(given)} strokes; a symbol has at most {MAX_POINTS} points.')
  lines = [_line(each, f'{name}, stroke {n}') for n, each in enumerate(given, 1)]
  counts = [len(line) for line in lines]
  if sum(counts) > MAX_POINTS:
    raise UserError(f'{name}: {sum(counts)} points; a symbol has at most {MAX_POINTS}.')
  points = np.concatenate(lines)
  _refuse_large(points, name)
  # Whole numbers may be the corners of a dot.
  if points.min() >= 0 and points.max() <= 1 and (points % 1).any():
    raise UserError(
      f'{name}: all coordinates are between 0 and 1; multiply them, so that staff lines are '
      f'{STAFF_SPACE} apart.'
    )
  return points, np.repeat(np.arange(len(lines), dtype=np.int32), counts)


def _line(given: Any, place: str) -> np.ndarray:
  if isinstance(given, np.ma.MaskedArray):
    raise UserError(f'{place}: is a masked array; leave out the points that it hides.')
  try:
    points = np.asarray(given)
  except Exception:  # Rows of different lengths, or objects of other libraries.
    points = np.empty(0)
  # Checked by dtype, because a conversion would accept text and True as numbers.
  if points.dtype.kind not in 'iuf' or points.ndim != 2 or points.shape[1] != 2 or not len(points):
    raise UserError(f'{place}: is no list of points [x, y]; {_SHAPE}.')
  if len(points) > MAX_POINTS:  # Before it is copied: an array that repeats one value is small.
    raise UserError(f'{place}: {len(points)} points; a symbol has at most {MAX_POINTS}.')
  # In float16 the bound itself is infinite, and the smallest integer has no absolute value.
  points = points.astype(np.float64)
  if not (np.abs(points) <= MAX_COORDINATE).all():
    raise UserError(f'{place}: has a point beyond +-{MAX_COORDINATE}; correct it.')
  return points


def _refuse_large(points: np.ndarray, name: str) -> None:
  box = np.ptp(points, axis=0)
  if box.max() > _LARGEST_BOX:
    raise UserError(
      f'{name}: {box[0]:g}x{box[1]:g} pixels of the tablet; scale it to at most {_LARGEST_BOX}.'
    )
