"""Typeset pages of music with their symbols: `prepare` gives a prepared TFDS builder."""

import os
from collections.abc import Mapping
from pathlib import Path

import tensorflow_datasets as tfds
from absl import logging

from omr_jax.errors import UserError
from omr_jax.structure.arrays import structure
from tfds_builders import prepared, raw_data
from tfds_builders.muscima_pp import CLASSES
from tfds_builders.typeset import songs
from tfds_builders.typeset.typeset_dataset_builder import Builder

__all__ = ['CLASSES', 'prepare', 'structure']


def prepare(
  protocol: str, data_dir: str | os.PathLike, raw_dir: str | os.PathLike | None = None
) -> tfds.core.DatasetBuilder:
  """A builder whose data is prepared and whole, to be read with `as_data_source`.

  Data is prepared in a subfolder of `data_dir` that is named by the digest of the songs: they are
  read at every call, and changed ones are typeset again.

  Args:
    protocol: `composers`; the README explains it.
    data_dir: Where prepared data is kept.
    raw_dir: Folder with MusicXML, or several (`raw_data.folders`); if None, $OMR_RAW_DIR.

  Raises:
    UserError: The protocol is unknown; there are no songs, or too few composers; no song of a
      split could be typeset; Verovio is not installed; the prepared folder is damaged; or the disk
      is full or read-only.
  """
  prepared.check_protocol(Builder, protocol)
  digest = raw_data.digest(songs.digests(songs.find(raw_dir)))
  folder = Path(data_dir).expanduser() / f'songs-{digest[:16]}'
  builder = prepared.prepare(Builder, protocol, folder, digest, raw_dir=raw_dir)
  for line in builder.info.metadata['left_out']:
    logging.warning('left out: %s', line)
  refuse_empty({name: split.num_examples for name, split in builder.info.splits.items()})
  return builder


def refuse_empty(pages: Mapping[str, int]) -> None:
  """Raises a UserError if a split has no pages because its songs could not be typeset."""
  if empty := [name for name, count in pages.items() if not count]:
    raise UserError(
      f'no song for {" and ".join(empty)} could be typeset; remove those that are left out, and '
      'add songs of other composers.'
    )
