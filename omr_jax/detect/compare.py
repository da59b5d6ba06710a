"""Measures found boxes against true ones, class by class."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

import numpy as np

from omr_jax.detect import coco
from omr_jax.detect.annotations import STRUCTURE
from omr_jax.detect.coco import Boxes
from omr_jax.evaluation import box_table
from omr_jax.evaluation.box_matching import Page
from omr_jax.utils.words import counted


def named_as_true(true: Mapping[str, Boxes], found: Mapping[str, Boxes]) -> dict[str, Boxes]:
  """The found boxes by the names that their pages have in the truth.

  A name may have folders before it, such as `images/page`. A page whose whole name is not in the
  truth is taken for that of the same name without folders, if only one page on either side has it.
  """
  short = {name: PurePosixPath(name).name for name in (*true, *found)}
  alike = {short[name]: name for name in true}
  counts = [Counter(short[name] for name in side) for side in (true, found)]
  is_one = {last: all(count[last] == 1 for count in counts) for last in short.values()}
  return {
    alike[short[name]] if name not in true and is_one[short[name]] else name: boxes
    for name, boxes in found.items()
  }


def table(
  true: Mapping[str, Boxes], found: Mapping[str, Boxes], threshold: float, iou: float
) -> str:
  """Tables in Markdown: one for symbols and one for the structure, if these are in the truth.

  They have average precision, and precision, recall and F1, of each class and of all together. A
  page that was not looked at counts as one where nothing was found. If the truth has staves but
  no systems or no measures on any page, such as files of MuNG, those are not compared.

  Args:
    true: The true boxes of each page, by its name.
    found: The boxes that were found, by the page's name; the pages are among those of `true`.
    threshold: The confidence from which a box counts as found, for precision, recall and F1.
    iou: The overlap from which a found box is right, for precision, recall and F1.
  """
  empty = coco.certain(np.empty((0, 4)), [])
  pairs = [(one, found.get(name, empty)) for name, one in true.items()]
  known = {label for each in true.values() for label in each.labels}
  structure = [label for label in STRUCTURE if label in known] or STRUCTURE
  kinds: list[Callable[[str], bool]] = [lambda x: x not in STRUCTURE, lambda x: x in structure]
  parts = [[_page(_some(one, kind), _some(two, kind)) for one, two in pairs] for kind in kinds]
  parts = [part for part in parts if any(len(page.true) for page in part)] or parts
  tables = [box_table.by_class(part, threshold, iou) for part in parts]
  missing = len(true.keys() - found.keys())
  said = counted(len(true), 'page') + f', {missing} of them not looked at' * bool(missing)
  return '\n\n'.join([*filter(None, tables), said])


def _page(true: Boxes, found: Boxes) -> Page:
  one, crowds = _rows(true, ~true.crowd), _rows(true, true.crowd)
  return Page(
    *(one.boxes, one.labels, found.boxes, found.labels, found.scores),
    crowds=crowds.boxes,
    crowd_labels=crowds.labels,
  )


def _some(found: Boxes, wanted: Callable[[str], bool]) -> Boxes:
  """The boxes of the wanted classes."""
  return _rows(found, np.array([wanted(label) for label in found.labels], bool))


def _rows(found: Boxes, wanted: np.ndarray) -> Boxes:
  labels = [label for label, is_wanted in zip(found.labels, wanted, strict=True) if is_wanted]
  return Boxes(found.boxes[wanted], labels, found.scores[wanted], found.crowd[wanted])
