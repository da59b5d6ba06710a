"""Reads the boxes of pages that `omr detect` or another program has written, to compare them.

They are in a folder. It has either the results of `omr detect`, a folder for each page with the
page's name; or files in the format of COCO; or files in the format MuNG, as MUSCIMA++ has them. A
single file in one of these formats will do too. Found boxes may also be a file of results in the
format of COCO, a list of boxes that names images and categories of the truth.
"""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np

from omr_jax.detect import coco, page_json
from omr_jax.detect.coco import Boxes
from omr_jax.errors import UserError
from omr_jax.inputs import mung
from omr_jax.structure import structure_json
from omr_jax.structure.structure import Structure, box, measure_box, system_box
from omr_jax.utils.files import read_bytes

STRUCTURE = ('staff', 'system', 'measure')  # The classes of a structure; all others are symbols.
_NO_BOXES = ('staffLine', 'staffSpace')  # Classes of MUSCIMA++ that a structure has no boxes of.


def read(path: Path, truth: Path | None = None) -> dict[str, Boxes]:
  """The boxes of each page, by its name.

  A page is named after the folder that `omr detect` has written for it, after its `file_name` in
  COCO's format without the suffix, or after its file in the format MuNG.

  Args:
    path: The file or folder.
    truth: That of the true boxes, if these are found ones.

  Raises:
    UserError: There are no annotations, or damaged ones, or a page is there twice.
  """
  if not path.is_dir():
    if _is_mung(path):
      return _mung(path)
    return coco.read(path, partial(_only_file, truth, path) if truth else None)
  names = (structure_json.FILE, page_json.FILE)
  folders = {file.parent for name in names for file in path.rglob(name)}
  if folders:
    return {each.relative_to(path).as_posix(): _detected(each) for each in sorted(folders)}
  if files := _coco_files(path):
    return _joined(map(coco.read, files), files)
  if files := sorted(path.glob('*.xml')):
    return _joined(map(_mung, files), files)
  raise UserError(
    f'{path}: no {structure_json.FILE}, no annotations of COCO and none of MuNG in it; give others.'
  )


def of_structure(found: Structure) -> Boxes:
  """The boxes of the staves, systems and measures of a page, all with confidence 1."""
  kinds = {
    'staff': [box(staff) for staff in found.staves],
    'system': [system_box(found, system) for system in found.systems],
    'measure': [measure_box(found, measure) for measure in found.measures],
  }
  labels = [label for label, boxes in kinds.items() for _ in boxes]
  boxes = np.array([each for boxes in kinds.values() for each in boxes], float).reshape(-1, 4)
  return coco.certain(boxes, labels)


def _coco_files(folder: Path) -> list[Path]:
  return [file for file in sorted(folder.glob('*.json')) if coco.is_coco(file)]


def _only_file(truth: Path, results: Path) -> Path:
  """The file of the truth in the format of COCO, whose ids are those of the results."""
  files = _coco_files(truth) if truth.is_dir() else [] if _is_mung(truth) else [truth]
  if len(files) != 1:
    raise UserError(
      f'{results}: is a list of results, whose ids are those of one file in the format of COCO, '
      f'and {truth} has {len(files)} of them; give that file as the truth.'
    )
  return files[0]


def _joined(pages: Iterable[dict[str, Boxes]], files: Iterable[Path]) -> dict[str, Boxes]:
  found: dict[str, Boxes] = {}
  for mine, file in zip(pages, files, strict=True):
    if twice := found.keys() & mine.keys():
      raise UserError(f'{file}: has {min(twice)}, which another file has too; leave one out.')
    found |= mine
  return found


def _detected(folder: Path) -> Boxes:
  """The boxes in the folder of a page: its structure, and its symbols."""
  parts = []
  if (file := folder / structure_json.FILE).exists():
    parts.append(of_structure(structure_json.read(file)))
  if (file := folder / page_json.FILE).exists():
    pages = coco.read(file)
    if len(pages) != 1:
      raise UserError(f'{file}: has {len(pages)} images; give the symbols of one page.')
    parts += pages.values()
  return Boxes(
    np.concatenate([part.boxes for part in parts]),
    [label for part in parts for label in part.labels],
    np.concatenate([part.scores for part in parts]),
    np.concatenate([part.crowd for part in parts]),
  )


def _is_mung(file: Path) -> bool:
  return file.suffix.lower() == '.xml'


def _mung(file: Path) -> dict[str, Boxes]:
  try:
    objects = mung.boxes(read_bytes(file))
  except OSError as error:
    raise UserError(f'{file}: cannot be read ({error.strerror}); check its path.') from error
  except ValueError as error:
    raise UserError(f'{file}: no annotations of MuNG ({error}); give others.') from error
  objects = [(label, box) for label, box in objects if label not in _NO_BOXES]
  if len(objects) > structure_json.MOST:
    raise UserError(
      f'{file}: has {len(objects)} boxes, and may have {structure_json.MOST}; give others.'
    )
  boxes = np.array([box for _, box in objects], float).reshape(-1, 4)
  return {file.stem: coco.certain(boxes, [label for label, _ in objects])}
