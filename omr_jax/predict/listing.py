"""The files that a command line names: files, folders, and names on standard input."""

import contextlib
import heapq
import io
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from omr_jax.errors import UserError
from omr_jax.inputs import signatures

# Suffixes of the files in a folder that are read. A file with another suffix is read if it begins
# like a picture or a PDF, as in training. A file that is given itself is read whatever its suffix.
PICTURES = frozenset(
  ('.bmp', '.gif', '.heic', '.heif', '.jfif', '.jpe', '.jpeg', '.jpg', '.mpo', '.pdf', '.png')
  + ('.tif', '.tiff', '.webp')
)
# The most names of one folder that are in memory. A folder with more is listed several times.
_NAMES = 50_000
# What a message calls files without a suffix, and those with an odd one.
_NO_SUFFIX, _ODD = 'no suffix', 'odd suffixes'
_HIDDEN, _LINKS = 'hidden', 'links to folders'
_MOST_KINDS = 10  # The most kinds of files that a message names.
_CHUNK = 2**16  # Bytes that are read from standard input at a time.


def files(
  paths: Iterable[str],
  names: Iterable[bytes],
  suffixes: frozenset[str],
  left_out: Counter[str] | None = None,
  omitted: Path | None = None,
) -> Iterator[str]:
  """The files in their order, one by one.

  A folder gives its files by name, then those of its folders at any depth. Files of other kinds and
  hidden ones (`.x`, and `__MACOSX` in archives made on a Mac) are left out. Links to folders are
  not followed, so no file comes twice.

  Args:
    paths: Files and folders; `-` stands for `names`. A path that doesn't exist is yielded as it is,
      and so is a folder that can't be listed: reading it will give the error.
    names: Files and folders from `standard_input`.
    suffixes: Suffixes of the files in folders that are read, in lower case.
    left_out: Counts the files that were left out of folders, by kind.
    omitted: A folder whose files are none of them, however they are named, such as that of the
      answers.
  """
  left_out = Counter() if left_out is None else left_out
  omitted_path = None if omitted is None else os.path.realpath(omitted)
  for path in paths:
    for each in map(os.fsdecode, filter(None, names)) if path == '-' else (path,):
      yield from _at(each, suffixes, left_out, omitted_path)


def standard_input(null: bool = False) -> Iterable[bytes]:
  """The names on standard input, one by one; as bytes, since they may be in any encoding.

  Args:
    null: Whether a name ends with a NUL byte, as from `find -print0`. If not, it is a line.

  Raises:
    UserError: It is closed.
  """
  if sys.stdin is None:
    raise UserError('-: standard input is closed; give names of files, or a pipe with names.')
  # A program may have replaced sys.stdin by an object that has only text.
  file = getattr(sys.stdin, 'buffer', None) or io.BytesIO(os.fsencode(sys.stdin.read()))
  return _until_nul(file) if null else (line.rstrip(b'\r\n') for line in file)


def _until_nul(file: io.BufferedIOBase) -> Iterator[bytes]:
  rest = b''
  while chunk := file.read1(_CHUNK):  # What is there, without waiting for more.
    *names, rest = (rest + chunk).split(b'\0')
    yield from names
  if rest:
    yield rest


def words(left_out: Counter[str]) -> str:
  """The end of a message: what was left out, by kind; empty where nothing was."""
  if not left_out:
    return ''
  kinds = [f'{kind} ({number})' for kind, number in left_out.most_common(_MOST_KINDS)]
  if rest := sum(number for _, number in left_out.most_common()[_MOST_KINDS:]):
    kinds.append(f'others ({rest})')
  return f'; left out of the folders, as they are of other kinds: {", ".join(kinds)}'


def _at(
  path: str, suffixes: frozenset[str], left_out: Counter[str], omitted: str | None
) -> Iterator[str]:
  if omitted is not None and _is_in(path, omitted):
    return
  if not os.path.isdir(path):
    yield path
    return
  folders = [iter((path,))]
  while folders:
    folder = next(folders[-1], None)
    if folder is None:
      folders.pop()
      continue
    if omitted is not None and os.path.realpath(folder) == omitted:
      continue
    try:
      yield from _by_name(folder, lambda entry: _is_wanted(entry, suffixes, left_out))
      folders.append(_folders_in(folder))
    except OSError:
      yield folder


def _is_in(path: str, folder: str) -> bool:
  real = os.path.realpath(path)
  return real == folder or real.startswith(os.path.join(folder, ''))


def _folders_in(folder: str) -> Iterator[str]:
  with contextlib.suppress(OSError):  # Gone since its files were listed.
    yield from _by_name(
      folder, lambda entry: entry.is_dir(follow_symlinks=False) and not _is_hidden(entry.name)
    )


def _by_name(folder: str, is_wanted: Callable[[os.DirEntry[str]], bool]) -> Iterator[str]:
  """The paths of what is wanted; `is_wanted` is asked once for everything in the folder."""
  last = ''
  while True:
    with os.scandir(folder) as entries:
      after = (entry for entry in entries if entry.name > last)
      found = heapq.nsmallest(_NAMES, after, key=lambda entry: entry.name)
    for entry in found:
      if is_wanted(entry):
        yield os.path.join(folder, entry.name)
    if len(found) < _NAMES:
      return
    last = found[-1].name


def _is_wanted(entry: os.DirEntry[str], suffixes: frozenset[str], left_out: Counter[str]) -> bool:
  if _is_hidden(entry.name):
    left_out[_HIDDEN] += 1
    return False
  if entry.is_dir(follow_symlinks=False):
    return False
  suffix = os.path.splitext(entry.name)[1].lower()
  if suffix in suffixes or _begins_like_a_picture(entry):
    return True
  kind = suffix if re.fullmatch(r'\.\w{1,12}', suffix) else _ODD if suffix else _NO_SUFFIX
  left_out[_LINKS if entry.is_dir() else kind] += 1
  return False


def _begins_like_a_picture(entry: os.DirEntry[str]) -> bool:
  try:
    if not entry.is_file():  # Opening a pipe would wait for ever.
      return False
    with open(entry.path, 'rb') as file:
      return signatures.kind(file.read(signatures.SHORT)) not in ('', signatures.OTHER_CONTAINER)
  except OSError:
    return False


def _is_hidden(name: str) -> bool:
  return name.startswith('.') or name == '__MACOSX'
