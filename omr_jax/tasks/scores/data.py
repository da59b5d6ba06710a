"""Pages of music and other pictures as arrays: every picture decoded and resized once."""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from omr_jax.data import cache
from omr_jax.data.cache import Rows
from omr_jax.data.dataset import Dataset
from omr_jax.errors import UserError, nearest
from omr_jax.inputs import pictures
from omr_jax.tasks.scores import arrays as pictures_as
from tfds_builders import music_scores, prepared

# Part of the caches' keys. Raise it whenever what `tasks.scores.arrays` makes or the rule of
# `inputs.views` changes, so that no older cache is read.
_RULE = 4
# About one group of pictures in this many is used for validation. Of the others, all that are not
# tested are used for training.
_VALIDATION = 10


# Arrays by name, in several parts, and the rows of a split: numbers in all parts joined.
Part = tuple[list[Mapping[str, np.ndarray]], np.ndarray]


def load(
  chosen: Mapping[str, Any],
  picture: pictures_as.PictureConfig,
  data_dir: str | os.PathLike,
  raw_dir: str | os.PathLike | None,
) -> Dataset:
  """Loads pictures as arrays. The first time it prepares and decodes them; then it reads a cache.

  Each split has
    views: uint8 [pictures, 1 + tiles^2, height, width, 3], first the whole picture, then its parts.
    image: uint8 [pictures, height, width, 3], the whole picture.
    label: int32 [pictures], 0 for 'other', 1 for 'scores'.
    id, source, group: str [pictures].
    proportion: float32 [pictures], width over height, for all but drawn pictures.

  Cuts (`synthetic.cuts`) go where their picture goes, as they show what it shows: into training or
  validation, so that the threshold and the temperature hold for pictures of any shape. Those of
  tested pictures are a split of their own, `cuts`, if there are any; it also has
    kind: str [pictures].

  Args:
    chosen: The section `data` of a config.
      protocol: `paper` or `folders`; `tfds_builders/music_scores/README.md` describes both.
      fold: Of `folders` the number of the fold that is tested, 0 to 4. All pictures of a group are
        in one fold.
      hold_out: A source such as `scores/desk`, all of which is tested instead of the fold; pictures
        of its groups are used neither for training nor for validation. '' for none.
      balance: An epoch takes a source of n pictures n^balance times as often as a source of one
        picture; with 1 every epoch takes every picture once.
    picture: How pictures become arrays.
    data_dir: Folder of prepared data.
    raw_dir: Folder of the raw data.

  Raises:
    UserError: The data can not be prepared, for the reasons that
      `tfds_builders.music_scores.prepare` lists; the source is unknown; nothing is left to train or
      to validate with; or a cache can not be written.
  """
  protocol = chosen['protocol']
  builder = music_scores.prepare(protocol, data_dir, raw_dir)
  raw_digest = dict(builder.info.metadata.items())['digest']

  def made_by(make: Callable, kind: str, *key) -> cache.Arrays:
    def all_splits(new: cache.New) -> cache.Arrays:
      splits = {split: builder.as_data_source(split=split) for split in builder.info.splits}
      return {split: make(source, split, picture, new) for split, source in splits.items()}

    whole_key = [_RULE, prepared.identity(builder), protocol, picture.size, *key]
    return cache.cached(kind, whole_key, all_splits)

  parts = made_by(pictures_as.whole, 'decoded')
  if protocol == 'folders':
    rows = _by_fold(parts, chosen['fold'], chosen['hold_out'])
  else:
    rows = {name: ([part], np.arange(len(part['label']))) for name, part in parts.items()}
  if picture.cuts:
    _add_cuts(rows, made_by(pictures_as.cut, 'cut', picture.cuts), picture.cuts, protocol)
  if picture.papers or picture.scenes or picture.drawn:
    rows['train'] = _joined(rows['train'], _drawn(picture))
  splits = {name: _rows(*of_split) for name, of_split in rows.items()}
  draws = _draws(splits['train']['source'], chosen['balance'])
  origin = 'pictures in folders' if protocol == 'folders' else "the paper's pictures"
  return Dataset(splits, raw_digest, origin, draws)


