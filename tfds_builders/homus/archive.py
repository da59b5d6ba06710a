"""The raw archive of HOMUS 2.0: found or downloaded, opened safely, its content verified.

Nothing is ever extracted to disk: 15 200 small files are read straight into memory.
"""

import collections
import hashlib
import os
import re
import stat
import sys
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from omr_jax.errors import UserError
from omr_jax.inputs import strokes

NAME = 'HOMUS-2.0.zip'
URL = f'https://github.com/apacha/OMR-Datasets/releases/download/datasets/{NAME}'
WRITERS = 100
SYMBOLS_PER_WRITER = 152

# What `digest` gives for HOMUS 2.0. `checksums.txt` has the same per writer and per number.
DIGEST = 'fc2f857d9efd8c9fe49249b259462c5ffa079a8f97936dbad6ba8da17106e8b5'

SYMBOL_NAME = re.compile(r'HOMUS/([1-9][0-9]{0,8})/\1-[1-9][0-9]{0,8}\.txt')

# The archive has 15 200 entries and 7 MB in 4 MB: bounds against bombs, with room for more writers.
MAX_ENTRIES = 200_000
MAX_ARCHIVE_BYTES = 100_000_000
MAX_TOTAL_BYTES = 200_000_000

_TIMEOUT_S = 15
_CHECKSUMS = Path(__file__).with_name('checksums.txt')
_DIGITS = 8


def locate(raw_dir: str | os.PathLike | None, fetch: Callable[[str], os.PathLike]) -> Path:
  """The archive in `raw_dir`, else in $OMR_RAW_DIR, or one level below, else downloaded.

  Args:
    raw_dir: a folder, or None.
    fetch: downloads an address and gives the path of the file, as TFDS's `dl_manager.download`.

  Raises:
    UserError: the folder named doesn't exist, or the archive isn't there and can't be downloaded.
  """
  folder = raw_dir or os.environ.get('OMR_RAW_DIR')
  place = 'is in no raw_dir'
  if folder:
    folder = Path(folder).expanduser()
    if not folder.is_dir():
      raise UserError(f'{folder}: no such folder; raw_dir (or $OMR_RAW_DIR) must hold {NAME}.')
    for path in [folder / NAME, *sorted(folder.glob(f'*/{NAME}'))]:
      if path.is_file():
        return path
    place = f'is not in {folder} or one level below'
  try:
    # TFDS retries for minutes and waits without a limit: an offline machine should know at once.
    urllib.request.urlopen(URL, timeout=_TIMEOUT_S).close()
    return Path(fetch(URL))
  except Exception as error:  # Whatever a network, a proxy or a full disk comes up with.
    raise UserError(
      f'{NAME} {place} and could not be downloaded from {URL} ({error}). Download it elsewhere, '
      'put it in a folder and name that folder with raw_dir or $OMR_RAW_DIR.'
    ) from error


def read(path: os.PathLike) -> dict[str, bytes]:
  """The files of a zip archive by name, without what operating systems leave in archives.

  Raises:
    UserError: not a zip archive, truncated, damaged, encrypted, or with entries that no honest
      archive has (path tricks, links, duplicates, absurd sizes).
  """
  try:
    if os.path.getsize(path) > MAX_ARCHIVE_BYTES:
      raise UserError(f'{path}: larger than {MAX_ARCHIVE_BYTES} bytes; this is not {NAME}.')
    with zipfile.ZipFile(path) as archive:
      entries = archive.infolist()
      _check_entries(entries, path)
      return {e.filename: _read_entry(archive, e, path) for e in entries if _is_content(e)}
  except UserError:
    raise
  except PermissionError as error:
    raise UserError(
      f'{path}: may not be read ({error.strerror}); change its permissions.'
    ) from error
  except Exception as error:  # zipfile raises some ten kinds on damaged archives.
    raise UserError(
      f'{path}: not a zip archive, truncated or damaged ({error}); delete it and get {NAME} again '
      f'from {URL}.'
    ) from error


def digest(files: Mapping[str, bytes]) -> str:
  """SHA-256 of the sorted lines `<SHA-256 of the content>  <name>`, each with a newline.

  The content is taken without byte-order mark, carriage returns and blank lines at the end.
  """
  return _digest(files, sorted(files)).hexdigest()


