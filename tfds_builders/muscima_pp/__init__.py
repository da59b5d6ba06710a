"""Handwritten pages of MUSCIMA++ with their symbols: `prepare` gives a prepared TFDS builder."""

import os
from pathlib import Path

import tensorflow_datasets as tfds

from omr_jax.structure.arrays import structure
from tfds_builders import prepared
from tfds_builders.muscima_pp.muscima_pp_dataset_builder import CLASSES, Builder

__all__ = ['CLASSES', 'prepare', 'structure']


def prepare(
  protocol: str, data_dir: str | os.PathLike, raw_dir: str | os.PathLike | None = None
) -> tfds.core.DatasetBuilder:
  """A builder whose data is prepared and whole, to be read with `as_data_source`.

  Once it is prepared the archive is no longer needed.

  Args:
    protocol: `independent`, `new_music`, `most_writers`, or `writers_0` to `writers_4`; the README
      explains them.
    data_dir: Where prepared data is kept.
    raw_dir: Folder with the archive in it or one level below; if None, $OMR_RAW_DIR.

  Raises:
    UserError: The protocol is unknown; the archive is missing, damaged or unsafe, or lacks pages of
      the protocol; the prepared folder is damaged; or the disk is full or read-only.
  """
  prepared.check_protocol(Builder, protocol)
  return prepared.prepare(Builder, protocol, Path(data_dir).expanduser(), None, raw_dir=raw_dir)
