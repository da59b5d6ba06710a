"""The rows of `omr detect`: one for each page, and the name of the page's folder."""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from omr_jax.detect import files, resumed
from omr_jax.detect.finders import Finder, Read
from omr_jax.detect.pages import Detected
from omr_jax.detect.resumed import ROWS, SETTINGS, UNFINISHED
from omr_jax.errors import UserError
from omr_jax.inputs import whole_pages
from omr_jax.predict.rows import error as error_row

_LONGEST = 200  # Bytes of a file's name in that of a folder, which has at most 255 on most disks.


def rows(
  find: Finder, names: Iterable[str], out: Path, before: Sequence[resumed.Row] = ()
) -> Iterator[dict[str, object]]:
  """Yields the row of each page, and then writes its folder.

  Args:
    find: Finds what is on the pages.
    names: The paths of the files.
    out: The folder for the results.
    before: The rows of the pages that are finished, the first ones.
  """
  used = {ROWS, UNFINISHED, SETTINGS, *(row['folder'].lower() for row in before if 'folder' in row)}
  asked: deque[tuple[str, int]] = deque()  # Paths and numbers of pages that `find` has taken.
  for found in find(_pages(names, before, asked)):
    path, number = asked.popleft()
    row: dict[str, object] = {'path': path, 'page': number}
    if isinstance(found, UserError):
      yield row | error_row(found, path)
      continue
    name = _name(path, number, used)
    # The row comes first, so that even after a kill each folder is in a row.
    yield row | {'folder': name} | _counts(found)
    files.write(out, name, found, path, number)


def _pages(
  names: Iterable[str], before: Sequence[resumed.Row], asked: deque[tuple[str, int]]
) -> Iterator[Read]:
  """The pages that are not finished; the path and the number of each are put into `asked`."""
  for path, finished in resumed.remaining(names, before):
    for number, page in whole_pages.pages(path, path):
      if number > finished:
        asked.append((path, number))
        yield page


def _counts(found: Detected) -> dict[str, object]:
  """What a row says of a page that was looked at."""
  structure = found.structure
  row: dict[str, object] = {
    'class': found.label,
    'confidence': round(found.confidence, 6),
    'staves': len(structure.staves),
    'systems': len(structure.systems),
    'measures': len(structure.measures),
  }
  if found.classes:
    row['symbols'] = len(found.symbols)
    if found.label == 'scores' and not structure.staves:
      row['note'] = 'without staves the size of symbols is not known, so none were looked for'
  return row


def _name(path: str, number: int, used: set[str]) -> str:
  """A name for a page's folder: the file's name, with the page's number from the second page on."""
  stem = Path(path).stem
  stem = stem if stem.strip('.') else 'page'  # Of '...png' it would be the folder above.
  while len(os.fsencode(stem)) > _LONGEST:
    stem = stem[:-1]
  name = stem if number == 1 else f'{stem}-{number}'
  copies = (f'{name}~{n}' for n in range(2, len(used) + 3))
  # Names are compared without case, as some disks do.
  name = name if name.lower() not in used else next(c for c in copies if c.lower() not in used)
  used.add(name.lower())
  return name
