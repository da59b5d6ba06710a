"""Rows of answers as JSON or CSV, and the files that they may replace."""

import contextlib
import csv
import io
import json
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from omr_jax.errors import UserError

Row = Mapping[str, Any]  # Values by name, some of COLUMNS; in JSON also `boxes`.

COLUMNS = ('path', 'page', 'class', 'confidence', 'error', 'sure', 'unknown')
_KEYS = {*COLUMNS, 'boxes'}  # The keys of a row in JSON.
_OLDER = COLUMNS[:5], COLUMNS[:6]  # The columns in a CSV by earlier versions.
# A spreadsheet takes text that begins so for a formula.
_FORMULA = ('=', '+', '-', '@', '\t', '\r', '\n')


def writer(kind: str, file: TextIO) -> Callable[[Row], None]:
  """A function that writes a row; when it returns, the row is in the file or pipe.

  Args:
    kind: jsonl or csv. A CSV begins with the names of the columns.
    file: Where to write.
  """
  line = _as_json if kind == 'jsonl' else _as_csv
  if kind == 'csv':
    file.write(_as_csv({name: name for name in COLUMNS}))

  def write(row: Row) -> None:
    file.write(line(row))
    file.flush()

  return write


def content(kind: str, found: Iterable[Row]) -> bytes:
  """A whole file of rows, of a kind that `writer` knows."""
  file = io.StringIO(newline='')
  write = writer(kind, file)
  for row in found:
    write(row)
  return as_utf8(file.getvalue())


def as_utf8(text: str) -> bytes:
  """Text as UTF-8; bytes of a file's name that are not UTF-8 are written with a backslash."""
  return text.encode('utf-8', 'backslashreplace')


def counted(found: Iterable[Row]) -> Counter[str]:
  """How many `pages` rows have, how many of them have `errors`, and how many are `unsure`."""
  counts = Counter[str]()
  for row in found:
    counts['pages'] += 1
    counts['errors'] += 'error' in row
    counts['unsure'] += row.get('sure') is False
  return counts


def _as_json(row: Row) -> str:
  return json.dumps(row, ensure_ascii=False) + '\n'


def _as_csv(row: Row) -> str:
  """One record; it ends with a line feed, and where a value has line breaks it is in quotes.

  A path such as `=1+1.png` would be a formula, and is written as `./=1+1.png`, the same file. So is
  the path at the beginning of an error.
  """
  values = [row.get(name, '') for name in COLUMNS]
  values = [str(v).lower() if isinstance(v, bool) else v for v in values]
  values = [f'./{v}' if str(v).startswith(_FORMULA) else v for v in values]
  record = io.StringIO()
  # Values that hold characters of the lineterminator are quoted.
  csv.writer(record, lineterminator='\r\n').writerow(values)
  return record.getvalue().removesuffix('\r\n') + '\n'


def error(error: UserError, path: str) -> dict[str, str]:
  """The part of a row that says why a page could not be read; it names the path."""
  words = str(error)
  return {'error': words if path in words else f'{path}: {words}'}


def check_replaced(out: Path, overwrite: bool) -> None:
  """Refuses to replace a file that does not hold rows of answers.

  Args:
    out: The file that is to be written.
    overwrite: Whether any file may be replaced.

  Raises:
    UserError: There is another file.
  """
  if overwrite or not _is_file(out):
    return
  try:
    with open(out, 'rb') as file:
      first = file.readline(2**16)
  except OSError:
    first = b'?'  # What cannot be read is not known to be rows.
  if first and not _is_row(first):
    raise UserError(f'{out}: exists, and holds no answers; choose another file, or --overwrite it.')


def without(out: Path, paths: Iterable[str]) -> Iterator[str]:
  """The paths of the files that are read, unless one of them is the file that is to be written.

  Raises:
    UserError: One of them is.
  """
  written = os.stat(out) if _is_file(out) else None
  for path in paths:
    with contextlib.suppress(OSError, ValueError):  # Opening the file will give the error.
      if written is not None and os.path.samestat(os.stat(path), written):
        raise UserError(f'{out}: is one of the files that are read; choose another --out.')
    yield path


def _is_file(path: Path) -> bool:
  try:
    return stat.S_ISREG(os.stat(path).st_mode)
  except (OSError, ValueError):
    return False


def _is_row(line: bytes) -> bool:
  if line.strip() in (','.join(names).encode() for names in (COLUMNS, *_OLDER)):
    return True
  try:
    row = json.loads(line)
  except (ValueError, RecursionError):
    return False
  return isinstance(row, dict) and {'path', 'page'} <= set(row) <= _KEYS
