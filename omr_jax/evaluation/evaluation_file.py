"""The file evaluation.npz of a run: the arrays that a report is made from."""

import io
import zipfile
import zlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from omr_jax.errors import UserError
from omr_jax.utils.files import read_bytes, write_file

FILE = 'evaluation.npz'
# The arrays in evaluation.npz: kind of the dtype and number of dimensions.
ARRAYS = {
  'classes': ('U', 1),
  'validation_labels': ('i', 1),
  'validation_logits': ('f', 2),
  'test_ids': ('U', 1),
  'test_labels': ('i', 1),
  'test_logits': ('f', 2),
  'test_predicted': ('i', 1),
  'pictures': ('u', 4),
}
# The most bytes of all arrays together. A run has a few megabytes, or some hundred with very many
# mistakes. A damaged or malicious file, however small, may unpack to any size.
_MOST = 2**31
# What NumPy and zipfile raise on a damaged archive.
_UNREADABLE = (
  OSError,
  EOFError,
  KeyError,
  ValueError,
  SyntaxError,
  RuntimeError,
  MemoryError,  # The header of an array claims any size.
  zipfile.BadZipFile,
  zlib.error,
)


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
    raise UserError(f'{path}: cannot be read ({error}); {remedy}.') from error


def problem(arrays: Mapping[str, np.ndarray], kinds: Mapping[str, tuple[str, int]]) -> str | None:
  """What is inconsistent in the arrays of an evaluation, in words, or None.

  Args:
    arrays: By name, with those of ARRAYS.
    kinds: The kind of the dtype and the number of dimensions that each must have.
  """
  for name, kind in kinds.items():
    if (arrays[name].dtype.kind, arrays[name].ndim) != kind:
      return f'{name} is {arrays[name].dtype} {arrays[name].shape}'
  classes = len(arrays['classes'])
  if len(set(arrays['classes'])) != classes:
    return 'a class that is there twice'
  for split in ('validation', 'test'):
    labels, logits = arrays[f'{split}_labels'], arrays[f'{split}_logits']
    if logits.shape != (len(labels), classes):
      return f'{split} logits {logits.shape} for {len(labels)} labels of {classes} classes'
    if not np.isfinite(logits).all():
      return f'{split} logits that are not finite'
    if not ((labels >= 0) & (labels < classes)).all():
      return f'{split} labels outside the {classes} classes'
  if len(arrays['validation_labels']) == 0:
    return 'no validation examples'
  labels, logits, ids = arrays['test_labels'], arrays['test_logits'], arrays['test_ids']
  if len(labels) == 0 or len(ids) != len(labels) or len(set(ids)) != len(ids):
    return f'{len(set(ids))} distinct ids for {len(labels)} test examples'
  predicted, pictures = arrays['test_predicted'], arrays['pictures']
  if len(predicted) != len(labels) or not ((predicted >= 0) & (predicted < classes)).all():
    return f'answers {predicted.shape} for {len(labels)} test examples'
  wrong = int((predicted != labels).sum())
  if pictures.dtype != np.uint8 or len(pictures) != wrong or pictures.shape[3] not in (1, 3):
    return f'pictures {pictures.dtype} {pictures.shape} for {wrong} misclassified examples'
  if wrong and 0 in pictures.shape:
    return f'pictures without pixels, {pictures.shape}'
  return None
