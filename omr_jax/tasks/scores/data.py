"""Pages of music and other pictures as arrays: every picture decoded and resized once."""

import hashlib
import itertools
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from omr_jax.data import cache
from omr_jax.data.cache import Rows
from omr_jax.data.dataset import Dataset
from omr_jax.errors import UserError, nearest
from omr_jax.inputs import pictures, views
from omr_jax.synthetic import probes, scenes
from tfds_builders import music_scores

# To be raised with every change of what `_arrays` gives: older caches are then made anew.
_RULE = 1
# One picture in so many groups validates; all other groups that aren't tested train.
_VALIDATION = 10


@dataclass(frozen=True)
class Picture:
  """How pictures become arrays: `config.picture`.

  Attributes:
    height: In pixels.
    width: In pixels.
    tiles: Parts along each side that are looked at beside the whole picture, see `views`.
    whole: How often training shows the whole picture instead of a part, 0 to 1.
    papers: Pages drawn by code, of each kind without music, that train too; see `probes.papers`.
    scenes: Pictures like photos, drawn by code, that train too; see `scenes`.
  """

  height: int
  width: int
  tiles: int
  whole: float
  papers: int
  scenes: int


class Tested(NamedTuple):
  """Which pictures of the protocol `folders` are tested.

  Attributes:
    fold: Of the grouped folds, 0 to 4.
    hold_out: A source such as `scores/desk`, which then is tested whole instead of the fold; none
      of its groups trains or validates. '' for none.
  """

  fold: int
  hold_out: str


def load(
  protocol: str,
  tested: Tested,
  balance: float,
  picture: Picture,
  data_dir: str | os.PathLike,
  raw_dir: str | os.PathLike | None,
) -> Dataset:
  """Prepares the pictures where that is to be done, and decodes them or reads the arrays back.

  Each split has `views` uint8 [pictures, 1 + tiles^2, height, width, 3], first the whole picture,
  which is also its `image`, `label` (0 other, 1 scores), `id`, `source` and `group`.

  Args:
    protocol: `paper` or `folders`, see `tfds_builders/music_scores/README.md`.
    tested: Of `folders`; the original split of the paper's data is as it is.
    balance: A source of n pictures is drawn n^balance times as often as one with one picture; with
      1 every epoch has every picture once.
    picture: How pictures become arrays.
    data_dir: Where prepared data is kept.
    raw_dir: Where the raw data is.

  Raises:
    UserError: See `tfds_builders.music_scores.prepare`; an unknown source; nothing left to train
      or to validate with; a cache that can't be written.
  """
  builder = music_scores.prepare(protocol, data_dir, raw_dir)
  raw_digest = dict(builder.info.metadata.items())['digest']

  def make(new: cache.New) -> cache.Arrays:
    return {split: _arrays(builder, split, picture, new) for split in builder.info.splits}

  size = picture.height, picture.width, picture.tiles
  parts = cache.cached('decoded', [_RULE, raw_digest, protocol, size], make)
  if protocol == 'folders':
    chosen = _by_fold(parts, tested)
  else:
    chosen = {name: ([part], np.arange(len(part['label']))) for name, part in parts.items()}
  if picture.papers or picture.scenes:
    key = [_RULE, picture.papers, picture.scenes, size]
    drawn = cache.cached('drawn_others', key, lambda new: _drawn(picture))['train']
    of_train, rows = chosen['train']
    first = sum(len(part['label']) for part in of_train)
    rows = np.concatenate([rows, first + np.arange(len(drawn['label']))])
    chosen['train'] = [*of_train, drawn], rows
  splits = {name: _rows(*of_split) for name, of_split in chosen.items()}
  draws = _draws(splits['train']['source'], balance)
  origin = 'pictures in folders' if protocol == 'folders' else "the paper's pictures"
  return Dataset(splits, raw_digest, origin, draws)


def sources(
  protocol: str, data_dir: str | os.PathLike, raw_dir: str | os.PathLike | None
) -> list[str]:
  """The names that `Tested.hold_out` may have, sorted.

  Raises:
    UserError: See `tfds_builders.music_scores.prepare`.
  """
  builder = music_scores.prepare(protocol, data_dir, raw_dir)
  names = set()
  for split in builder.info.splits:
    names |= {example['source'].decode() for example in builder.as_data_source(split=split)}
  return sorted(names)


