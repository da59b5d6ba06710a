"""Reads the boxes of pages that `omr detect` or another program has written, to compare them.

They are in a folder, which has either a structure.json for each page, in a folder with the page's
name, or files in the format of COCO. A single file in that format will do too.
"""

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from omr_jax.errors import UserError
from omr_jax.structure import structure_json
from omr_jax.structure.structure import Structure, box, measure_box, system_box
from omr_jax.utils import rules
from omr_jax.utils.files import read_json

STRUCTURE = 'structure.json'
MOST = 20_000  # Boxes of a page. All true ones are compared with all that were found.
_KEYS = ('images', 'annotations', 'categories')
_REMEDY = 'give a file in the format of COCO, with images, annotations and categories'


class Boxes(NamedTuple):
  """The boxes of a page.

  Attributes:
    boxes: float [boxes, 4]: left, top, right, bottom.
    labels: The class of each.
    scores: float [boxes], the confidence of each; 1 where none is given.
  """

  boxes: np.ndarray
  labels: list[str]
  scores: np.ndarray


def read(path: Path) -> dict[str, Boxes]:
  """The boxes of each page, by its name.

  A page is named after the folder of its structure.json, or after its `file_name` in COCO's format,
  without the suffix.

  Raises:
    UserError: There are no annotations, or damaged ones, or a page is there twice.
  """
  if not path.is_dir():
    return _coco(path)
  structures = sorted(path.rglob(STRUCTURE))
  if structures:
    return {
      each.parent.relative_to(path).as_posix(): of_structure(structure_json.read(each))
      for each in structures
    }
  files = [file for file in sorted(path.glob('*.json')) if _is_coco(file)]
  if not files:
    raise UserError(f'{path}: no {STRUCTURE} and no annotations of COCO in it; give other ones.')
  found: dict[str, Boxes] = {}
  for file in files:
    pages = _coco(file)
    if twice := found.keys() & pages.keys():
      raise UserError(f'{file}: has {min(twice)}, which another file has too; leave one out.')
    found |= pages
  return found


def of_structure(found: Structure) -> Boxes:
  """The boxes of the staves, systems and measures of a page, all with confidence 1."""
  kinds = {
    'staff': [box(staff) for staff in found.staves],
    'system': [system_box(found, system) for system in found.systems],
    'measure': [measure_box(found, measure) for measure in found.measures],
  }
  labels = [label for label, boxes in kinds.items() for _ in boxes]
  boxes = np.array([each for boxes in kinds.values() for each in boxes], float).reshape(-1, 4)
  return Boxes(boxes, labels, np.ones(len(labels)))


def _is_coco(file: Path) -> bool:
  return file.is_file() and read_json(file, _REMEDY).keys() >= set(_KEYS)


def _coco(file: Path) -> dict[str, Boxes]:
  value = read_json(file, _REMEDY)
  try:
    return _of_coco(value)
  except (AttributeError, KeyError, TypeError, ValueError) as error:
    raise UserError(f'{file}: no annotations of COCO ({error}); {_REMEDY}.') from error


def _of_coco(value: dict[str, Any]) -> dict[str, Boxes]:
  labels = _by_id(value['categories'], 'name')
  files = _by_id(value['images'], 'file_name')
  names = {number: Path(file).with_suffix('').as_posix() for number, file in files.items()}
  if len(set(names.values())) < len(names):
    raise ValueError('two images have the same file_name')
  rows: dict[Any, list[dict[str, Any]]] = {number: [] for number in names}
  for each in value['annotations']:
    if each['image_id'] not in rows or each['category_id'] not in labels:
      raise ValueError(f'an annotation names what is not there: {json.dumps(each)[:100]}')
    rows[each['image_id']].append(each)
  return {names[number]: _boxes(mine, labels) for number, mine in rows.items()}


def _by_id(rows: list[dict[str, Any]], key: str) -> dict[Any, str]:
  """A text of each row by its id."""
  if not all(isinstance(row[key], str) and row[key] for row in rows):
    raise ValueError(f'a {key} is no text')
  found = {row['id']: row[key] for row in rows}
  if len(found) < len(rows):
    raise ValueError('an id is there twice')
  return found


def _boxes(rows: list[dict[str, Any]], labels: dict[Any, str]) -> Boxes:
  if len(rows) > MOST:
    raise ValueError(f'a page has {len(rows)} boxes, and may have {MOST}')
  boxes = structure_json.numbers([row['bbox'] for row in rows], 'part of a bbox').reshape(-1, 4)
  if (boxes[:, 2:] < 0).any():
    raise ValueError('the width or height of a bbox is below 0')
  boxes[:, 2:] += boxes[:, :2]  # COCO has width and height.
  scores = [row.get('score', 1) for row in rows]
  if not all(rules.is_number(score) and math.isfinite(score) for score in scores):
    raise ValueError('a score is no number')
  return Boxes(boxes, [labels[row['category_id']] for row in rows], np.array(scores, float))
