"""The file evaluation.npz of a run: the arrays that a report is made from."""

import io
import zipfile
import zlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from omr_jax.errors import UserError, reason
from omr_jax.utils.files import UNREADABLE_ARRAYS, read_bytes, write_file

FILE = 'evaluation.npz'
# The most bytes of all arrays together. A run has a few megabytes, or some hundred with very many
# mistakes. A damaged or malicious file, however small, may unpack to any size.
_MOST = 2**31
# What NumPy and zipfile raise on a damaged archive.
_UNREADABLE = (*UNREADABLE_ARRAYS, zipfile.BadZipFile, zlib.error)


def write(workdir: Path, arrays: Mapping[str, np.ndarray]) -> None:
  """Writes the file completely or not at all.

  Raises:
    UserError: It cannot be written.
  """
  content = io.BytesIO()
  named: dict[str, Any] = dict(arrays)  # Its keys are unknown to type checkers.
  np.savez_compressed(content, **named)
  write_file(workdir / FILE, content.getvalue())


def read(
  path: Path, names: Iterable[str], remedy: str, later: Collection[str] = ()
) -> dict[str, np.ndarray]:
  """Reads the named arrays, without those of `later` that the file lacks.

  Args:
    path: The file.
    names: The names of the arrays.
    remedy: What to do about a damaged file.
    later: Those of `names` that the files of earlier versions lack.

  Raises:
    UserError: The file is damaged or lacks another array; the message ends with the remedy.
  """
  try:
    # Read through memory, because NumPy leaves a file open that it refuses.
    content = io.BytesIO(read_bytes(path))
    if not zipfile.is_zipfile(content):
      raise ValueError('no archive of arrays')
    content.seek(0)
    with zipfile.ZipFile(content) as archive:
      size = sum(member.file_size for member in archive.infolist())
    if size > _MOST:
      raise ValueError(f'{size} bytes, and all arrays together may have {_MOST}')
    content.seek(0)
    with np.load(content, allow_pickle=False) as file:
      held = set(file.files)
      arrays = {name: file[name] for name in names if name in held or name not in later}
    for name, array in arrays.items():
      if not isinstance(array, np.ndarray):  # NumPy gives the bytes of other files.
        raise ValueError(f'{name} is no array')
    return arrays
  except _UNREADABLE as error:
    raise UserError(f'{path}: cannot be read ({reason(error)}); {remedy}.') from error


def wrong_kind(
  arrays: Mapping[str, np.ndarray], kinds: Mapping[str, tuple[str, int]]
) -> str | None:
  """Which array has another type or number of axes than it must have, in words, or None.

  Args:
    arrays: The arrays by name.
    kinds: The kind of the dtype and the number of axes of each; further ones are ignored.
  """
  for name, array in arrays.items():
    if (array.dtype.kind, array.ndim) != kinds[name]:
      return f'{name} is {array.dtype} {array.shape}'
  return None
