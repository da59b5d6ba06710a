"""What all builders share: where the raw data is, how files are written, and the metadata."""

import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import tensorflow_datasets as tfds

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

  # Private in TFDS, and overridden since no public hook runs between the writing of the data and
  # the renaming of the temporary folder. So a prepared folder always has its digests.
  def _download_and_prepare(self, dl_manager, download_config) -> None:
    super()._download_and_prepare(dl_manager, download_config)
    if self._hashes:
      self.info.metadata['digest'] = raw_data.digest(self._hashes)
    self.info.metadata['prepared'] = prepared.contents(self)


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
