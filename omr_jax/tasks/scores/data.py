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

# Part of the caches' keys. Raise it whenever `_arrays`, `_drawn` or the rule of `inputs.views`
# changes, so that no older cache is read.
_RULE = 2
# About one group of pictures in this many is used for validation. Of the others, all that are not
# tested are used for training.
_VALIDATION = 10


@dataclass(frozen=True)
class PictureConfig:
  """How pictures become arrays, as the section `config.picture` says.

  Attributes:
    height: In pixels.
    width: In pixels.
    tiles: Number of parts along each side; the network sees tiles^2 parts besides the whole picture
      (`inputs.views`).
    whole: Probability with which training shows the whole picture instead of a part.
    papers: Number of pages of each kind without music that code draws to train with, by
      `probes.papers`.
    scenes: Number of pictures like photos that code draws to train with, by `scenes.scenes`.
  """

  height: int
  width: int
  tiles: int
  whole: float
  papers: int
  scenes: int


class TestSet(NamedTuple):
  """Which pictures of the protocol `folders` are tested.

  Attributes:
    fold: Number of the fold that is tested, 0 to 4. All pictures of a group are in one fold.
    hold_out: A source such as `scores/desk`, all of which is tested instead of the fold; pictures
      of its groups are used neither for training nor for validation. '' for none.
  """

  fold: int
  hold_out: str


def load(
  protocol: str,
  test_set: TestSet,
  balance: float,
  picture: PictureConfig,
  data_dir: str | os.PathLike,
  raw_dir: str | os.PathLike | None,
) -> Dataset:
  """Loads pictures as arrays. The first time it prepares and decodes them; then it reads a cache.

  Each split has
    views: uint8 [pictures, 1 + tiles^2, height, width, 3], first the whole picture, then its parts.
    image: uint8 [pictures, height, width, 3], the whole picture.
    label: int32 [pictures], 0 for 'other', 1 for 'scores'.
    id, source, group: str [pictures].

  Args:
    protocol: `paper` or `folders`; `tfds_builders/music_scores/README.md` describes both.
    test_set: What is tested of `folders`. The protocol `paper` has the original split instead.
    balance: An epoch draws a source of n pictures n^balance times as often as a source of one
      picture; with 1 every epoch has every picture once.
    picture: How pictures become arrays.
    data_dir: Folder of prepared data.
    raw_dir: Folder of the raw data.

  Raises:
    UserError: The data can not be prepared, for the reasons that
      `tfds_builders.music_scores.prepare` lists; the source is unknown; nothing is left to train or
      to validate with; or a cache can not be written.
  """
  builder = music_scores.prepare(protocol, data_dir, raw_dir)
  raw_digest = dict(builder.info.metadata.items())['digest']

  def make(new: cache.New) -> cache.Arrays:
    return {split: _arrays(builder, split, picture, new) for split in builder.info.splits}

  size = picture.height, picture.width, picture.tiles
  parts = cache.cached('decoded', [_RULE, raw_digest, protocol, size], make)
  if protocol == 'folders':
    chosen = _by_fold(parts, test_set)
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
  """The names that `TestSet.hold_out` may have, sorted.

  Raises:
    UserError: The data can not be prepared (`tfds_builders.music_scores.prepare`).
  """
  builder = music_scores.prepare(protocol, data_dir, raw_dir)
  names = set()
  for split in builder.info.splits:
    names |= {example['source'].decode() for example in builder.as_data_source(split=split)}
  return sorted(names)


def _arrays(builder, split: str, picture: PictureConfig, new: cache.New) -> dict[str, np.ndarray]:
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


def _drawn(picture: PictureConfig) -> cache.Arrays:
  """The papers and scenes that code draws to train with."""
  size = picture.height, picture.width, picture.tiles
  drawn = itertools.chain(
    (('drawn papers', *page) for page in probes.papers(picture.papers)),
    (('drawn scenes', *scene) for scene in scenes.scenes(picture.scenes)),
  )
  progress = tqdm(drawn, desc='drawing others', unit='picture', delay=1, leave=False, disable=None)
  sources, names, seen = zip(
    *((source, name, views.views(pixels, *size)) for source, name, pixels in progress), strict=True
  )
  ids, labels = np.array([f'drawn/{name}' for name in names]), np.zeros(len(names), np.int32)
  arrays = {'id': ids, 'source': np.array(sources), 'group': ids, 'label': labels}
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
  parts: cache.Arrays, test_set: TestSet
) -> dict[str, tuple[list[Mapping[str, np.ndarray]], np.ndarray]]:
  """For each split, the arrays of all folds, and its rows in them, one fold after the other."""
  arrays = {
    name: np.concatenate([part[name] for part in parts.values()])
    for name in ('source', 'group', 'label')
  }
  if test_set.hold_out:
    known = sorted(set(arrays['source'].tolist()))
    if test_set.hold_out not in known:
      raise UserError(
        f'config.data.hold_out: no source is called {test_set.hold_out!r}'
        f'{nearest(test_set.hold_out, known)}'
      )
    is_test = arrays['source'] == test_set.hold_out
  else:
    names = [np.full(len(part['label']), name) for name, part in parts.items()]
    is_test = np.concatenate(names) == f'fold_{test_set.fold}'
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
  """Whether a group validates, by a hash of its name that is independent of that of the folds."""
  content = f'validation {group}'.encode()
  return int(hashlib.sha256(content).hexdigest(), 16) % _VALIDATION == 0


def _draws(names: np.ndarray, balance: float) -> np.ndarray | None:
  """The probability with which an epoch draws each picture, float64 [pictures]."""
  if balance == 1:
    return None
  _, inverse, counts = np.unique(names, return_inverse=True, return_counts=True)
  draws = (counts**balance / counts)[inverse]
  return draws / draws.sum()