def _arrays(builder, split: str, picture: Picture, new: cache.New) -> dict[str, np.ndarray]:
  source = builder.as_data_source(split=split)
  size = picture.height, picture.width
  seen = new(split, 'views', (len(source), views.count(picture.tiles), *size, 3), np.uint8)

  def one(index: int) -> dict:
    example = source[index]
    content, name = example.pop('image'), example['id'].decode()
    seen[index] = views.load(content, name, *size, picture.tiles)
    return example

  with ThreadPoolExecutor(os.cpu_count()) as threads:
    found = list(
      tqdm(
        threads.map(one, range(len(source))),
        desc=f'decoding {split}',
        total=len(source),
        unit='picture',
        delay=1,
        leave=False,
        disable=None,
      )
    )
  arrays = {
    name: np.array([example[name].decode() for example in found])
    for name in ('id', 'source', 'group')
  }
  arrays['label'] = np.array([example['label'] for example in found], np.int32)
  return arrays | {'views': seen}


def _drawn(picture: Picture) -> cache.Arrays:
  """Papers and scenes, to be trained with."""
  size = picture.height, picture.width, picture.tiles
  drawn = itertools.chain(
    (('drawn papers', *page) for page in probes.papers(picture.papers)),
    (('drawn scenes', *scene) for scene in scenes.scenes(picture.scenes)),
  )
  progress = tqdm(drawn, desc='drawing others', unit='picture', delay=1, leave=False, disable=None)
  source, names, seen = zip(
    *((source, name, views.views(pixels, *size)) for source, name, pixels in progress), strict=True
  )
  names = np.array([f'drawn/{name}' for name in names])
  labels = np.zeros(len(names), np.int32)
  arrays = {'id': names, 'source': np.array(source), 'group': names, 'label': labels}
  return {'train': arrays | {'views': np.stack(seen)}}


def _rows(parts: Sequence[Mapping[str, np.ndarray]], rows: np.ndarray) -> dict:
  """These rows of all parts, one after the other; the pictures stay on the disk."""
  arrays = {
    name: np.concatenate([part[name] for part in parts])[rows]
    for name in ('id', 'source', 'group', 'label')
  }
  seen = [part['views'] for part in parts]
  whole = [views[:, 0] for views in seen]
  return arrays | {'views': Rows(seen, rows), 'image': Rows(whole, rows)}


def _by_fold(
  parts: cache.Arrays, tested: Tested
) -> dict[str, tuple[list[Mapping[str, np.ndarray]], np.ndarray]]:
  """All folds, and the rows of them that train, validate and test."""
  arrays = {
    name: np.concatenate([part[name] for part in parts.values()])
    for name in ('source', 'group', 'label')
  }
  if tested.hold_out:
    known = sorted(set(arrays['source'].tolist()))
    if tested.hold_out not in known:
      raise UserError(
        f'config.data.hold_out: no source is called {tested.hold_out!r}'
        f'{nearest(tested.hold_out, known)}'
      )
    is_test = arrays['source'] == tested.hold_out
  else:
    names = [np.full(len(part['label']), name) for name, part in parts.items()]
    is_test = np.concatenate(names) == f'fold_{tested.fold}'
  of_tested = set(arrays['group'][is_test].tolist())
  validates = {group: _validates(group) for group in set(arrays['group'].tolist())}
  left = np.array([group not in of_tested for group in arrays['group'].tolist()])
  is_validation = left & np.array([validates[group] for group in arrays['group'].tolist()])
  chosen = {'train': left & ~is_validation, 'validation': is_validation, 'test': is_test}
  for name, here in chosen.items():
    labels = arrays['label'][here]
    if name != 'test' and len(np.unique(labels)) < len(pictures.CLASSES):
      raise UserError(
        f'the pictures leave only one class to {"train" if name == "train" else "validate"} with; '
        'add pictures of other groups (writers, books, pieces).'
      )
  return {name: (list(parts.values()), np.flatnonzero(here)) for name, here in chosen.items()}


def _validates(group: str) -> bool:
  """By a hash of the group's name, another than that of the folds."""
  content = f'validation {group}'.encode()
  return int(hashlib.sha256(content).hexdigest(), 16) % _VALIDATION == 0


def _draws(names: np.ndarray, balance: float) -> np.ndarray | None:
  """The probability with which an epoch draws each picture, float64 [pictures]."""
  if balance == 1:
    return None
  _, inverse, counts = np.unique(names, return_inverse=True, return_counts=True)
  draws = (counts**balance / counts)[inverse]
  return draws / draws.sum()
