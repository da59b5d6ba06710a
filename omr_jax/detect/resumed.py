"""Goes on with a run of `omr detect` that was ended before it had looked at all pages.

The rows of such a run are in the order of its files, and each page's files are written after its
row. So all pages but that of the last row are finished. A run that was not ended goes on too, with
files that come after its own.
"""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from omr_jax.errors import UserError
from omr_jax.utils.files import read_bytes, read_json

ROWS = 'pages.jsonl'
UNFINISHED = 'pages.jsonl.part'  # The rows until all are there, or of a run that was ended.
SETTINGS = 'pages.jsonl.settings'  # Of the latest run, for --resume.

Row = Mapping[str, Any]
_REMEDY = 'leave out --resume to begin anew'


def finished(out: Path) -> list[Row]:
  """The rows of the pages that the latest run has finished, whether or not it was ended.

  Args:
    out: The folder of its results.

  Raises:
    UserError: The file of the rows can't be read, or is damaged.
  """
  part = out / UNFINISHED
  path = part if part.exists() else out / ROWS
  try:
    lines = read_bytes(path).splitlines()
    rows = [json.loads(line) for line in (lines[:-1] if path == part else lines)]
    folders = [row.get('folder', '') for row in rows if row['path'] and row['page'] > 0]
    whole = len(folders) == len(rows) and all(isinstance(each, str) for each in folders)
  except OSError as error:
    raise UserError(f'{path}: cannot be read ({error.strerror}); {_REMEDY}.') from error
  except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
    whole = False
  if not whole:
    raise UserError(f'{path}: is damaged; {_REMEDY}.')
  return rows


def refuse_changed(settings: Path, wanted: Mapping[str, Any]) -> None:
  """Refuses to go on with other settings, such as another model.

  Args:
    settings: The file with those of the ended run.
    wanted: Those of this run.

  Raises:
    UserError: They differ, or there is no such file.
  """
  before = read_json(settings, _REMEDY)
  for key, value in wanted.items():
    if before.get(key) != value:
      raise UserError(f'{settings}: the run was begun with another {key}; {_REMEDY}.')


def remaining(names: Iterable[str], rows: Iterable[Row]) -> Iterator[tuple[str, int]]:
  """The files that are not finished, each with the number of its pages that are.

  Args:
    names: The paths of all files, in their order.
    rows: Of the pages that are finished.

  Raises:
    UserError: The rows are not those of the first files.
  """
  left = deque(rows)
  for name in names:
    pages = 0
    while left and (left[0]['path'], left[0]['page']) == (name, pages + 1):
      left.popleft()
      pages += 1
    if left and not pages:
      break
    if not left:  # Else the next file was begun, so this one was finished.
      yield name, pages
  if left:
    raise UserError(
      f'{left[0]["path"]}: was looked at before, and is not the next file now; {_REMEDY}.'
    )
