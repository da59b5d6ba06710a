"""The default folders for data that the project can make again."""

import os
from pathlib import Path


def data_dir(given: str | None) -> Path:
  """The folder of prepared data: `given`, else $TFDS_DATA_DIR, else ~/tensorflow_datasets."""
  return Path(given or os.environ.get('TFDS_DATA_DIR') or '~/tensorflow_datasets').expanduser()


def cache_dir() -> Path:
  """The folder of cached pictures: $OMR_CACHE_DIR, else ~/.cache/omr_jax."""
  return Path(os.environ.get('OMR_CACHE_DIR') or '~/.cache/omr_jax').expanduser()
