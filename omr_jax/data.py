"""Prepared HOMUS to arrays: drawn once, cached on disk, then held on the device whole."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from tqdm import tqdm

from omr_jax import folders, render
from omr_jax.digests import digest
from omr_jax.errors import UserError
from omr_jax.simplify import simplify
from omr_jax.strokes import CLASSES, OFFICIAL
from tfds_builders import homus
from tfds_builders.homus import archive

SPLITS = ('train', 'validation', 'test')
# To be raised with every change of what `_arrays` gives: older caches are then made anew.
_RULE = 2
_DIGEST = 'digest'
_EVALUATED = ('image', 'size', 'label', 'id')
_TRAIN_ONLY = ('points', 'stroke')


class Dataset(NamedTuple):
  """Arrays of the three splits, and what they were made from.

  Attributes:
    splits: For each of SPLITS `image` uint8 [examples, height, width, 1], `size` float32
      [examples, 2] (logarithms of the box's width and height in pixels of the tablet), `label`
      int32 [examples], `id` str [examples]; for `train` also `points` and `stroke`, see `simplify`.
    classes: Names, in the order of the labels.
    digest: Of the raw data.
    origin: What the raw data is, in words: OFFICIAL, made-up symbols, or a changed archive.
  """

  splits: Mapping[str, Mapping[str, np.ndarray]]
  classes: tuple[str, ...]
  digest: str
  origin: str


def load(
  protocol: str,
  drawing: render.Drawing,
  data_dir: str | os.PathLike,
  raw_dir: str | os.PathLike | None,
  allow_changed: bool,
) -> Dataset:
  """Prepares HOMUS where that is to be done, and draws it or reads the drawn arrays back.

  Of several renderings the training split has all, the others have the first, so that every
  evaluated symbol counts once. All renderings of a symbol are in that symbol's split.

  Args:
    protocol: Of the split, see `tfds_builders/homus/README.md`.
    drawing: How the symbols become pictures.
    data_dir: Where prepared data is kept.
    raw_dir: Where the raw archive is.
    allow_changed: Accept a raw archive that differs from HOMUS 2.0.

  Raises:
    UserError: See `tfds_builders.homus.prepare`; more pictures than the memory holds; a cache that
      can't be written.
  """
  builder = homus.prepare(protocol, data_dir, raw_dir, allow_changed)
  raw_digest = dict(builder.info.metadata.items())['digest']
  wanted = json.dumps([_RULE, raw_digest, protocol, asdict(drawing)])
  folder = folders.cache_dir() / 'drawn' / hashlib.sha256(wanted.encode()).hexdigest()[:24]
  splits = _read_cache(folder)
  if splits is None:
    _refuse_beyond_memory(builder, drawing)
    splits = {split: _arrays(builder, split, drawing) for split in SPLITS}
    _write_cache(folder, splits)
  return Dataset(splits, CLASSES, raw_digest, _origin(protocol, raw_digest))


def epoch_order(seed: int, epoch: int, examples: int) -> np.ndarray:
  """The order of one epoch's examples, int32 [examples]; it follows from (seed, epoch) alone."""
  return np.random.default_rng((seed, epoch)).permutation(examples).astype(np.int32)


def on_devices(
  arrays: Mapping[str, np.ndarray], names: tuple[str, ...], mesh: jax.sharding.Mesh
) -> dict[str, jax.Array]:
  """Puts the named arrays on every device of the mesh, whole: each gathers its share of a batch."""
  sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
  return {name: jax.device_put(arrays[name], sharding) for name in names}


def _refuse_beyond_memory(builder, drawing: render.Drawing) -> None:
  examples = builder.info.splits['train'].num_examples * len(drawing.renderings())
  need = examples * drawing.height * drawing.width
  memory = os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
  if need > memory / 2:
    raise UserError(
      f'config.drawing: {examples} training pictures of {drawing.height}x{drawing.width} need '
      f'{need / 2**30:.0f} GiB, more than half of the {memory / 2**30:.0f} GiB here; choose a '
      'smaller canvas or fewer renderings.'
    )


def _arrays(builder, split: str, drawing: render.Drawing) -> dict[str, np.ndarray]:
  source = builder.as_data_source(split=split)
  examples = source.__getitems__(list(range(len(source))))
  renderings = drawing.renderings() if split == 'train' else drawing.renderings()[:1]
  images = np.empty((len(examples), len(renderings), drawing.height, drawing.width), np.uint8)
  progress = tqdm(
    examples, desc=f'drawing {split}', unit='symbol', delay=1, leave=False, disable=None
  )
  for row, example in zip(images, progress, strict=True):
    for number, (thickness, staff_line) in enumerate(renderings):
      row[number] = render.draw_rendering(
        example['points'], example['stroke'], drawing, thickness, staff_line
      )
  points = [example['points'] for example in examples]
  box = np.array([np.ptp(p, axis=0) for p in points], np.float32).reshape(-1, 2)
  arrays = {
    'size': np.log(np.maximum(box, 1)),
    'label': np.array([example['label'] for example in examples], np.int32),
    'id': np.array([example['id'].decode() for example in examples]),
  }
  if split == 'train':
    arrays |= zip(
      _TRAIN_ONLY, simplify(points, [example['stroke'] for example in examples]), strict=True
    )
  arrays = {name: np.repeat(value, len(renderings), axis=0) for name, value in arrays.items()}
  return arrays | {'image': images.reshape(-1, drawing.height, drawing.width, 1)}


def _origin(protocol: str, raw_digest: str) -> str:
  if protocol == 'made_up':
    return 'made-up symbols'
  return OFFICIAL if raw_digest == archive.DIGEST else 'a changed HOMUS'


def _read_cache(folder: Path) -> dict[str, dict[str, np.ndarray]] | None:
  """The cached arrays, or None where there are none or they are damaged."""
  try:
    splits = {
      split: {name: np.load(folder / split / f'{name}.npy') for name in _names(split)}
      for split in SPLITS
    }
    return splits if (folder / _DIGEST).read_text() == digest(splits) else None
  except (OSError, ValueError, EOFError, SyntaxError):
    return None


def _names(split: str) -> tuple[str, ...]:
  return _EVALUATED + _TRAIN_ONLY if split == 'train' else _EVALUATED


def _write_cache(folder: Path, splits: Mapping[str, Mapping[str, np.ndarray]]) -> None:
  try:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
      for split, arrays in splits.items():
        (Path(made) / 'new' / split).mkdir(parents=True)
        for name, value in arrays.items():
          np.save(Path(made) / 'new' / split / f'{name}.npy', value)
      (Path(made) / 'new' / _DIGEST).write_text(digest(splits))
      shutil.rmtree(folder, ignore_errors=True)
      (Path(made) / 'new').rename(folder)
  except OSError as error:
    if folder.is_dir():
      return  # Another run has drawn the same meanwhile.
    raise UserError(
      f'{folder}: the drawn symbols could not be cached ({error}); make room, or set '
      '$OMR_CACHE_DIR to another folder.'
    ) from error
