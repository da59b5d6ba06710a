"""Zip and tar archives as a mapping from names to readers: nothing is unpacked to disk.

Only the file that is read is in memory. Refused is what no honest archive of pictures has: path
tricks, links, devices, duplicates, encryption, absurd sizes.
"""

import collections
import contextlib
import functools
import os
import re
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from omr_jax.errors import UserError

MAX_ENTRIES = 100_000
MAX_ENTRY_BYTES = 100_000_000
MAX_TOTAL_BYTES = 20_000_000_000

_SYSTEM_FILES = ('.DS_Store', 'Thumbs.db', 'desktop.ini')


class _Entry(NamedTuple):
  """A file or something worse in an archive; `problem` is what its own format tells against it."""

  name: str
  size: int
  problem: str | None
  read: Callable[[], bytes]


@contextlib.contextmanager
def opened(
  path: os.PathLike, kind: str, remedy: str
) -> Iterator[Mapping[str, Callable[[], bytes]]]:
  """The files of an archive by name, without what operating systems leave in archives.

  Args:
    path: The archive.
    kind: `zip` or `tar`, the latter uncompressed.
    remedy: The end of every message.

  Raises:
    UserError: Not such an archive, truncated, damaged or unsafe; so do the readers it gives.
  """
  with contextlib.ExitStack() as stack:
    with _refusing(path, remedy):
      entries = {'zip': _zip_entries, 'tar': _tar_entries}[kind](path, stack)
      _check(entries, path, remedy)
    yield {
      entry.name: functools.partial(_read, entry, path, remedy)
      for entry in entries
      if _is_content(entry.name)
    }


def _zip_entries(path: os.PathLike, stack: contextlib.ExitStack) -> list[_Entry]:
  archive = stack.enter_context(zipfile.ZipFile(path))

  def read(info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as file:
      # The size in the directory is only a claim; one byte more tells, without unpacking a bomb.
      return file.read(info.file_size + 1)

  return [
    _Entry(info.filename, info.file_size, _zip_problem(info), functools.partial(read, info))
    for info in archive.infolist()
    if not info.is_dir() or _zip_problem(info)
  ]


def _zip_problem(info: zipfile.ZipInfo) -> str | None:
  if '\0' in info.orig_filename:  # Where zipfile cuts the name.
    return 'has a character that no file name here needs'
  if stat.S_ISLNK(info.external_attr >> 16):
    return 'is a link'
  if info.flag_bits & 0x1:
    return 'is encrypted'
  if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
    return f'has the compression method {info.compress_type}'
  return None


def _tar_entries(path: os.PathLike, stack: contextlib.ExitStack) -> list[_Entry]:
  archive = stack.enter_context(tarfile.TarFile(path))
  entries = []
  for member in archive:
    if len(entries) > MAX_ENTRIES:
      break  # `_check` says so.
    if not member.isdir():
      read = functools.partial(_read_member, archive, member)
      entries.append(_Entry(member.name, member.size, _tar_problem(member), read))
  # At a damaged header tarfile stops without a word.
  archive.fileobj.seek(archive.offset)
  if len(entries) <= MAX_ENTRIES and archive.fileobj.read(tarfile.BLOCKSIZE) != tarfile.NUL * 512:
    raise tarfile.ReadError('its end is missing')
  return entries


def _read_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
  with archive.extractfile(member) as file:
    return file.read()


def _tar_problem(member: tarfile.TarInfo) -> str | None:
  if member.islnk() or member.issym():
    return 'is a link'
  return None if member.isreg() and not member.issparse() else 'is no plain file'


def _check(entries: list[_Entry], path: os.PathLike, remedy: str) -> None:
  refused = f'{path}: refused as unsafe,'
  if len(entries) > MAX_ENTRIES:
    raise UserError(f'{refused} more than {MAX_ENTRIES} entries; {remedy}')
  if sum(entry.size for entry in entries) > MAX_TOTAL_BYTES:
    raise UserError(f'{refused} more than {MAX_TOTAL_BYTES} bytes unpacked; {remedy}')
  for entry in entries:
    if problem := _name_problem(entry.name) or entry.problem or _size_problem(entry.size):
      raise UserError(f'{refused} the entry {entry.name[:200]!r} {problem}; {remedy}')
  duplicates = [n for n, k in collections.Counter(e.name for e in entries).items() if k > 1]
  if duplicates:
    raise UserError(f'{refused} the name {duplicates[0][:200]!r} is there twice; {remedy}')


def _name_problem(name: str) -> str | None:
  if name.startswith('/') or re.match('[A-Za-z]:', name) or '..' in name.split('/'):
    return 'points outside the archive'
  # In the names that macOS adds there may be more, and none of them is ever used.
  if _is_content(name) and ('\\' in name or not name.isprintable()):
    return 'has a character that no file name here needs'
  return None


def _size_problem(size: int) -> str | None:
  return f'has {size} bytes' if size > MAX_ENTRY_BYTES else None


def _is_content(name: str) -> bool:
  folders = name.split('/')
  return '__MACOSX' not in folders and folders[-1] not in _SYSTEM_FILES


def _read(entry: _Entry, path: os.PathLike, remedy: str) -> bytes:
  with _refusing(path, remedy):
    content = entry.read()
  if len(content) != entry.size:
    raise UserError(f'{path}: the entry {entry.name!r} has not the size it claims; {remedy}')
  return content


@contextlib.contextmanager
def _refusing(path: os.PathLike, remedy: str) -> Iterator[None]:
  try:
    yield
  except UserError:
    raise
  except (PermissionError, FileNotFoundError) as error:
    raise UserError(f'{path}: cannot be read ({error.strerror}); {remedy}') from error
  except Exception as error:  # zipfile alone raises some ten kinds on damaged archives.
    raise UserError(f'{path}: no archive, truncated or damaged ({error}); {remedy}') from error
