"""Pages of music and other pictures: a TFDS builder that works without TensorFlow."""

import functools
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import tensorflow_datasets as tfds

from omr_jax.errors import UserError
from omr_jax.inputs.pictures import CLASSES
from tfds_builders import prepared
from tfds_builders.music_scores import folders, groups, paper

_PROTOCOLS = {
  'paper': "The paper's three archives in the original experiments' seeded split.",
  'folders': 'Any folder with scores/ and other/, in folds that keep near-duplicates together.',
}

# Pictures in a file. TFDS holds those of one file in memory; its other kind of builder, which would
# shuffle, holds a split, and for more than 1 GB needs TensorFlow.
_SHARD = 100


class Builder(tfds.core.ShardBasedBuilder):
  """Encoded pictures, each a page of music or something else.

  `builder.info.metadata` has the `digest` of the raw pictures' names and contents, the pictures
  that were `left_out` and what was `prepared`, so that damage shows.

  Args:
    raw_dir: Folder with the raw data; see `paper.locate` and `folders.locate`. Use `prepare`, which
      keeps the data of different folders apart.
    **kwargs: As for every TFDS builder: `config`, `data_dir`, `file_format`.
  """

  VERSION = tfds.core.Version('1.0.0')
  RELEASE_NOTES = {'1.0.0': 'Encoded pictures with source and group.'}  # noqa: RUF012, TFDS's form
  BUILDER_CONFIGS = [  # noqa: RUF012
    tfds.core.BuilderConfig(name=name, description=description)
    for name, description in _PROTOCOLS.items()
  ]

  def __init__(self, *, raw_dir: str | os.PathLike | None = None, **kwargs):
    self._raw_dir = raw_dir
    self._hashes = {}
    # TFDS's own default, tfrecord, needs TensorFlow.
    super().__init__(**{'file_format': 'array_record', **kwargs})

  def _info(self) -> tfds.core.DatasetInfo:
    return self.dataset_info_from_configs(
      features=tfds.features.FeaturesDict(
        {
          # No feature of TFDS's own for pictures: they stay the bytes of the file.
          'image': tfds.features.Scalar(dtype=np.object_),
          'label': tfds.features.ClassLabel(names=CLASSES),
          'source': tfds.features.Text(),
          'group': tfds.features.Text(),
          'id': tfds.features.Text(),
        }
      ),
      metadata=tfds.core.MetadataDict(),
      # The order stays that of the ids; who trains shuffles anyway.
      disable_shuffling=True,
      homepage='https://github.com/apacha/MusicScoreClassifier',
    )

  def _shard_iterators_per_split(
    self, dl_manager: tfds.download.DownloadManager
  ) -> dict[str, list[Callable[[], Iterator[tuple[str, dict]]]]]:
    if self.builder_config.name == 'paper':
      paths = paper.locate(self._raw_dir, dl_manager.download)
      self.info.metadata['left_out'] = []
      splits = paper.split(paper.find(paths))
      read = functools.partial(paper.contents, paths)
    else:
      folder = folders.locate(self._raw_dir)
      self._hashes = folders.digests(folder, folders.find(folder)[0])
      pictures, self.info.metadata['left_out'] = folders.group(folder, list(self._hashes))
      splits = groups.by_fold(pictures)
      read = functools.partial(folders.contents, folder, self._hashes)
    if empty := [name for name, pictures in splits.items() if not pictures]:
      raise UserError(
        f'{self.builder_config.name}: the pictures leave none for {", ".join(empty)}; add pictures '
        'of other groups (writers, books, pieces).'
      )
    return {
      name: [
        functools.partial(self._examples, read, pictures[i : i + _SHARD])
        for i in range(0, len(pictures), _SHARD)
      ]
      for name, pictures in splits.items()
    }

  def _examples(
    self,
    read: Callable[[Sequence[groups.Picture]], Iterator[tuple[groups.Picture, bytes]]],
    pictures: Sequence[groups.Picture],
  ) -> Iterator[tuple[str, dict]]:
    for picture, content in read(pictures):
      self._hashes[picture.id] = hashlib.sha256(content).hexdigest()
      yield picture.id, {'image': content, **picture._asdict()}

  def _download_and_prepare(self, dl_manager, download_config) -> None:
    super()._download_and_prepare(dl_manager, download_config)
    # Before TFDS renames the folder: prepared data either has its digests or isn't there.
    self.info.metadata['digest'] = digest(self._hashes)
    self.info.metadata['prepared'] = prepared.contents(self)


def digest(hashes: Mapping[str, str]) -> str:
  """SHA-256 of the sorted lines `<SHA-256 of the content>  <name>`, each with a newline.

  Args:
    hashes: SHA-256 of each file's content, by name.
  """
  lines = [f'{hashes[name]}  {name}\n' for name in sorted(hashes)]
  return hashlib.sha256(''.join(lines).encode()).hexdigest()
