"""The three archives of the paper's first experiment (section V-A): pictures, labels, split."""

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from absl import logging

from omr_jax.errors import UserError
from tfds_builders import archives, original_split, raw_data
from tfds_builders.music_scores.groups import Picture, by_name

_RELEASES = 'https://github.com/apacha/'
_LIMITS = archives.Limits(entries=100_000, entry_bytes=100_000_000, total_bytes=20_000_000_000)


class Part(NamedTuple):
  """One of the paper's archives, and the pictures in it.

  Attributes:
    archive: The archive.
    files: Matches the names of the pictures in it.
    sources: How many pictures it has of each source, such as `scores/muscima`.
  """

  archive: archives.Archive
  files: re.Pattern
  sources: Mapping[str, int]


PARTS = (
  Part(
    archives.Archive(
      'CVCMUSCIMA_WI.zip',
      (
        'http://www.cvc.uab.es/cvcmuscima/CVCMUSCIMA_WI.zip',
        f'{_RELEASES}OMR-Datasets/releases/download/datasets/CVCMUSCIMA_WI.zip',
      ),
      _LIMITS,
    ),
    re.compile(r'CVCMUSCIMA_WI/PNG_GT_Gray/[^/]+/[^/]+\.png'),
    {'scores/muscima': 1000},
  ),
  Part(
    archives.Archive(
      'voc2006_trainval.tar',
      ('http://host.robots.ox.ac.uk/pascal/VOC/download/voc2006_trainval.tar',),
      _LIMITS,
    ),
    re.compile(r'VOCdevkit/VOC2006/PNGImages/[^/]+\.png'),
    {'other/pascal_voc': 2618},
  ),
  Part(
    archives.Archive(
      'MusicScoreClassificationDataset.zip',
      (
        f'{_RELEASES}MusicScoreClassifier/releases/download/v1.0/MusicScoreClassificationDataset.zip',
      ),
      _LIMITS,
    ),
    re.compile(r'(scores|other)/[^/]+\.(?i:jpe?g|png)'),
    {'scores/phone': 1000, 'other/phone': 1000},
  ),
)


def locate(raw_dir: str | os.PathLike | None, fetch: raw_data.Fetch) -> list[Path]:
  """The paths of the archives; see `raw_data.locate` for arguments and errors."""
  return raw_data.locate([part.archive for part in PARTS], raw_dir, fetch)


def find(paths: Sequence[Path]) -> list[Picture]:
  """All pictures in the archives, sorted by id, which is their name there.

  Raises:
    UserError: An archive is damaged or unsafe, or has no picture where the original has them.
  """
  pictures = []
  for part, path in zip(PARTS, paths, strict=True):
    with archives.opened(part.archive, path) as files:
      found = [_picture(part, name) for name in files if part.files.fullmatch(name)]
    _check_counts(part, path, found)
    pictures += found
  return sorted(pictures, key=lambda picture: picture.id)


def split(pictures: Sequence[Picture]) -> Mapping[str, list[Picture]]:
  """The split of the original experiments: the pictures of train, validation and test.

  They copied all pictures of a class into one folder, and split it by the file names there (see
  `original_split.original`).
  """
  split_of = original_split.original({_name_in_folder(p.id): p.label for p in pictures})
  return {
    name: [p for p in pictures if split_of[_name_in_folder(p.id)] == name]
    for name in original_split.SPLITS
  }


def contents(paths: Sequence[Path], pictures: Sequence[Picture]) -> Iterator[tuple[Picture, bytes]]:
  """The pictures with the bytes of their files, one at a time.

  Raises:
    UserError: An archive is damaged or unsafe.
  """
  with contextlib.ExitStack() as stack:
    readers: dict[str, Callable[[], bytes]] = {}
    for part, path in zip(PARTS, paths, strict=True):
      readers.update(stack.enter_context(archives.opened(part.archive, path)))
    for picture in pictures:
      yield picture, readers[picture.id]()


def _check_counts(part: Part, path: Path, found: Sequence[Picture]) -> None:
  """Refuses an archive that lacks a source, and warns of one with another number of pictures."""
  for source, expected in part.sources.items():
    count = sum(picture.source == source for picture in found)
    if not count:
      raise UserError(
        f'{path}: no pictures of {source}, whose names match {part.files.pattern}; delete it and '
        f'get {part.archive.name} again from {" or ".join(part.archive.urls)}.'
      )
    if count != expected:
      logging.warning('%s: %d pictures of %s; the paper has %d.', path, count, source, expected)


def _name_in_folder(name: str) -> str:
  """The folder of its class, and its name there: a page of MUSCIMA has its writer in front."""
  path = PurePosixPath(name)
  muscima = path.parts[0] == 'CVCMUSCIMA_WI'
  label = path.parts[0] if len(path.parts) == 2 else 'scores' if muscima else 'other'
  return f'{label}/{path.parent.name}_{path.name}' if muscima else f'{label}/{path.name}'


def _picture(part: Part, name: str) -> Picture:
  # Where a part has two sources, the label's folder tells which.
  source = next(s for s in part.sources if len(part.sources) == 1 or s.startswith(name[:5]))
  return Picture(name, source.split('/')[0], source, by_name(name))
