"""The raw archive of HOMUS 2.0: 15 200 small files, which are read into memory and verified."""

import collections
import hashlib
import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from omr_jax.errors import UserError
from omr_jax.inputs import strokes
from omr_jax.utils import words
from tfds_builders import archives, raw_data

ARCHIVE = archives.Archive(
  'HOMUS-2.0.zip',
  ('https://github.com/apacha/OMR-Datasets/releases/download/datasets/HOMUS-2.0.zip',),
  # HOMUS 2.0 has 15 200 files of 7 MB, in an archive of 4 MB. The limits leave room for more
  # writers.
  archives.Limits(entries=200_000, entry_bytes=strokes.MAX_BYTES, total_bytes=200_000_000),
)
WRITERS = 100
SYMBOLS_PER_WRITER = 152

# The `digest` of HOMUS 2.0. The file checksums.txt has digests per writer and per number.
DIGEST = 'fc2f857d9efd8c9fe49249b259462c5ffa079a8f97936dbad6ba8da17106e8b5'

SYMBOL_NAME = re.compile(r'HOMUS/([1-9][0-9]{0,8})/\1-[1-9][0-9]{0,8}\.txt')

_CHECKSUMS = Path(__file__).with_name('checksums.txt')
_DIGITS = 8  # of each digest in that file


def locate(raw_dir: str | os.PathLike | None, fetch: raw_data.Fetch) -> Path:
  """The path of the archive, with the arguments and errors of `raw_data.locate`."""
  return raw_data.locate([ARCHIVE], raw_dir, fetch)[0]


def read(path: os.PathLike) -> dict[str, bytes]:
  """The files of the archive by name.

  Raises:
    UserError: As `archives.opened`.
  """
  with archives.opened(ARCHIVE, path) as files:
    return {name: read_file() for name, read_file in files.items()}


def digest(files: Mapping[str, bytes]) -> str:
  """SHA-256 of the sorted lines `<SHA-256 of the content>  <name>`, each with a newline.

  The content is hashed without byte-order mark, carriage returns, and blank lines at its end.
  """
  return raw_data.digest(_hashes(files))


def verify(files: Mapping[str, bytes], path: os.PathLike, allow_changed: bool) -> None:
  """Compares the content with that of HOMUS 2.0.

  Args:
    files: What `read` returned.
    path: The archive, for messages.
    allow_changed: Only warn if the content differs, as long as every file can be read.

  Raises:
    UserError: The content differs. The message lists the files that are missing, extra, unreadable
      or changed.
  """
  if digest(files) == DIGEST:
    return
  unreadable = _unreadable(files)
  differences = '\n'.join(_differences(files, unreadable))
  message = f'{path}: the content is not that of HOMUS 2.0.\n{differences}\n'
  url = ARCHIVE.urls[0]
  if unreadable:
    raise UserError(f'{message}Correct the unreadable files, or get the archive again from {url}.')
  if not allow_changed:
    raise UserError(f'{message}Get it again from {url}, or set allow_changed to use it as it is.')
  print(
    f'{message}allow_changed is set, so it is used as it is, and kept apart from HOMUS 2.0.',
    file=sys.stderr,
  )


def symbol_names(files: Iterable[str]) -> list[str]:
  """Those of `files` that are names of symbol files, sorted by writer and number."""
  return sorted(filter(SYMBOL_NAME.fullmatch, files), key=strokes.writer_and_number)


def checksums(files: Mapping[str, bytes]) -> dict[str, str]:
  """Short digests of the files of every writer (`writer 12`) and of every number (`number 101`).

  With these 252 digests, instead of 15 200, a changed file is found all the same: it belongs to a
  writer whose digest differs and to a number whose digest differs.
  """
  groups = collections.defaultdict(list)
  for name in symbol_names(files):
    for key in _group_keys(name):
      groups[key].append(name)
  hashes = _hashes(files)
  return {key: raw_data.digest(hashes, names)[:_DIGITS] for key, names in groups.items()}


def _hashes(files: Mapping[str, bytes]) -> dict[str, str]:
  return {
    name: hashlib.sha256(strokes.canonical(content)).hexdigest() for name, content in files.items()
  }


def _group_keys(name: str) -> tuple[str, str]:
  writer, number = strokes.writer_and_number(name)
  return f'writer {writer}', f'number {number}'


def _unreadable(files: Mapping[str, bytes]) -> dict[str, str]:
  errors = {}
  for name in symbol_names(files):
    try:
      strokes.parse(files[name], name)
    except UserError as error:
      errors[name] = str(error)
  return errors


def _differences(files: Mapping[str, bytes], unreadable: Mapping[str, str]) -> Iterable[str]:
  expected = [
    f'HOMUS/{writer}/{writer}-{number}.txt'
    for writer in range(1, WRITERS + 1)
    for number in range(1, SYMBOLS_PER_WRITER + 1)
  ]
  official = dict(line.rsplit(' ', 1) for line in _CHECKSUMS.read_text().splitlines())
  found = checksums({name: files[name] for name in expected if name in files})
  missing = [name for name in expected if name not in files]
  incomplete = {key for name in missing for key in _group_keys(name)}
  changed = [
    name
    for name in expected
    if name in files
    and name not in unreadable
    and all(found[key] != official[key] for key in _group_keys(name))
    # If both of its groups lack files, their digests differ anyway.
    and not all(key in incomplete for key in _group_keys(name))
  ]
  yield from _listed('missing', missing)
  yield from _listed('extra', sorted(set(files).difference(expected)))
  yield from _listed('unreadable', list(unreadable.values()))
  yield from _listed('changed, or some of these', changed)


def _listed(what: str, items: list[str]) -> Iterable[str]:
  if items:
    yield f'  {what} ({len(items)}): ' + words.some([item[:300] for item in items], 10)
