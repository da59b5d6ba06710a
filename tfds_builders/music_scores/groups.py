"""Groups of pictures that belong together, by their names, and the folds made of whole groups.

Near-duplicates, such as pages of one book, have one group, so no two folds share them. The group of
a picture is the first of these that applies, in lower case:

writer  `writer <n>`, where a folder or the name has `W-<n>` (`CVC-MUSCIMA_W-01_N-10_D-ideal`).
book    The part of the name before `__f<number>`.
folder  The folder of a picture whose name is only a page number (`p001`), if that is a folder of
        its own below the source folder.
volume  The name without page and movement numbers at its end (`_p2`, `_input_12`,
        `__movement1_p7`), or without a last number after a separator, of one to three digits or of
        four with a 0 in front, and the letter of a side (`allemande-3`, `sonata (2)`, `ms_12r`,
        `book_0001`). After a point it has three digits or four (`book.012`).
name    The name itself. One that says nothing about the picture (`001`, `IMG_1234`, `im10c`) gets
        its folder in front, and loses a letter after the number, as that letter means another
        picture of the same thing.

Groups of writers, books and volumes hold across folders and labels: a title page in `other/` is in
the group of the volume whose music is in `scores/`.
"""

import collections
import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tfds_builders.folds import SCORE_FOLDS

_WRITER = re.compile(r'(?:^|[/_ -])w-(\d+)(?=[/_. -]|$)')
_BOOK = re.compile(r'(.+?)__f\d+')
_MARK = r'(?:(?:p|pp|pg|page|f|fol|folio|movement|mvt)[-_ .]*\d{1,4}[abrv]?|input(?:[-_ ]\d{1,4})?)'
_MARKS = re.compile(rf'(?:[-_ .]+{_MARK})+$')
_MARK_ALONE = re.compile(rf'{_MARK}(?:[-_ .]+{_MARK})*')
_DIGITS = r'(?:\d{1,3}|0\d{3})'
# A point stands before numbers of works too, as in `op.12`; those of pages have three digits. So
# `bwv.846` and `bwv.847` become one group, the safe mistake: nothing tested was trained on.
_NUMBER = re.compile(rf'(?:(?:[-_ ]+{_DIGITS}|\.0?\d{{3}})[abrv]?|[-_ ]*[(\[]{_DIGITS}[)\]])$')
_VARIANT = re.compile(r'(?<=\d)[a-z]\d?$')
# Numbers, and the words that cameras, scanners and hurried people write before them.
_GENERIC = re.compile(
  r'(dsc[fn]?|file|frame|ima?ge?|im|photo|pic|picture|pxl|scan|screenshot|untitled|wa|f|p|page'
  r'|[\W\d_])*'
)


class Picture(NamedTuple):
  """A picture in the raw data.

  Attributes:
    id: Its path in the raw folder or archive, with slashes.
    label: `scores` or `other`.
    source: The label and the folder below it, such as `scores/engraved`.
    group: The name of its group.
  """

  id: str
  label: str
  source: str
  group: str


def by_name(path: str) -> str:
  """The group of a path such as `scores/engraved/opus1_p2.png`, by the rules of this module."""
  path = unicodedata.normalize('NFC', path).lower()
  folder, _, name = path.rpartition('/')
  stem = re.sub(r'(?<=.)\.[^. ]*$', '', name)
  if writer := _WRITER.search(f'{folder}/{stem}'):
    return f'writer {int(writer[1])}'
  if book := _BOOK.match(stem):
    return book[1]
  if _MARK_ALONE.fullmatch(stem) and folder.count('/') >= 2:
    return folder
  if _is_generic(bare := _VARIANT.sub('', stem)):
    return f'{folder}/{bare}'
  if volume := _MARKS.sub('', stem) if _MARKS.search(stem) else _NUMBER.sub('', stem):
    return f'{folder}/{stem}' if _is_generic(volume) else volume
  return f'{folder}/{stem}'


def merged(names: Sequence[str], clusters: Sequence[int]) -> list[str]:
  """Joins all groups that share a name or a cluster.

  A joined group is called by the name that most of its pictures have, or the smallest of several
  such names. So a few added pictures rarely rename a group.

  Args:
    names: [pictures], the groups that `by_name` returns.
    clusters: int [pictures], equal for pictures that look the same.

  Returns:
    [pictures], the name of each picture's group.
  """
  known, of_name = np.unique(np.asarray(names, object), return_inverse=True)
  _, of_cluster = np.unique(np.asarray(clusters), return_inverse=True)
  size = len(known) + len(names)
  edges = (np.ones(len(names)), (of_name, len(known) + of_cluster))
  group = connected_components(coo_array(edges, shape=(size, size)), directed=False)[1][of_name]
  counts: dict[int, collections.Counter[str]] = collections.defaultdict(collections.Counter)
  for number, name in zip(group.tolist(), names, strict=True):
    counts[number][name] += 1
  chosen = {n: min(count, key=lambda k: (-count[k], k)) for n, count in counts.items()}
  return [chosen[number] for number in group.tolist()]


def fold(group: str) -> int:
  """The fold of a group: the SHA-256 of its name (UTF-8), as a number, modulo SCORE_FOLDS.

  It depends on nothing else, so pictures that are added later move no others.
  """
  return int(hashlib.sha256(group.encode()).hexdigest(), 16) % SCORE_FOLDS


def by_fold(pictures: Sequence[Picture]) -> Mapping[str, list[Picture]]:
  """The pictures of each fold (`fold_0`, `fold_1`, ...), in the given order."""
  folds: dict[str, list[Picture]] = {f'fold_{k}': [] for k in range(SCORE_FOLDS)}
  for picture in pictures:
    folds[f'fold_{fold(picture.group)}'].append(picture)
  return folds


def _is_generic(name: str) -> bool:
  return _GENERIC.fullmatch(name) is not None
