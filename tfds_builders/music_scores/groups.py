"""Which pictures belong together, by their names, so that near-duplicates stay on one side.

The group of a picture is, in this order:

writer  `writer <n>`, where a folder or the name says `W-<n>` (`CVC-MUSCIMA_W-01_N-10_D-ideal`).
book    The part before `__f<number>`.
volume  The name without the marks of pages and movements at its end (`_p2`, `_input_12`,
        `__movement1_p7`), or without a number of one to three digits after a separator
        (`allemande-3`, `sonata (2)`). A name that is only a mark of a page (`p001`) is a page of
        its folder, where that is a folder of its own below the source folder.
name    Nothing but the name. Names that say nothing (`001`, `IMG_1234`, `im10c`) are told apart
        by their folder; a letter after the number means another picture of the same thing.

Names of writers, books and volumes hold across folders and across labels: a title page among the
others is of the same volume as the music. All in lower case.
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

NUM_FOLDS = 5

_WRITER = re.compile(r'(?:^|[/_ -])w-(\d+)(?=[/_. -]|$)')
_BOOK = re.compile(r'(.+?)__f\d+')
_MARK = r'(?:(?:p|pp|pg|page|f|fol|folio|movement|mvt)[-_ .]*\d{1,4}[abrv]?|input(?:[-_ ]\d{1,4})?)'
_MARKS = re.compile(rf'(?:[-_ .]+{_MARK})+$')
_MARK_ALONE = re.compile(rf'{_MARK}(?:[-_ .]+{_MARK})*')
_NUMBER = re.compile(r'(?:[-_ ]+\d{1,3}|[-_ ]*\(\d{1,3}\))$')
_VARIANT = re.compile(r'(?<=\d)[a-z]\d?$')
# What cameras, scanners and people who don't name their pictures write before a number.
_SAYS_NOTHING = re.compile(
  r'(dsc[fn]?|file|frame|ima?ge?|im|photo|pic|picture|pxl|scan|screenshot|untitled|wa|f|p|page'
  r'|[\W\d_])*'
)


class Picture(NamedTuple):
  """What is known of a picture before it is opened.

  Attributes:
    id: Its path in the raw data, with slashes.
    label: `scores` or `other`.
    source: The folder below that, such as `scores/engraved`.
    group: Of near-duplicates.
  """

  id: str
  label: str
  source: str
  group: str


def by_name(path: str) -> str:
  """The group that a path such as `scores/engraved/opus1_p2.png` tells; see the module."""
  path = unicodedata.normalize('NFC', path).lower()
  folder, _, name = path.rpartition('/')
  stem = re.sub(r'(?<=.)\.[^. ]*$', '', name)
  if writer := _WRITER.search(f'{folder}/{stem}'):
    return f'writer {int(writer[1])}'
  if book := _BOOK.match(stem):
    return book[1]
  if _MARK_ALONE.fullmatch(stem) and folder.count('/') >= 2:
    return folder
  if _says_nothing(bare := _VARIANT.sub('', stem)):
    return f'{folder}/{bare}'
  if volume := _MARKS.sub('', stem) if _MARKS.search(stem) else _NUMBER.sub('', stem):
    return f'{folder}/{stem}' if _says_nothing(volume) else volume
  return f'{folder}/{stem}'


def merged(names: Sequence[str], clusters: Sequence[int]) -> list[str]:
  """Groups in which neither a name nor a cluster is on two sides.

  The name that most pictures of a group have is the group's name, of several the smallest, so that
  few added pictures rarely rename a group.

  Args:
    names: [pictures], what `by_name` gave.
    clusters: int [pictures], equal for pictures that look the same.

  Returns:
    [pictures], the name of each picture's group.
  """
  known, of_name = np.unique(np.asarray(names, object), return_inverse=True)
  _, of_cluster = np.unique(np.asarray(clusters), return_inverse=True)
  size = len(known) + len(names)
  edges = (np.ones(len(names)), (of_name, len(known) + of_cluster))
  group = connected_components(coo_array(edges, shape=(size, size)), directed=False)[1][of_name]
  counts = collections.defaultdict(collections.Counter)
  for number, name in zip(group.tolist(), names, strict=True):
    counts[number][name] += 1
  chosen = {n: min(count, key=lambda k: (-count[k], k)) for n, count in counts.items()}
  return [chosen[number] for number in group.tolist()]


def fold(group: str) -> int:
  """The SHA-256 of the group's name (UTF-8), as a number, modulo NUM_FOLDS.

  It depends on nothing else: pictures that are added later move no others.
  """
  return int(hashlib.sha256(group.encode()).hexdigest(), 16) % NUM_FOLDS


def by_fold(pictures: Sequence[Picture]) -> Mapping[str, list[Picture]]:
  """The pictures of `fold_0`, `fold_1`, ..., each in their order here."""
  folds = {f'fold_{k}': [] for k in range(NUM_FOLDS)}
  for picture in pictures:
    folds[f'fold_{fold(picture.group)}'].append(picture)
  return folds


def _says_nothing(name: str) -> bool:
  return _SAYS_NOTHING.fullmatch(name) is not None
