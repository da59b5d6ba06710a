"""HOMUS, handwritten music symbols as pen strokes: `prepare` gives a prepared TFDS builder."""

import functools
import os
from collections.abc import Callable
from pathlib import Path

import tensorflow_datasets as tfds

from omr_jax.errors import UserError, nearest
from tfds_builders import prepared
from tfds_builders.homus import archive, made_up
from tfds_builders.homus.homus_dataset_builder import Builder

__all__ = ['PROTOCOLS', 'prepare']

PROTOCOLS = tuple(Builder.builder_configs)


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
    protocol: `original`, `writers_0` to `writers_9`, `inner_0` to `inner_9` or `made_up`.
    data_dir: where prepared data is kept.
    raw_dir: folder with the raw archive in it or one level below, instead of $OMR_RAW_DIR.
    allow_changed: accept a raw archive that differs from HOMUS 2.0, with a warning.

  Raises:
    UserError: an unknown protocol, no archive and no network, an archive that is damaged or has
      another content, a prepared folder that is damaged, a disk that is full or read-only.
  """
  if protocol not in PROTOCOLS:
    raise UserError(f'{protocol!r}: no such split protocol{nearest(str(protocol), PROTOCOLS)}')
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
    prepared.write(make(), folder)
  return prepared.checked(make, folder, expected)[0]


def _fetch_into(data_dir: Path) -> Callable[[str], os.PathLike]:
  # Made only when called: the manager creates its folders at once.
  return lambda url: tfds.download.DownloadManager(
    download_dir=data_dir / 'downloads', dataset_name=Builder.name
  ).download(url)
