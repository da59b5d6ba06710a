"""HOMUS as arrays: every symbol drawn once."""

import os
from dataclasses import asdict

import numpy as np

from omr_jax.data import cache
from omr_jax.data.dataset import SPLITS, Dataset
from omr_jax.inputs import geometry, pen_path, render
from omr_jax.inputs.simplify import simplify
from omr_jax.inputs.strokes import OFFICIAL
from omr_jax.utils import progress
from tfds_builders import homus, prepared
from tfds_builders.homus import archive

# Part of the cache's key. Raise it whenever `_arrays` changes, so that no older cache is read.
_RULE = 3


def load(
  protocol: str,
  drawing: render.Drawing,
  data_dir: str | os.PathLike,
  raw_dir: str | os.PathLike | None,
  allow_changed: bool,
) -> Dataset:
  """Loads HOMUS as arrays. The first time it prepares and draws all symbols; then it reads a cache.

  Each split has
    image: uint8 [symbols, height, width, 1].
    size: float32 [symbols, 2], logarithms of the box's width and height in pixels of the tablet.
    pen: float32 [symbols, pen_path.POINTS, 3], the pen's path, as `pen_path.sampled` returns it.
    label: int32 [symbols].
    id: str [symbols].
  `train` also has `points` and `stroke`, the strokes as `simplify.simplify` returns them.

  If the drawing has several renderings, such as several widths of the pen, the training split has
  every symbol in all of them. The other splits have only the first, so that each symbol is
  evaluated once. All renderings of a symbol are in the same split.

  Args:
    protocol: Name of the split; `tfds_builders/homus/README.md` lists them.
    drawing: How the symbols become pictures.
    data_dir: Folder of prepared data.
    raw_dir: Folder of the raw archive.
    allow_changed: Accept a raw archive that differs from HOMUS 2.0.

  Raises:
    UserError: The data cannot be prepared, for the reasons that `tfds_builders.homus.prepare`
      lists, or the cache cannot be written.
  """
  builder = homus.prepare(protocol, data_dir, raw_dir, allow_changed)
  raw_digest = dict(builder.info.metadata.items())['digest']

  def make(new: cache.New) -> cache.Arrays:
    return {split: _arrays(builder, split, drawing, new) for split in SPLITS}

  key = [_RULE, prepared.identity(builder), protocol, asdict(drawing)]
  splits = cache.cached('drawn', key, make)
  return Dataset(splits, raw_digest, _origin(protocol, raw_digest))


def _arrays(builder, split: str, drawing: render.Drawing, new: cache.New) -> dict[str, np.ndarray]:
  source = builder.as_data_source(split=split)
  examples = source.__getitems__(list(range(len(source))))
  renderings = drawing.renderings() if split == 'train' else drawing.renderings()[:1]
  shape = len(examples) * len(renderings), drawing.height, drawing.width, 1
  images = new(split, 'image', shape, np.uint8)
  for first, example in enumerate(progress.shown(examples, f'drawing {split}', 'symbol')):
    for number, (thickness, staff_line) in enumerate(renderings, len(renderings) * first):
      images[number, ..., 0] = render.draw_rendering(
        example['points'], example['stroke'], drawing, thickness, staff_line
      )
  points, strokes = ([example[name] for example in examples] for name in ('points', 'stroke'))
  box = np.array([np.ptp(p, axis=0) for p in points], np.float32).reshape(-1, 2)
  arrays = {
    'size': geometry.log_size(box),
    'pen': np.stack(list(map(pen_path.sampled, points, strokes))).astype(np.float32),
    'label': np.array([example['label'] for example in examples], np.int32),
    'id': np.array([example['id'].decode() for example in examples]),
  }
  if split == 'train':
    arrays |= zip(('points', 'stroke'), simplify(points, strokes), strict=True)
  arrays = {name: np.repeat(value, len(renderings), axis=0) for name, value in arrays.items()}
  return arrays | {'image': images}


def _origin(protocol: str, raw_digest: str) -> str:
  if protocol == 'made_up':
    return 'made-up symbols'
  return OFFICIAL if raw_digest == archive.DIGEST else 'a changed HOMUS'
