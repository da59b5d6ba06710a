"""HOMUS as pen strokes: a TFDS builder that works without TensorFlow."""

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow_datasets as tfds

from omr_jax.errors import UserError
from omr_jax.inputs import strokes
from tfds_builders import base, original_split, raw_data
from tfds_builders.folds import SYMBOL_FOLDS
from tfds_builders.homus import archive, splits

_PROTOCOLS = {
  'original': 'The seeded split of the original experiments; all writers are in every part.',
  **{
    f'writers_{fold}': f'Writer-disjoint fold {fold} of {SYMBOL_FOLDS}.'
    for fold in range(SYMBOL_FOLDS)
  },
  **{
    f'inner_{fold}': f'Fold {fold} of {SYMBOL_FOLDS} of the original training and validation.'
    for fold in range(SYMBOL_FOLDS)
  },
  'made_up': 'Symbols generated from templates, split by writer; needs no archive.',
}
_MADE_UP_FOLDS = 5


class Builder(base.Builder, tfds.core.GeneratorBasedBuilder):
  """Handwritten music symbols as strokes, with their writer.

  `builder.info.metadata` has the `digest` of the raw files' names and contents, and `prepared`:
  what the prepared folder holds, so that damage can be detected.

  Args:
    raw_dir: Folder with the raw archive in it or one level below; if None, $OMR_RAW_DIR.
    allow_changed: Prepare a raw archive that differs from HOMUS 2.0. Call the package's `prepare`
      instead of this class, as it keeps such data apart from the official data.
    **kwargs: As for every TFDS builder: `config`, `data_dir`, `file_format`.
  """

  VERSION = tfds.core.Version('1.0.0')
  RELEASE_NOTES = {'1.0.0': 'HOMUS 2.0 as strokes.'}  # noqa: RUF012, as TFDS requires
  BUILDER_CONFIGS = [  # noqa: RUF012
    tfds.core.BuilderConfig(name=name, description=description)
    for name, description in _PROTOCOLS.items()
  ]

  def __init__(self, *, allow_changed: bool = False, **kwargs):
    self._allow_changed = allow_changed
    super().__init__(**kwargs)

  # TFDS's extension point: the features and the metadata.
  def _info(self) -> tfds.core.DatasetInfo:
    return self.dataset_info_from_configs(
      features=tfds.features.FeaturesDict(
        {
          'points': tfds.features.Tensor(shape=(None, 2), dtype=np.int32),
          'stroke': tfds.features.Tensor(shape=(None,), dtype=np.int32),
          'label': tfds.features.ClassLabel(names=strokes.CLASSES),
          'writer': tfds.features.Scalar(dtype=np.int32),
          'id': tfds.features.Text(),
        }
      ),
      homepage='https://github.com/apacha/Homus',
    )

  # TFDS's extension point: an iterator over the examples of each split.
  def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
    files = self._raw_files(dl_manager)
    self.info.metadata['digest'] = archive.digest(files)
    symbols = [strokes.parse(files[name], name) for name in archive.symbol_names(files)]
    split_of = _split(self.builder_config.name, symbols)
    if self.builder_config.name == 'original' and self.info.metadata['digest'] == archive.DIGEST:
      splits.check_original(symbols, split_of)
    generators = {}
    for split in original_split.SPLITS:
      chosen = [symbol for symbol in symbols if split_of[symbol.id] == split]
      if not chosen:
        raise UserError(
          f'{self.builder_config.name}: {len(symbols)} symbols leave none for {split}; add more '
          'symbols or writers, or choose another protocol.'
        )
      generators[split] = self._generate_examples(chosen)
    return generators

  def _raw_files(self, dl_manager: tfds.download.DownloadManager) -> dict[str, bytes]:
    if self.builder_config.name == 'made_up':
      from tfds_builders.homus import made_up

      return made_up.files()
    path = archive.locate(self._raw_dir, dl_manager.download)
    files = archive.read(path)
    if not self._allow_changed:
      archive.verify(files, path, allow_changed=False)
    return files

  def _raw_digest(self) -> str | None:
    named = raw_data.folders(self._raw_dir, f'put {archive.ARCHIVE.name} into a folder and name it')
    path = raw_data.find(archive.ARCHIVE.name, named)
    if path is None or self.builder_config.name == 'made_up':
      return None
    return archive.digest(archive.read(path))

  # TFDS's extension point, abstract in its base class: the key and the features of each example.
  def _generate_examples(self, symbols: Sequence[strokes.Symbol]) -> Iterator[tuple[str, dict]]:
    for symbol in symbols:
      yield symbol.id, symbol._asdict()


def _split(protocol: str, symbols: Sequence[strokes.Symbol]) -> dict[str, str]:
  if protocol == 'made_up':
    return splits.by_writer(symbols, fold=0, num_folds=_MADE_UP_FOLDS)
  kind, _, fold = protocol.partition('_')
  if kind == 'writers':
    return splits.by_writer(symbols, int(fold))
  original = original_split.original({symbol.id: symbol.label for symbol in symbols})
  return splits.inner(original, symbols, int(fold)) if kind == 'inner' else original
