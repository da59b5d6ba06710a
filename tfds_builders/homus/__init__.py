"""HOMUS, handwritten music symbols as pen strokes: `prepare` gives a prepared TFDS builder."""

import os
from collections.abc import Callable
from pathlib import Path

import tensorflow_datasets as tfds

from omr_jax.utils import paths
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

  Once HOMUS 2.0 is prepared, its raw archive is no longer needed. A changed archive is prepared in
  a subfolder of `data_dir` that is named by its digest, so it is read at every call.

  Args:
    protocol: `original`, `writers_0` to `writers_9`, `inner_0` to `inner_9` or `made_up`.
    data_dir: Where prepared data is kept.
    raw_dir: Folder with the raw archive in it or one level below; if None, $OMR_RAW_DIR.
    allow_changed: Accept a raw archive that differs from HOMUS 2.0, with a warning.

  Raises:
    UserError: The protocol is unknown; there is neither an archive nor a network; the archive is
      damaged or has other content; the prepared folder is damaged; or the disk is full or
      read-only.
  """
  prepared.check_protocol(Builder, protocol)
  data_dir = Path(data_dir).expanduser()
  expected: str | None = archive.DIGEST
  if protocol == 'made_up':
    # The folder is named by the symbols, so that changed templates never read the old ones.
    expected, data_dir = None, data_dir / f'made_up-{made_up.DIGEST[:16]}'
  elif allow_changed:
    path = archive.locate(raw_dir, _fetch_into(data_dir))
    files = archive.read(path)
    archive.verify(files, path, allow_changed=True)
    expected = archive.digest(files)
    if expected != archive.DIGEST:
      data_dir = data_dir / f'changed-{expected[:16]}'
  return prepared.prepare(
    Builder, protocol, data_dir, expected, raw_dir=raw_dir, allow_changed=allow_changed
  )


def _fetch_into(data_dir: Path) -> Callable[[str], os.PathLike]:
  # The manager creates its folders at once, so it is made only when something is downloaded.
  def fetch(url: str) -> os.PathLike:
    data_dir.mkdir(parents=True, exist_ok=True)
    return tfds.download.DownloadManager(
      download_dir=paths.plain(data_dir) / 'downloads', dataset_name=Builder.name
    ).download(url)

  return fetch
