"""The structure of a page as JSON, the file structure.json that `omr detect` writes."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from omr_jax.errors import UserError
from omr_jax.structure.structure import LINES, Measure, Structure, box, measure_box, system_box
from omr_jax.utils import rules
from omr_jax.utils.files import read_json

FILE = 'structure.json'  # Its name in the folder of a page.
VERSION = 1
MOST = 5000  # Boxes of a page, which are compared with all others; a full page of symbols has 2000.
_FARTHEST = 1e9  # Pixels. Areas of boxes beyond would have no meaning.
_REMEDY = 'give a structure.json that omr detect has written'


def as_json(found: Structure) -> dict[str, Any]:
  """What is written: places in pixels, rounded to tenths, and boxes as left, top, right, bottom.

  `systems` and `measures` name staves by their place in `staves`, from 0.
  """
  return {
    'format': VERSION,
    'width': found.width,
    'height': found.height,
    'staff_space': _rounded(found.staff_space),
    'staves': [{'box': _rounded(box(staff)), 'lines': _rounded(staff)} for staff in found.staves],
    'systems': [
      {'box': _rounded(system_box(found, system)), 'staves': system} for system in found.systems
    ],
    'measures': [
      {
        'box': _rounded(measure_box(found, measure)),
        'staff': measure.staff,
        'left': _rounded(measure.left),
        'right': _rounded(measure.right),
      }
      for measure in found.measures
    ],
  }


def read(path: Path) -> Structure:
  """Reads a structure.json.

  Raises:
    UserError: The file can't be read, or holds no structure of a page.
  """
  value = read_json(path, _REMEDY)
  try:
    return _of_json(value)
  except ValueError as error:
    raise UserError(f'{path}: no structure of a page ({error}); {_REMEDY}.') from error


def objects(value: Mapping[str, Any], key: str, keys: Collection[str]) -> list[dict[str, Any]]:
  """A list of objects in JSON.

  Args:
    value: The object that has the list.
    key: The key of the list.
    keys: The keys that each of the objects has; further ones are ignored.

  Raises:
    ValueError: It is no such list.
  """
  found = value.get(key)
  if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
    raise ValueError(f'{key} is no list of objects')
  for number, each in enumerate(found):
    if lacks := [name for name in keys if name not in each]:
      raise ValueError(f'{key}[{number}] lacks the key {lacks[0]!r}')
  return found


def numbers(value: Any, what: str) -> np.ndarray:
  """Numbers of pixels in JSON, and lists of them, as float64.

  Raises:
    ValueError: There is something else among them, or a number that is no place on a page; or lists
      in the same place differ in length.
  """
  try:
    found = np.array(value)
  except ValueError as error:
    raise ValueError(f'{what} is no number of pixels') from error
  if found.size and found.dtype.kind not in 'iuf':
    raise ValueError(f'{what} is no number of pixels')
  found = found.astype(float)
  if not (np.abs(found) <= _FARTHEST).all():
    raise ValueError(f'{what} is no number of pixels')
  return found


def _of_json(value: dict[str, Any]) -> Structure:
  if not rules.is_whole(value.get('format'), VERSION, VERSION):
    raise ValueError(f'its format is {value.get("format")!r:.60}, not {VERSION}')
  staves = objects(value, 'staves', ['lines'])
  systems = objects(value, 'systems', ['staves'])
  measures = objects(value, 'measures', ['staff', 'left', 'right'])
  if (count := len(staves) + len(systems) + len(measures)) > MOST:
    raise ValueError(f'it has {count} staves, systems and measures, and may have {MOST}')
  lines = [numbers(staff['lines'], 'a point of a staff') for staff in staves]
  for staff in lines:
    right = staff.ndim == 3 and staff.shape[::2] == (LINES, 2) and staff.shape[1] >= 2
    if not right or (np.diff(staff[..., 0]) < 0).any():
      raise ValueError('a staff has no five lines of points from left to right')
  named = [system['staves'] for system in systems] + [[measure['staff']] for measure in measures]
  for some in named:
    right = isinstance(some, list) and bool(some)
    if not right or not all(rules.is_whole(n, 0, len(staves) - 1) for n in some):
      raise ValueError('a system or measure names a staff that is not there')
  sides = numbers([[m['left'], m['right']] for m in measures], 'a side of a measure')
  if measures and sides.shape != (len(measures), 2):
    raise ValueError('a side of a measure is no number of pixels')
  sides = sides.reshape(-1, 2)
  if (sides[:, 0] > sides[:, 1]).any():
    raise ValueError('a measure ends before it begins')
  sizes = numbers([value.get(key) for key in ('width', 'height', 'staff_space')], 'a size')
  if sizes.shape != (3,):
    raise ValueError('a size is no number of pixels')
  width, height, space = sizes.tolist()
  if min(width, height) < 1 or space < 0:
    raise ValueError('a size is too small')
  joined = [system['staves'] for system in systems]
  placed = [Measure(m['staff'], *ends) for m, ends in zip(measures, sides.tolist(), strict=True)]
  return Structure(int(width), int(height), space, lines, joined, placed)


def _rounded(numbers: Any) -> Any:
  return np.round(np.asarray(numbers, float), 1).tolist()
