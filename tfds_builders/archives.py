"""Raw archives (zip, tar), read without unpacking them to disk.

Only the file being read is in memory. An archive is refused if it contains anything that an honest
one doesn't: names that point outside it, links, devices, duplicate names, encryption, absurd sizes.
"""

import collections
import contextlib
import functools
import os
import re
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from omr_jax.errors import UserError

# Files and folders that operating systems leave everywhere, in lower case.
SYSTEM_NAMES = frozenset({'.ds_store', '__macosx', 'desktop.ini', 'thumbs.db'})


class Limits(NamedTuple):
  """Bounds that an archive must keep, against archives made to fill the memory.

  Attributes:
    entries: How many files and folders it has at most.
    entry_bytes: The largest size of a file, unpacked.
    total_bytes: The largest size of all files together, unpacked, and of the archive itself.
  """

  entries: int
  entry_bytes: int
  total_bytes: int


class Archive(NamedTuple):
  """An archive of raw data.

  Attributes:
    name: Its file name, which ends in its format: `.zip`, or `.tar` (not compressed).
    urls: Public addresses; the first one that answers is used.
    limits: What it may contain.
  """

  name: str
  urls: tuple[str, ...]
  limits: Limits


@contextlib.contextmanager
def opened(archive: Archive, path: os.PathLike) -> Iterator[Mapping[str, Callable[[], bytes]]]:
  """The files of an archive: a function that reads each, by name.

  Folders are left out, and so are files that operating systems add, such as `.DS_Store`.

  Args:
    archive: What it should be.
    path: Where it is.

  Raises:
    UserError: The archive can't be read, is of another format, truncated, damaged or unsafe. The
      functions that read a file raise this too.
  """
  with contextlib.ExitStack() as stack:
    with _as_user_error(archive, path):
      if os.path.getsize(path) > (most := archive.limits.total_bytes):
        raise UserError(f'{path}: larger than {most} bytes; {_remedy(archive)}')
      entries = {'zip': _zip_entries, 'tar': _tar_entries}[_format(archive)](archive, path, stack)
      _check(entries, archive, path)
    yield {
      entry.name: functools.partial(_read, entry, entry.read, archive, path)
      for entry in entries
      if entry.read and _is_content(entry.name)
    }


class _Entry(NamedTuple):
  """A file, a folder or something worse in an archive.

  Attributes:
    name: As the archive has it.
    size: Bytes unpacked, as the archive claims.
    problem: What is wrong with it in its own format, or None.
    read: Returns the content; None for a folder.
  """

  name: str
  size: int
  problem: str | None
  read: Callable[[], bytes] | None


def _zip_entries(archive: Archive, path: os.PathLike, stack: contextlib.ExitStack) -> list[_Entry]:
  file = stack.enter_context(zipfile.ZipFile(path))

  def read(info: zipfile.ZipInfo) -> bytes:
    with file.open(info) as content:
      # The size in the directory is only a claim. One byte more reveals a false one without
      # unpacking all of it.
      return content.read(info.file_size + 1)

  return [
    _Entry(
      info.filename,
      info.file_size,
      _zip_problem(info),
      None if info.is_dir() else functools.partial(read, info),
    )
    for info in file.infolist()
  ]


def _zip_problem(info: zipfile.ZipInfo) -> str | None:
  if '\0' in info.orig_filename:  # zipfile cuts `filename` there.
    return 'has a character that no file name here needs'
  if stat.S_ISLNK(info.external_attr >> 16):
    return 'is a link'
  if info.flag_bits & 0x1:
    return 'is encrypted'
  if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
    return f'has the compression method {info.compress_type}'
  return None


