"""Arrays that are made once and then read from the disk, larger than the memory if need be."""

import contextlib
import fcntl
import hashlib
import json
import math
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from omr_jax.data.digests import digest
from omr_jax.errors import UserError
from omr_jax.utils import paths

_DIGEST = 'digest'

Arrays = Mapping[str, Mapping[str, np.ndarray]]
# A split, a name, a shape and a type, to an array on the disk that waits for its content.
New = Callable[[str, str, tuple[int, ...], DTypeLike], np.ndarray]


class Rows:
  """Rows of several arrays one after the other, which stay on the disk until they are asked for.

  An index, a slice or an array of ints gives the NumPy array that `np.concatenate(parts)[rows]`
  would give for it.
  """

  def __init__(self, parts: Sequence[np.ndarray], rows: np.ndarray):
    self._parts, self._rows = parts, np.asarray(rows)
    self._starts = np.cumsum([0, *map(len, parts)])
    self.shape, self.dtype = (len(self._rows), *parts[0].shape[1:]), parts[0].dtype
    self.ndim, self.nbytes = len(self.shape), math.prod(self.shape) * self.dtype.itemsize

  def __len__(self) -> int:
    return len(self._rows)

  def __getitem__(self, index) -> np.ndarray:
    rows = self._rows[index]
    found = np.empty((rows.size, *self.shape[1:]), self.dtype)
    part_of = np.searchsorted(self._starts, rows.ravel(), 'right') - 1
    # Row by row, as many at once would be copied twice.
    for place, (number, row) in enumerate(zip(part_of, rows.ravel(), strict=True)):
      found[place] = self._parts[number][row - self._starts[number]]
    return found.reshape(*rows.shape, *self.shape[1:])

  def __array__(self, dtype: DTypeLike = None, copy: bool | None = None) -> np.ndarray:
    return self[:] if dtype is None else self[:].astype(dtype)


def cached(kind: str, key: Sequence, make: Callable[[New], Arrays]) -> Arrays:
  """What `make` gives, made once and then mapped from the cache folder.

  Args:
    kind: Name of the folder of such caches.
    key: What the arrays follow from, as JSON can hold it.
    make: To the arrays by split and name. Large ones are those that it gets for their split and
      name from its argument.

  Raises:
    UserError: The cache can't be written; and what `make` raises.
  """
  name = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:24]
  folder = paths.cache_dir() / kind / name
  found = _whole(folder)
  if found is None:
    with _locked(folder):
      found = _whole(folder)  # Another process may just have made it.
      if found is None:
        _make(folder, make)
        found = _mapped(folder)
  return found


def _whole(folder: Path) -> Arrays | None:
  """What is in a folder, or None where there is none, or it is damaged."""
  try:
    # The very arrays that are used: the system hands over each page of them once.
    found = _mapped(folder)
    return found if (folder / _DIGEST).read_text() == digest(found) else None
  except (OSError, ValueError, EOFError, SyntaxError):
    return None


def _mapped(folder: Path) -> Arrays:
  return {
    split.name: {path.stem: np.load(path, mmap_mode='r') for path in sorted(split.glob('*.npy'))}
    for split in sorted(folder.iterdir())
    if split.is_dir()
  }


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
  """One process makes it; others wait until it is made, or that process has ended."""
  with _writing(folder):
    folder.parent.mkdir(parents=True, exist_ok=True)
    file = folder.with_suffix('.lock').open('w')
  with file:
    with contextlib.suppress(OSError):  # A file system without locks.
      fcntl.flock(file, fcntl.LOCK_EX)
    yield


def _make(folder: Path, make: Callable[[New], Arrays]) -> None:
  new = folder.with_suffix('.new')
  shutil.rmtree(new, ignore_errors=True)  # Of a process that was killed.
  try:
    arrays = make(partial(_allocate, folder, new))
    with _writing(folder):
      for split, named in arrays.items():
        (new / split).mkdir(parents=True, exist_ok=True)
        for name, value in named.items():
          path = new / split / f'{name}.npy'
          if path.exists():  # It was allocated there.
            value.flush()
          else:
            np.save(path, value)
      (new / _DIGEST).write_text(digest(arrays))
      if folder.exists():  # And is damaged.
        shutil.rmtree(folder)
      new.rename(folder)
  finally:
    shutil.rmtree(new, ignore_errors=True)


def _allocate(
  folder: Path, new: Path, split: str, name: str, shape: tuple[int, ...], dtype: DTypeLike
) -> np.ndarray:
  need = math.prod(shape) * np.dtype(dtype).itemsize
  with _writing(folder):
    free = shutil.disk_usage(folder.parent).free
    if need > free:
      raise UserError(
        f'{folder}: prepared pictures need {need / 2**30:.1f} GiB there and {free / 2**30:.1f} GiB '
        'are free; make room, set $OMR_CACHE_DIR to another folder, or choose smaller pictures.'
      )
    (new / split).mkdir(parents=True, exist_ok=True)
    array = np.lib.format.open_memmap(new / split / f'{name}.npy', 'w+', dtype, shape)
    if hasattr(os, 'posix_fallocate') and need:  # A full disk would end the process later.
      with (new / split / f'{name}.npy').open('r+b') as file:
        os.posix_fallocate(file.fileno(), 0, os.fstat(file.fileno()).st_size)
  return array


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
  try:
    yield
  except OSError as error:
    raise UserError(
      f'{folder}: prepared pictures could not be cached ({error}); make room, or set '
      '$OMR_CACHE_DIR to another folder.'
    ) from error
