"""Prepared data of any builder: written whole or not at all, and checked at each start."""

import contextlib
import functools
import hashlib
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds

from omr_jax.errors import UserError, nearest
from omr_jax.utils import paths

_REMEDY = 'delete this folder, and the next start prepares it again from the raw data.'


def check_protocol(builder_class: type[tfds.core.DatasetBuilder], protocol: str) -> None:
  """Checks that a builder has a protocol.

  Raises:
    UserError: It hasn't. The message names the nearest one.
  """
  known = tuple(builder_class.builder_configs)
  if protocol not in known:
    raise UserError(f'{protocol!r}: no such split protocol{nearest(str(protocol), known)}')


def prepare(
  builder_class: type[tfds.core.DatasetBuilder],
  protocol: str,
  data_dir: Path,
  digest: str | None,
  **arguments: Any,
) -> tfds.core.DatasetBuilder:
  """A builder whose prepared data is whole; it is prepared first if it isn't there.

  Args:
    builder_class: The class of the builder.
    protocol: One of its configs.
    data_dir: Where prepared data is kept.
    digest: The digest of the raw data, if known.
    **arguments: Further arguments of the class.

  Raises:
    UserError: The disk is full or read-only, or the prepared folder is damaged or was made from
      other raw data; and whatever the builder raises.
  """
  named: Any = builder_class  # TFDS has no types.
  make = functools.partial(named, config=protocol, data_dir=paths.plain(data_dir), **arguments)
  folder = data_dir / builder_class.name / protocol / str(builder_class.VERSION)
  if not os.path.exists(folder):
    _write(make(), data_dir, folder)
  # Without a raw_dir, with which the raw data would be read again and compared.
  return _checked(functools.partial(make, raw_dir=None), folder, digest)


def contents(builder: tfds.core.DatasetBuilder) -> dict[str, dict]:
  """What the builder's folder holds: examples per split, SHA-256 of every data file by name.

  Every builder stores this as `prepared` in its metadata, beside the `digest` of its raw data.
  """
  files = {}
  for path in sorted(builder.data_path.glob(f'{builder.name}-*')):
    with open(path, 'rb') as file:
      files[path.name] = hashlib.file_digest(file, 'sha256').hexdigest()
  splits = builder.info.splits.items()
  return {'examples': {name: split.num_examples for name, split in splits}, 'files': files}


def identity(builder: tfds.core.DatasetBuilder) -> str:
  """A digest of what a builder has prepared, for keys of caches.

  It is made of all that the metadata says, such as the digest of the raw data, what was left out
  and by which program pages were typeset, and of the number of examples of each split. The bytes of
  the files are no part of it: TFDS writes the same examples in another order each time.
  """
  metadata = dict(builder.info.metadata.items())
  metadata['prepared'] = metadata['prepared']['examples']
  whole = [builder.name, builder.builder_config.name, str(builder.version), metadata]
  return hashlib.sha256(json.dumps(whole, sort_keys=True, default=str).encode()).hexdigest()


def _write(builder: tfds.core.DatasetBuilder, data_dir: Path, folder: Path) -> None:
  try:
    data_dir.mkdir(parents=True, exist_ok=True)  # TFDS could not make it through a link.
    # TFDS's progress bars would fill a log file with escape codes, and its messages on stdout
    # ('Unknown size', 'Subsequent calls') would mix with a command's own output.
    tfds.display_progress_bar(sys.stderr.isatty())
    with contextlib.redirect_stdout(io.StringIO()):
      builder.download_and_prepare()
  except (OSError, RuntimeError) as error:  # On a full disk, array_record raises RuntimeError.
    # If the folder is there now, another process prepared it meanwhile: TFDS writes to a temporary
    # folder and renames that at the end.
    if not os.path.exists(folder):
      raise UserError(
        f'{folder}: could not be written ({error}); make room or choose another data_dir.'
      ) from error


def _checked(
  make: Callable[[], tfds.core.DatasetBuilder], folder: Path, digest: str | None
) -> tfds.core.DatasetBuilder:
  try:
    builder = make()
    metadata = dict(builder.info.metadata.items())  # TFDS loads it at `items`, but not at `get`.
    whole = metadata.get('prepared') == contents(builder)
    same = digest in (None, metadata.get('digest'))
  except Exception as error:  # Damaged JSON makes TFDS raise almost anything.
    raise UserError(f'{folder}: damaged ({error}); {_REMEDY}') from error
  if not whole:
    raise UserError(f'{folder}: incomplete or damaged, a file is missing or changed; {_REMEDY}')
  if not same:
    raise UserError(f'{folder}: prepared from other data than expected; {_REMEDY}')
  return builder