def _tar_entries(archive: Archive, path: os.PathLike, stack: contextlib.ExitStack) -> list[_Entry]:
  file = stack.enter_context(tarfile.TarFile(path))
  entries = []
  for member in file:
    read = None if member.isdir() else functools.partial(_read_member, file, member)
    entries.append(_Entry(member.name, member.size, _tar_problem(member), read))
    if len(entries) > archive.limits.entries:
      return entries  # `_check` refuses that many.
  # tarfile stops at a damaged header without an error, so look for the block of zeros at the end.
  file.fileobj.seek(file.offset)
  if file.fileobj.read(tarfile.BLOCKSIZE) != tarfile.NUL * tarfile.BLOCKSIZE:
    raise tarfile.ReadError('its end is missing')
  return entries


def _read_member(file: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
  content = file.extractfile(member)
  if content is None:
    raise tarfile.ReadError(f'{member.name} is no file')
  with content:
    return content.read()


def _tar_problem(member: tarfile.TarInfo) -> str | None:
  if member.islnk() or member.issym():
    return 'is a link'
  plain = member.isdir() or (member.isreg() and not member.issparse())
  return None if plain else 'is not a regular file'


def _check(entries: Sequence[_Entry], archive: Archive, path: os.PathLike) -> None:
  """Refuses an archive with an entry, or with more entries, than an honest one has."""
  refused, remedy, limits = f'{path}: refused as unsafe,', _remedy(archive), archive.limits
  if len(entries) > limits.entries:
    raise UserError(f'{refused} more than {limits.entries} entries; {remedy}')
  if sum(entry.size for entry in entries) > limits.total_bytes:
    raise UserError(f'{refused} more than {limits.total_bytes} bytes unpacked; {remedy}')
  for entry in entries:
    if problem := _name_problem(entry.name) or entry.problem or _size_problem(entry, limits):
      raise UserError(f'{refused} the entry {entry.name[:200]!r} {problem}; {remedy}')
  counts = collections.Counter(entry.name for entry in entries if entry.read)
  if duplicates := [name for name, count in counts.items() if count > 1]:
    raise UserError(f'{refused} the name {duplicates[0][:200]!r} is there twice; {remedy}')


def _name_problem(name: str) -> str | None:
  if name.startswith('/') or re.match('[A-Za-z]:', name) or '..' in name.split('/'):
    return 'points outside the archive'
  # macOS adds files whose names do have such characters; they are never read.
  if _is_content(name) and ('\\' in name or not name.isprintable()):
    return 'has a character that no file name here needs'
  return None


def _size_problem(entry: _Entry, limits: Limits) -> str | None:
  if entry.size > limits.entry_bytes:
    return f'has {entry.size} bytes, more than the {limits.entry_bytes} allowed'
  return None


def _is_content(name: str) -> bool:
  return SYSTEM_NAMES.isdisjoint(name.lower().split('/'))


def _read(entry: _Entry, read: Callable[[], bytes], archive: Archive, path: os.PathLike) -> bytes:
  with _as_user_error(archive, path):
    content = read()
  if len(content) != entry.size:
    raise UserError(
      f'{path}: the entry {entry.name!r} is not as large as it claims; {_remedy(archive)}'
    )
  return content


@contextlib.contextmanager
def _as_user_error(archive: Archive, path: os.PathLike) -> Iterator[None]:
  """Turns whatever a damaged archive raises into a UserError."""
  remedy = _remedy(archive)
  try:
    yield
  except UserError:
    raise
  except PermissionError as error:
    raise UserError(
      f'{path}: cannot be read ({error.strerror}); change its permissions.'
    ) from error
  except FileNotFoundError as error:
    raise UserError(f'{path}: cannot be read ({error.strerror}); {remedy}') from error
  except Exception as error:  # zipfile alone raises about ten kinds.
    raise UserError(
      f'{path}: not a {_format(archive)} archive, truncated or damaged ({error}); {remedy}'
    ) from error


def _format(archive: Archive) -> str:
  return archive.name.rpartition('.')[2]


def _remedy(archive: Archive) -> str:
  return f'delete it and get {archive.name} again from {" or ".join(archive.urls)}.'