def sources(
  protocol: str, data_dir: str | os.PathLike, raw_dir: str | os.PathLike | None
) -> list[str]:
  """The names that `config.data.hold_out` may have, sorted.

  Raises:
    UserError: The data can not be prepared (`tfds_builders.music_scores.prepare`), or the pictures
      without one of the sources can't train and validate.
  """
  builder = music_scores.prepare(protocol, data_dir, raw_dir)
  parts = {split: _without_pixels(builder.as_data_source(split)) for split in builder.info.splits}
  names = sorted({name for part in parts.values() for name in part['source'].tolist()})
  for name in names:
    try:
      _by_fold(parts, 0, name)
    except UserError as error:
      raise UserError(f'{name}: where it is tested, {error}') from error
  return names


def _without_pixels(examples: Iterable[Mapping]) -> Mapping[str, np.ndarray]:
  rows = [(each['source'].decode(), each['group'].decode(), each['label']) for each in examples]
  source, group, label = zip(*rows, strict=True) if rows else ((), (), ())
  return {
    'source': np.array(source, str),
    'group': np.array(group, str),
    'label': np.array(label, np.int32),
  }


def _add_cuts(chosen: dict[str, Part], parts: cache.Arrays, count: int, protocol: str) -> None:
  """Adds the cuts of each split's pictures to it, and those of tested pictures as `cuts`."""
  for name, (_, rows) in list(chosen.items()):
    # The cuts have the order of the pictures, `count` for each of them.
    of_rows = (rows[:, None] * count + np.arange(count)).ravel()
    added = (list(parts.values()) if protocol == 'folders' else [parts[name]]), of_rows
    if name == 'test':
      chosen['cuts'] = added
    else:
      chosen[name] = _joined(chosen[name], added)


def _drawn(picture: pictures_as.PictureConfig) -> Part:
  """The pictures that code draws to train with."""
  key = [_RULE, picture.papers, picture.scenes, picture.drawn, picture.size]
  drawn = cache.cached('drawn_pictures', key, lambda new: pictures_as.drawn(picture))['train']
  return [drawn], np.arange(len(drawn['label']))


def _joined(first: Part, second: Part) -> Part:
  """Both splits as one: the rows of the first, then those of the second."""
  begin = sum(len(part['label']) for part in first[0])
  return [*first[0], *second[0]], np.concatenate([first[1], begin + second[1]])


def _rows(parts: Sequence[Mapping[str, np.ndarray]], rows: np.ndarray) -> dict:
  """These rows of all parts, one after the other; the pictures stay on the disk."""
  names = set.intersection(*map(set, parts)) - {'views'}
  arrays = {name: np.concatenate([part[name] for part in parts])[rows] for name in sorted(names)}
  seen = [part['views'] for part in parts]
  whole = [views[:, 0] for views in seen]
  return arrays | {'views': Rows(seen, rows), 'image': Rows(whole, rows)}


def _by_fold(parts: cache.Arrays, fold: int, hold_out: str) -> dict[str, Part]:
  """For each split, the arrays of all folds, and its rows in them, one fold after the other."""
  arrays = {
    name: np.concatenate([part[name] for part in parts.values()])
    for name in ('source', 'group', 'label')
  }
  if hold_out:
    known = sorted(set(arrays['source'].tolist()))
    if hold_out not in known:
      raise UserError(
        f'config.data.hold_out: no source is called {hold_out!r}{nearest(hold_out, known)}'
      )
    is_test = arrays['source'] == hold_out
  else:
    names = [np.full(len(part['label']), name) for name, part in parts.items()]
    is_test = np.concatenate(names) == f'fold_{fold}'
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
  """The probability with which each draw of an epoch takes a picture, float64 [pictures]."""
  if balance == 1:
    return None
  _, inverse, counts = np.unique(names, return_inverse=True, return_counts=True)
  draws = (counts**balance / counts)[inverse]
  return draws / draws.sum()
