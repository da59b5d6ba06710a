"""The structure of a page as JSON, the file structure.json that `omr detect` writes."""

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
  except (KeyError, TypeError, ValueError, IndexError) as error:
    raise UserError(f'{path}: no structure of a page ({error}); {_REMEDY}.') from error


def numbers(value: Any, what: str) -> np.ndarray:
  """Numbers of pixels in JSON, and lists of them, as float64.

  Raises:
    ValueError: There is something else among them, or a number that is no place on a page.
  """
  found = np.array(value)
  if found.size and (found.dtype.kind not in 'iuf' or not (np.abs(found) <= _FARTHEST).all()):
    raise ValueError(f'{what} is no number of pixels')
  return found.astype(float)


def _of_json(value: dict[str, Any]) -> Structure:
  if value['format'] != VERSION:
    raise ValueError(f'its format is {value["format"]!r:.60}, not {VERSION}')
  if (count := sum(len(value[kind]) for kind in ('staves', 'systems', 'measures'))) > MOST:
    raise ValueError(f'it has {count} staves, systems and measures, and may have {MOST}')
  staves = [numbers(staff['lines'], 'a point of a staff') for staff in value['staves']]
  for staff in staves:
    right = staff.ndim == 3 and staff.shape[::2] == (LINES, 2) and staff.shape[1] >= 2
    if not right or (np.diff(staff[..., 0]) < 0).any():
      raise ValueError('a staff has no five lines of points from left to right')
  systems = [list(system['staves']) for system in value['systems']]
  measures = [
    Measure(m['staff'], *numbers([m['left'], m['right']], 'a side of a measure').tolist())
    for m in value['measures']
  ]
  named = [n for system in systems for n in system] + [measure.staff for measure in measures]
  if not all(rules.is_whole(n, 0, len(staves) - 1) for n in named) or not all(systems):
    raise ValueError('a system or measure names a staff that is not there')
  if any(measure.left > measure.right for measure in measures):
    raise ValueError('a measure ends before it begins')
  sizes = (value[key] for key in ('width', 'height', 'staff_space'))
  width, height, space = (float(numbers(size, 'a size')) for size in sizes)
  if min(width, height) < 1 or space < 0:
    raise ValueError('a size is too small')
  return Structure(int(width), int(height), space, staves, systems, measures)


def _rounded(numbers: Any) -> Any:
  return np.round(np.asarray(numbers, float), 1).tolist()
