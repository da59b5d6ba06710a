"""Pages of music and other pictures: a TFDS builder that works without TensorFlow."""

import functools
import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds

from omr_jax.errors import UserError
from omr_jax.inputs.pictures import CLASSES
from tfds_builders import base, raw_data
from tfds_builders.music_scores import folders, groups, paper, search

_PROTOCOLS = {
  'paper': "The paper's three archives in the seeded split of the original experiments.",
  'folders': 'Any folder with scores/ and other/, in folds that keep near-duplicates together.',
}

# TFDS's ShardBasedBuilder keeps the pictures of one file in memory. Its GeneratorBasedBuilder would
# keep a whole split, and needs TensorFlow for more than 1 GB.
PICTURES_PER_FILE = 100


class Builder(base.Builder, tfds.core.ShardBasedBuilder):
  """Encoded pictures, each a page of music or something else.

  `builder.info.metadata` has the `digest` of the raw pictures' names and contents, a line for each
  picture that was `left_out`, and `prepared`: what the prepared folder holds, so that damage can be
  detected.

  Args:
    raw_dir: Folder with the raw data in it or one level below, or several (`raw_data.folders`); if
      None, $OMR_RAW_DIR. Call the package's `prepare` instead of this class, as it keeps the data
      of different folders apart.
    **kwargs: As for every TFDS builder: `config`, `data_dir`, `file_format`.
  """

  VERSION = tfds.core.Version('1.0.0')
  RELEASE_NOTES = {'1.0.0': 'Encoded pictures with source and group.'}  # noqa: RUF012, as TFDS requires
  BUILDER_CONFIGS = [  # noqa: RUF012
    tfds.core.BuilderConfig(name=name, description=description)
    for name, description in _PROTOCOLS.items()
  ]

  # TFDS's extension point: the features and the metadata.
  def _info(self) -> tfds.core.DatasetInfo:
    return self.dataset_info_from_configs(
      features=tfds.features.FeaturesDict(
        {
          # The bytes of the file. TFDS's own feature for pictures would decode them.
          'image': tfds.features.Scalar(dtype=np.object_),
          'label': tfds.features.ClassLabel(names=CLASSES),
          'source': tfds.features.Text(),
          'group': tfds.features.Text(),
          'id': tfds.features.Text(),
        }
      ),
      homepage='https://github.com/apacha/MusicScoreClassifier',
    )

  # TFDS's extension point: the files of each split.
  def _shard_iterators_per_split(
    self, dl_manager: tfds.download.DownloadManager
  ) -> dict[str, list[base.Shard]]:
    if self.builder_config.name == 'paper':
      archives = paper.locate(self._raw_dir, dl_manager.download)
      self.info.metadata['left_out'] = []
      splits = paper.split(paper.find(archives))
      read = functools.partial(paper.contents, archives)
    else:
      paths = self._paths()
      self._hashes = folders.digests(paths)
      pictures, self.info.metadata['left_out'] = folders.group(paths)
      splits = groups.by_fold(pictures)
      read = functools.partial(folders.contents, paths, self._hashes)
    if empty := [name for name, pictures in splits.items() if not pictures]:
      raise UserError(
        f'{self.builder_config.name}: no pictures for {", ".join(empty)}; add pictures of other '
        'groups (writers, books, pieces).'
      )
    return base.shards(splits, PICTURES_PER_FILE, functools.partial(self._examples, read))

  def _paths(self) -> dict[str, Path]:
    found = {folder: search.find(folder)[0] for folder in search.locate(self._raw_dir)}
    return folders.union(found)

  def _raw_digest(self) -> str | None:
    if self.builder_config.name == 'paper':
      return None
    return raw_data.digest(folders.digests(self._paths()))

  def _examples(
    self,
    read: Callable[[Sequence[groups.Picture]], Iterator[tuple[groups.Picture, bytes]]],
    pictures: Sequence[groups.Picture],
  ) -> Iterator[tuple[str, dict]]:
    for picture, content in read(pictures):
      self._hashes[picture.id] = hashlib.sha256(content).hexdigest()
      yield picture.id, {'image': content, **picture._asdict()}
