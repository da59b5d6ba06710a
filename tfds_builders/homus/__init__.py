"""HOMUS, handwritten music symbols as pen strokes: `prepare` gives a prepared TFDS builder."""

import contextlib
import functools
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import tensorflow_datasets as tfds

from omr_jax.errors import UserError, nearest
from tfds_builders.homus import archive, made_up
from tfds_builders.homus.homus_dataset_builder import Builder

__all__ = ['prepare']

_REMEDY = 'delete this folder, and the next start prepares it anew from the raw archive.'


def prepare(
  protocol: str,
  data_dir: str | os.PathLike,
  raw_dir: str | os.PathLike | None = None,
  allow_changed: bool = False,
) -> tfds.core.DatasetBuilder:
  """A builder whose data is prepared and whole, to be read with `as_data_source`.

  The official data, once prepared, needs its raw archive no more. A changed set is prepared in a
  subfolder of `data_dir` named by its digest, so its archive is looked at every time.

  Args:
    protocol: `original`, `writers_0` to `writers_9` or `made_up`.
    data_dir: where prepared data is kept.
    raw_dir: folder with the raw archive in it or one level below, instead of $OMR_RAW_DIR.
    allow_changed: accept a raw archive that differs from HOMUS 2.0, with a warning.

  Raises:
    UserError: an unknown protocol, no archive and no network, an archive that is damaged or has
      another content, a prepared folder that is damaged, a disk that is full or read-only.
  """
  if protocol not in Builder.builder_configs:
    raise UserError(
      f'{protocol!r}: no such split protocol{nearest(str(protocol), Builder.builder_configs)}'
    )
  data_dir = Path(data_dir).expanduser()
  expected = archive.DIGEST
  if protocol == 'made_up':
    # Other templates give another folder, not yesterday's symbols.
    expected, data_dir = None, data_dir / f'made_up-{made_up.DIGEST[:16]}'
  elif allow_changed:
    path = archive.locate(raw_dir, _fetch_into(data_dir))
    files = archive.read(path)
    archive.verify(files, path, allow_changed=True)
    expected = archive.digest(files)
    if expected != archive.DIGEST:
      data_dir = data_dir / f'changed-{expected[:16]}'
  make = functools.partial(
    Builder, config=protocol, data_dir=data_dir, raw_dir=raw_dir, allow_changed=allow_changed
  )
  folder = data_dir / Builder.name / protocol / str(Builder.VERSION)
  if not os.path.exists(folder):
    _prepare(make(), folder)
  return _checked(make, folder, expected)


def _fetch_into(data_dir: Path) -> Callable[[str], os.PathLike]:
  # Made only when called: the manager creates its folders at once.
  return lambda url: tfds.download.DownloadManager(
    download_dir=data_dir / 'downloads', dataset_name=Builder.name
  ).download(url)


def _prepare(builder: Builder, folder: Path) -> None:
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


def _checked(make: Callable[[], Builder], folder: Path, expected: str | None) -> Builder:
  try:
    builder = make()
    metadata = dict(builder.info.metadata.items())  # TFDS loads it at `items`, and not at `get`.
    whole = metadata.get('prepared') == builder.prepared()
    same = expected in (None, metadata.get('digest'))
  except Exception as error:  # Damaged JSON makes TFDS raise almost anything.
    raise UserError(f'{folder}: damaged ({error}); {_REMEDY}') from error
  if not whole:
    raise UserError(f'{folder}: incomplete or damaged, a file is missing or changed; {_REMEDY}')
  if not same:
    raise UserError(f'{folder}: prepared from another archive than expected; {_REMEDY}')
  return builder
