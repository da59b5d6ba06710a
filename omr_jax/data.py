"""Data as a run has it: arrays of three splits, cached on disk, then held on the device whole."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from omr_jax import folders
from omr_jax.digests import digest
from omr_jax.errors import UserError
from tfds_builders.original_split import SPLITS as SPLITS

_DIGEST = 'digest'

Splits = Mapping[str, Mapping[str, np.ndarray]]


class Dataset(NamedTuple):
  """Arrays of the three splits, and what they were made from.

  Attributes:
    splits: For each of SPLITS `label` int32 [examples] and `id` str [examples], and what networks
      and augmentations read, by name: see `symbol_data` and `score_data`. The evaluated splits
      have `image` uint8 [examples, height, width, channels].
    digest: Of the raw data.
    origin: What the raw data is, in words.
    draws: float64 [training examples], the probability with which an epoch draws each one, or None
      where every epoch has all of them.
    sources: Where the pictures of the test split are from, str [examples], or None.
  """

  splits: Splits
  digest: str
  origin: str
  draws: np.ndarray | None = None
  sources: np.ndarray | None = None


def epoch_order(
  seed: int, epoch: int, examples: int, draws: np.ndarray | None = None
) -> np.ndarray:
  """The order of one epoch's examples, int32 [examples]; it follows from the arguments alone.

  Args:
    seed: Of the run.
    epoch: From 1.
    examples: Of the training split.
    draws: As in `Dataset`: where given, an example may come several times, or not at all.
  """
  rng = np.random.default_rng((seed, epoch))
  if draws is None:
    return rng.permutation(examples).astype(np.int32)
  return rng.choice(examples, examples, p=draws).astype(np.int32)


def on_devices(
  arrays: Mapping[str, np.ndarray], names: Sequence[str], mesh: jax.sharding.Mesh
) -> dict[str, jax.Array]:
  """Puts the named arrays on every device of the mesh, whole: each gathers its share of a batch."""
  sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
  return {name: jax.device_put(arrays[name], sharding) for name in names}


def refuse_beyond_memory(pictures: int, height: int, width: int, channels: int, key: str) -> None:
  """UserError, naming the config's section, where pictures fill more than half of the memory."""
  need = pictures * height * width * channels
  memory = os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
  if need > memory / 2:
    raise UserError(
      f'config.{key}: {pictures} training pictures of {height}x{width} need {need / 2**30:.0f} '
      f'GiB, more than half of the {memory / 2**30:.0f} GiB here; choose smaller or fewer ones.'
    )


def cached(kind: str, key: Sequence, make: Callable[[], Splits]) -> Splits:
  """What `make` gives, made once and then read from the cache folder.

  Args:
    kind: Name of the folder of such caches.
    key: What the arrays follow from, as JSON can hold it.
    make: To the arrays by split and name.

  Raises:
    UserError: The cache can't be written; and what `make` raises.
  """
  name = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:24]
  folder = folders.cache_dir() / kind / name
  splits = _read_cache(folder)
  if splits is None:
    splits = make()
    _write_cache(folder, splits)
  return splits


def _read_cache(folder: Path) -> Splits | None:
  """The cached arrays, or None where there are none or they are damaged."""
  try:
    wanted = (folder / _DIGEST).read_text()
    splits = {
      split.name: {path.stem: np.load(path, mmap_mode='r') for path in sorted(split.glob('*.npy'))}
      for split in sorted(folder.iterdir())
      if split.is_dir()
    }
    return splits if wanted == digest(splits) else None
  except (OSError, ValueError, EOFError, SyntaxError):
    return None


def _write_cache(folder: Path, splits: Splits) -> None:
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
      return  # Another run has made the same meanwhile.
    raise UserError(
      f'{folder}: prepared pictures could not be cached ({error}); make room, or set '
      '$OMR_CACHE_DIR to another folder.'
    ) from error
