"""A cache of arrays on the disk: made once, then memory-mapped, so that they may exceed memory."""

import contextlib
import hashlib
import itertools
import json
import math
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from omr_jax.data.digests import checksum
from omr_jax.errors import UserError, reason
from omr_jax.utils import locks, paths
from omr_jax.utils.files import UNREADABLE_ARRAYS
from omr_jax.utils.words import size

_CHECKSUM = 'checksum'  # File in the folder of a cache: `digests.checksum` of its arrays.
# Bytes. On a CPU JAX uses arrays that begin at a multiple of it, and copies others to each device.
_ALIGNED = 64

Arrays = Mapping[str, Mapping[str, np.ndarray]]  # By split and name.
# From a split, a name, a shape and a dtype to a new array on the disk, to be filled.
New = Callable[[str, str, tuple[int, ...], DTypeLike], np.ndarray]


class Rows:
  """Rows of several arrays as one array, which stay on the disk until they are indexed.

  An index, a slice or an array of ints returns a NumPy array, as it would with
  `np.concatenate(parts)[rows]`. All parts have the same dtype.
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
    found = _aligned((rows.size, *self.shape[1:]), self.dtype)
    part_of = np.searchsorted(self._starts, rows.ravel(), 'right') - 1
    changes = np.flatnonzero(np.diff(part_of)) + 1
    for begin, end in itertools.pairwise([0, *changes.tolist(), rows.size]):
      if begin < end:
        number = part_of[begin]
        of_part = rows.ravel()[begin:end] - self._starts[number]
        _copy(self._parts[number], of_part, found[begin:end])
    return found.reshape((*rows.shape, *self.shape[1:]))

  def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
    return self[:] if dtype is None else self[:].astype(dtype)


def _aligned(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
  """A new array, whose numbers are not set."""
  size = math.prod(shape) * dtype.itemsize
  buffer = np.empty(size + _ALIGNED, np.uint8)
  begin = -buffer.ctypes.data % _ALIGNED
  return buffer[begin : begin + size].view(dtype).reshape(shape)


def _copy(part: np.ndarray, rows: np.ndarray, found: np.ndarray) -> None:
  """Copies rows of an array to another, once; `part[rows]` would make a copy before."""
  if part.flags.c_contiguous:  # Of others `np.take` would copy all rows before.
    np.take(part, rows, axis=0, out=found, mode='clip')  # Other modes copy the result once more.
    return
  for place, row in enumerate(rows):
    found[place] = part[row]


def cached(kind: str, key: Sequence, make: Callable[[New], Arrays]) -> Arrays:
  """Returns the arrays of `make`, which is called only if they are not in the cache folder yet.

  Args:
    kind: Name of the subfolder for this kind of arrays.
    key: Everything that the arrays depend on, in types that JSON can hold.
    make: Called with a function that allocates an array on the disk; returns the arrays by split
      and name. Arrays that do not fit in memory must be allocated by that function.

  Raises:
    UserError: The cache cannot be written. Errors of `make` are passed on.
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
  """The arrays in a folder, or None where the folder is missing or damaged."""
  try:
    # The checksum reads the same mapped arrays that are returned, so each page is read once.
    found = _mapped(folder)
    return found if (folder / _CHECKSUM).read_text() == checksum(found) else None
  except UNREADABLE_ARRAYS:
    return None


def _mapped(folder: Path) -> Arrays:
  return {
    split.name: {path.stem: np.load(path, mmap_mode='r') for path in sorted(split.glob('*.npy'))}
    for split in sorted(folder.iterdir())
    if split.is_dir()
  }


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
  """Lets one process at a time make the folder; the others wait until it is done or has ended."""
  with contextlib.ExitStack() as stack:
    with _writing(folder):
      stack.enter_context(locks.held(folder.with_suffix('.lock')))
    yield


def _make(folder: Path, make: Callable[[New], Arrays]) -> None:
  new = folder.with_suffix('.new')
  shutil.rmtree(new, ignore_errors=True)  # A process that was killed may have left it.
  try:
    arrays = make(partial(_allocate, folder, new))
    with _writing(folder):
      for split, named in arrays.items():
        (new / split).mkdir(parents=True, exist_ok=True)
        for name, value in named.items():
          path = new / split / f'{name}.npy'
          if isinstance(value, np.memmap) and path.exists():  # It was allocated on the disk.
            value.flush()
          else:
            np.save(path, value)
      (new / _CHECKSUM).write_text(checksum(arrays))
      if folder.exists():  # It is damaged, or it would have been used.
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
        f'{folder}: prepared pictures need {size(need)} there, {size(need - free)} more than are '
        'free; make room, set $OMR_CACHE_DIR to another folder, or choose smaller pictures.'
      )
    path = new / split / f'{name}.npy'
    path.parent.mkdir(parents=True, exist_ok=True)
    array = np.lib.format.open_memmap(path, 'w+', dtype, shape)
    # Reserves the space now: writing to a mapped file kills the process if the disk is full.
    if hasattr(os, 'posix_fallocate') and need:
      with path.open('r+b') as file:
        os.posix_fallocate(file.fileno(), 0, os.fstat(file.fileno()).st_size)
  return array


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
  try:
    yield
  except OSError as error:
    raise UserError(
      f'{folder}: prepared pictures could not be cached ({reason(error)}); make room, or set '
      '$OMR_CACHE_DIR to another folder.'
    ) from error
