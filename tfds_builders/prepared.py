"""Prepared folders of any TFDS builder: written whole or not at all, and checked at each start."""

import contextlib
import hashlib
import io
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import tensorflow_datasets as tfds

from omr_jax.errors import UserError

_REMEDY = 'delete this folder, and the next start prepares it anew from the raw data.'


def write(builder: tfds.core.DatasetBuilder, folder: Path) -> None:
  """Prepares the builder's data, whose place is `folder`.

  Raises:
    UserError: The disk is full or read-only; and what the builder raises.
  """
  try:
    # TFDS's bars fill a log file with escape codes, and what it prints on stdout ('Unknown size',
    # 'Subsequent calls') says nothing of use.
    tfds.display_progress_bar(sys.stderr.isatty())
    with contextlib.redirect_stdout(io.StringIO()):
      builder.download_and_prepare()
  except (OSError, RuntimeError) as error:  # array_record raises the latter on a full disk.
    # Another process may have prepared the same folder meanwhile: TFDS renames it into place.
    if not os.path.exists(folder):
      raise UserError(
        f'{folder}: could not be written ({error}); make room or choose another data_dir.'
      ) from error


def contents(builder: tfds.core.DatasetBuilder) -> dict[str, dict]:
  """What the folder holds: examples per split, SHA-256 of every data file by name.

  The builder keeps it as `prepared` in its metadata, and `digest` beside it.
  """
  files = {}
  for path in sorted(builder.data_path.glob(f'{builder.name}-*')):
    with open(path, 'rb') as file:
      files[path.name] = hashlib.file_digest(file, 'sha256').hexdigest()
  splits = builder.info.splits.items()
  return {'examples': {name: split.num_examples for name, split in splits}, 'files': files}


def checked(
  make: Callable[[], tfds.core.DatasetBuilder], folder: Path, digest: str | None
) -> tuple[tfds.core.DatasetBuilder, Mapping]:
  """The builder on a prepared folder and its metadata.

  Args:
    make: Gives the builder.
    folder: Its place.
    digest: Of the raw data, where it is known.

  Raises:
    UserError: Something in the folder is missing or changed, or its raw data was another.
  """
  try:
    builder = make()
    metadata = dict(builder.info.metadata.items())  # TFDS loads it at `items`, and not at `get`.
    whole = metadata.get('prepared') == contents(builder)
    same = digest in (None, metadata.get('digest'))
  except Exception as error:  # Damaged JSON makes TFDS raise almost anything.
    raise UserError(f'{folder}: damaged ({error}); {_REMEDY}') from error
  if not whole:
    raise UserError(f'{folder}: incomplete or damaged, a file is missing or changed; {_REMEDY}')
  if not same:
    raise UserError(f'{folder}: prepared from other data than expected; {_REMEDY}')
  return builder, metadata