def verify(files: Mapping[str, bytes], path: os.PathLike, allow_changed: bool) -> None:
  """Compares the content with HOMUS 2.0.

  Args:
    files: what `read` gave.
    path: the archive, for messages.
    allow_changed: a set that differs, but can be read, only gives a warning.

  Raises:
    UserError: saying what is missing, extra, unreadable or changed.
  """
  if digest(files) == DIGEST:
    return
  unreadable = _unreadable(files)
  differences = '\n'.join(_differences(files, unreadable))
  message = f'{path}: the content is not that of HOMUS 2.0.\n{differences}\n'
  if unreadable:
    raise UserError(f'{message}Correct what is unreadable, or get {NAME} again from {URL}.')
  if not allow_changed:
    raise UserError(f'{message}Get it again from {URL}, or set allow_changed to use it as it is.')
  print(
    f'{message}allow_changed is set: it is used as it is, apart from the original.',
    file=sys.stderr,
  )


def symbol_names(files: Iterable[str]) -> list[str]:
  """The names of symbol files, by writer and number."""
  return sorted(filter(SYMBOL_NAME.fullmatch, files), key=strokes.writer_and_number)


def checksums(files: Mapping[str, bytes]) -> dict[str, str]:
  """Short digests of the files of every writer and of every number, keyed like `writer 12`.

  A changed file is where a changed writer and a changed number meet, which takes 252 digests
  instead of 15 200.
  """
  groups = collections.defaultdict(list)
  for name in symbol_names(files):
    for key in _group_keys(name):
      groups[key].append(name)
  return {key: _digest(files, names).hexdigest()[:_DIGITS] for key, names in groups.items()}


def _digest(files: Mapping[str, bytes], names: Iterable[str]) -> 'hashlib._Hash':
  result = hashlib.sha256()
  for name in names:
    content = hashlib.sha256(strokes.canonical(files[name])).hexdigest()
    result.update(f'{content}  {name}\n'.encode())
  return result


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
    and not all(key in incomplete for key in _group_keys(name))
  ]
  yield from _listed('missing', missing)
  yield from _listed('extra', sorted(set(files).difference(expected)))
  yield from _listed('unreadable', list(unreadable.values()))
  yield from _listed('changed, or some of these', changed)


def _listed(what: str, items: list[str], limit: int = 10) -> Iterable[str]:
  if items:
    shown = items[:limit] + ['...'] * (len(items) > limit)
    yield f'  {what} ({len(items)}): ' + ', '.join(item[:300] for item in shown)


def _is_content(entry: zipfile.ZipInfo) -> bool:
  parts = entry.filename.split('/')
  system = parts[0] == '__MACOSX' or parts[-1] in ('.DS_Store', 'Thumbs.db', 'desktop.ini')
  return not (entry.is_dir() or system)


def _check_entries(entries: list[zipfile.ZipInfo], path: os.PathLike) -> None:
  refused = f'{path}: refused as unsafe,'
  if len(entries) > MAX_ENTRIES:
    raise UserError(f'{refused} {len(entries)} entries; this is not {NAME}.')
  if sum(entry.file_size for entry in entries) > MAX_TOTAL_BYTES:
    raise UserError(f'{refused} more than {MAX_TOTAL_BYTES} bytes unpacked; this is not {NAME}.')
  duplicates = [n for n, k in collections.Counter(e.filename for e in entries).items() if k > 1]
  if duplicates:
    raise UserError(f'{refused} the name {duplicates[0]!r} is there twice; make the archive anew.')
  for entry in entries:
    if problem := _problem(entry):
      raise UserError(f'{refused} the entry {entry.filename[:200]!r} {problem}; get {NAME} anew.')


def _problem(entry: zipfile.ZipInfo) -> str | None:
  name = entry.filename
  if name.startswith('/') or re.match('[A-Za-z]:', name) or '..' in name.split('/'):
    return 'points outside the archive'
  # The name before zipfile cuts it at a NUL.
  if '\\' in name or not entry.orig_filename.isprintable():
    return 'has a character that no file name here needs'
  if stat.S_ISLNK(entry.external_attr >> 16):
    return 'is a symbolic link'
  if entry.flag_bits & 0x1:
    return 'is encrypted'
  if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
    return f'has the compression method {entry.compress_type}'
  if _is_content(entry) and entry.file_size > strokes.MAX_BYTES:
    return f'has {entry.file_size} bytes, and a symbol file at most {strokes.MAX_BYTES}'
  return None


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: os.PathLike) -> bytes:
  with archive.open(entry) as file:
    # The size in the directory is only a claim; one byte more tells, without unpacking a bomb.
    content = file.read(entry.file_size + 1)
  if len(content) != entry.file_size:
    raise UserError(
      f'{path}: the entry {entry.filename!r} has not the size it claims; get {NAME} anew.'
    )
  return content
