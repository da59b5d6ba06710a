"""Typeset pages of music with everything on them: a TFDS builder that works without TensorFlow."""

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from omr_jax.errors import UserError
from omr_jax.inputs import isolated
from omr_jax.structure import arrays
from omr_jax.utils import progress
from tfds_builders import base, pages, raw_data
from tfds_builders.muscima_pp import CLASSES
from tfds_builders.typeset import engraving, songs

_SONGS_PER_FILE = 20


class Builder(base.Builder, tfds.core.ShardBasedBuilder):
  """Pages of songs, typeset with Verovio, with the boxes of all symbols, and their structure.

  `builder.info.metadata` has the `digest` of the songs, `engraver`, a line for each song that was
  `left_out`, and `prepared`: what the prepared folder holds, so that damage can be detected.

  Args:
    raw_dir: Folder with MusicXML, or several (`raw_data.folders`); if None, $OMR_RAW_DIR. Call the
      package's `prepare` instead of this class, as it keeps the data of different folders apart.
    **kwargs: As for every TFDS builder: `config`, `data_dir`, `file_format`.
  """

  VERSION = tfds.core.Version('2.0.0')
  RELEASE_NOTES = {  # noqa: RUF012, as TFDS requires
    '1.0.0': 'Pages typeset with Verovio.',
    '2.0.0': 'Pages as sharp as scans, and edges of boxes in fractions of pixels.',
  }
  BUILDER_CONFIGS = [  # noqa: RUF012
    tfds.core.BuilderConfig(
      name='composers', description='No composer in two splits; the test has a font of its own.'
    )
  ]

  # TFDS's extension point: the features and the metadata.
  def _info(self) -> tfds.core.DatasetInfo:
    return self.dataset_info_from_configs(
      features=tfds.features.FeaturesDict(
        {
          **pages.features(np.float32),
          'group': tfds.features.Text(),
          'font': tfds.features.Text(),
        }
      ),
      homepage='https://www.verovio.org',
    )

  # TFDS's extension point: the files of each split.
  def _shard_iterators_per_split(
    self, dl_manager: tfds.download.DownloadManager
  ) -> dict[str, list[base.Shard]]:
    del dl_manager
    self.info.metadata['engraver'] = engraving.programs()
    self.info.metadata['left_out'] = []
    paths = songs.find(self._raw_dir)
    self._hashes = songs.digests(paths)
    composers = {}
    for name, path in paths.items():
      with self._left_out_if_broken():
        composers[name] = _isolated(songs.composer_of, path, name)
    chosen = songs.split(composers)
    shown = iter(progress.shown(range(len(composers)), 'typesetting', 'song'))

    tested = frozenset(chosen['test'])

    def examples(names: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
      for name in names:
        next(shown, None)
        with self._left_out_if_broken():
          for page in _isolated(engraving.pages_of, paths[name], name, name in tested):
            found = example(page, name)
            yield found['id'], {**found, 'group': composers[name]}

    return base.shards(chosen, _SONGS_PER_FILE, examples)

  def _raw_digest(self) -> str:
    return raw_data.digest(songs.digests(songs.find(self._raw_dir)))

  @contextlib.contextmanager
  def _left_out_if_broken(self) -> Iterator[None]:
    try:
      yield
    except UserError as error:
      self.info.metadata['left_out'].append(str(error))


def _isolated(function: Callable[..., Any], path: Path, name: str, *rest: Any) -> Any:
  """Reads a song in a child process, since a damaged one may crash Verovio or take hours."""
  return isolated.call(functools.partial(function, path, name, *rest), name, 'remove it')


def example(page: engraving.Page, name: str) -> dict[str, Any]:
  """A page as the builder stores it, without its composer; the README has the features."""
  height, width = page.picture.shape
  boxes, labels = [], []
  for label, (left, top, right, bottom) in page.symbols:
    if left < width and top < height and right > 0 and bottom > 0:
      boxes.append((max(0, left), max(0, top), min(right, width), min(bottom, height)))
      labels.append(CLASSES.index(label))
  number = f'{PurePosixPath(name).with_suffix("")}_p{page.number}'
  return {
    **arrays.example(number, page.picture, np.array(boxes, np.float32), labels, page.structure),
    'font': page.font,
  }
