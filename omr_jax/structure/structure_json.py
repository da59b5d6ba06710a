"""The structure of a page as JSON, the file structure.json that `omr detect` writes."""

from pathlib import Path
from typing import Any

import numpy as np

from omr_jax.errors import UserError
from omr_jax.structure.structure import LINES, Measure, Structure, box, measure_box, system_box
from omr_jax.utils.files import read_json

VERSION = 1
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
    UserError: It can't be read, or is no such file.
  """
  value = read_json(path, _REMEDY)
  try:
    return _of_json(value)
  except (KeyError, TypeError, ValueError, IndexError) as error:
    raise UserError(f'{path}: no structure of a page ({error}); {_REMEDY}.') from error


def _of_json(value: dict[str, Any]) -> Structure:
  if value['format'] != VERSION:
    raise ValueError(f'its format is {value["format"]}, not {VERSION}')
  staves = [np.array(staff['lines'], float) for staff in value['staves']]
  for staff in staves:
    right = staff.ndim == 3 and staff.shape[::2] == (LINES, 2) and staff.shape[1] >= 2
    if not right or not np.isfinite(staff).all():
      raise ValueError('a staff has no five lines of points')
  systems = [[int(staff) for staff in system['staves']] for system in value['systems']]
  measures = [
    Measure(int(m['staff']), float(m['left']), float(m['right'])) for m in value['measures']
  ]
  named = [n for system in systems for n in system] + [measure.staff for measure in measures]
  if not all(0 <= n < len(staves) for n in named) or not all(systems):
    raise ValueError('a system or measure names a staff that is not there')
  return Structure(
    int(value['width']),
    int(value['height']),
    float(value['staff_space']),
    staves,
    systems,
    measures,
  )


def _rounded(numbers: Any) -> Any:
  return np.round(np.asarray(numbers, float), 1).tolist()
