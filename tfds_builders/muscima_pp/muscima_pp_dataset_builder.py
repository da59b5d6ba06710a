"""Pages of MUSCIMA++ with everything on them: a TFDS builder that works without TensorFlow."""

import functools
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from omr_jax.errors import UserError
from omr_jax.structure import arrays
from tfds_builders import base, pages
from tfds_builders.folds import PAGE_FOLDS
from tfds_builders.muscima_pp import annotations, archive, derived, splits

# In the order of their names.
CLASSES = tuple(Path(__file__).with_name('classes.txt').read_text().split())

_PROTOCOLS = {
  'independent': 'The official test: pages of 7 writers, of whom no other page is used.',
  'new_music': 'Test and validation have writers and pieces that the training has not.',
  'most_writers': 'As many pages to train on as unseen writers allow, without the official test.',
  **{
    f'writers_{fold}': f'Writer-disjoint fold {fold} of {PAGE_FOLDS}, without the official test.'
    for fold in range(PAGE_FOLDS)
  },
}
_PAGES_PER_FILE = 20


class Builder(base.Builder, tfds.core.ShardBasedBuilder):
  """Handwritten pages with the boxes, classes and links of all symbols, and their structure.

  `builder.info.metadata` has the `digest` of the annotations that were used, and `prepared`: what
  the prepared folder holds, so that damage can be detected.

  Args:
    raw_dir: Folder with the archive in it or one level below; if None, $OMR_RAW_DIR.
    **kwargs: As for every TFDS builder: `config`, `data_dir`, `file_format`.
  """

  VERSION = tfds.core.Version('1.0.0')
  RELEASE_NOTES = {'1.0.0': 'MUSCIMA++ v2.0 with staves and measures.'}  # noqa: RUF012, as TFDS requires
  BUILDER_CONFIGS = [  # noqa: RUF012
    tfds.core.BuilderConfig(name=name, description=description)
    for name, description in _PROTOCOLS.items()
  ]

  # TFDS's extension point: the features and the metadata.
  def _info(self) -> tfds.core.DatasetInfo:
    return self.dataset_info_from_configs(
      features=tfds.features.FeaturesDict(
        {
          **pages.features(np.int32),
          'links': tfds.features.Tensor(shape=(None, 2), dtype=np.int32),
          'writer': tfds.features.Scalar(dtype=np.int32),
          'piece': tfds.features.Scalar(dtype=np.int32),
        }
      ),
      homepage='https://ufal.mff.cuni.cz/muscima',
    )

  # TFDS's extension point: the files of each split.
  def _shard_iterators_per_split(
    self, dl_manager: tfds.download.DownloadManager
  ) -> dict[str, list[base.Shard]]:
    raw = archive.locate(self._raw_dir, dl_manager.download)
    chosen = splits.split(self.builder_config.name, raw.pages, raw.test)
    return base.shards(chosen, _PAGES_PER_FILE, functools.partial(self._examples, raw))

  def _examples(
    self, raw: archive.Raw, names: Sequence[str]
  ) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, content in archive.contents(raw, names):
      self._hashes[name] = hashlib.sha256(content).hexdigest()
      page = annotations.parse(content, name)
      yield page.id, example(page)


def example(page: annotations.Page) -> dict[str, Any]:
  """A page as the builder stores it; the README has the features.

  Raises:
    UserError: It has a class that MUSCIMA++ doesn't know, or a staff without five lines.
  """
  symbols = {
    number: node
    for number, node in page.nodes.items()
    if node.label not in annotations.STAFF_CLASSES
  }
  if unknown := {node.label for node in symbols.values()}.difference(CLASSES):
    raise UserError(f'{page.id}: {min(unknown)!r} is no class of MUSCIMA++ v2.0; get it again.')
  place = {number: i for i, number in enumerate(symbols)}
  links = [
    (place[number], place[other])
    for number, node in symbols.items()
    for other in node.links
    if other in place
  ]
  picture = annotations.picture(page)
  try:
    found = derived.structure(page, *picture.shape)
  except ValueError as error:
    raise UserError(f'{page.id}: {error}; get the archive of MUSCIMA++ again.') from error
  boxes = np.array([node.box for node in symbols.values()], np.int32)
  labels = [CLASSES.index(node.label) for node in symbols.values()]
  return {
    **arrays.example(page.id, picture > 0, boxes, labels, found),
    'links': np.array(links, np.int32).reshape(-1, 2),
    'writer': page.writer,
    'piece': page.piece,
  }
