"""What all builders share: where the raw data is, how files are written, and the metadata."""

import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds

from omr_jax.errors import UserError
from omr_jax.utils import paths
from tfds_builders import prepared, raw_data

# A function that iterates over the keys and features of the examples of a file.
Shard = Callable[[], Iterator[tuple[str, dict[str, Any]]]]


class Builder(tfds.core.DatasetBuilder, skip_registration=True):  # type: ignore[call-arg]
  """A builder that works without TensorFlow and records what it read and wrote.

  `builder.info.metadata` has `prepared`: what the prepared folder holds, so that damage can be
  detected; and the `digest` of the raw data, if the builder fills `_hashes`.

  Args:
    raw_dir: Folder with the raw data, or several (`raw_data.folders`); if None, $OMR_RAW_DIR.
    **kwargs: As for every TFDS builder: `config`, `data_dir`, `file_format`.
  """

  def __init__(self, *, raw_dir: str | os.PathLike | None = None, **kwargs: Any):
    self._raw_dir = raw_dir
    self._is_of_raw_dir = False  # Whether the prepared data is known to be made from `raw_dir`.
    self._hashes: dict[str, str] = {}  # SHA-256 of each raw file, by its name.
    # TFDS's own default, tfrecord, needs TensorFlow.
    super().__init__(**{'file_format': 'array_record', **kwargs})

  def dataset_info_from_configs(self, **kwargs: Any) -> tfds.core.DatasetInfo:
    """As TFDS makes it, but without a look into TFDS's bucket, which has none of these datasets.

    Examples keep their order; training shuffles anyway.
    """
    info = super().dataset_info_from_configs(
      metadata=tfds.core.MetadataDict(), disable_shuffling=True, **kwargs
    )
    # Each look would leave an empty folder in the system's folder for temporary files.
    info.initialize_from_bucket = lambda: None
    return info

  def as_data_source(self, *args: Any, **kwargs: Any) -> Any:
    """As TFDS gives it; refused if it was prepared from other raw data than that in `raw_dir`."""
    self._refuse_other_raw_data()
    return super().as_data_source(*args, **kwargs)

  def as_dataset(self, *args: Any, **kwargs: Any) -> Any:
    """As TFDS gives it; refused if it was prepared from other raw data than that in `raw_dir`."""
    self._refuse_other_raw_data()
    return super().as_dataset(*args, **kwargs)

  def _refuse_other_raw_data(self) -> None:
    """Raises a UserError if the prepared data was not made from that in the `raw_dir` given.

    TFDS reuses what is in its folder, whose name doesn't tell from which raw data it was made.
    Prepared data needs no raw data; if that is gone, there is nothing to compare.
    """
    if self._is_of_raw_dir or not self._raw_dir or not self.is_prepared():
      return
    if not all(folder.is_dir() for folder in paths.raw_dirs(self._raw_dir)):
      return
    metadata = dict(self.info.metadata.items())  # TFDS loads it at `items`, but not at `get`.
    if self._raw_digest() not in (None, metadata.get('digest')):
      raise UserError(
        f'{paths.real(Path(self.data_path))}: prepared from other raw data than that in '
        f'{self._raw_dir}; choose another data_dir, or call `prepare` of '
        f'{type(self).__module__.rpartition(".")[0]}, which keeps them apart.'
      )
    self._is_of_raw_dir = True

  def _raw_digest(self) -> str | None:
    """The `digest` of the raw data in `raw_dir`, which is there.

    None if the data was published once, so that it is the same everywhere, or isn't in the folder.
    """
    return None

  # Private in TFDS, and overridden since no public hook runs between the writing of the data and
  # the renaming of the temporary folder. So a prepared folder always has its digests.
  def _download_and_prepare(self, dl_manager, download_config) -> None:
    super()._download_and_prepare(dl_manager, download_config)
    if self._hashes:
      self.info.metadata['digest'] = raw_data.digest(self._hashes)
    self.info.metadata['prepared'] = prepared.contents(self)
    self._is_of_raw_dir = True


def shards(
  splits: Mapping[str, Sequence[Any]],
  size: int,
  examples: Callable[[Sequence[Any]], Iterator[tuple[str, dict[str, Any]]]],
) -> dict[str, list[Shard]]:
  """What `_shard_iterators_per_split` of a ShardBasedBuilder returns: one function for each file.

  Args:
    splits: What each split consists of.
    size: How many of these are in a file.
    examples: Iterates over the examples of some of them.
  """
  return {
    split: [functools.partial(examples, of[i : i + size]) for i in range(0, len(of), size)]
    for split, of in splits.items()
  }
