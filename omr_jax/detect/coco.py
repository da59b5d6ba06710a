"""Reads annotations in the format of COCO."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from omr_jax.errors import UserError
from omr_jax.structure import structure_json
from omr_jax.structure.structure_json import objects
from omr_jax.utils import rules
from omr_jax.utils.files import as_object, read_any_json, read_bytes, read_json

_KEYS = ('images', 'annotations', 'categories')
_REMEDY = 'give a file in the format of COCO, with images, annotations and categories'
_RESULTS_REMEDY = 'give results in the format of COCO, with ids that the truth has'


class Boxes(NamedTuple):
  """The boxes of a page.

  Attributes:
    boxes: float [boxes, 4]: left, top, right, bottom.
    labels: The class of each.
    scores: float [boxes], the confidence of each; 1 where none is given.
    crowd: bool [boxes], which are drawn around many symbols (`iscrowd` of COCO).
  """

  boxes: np.ndarray
  labels: list[str]
  scores: np.ndarray
  crowd: np.ndarray


def certain(boxes: np.ndarray, labels: list[str]) -> Boxes:
  """Boxes with confidence 1, each of one symbol."""
  return Boxes(boxes, labels, np.ones(len(labels)), np.zeros(len(labels), bool))


def is_coco(file: Path) -> bool:
  """Whether a file has the keys of annotations in the format of COCO.

  Raises:
    UserError: It is no JSON, so it may be a damaged file of annotations.
  """
  if not file.is_file():
    return False
  try:
    value = json.loads(read_bytes(file).decode())
  except (OSError, ValueError, RecursionError):
    value = read_json(file, _REMEDY)  # It says what is wrong.
  return isinstance(value, dict) and value.keys() >= set(_KEYS)


def read(file: Path, truth: Callable[[], Path] | None = None) -> dict[str, Boxes]:
  """The boxes of each page in a file, by its `file_name` without the suffix.

  Args:
    file: Annotations; or results, boxes alone in a list, if there is a truth.
    truth: Gives the annotations whose images and categories results name.

  Raises:
    UserError: A file can't be read, or is damaged; and whatever `truth` raises.
  """
  value = read_any_json(file, _REMEDY)
  if truth is not None and isinstance(value, list):
    return _of_results(value, file, truth())
  try:
    return _of_coco(as_object(value, file, _REMEDY), file)
  except ValueError as error:
    raise UserError(f'{file}: no annotations of COCO ({error}); {_REMEDY}.') from error


def _of_results(results: list[Any], file: Path, truth: Path) -> dict[str, Boxes]:
  whole = read_json(truth, _REMEDY) | {'annotations': results}
  try:
    objects(whole, 'annotations', ['score'])  # The truth has none; results are ranked by theirs.
    return _of_coco(whole, file)
  except ValueError as error:
    raise UserError(f'{file}: no results of COCO ({error}); {_RESULTS_REMEDY}.') from error


def _of_coco(value: dict[str, Any], file: Path) -> dict[str, Boxes]:
  labels = _by_id(value, 'categories', 'name')
  files = _by_id(value, 'images', 'file_name')
  names = {number: Path(each).with_suffix('').as_posix() for number, each in files.items()}
  known: dict[str, str] = {}
  for number, name in names.items():
    if name in known:
      raise UserError(
        f'{file}: {known[name]} and {files[number]} have the same name without the suffix; rename '
        'one of the pages.'
      )
    known[name] = files[number]
  rows: dict[int | str, list[dict[str, Any]]] = {number: [] for number in names}
  for each in objects(value, 'annotations', ['image_id', 'category_id', 'bbox']):
    if not (_is_in(rows, each['image_id']) and _is_in(labels, each['category_id'])):
      raise ValueError(f'an annotation names what is not there: {json.dumps(each)[:100]}')
    rows[each['image_id']].append(each)
  return {names[number]: _boxes(mine, labels) for number, mine in rows.items()}


def _by_id(value: dict[str, Any], key: str, text: str) -> dict[int | str, str]:
  """A text of each object in a list by its id."""
  rows = objects(value, key, ['id', text])
  if not all(isinstance(row[text], str) and row[text] for row in rows):
    raise ValueError(f'a {text} is no text')
  if not all(isinstance(row['id'], int | str) for row in rows):
    raise ValueError(f'an id of {key} is neither a whole number nor a text')
  found = {row['id']: row[text] for row in rows}
  if len(found) < len(rows):
    raise ValueError(f'an id of {key} is there twice')
  return found


def _is_in(known: Mapping[int | str, Any], number: Any) -> bool:
  return isinstance(number, int | str) and number in known


def _boxes(rows: list[dict[str, Any]], labels: dict[int | str, str]) -> Boxes:
  if len(rows) > structure_json.MOST:
    raise ValueError(f'a page has {len(rows)} boxes, and may have {structure_json.MOST}')
  boxes = structure_json.numbers([row['bbox'] for row in rows], 'part of a bbox')
  if rows and boxes.shape != (len(rows), 4):
    raise ValueError('a bbox is no list of four numbers')
  boxes = boxes.reshape(-1, 4)
  if (boxes[:, 2:] < 0).any():
    raise ValueError('the width or height of a bbox is below 0')
  boxes[:, 2:] += boxes[:, :2]  # COCO has width and height.
  scores = [row.get('score', 1) for row in rows]
  if not all(rules.is_number(score) and math.isfinite(score) for score in scores):
    raise ValueError('a score is no number')
  crowd = [row.get('iscrowd', 0) for row in rows]
  if not all(each in (0, 1) for each in crowd):
    raise ValueError('an iscrowd is neither 0 nor 1')
  names = [labels[row['category_id']] for row in rows]
  return Boxes(boxes, names, np.array(scores, float), np.array(crowd, bool))
