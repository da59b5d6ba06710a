"""Pages of music and other pictures: `prepare` gives a prepared TFDS builder."""

import os
from collections.abc import Sequence
from pathlib import Path

import tensorflow_datasets as tfds
from absl import logging

from omr_jax.utils import words
from tfds_builders import prepared, raw_data
from tfds_builders.music_scores import folders, search
from tfds_builders.music_scores.music_scores_dataset_builder import Builder

__all__ = ['prepare']

_MOST_NAMES = 10
_MOST_LINES = 20


def prepare(
  protocol: str, data_dir: str | os.PathLike, raw_dir: str | os.PathLike | None = None
) -> tfds.core.DatasetBuilder:
  """A builder whose data is prepared and whole, to be read with `as_data_source`.

  Once the paper's data is prepared, its archives are no longer needed. Data of folders is prepared
  in a subfolder of `data_dir` that is named by its digest: the raw files are read at every call,
  and changed ones are prepared again.

  Args:
    protocol: `paper` (splits train, validation, test) or `folders` (splits fold_0 to fold_4).
    data_dir: Where prepared data is kept.
    raw_dir: Folder with the archives, or with scores/ and other/, in it or one level below, or
      several of them (`raw_data.folders`), in any order; if None, $OMR_RAW_DIR.

  Raises:
    UserError: The protocol is unknown; the raw data is missing, damaged or unsafe; there are too
      few pictures; the prepared folder is damaged; or the disk is full or read-only.
  """
  prepared.check_protocol(Builder, protocol)
  data_dir = Path(data_dir).expanduser()
  expected = None
  if protocol == 'folders':
    found = {}
    for folder in search.locate(raw_dir):
      found[folder], others = search.find(folder)
      _warn_of_others(folder, others)
    hashes = folders.digests(folders.union(found))
    _warn_of_contradictions(folders.contradictions(hashes))
    expected = raw_data.digest(hashes)
    data_dir = data_dir / f'folders-{expected[:16]}'
  builder = prepared.prepare(Builder, protocol, data_dir, expected, raw_dir=raw_dir)
  _warn_of_broken(builder.info.metadata['left_out'])
  return builder


def _warn_of_others(folder: Path, names: Sequence[str]) -> None:
  if names:
    shown = words.some(names, _MOST_NAMES)
    logging.warning('%s: ignored, as they are not pictures (%d): %s', folder, len(names), shown)


def _warn_of_contradictions(pairs: Sequence[tuple[str, str]]) -> None:
  if pairs:
    shown = words.some([' = '.join(pair) for pair in pairs], _MOST_NAMES)
    logging.warning(
      'the same picture is in scores/ and in other/ (%d): %s; leave one out.', len(pairs), shown
    )


def _warn_of_broken(broken: Sequence[str]) -> None:
  for line in broken[:_MOST_LINES]:
    logging.warning('left out: %s', line)
  if len(broken) > _MOST_LINES:
    logging.warning('left out: %d more pictures', len(broken) - _MOST_LINES)
