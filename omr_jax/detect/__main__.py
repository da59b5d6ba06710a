"""Finds the staves, systems and measures of pages of music, and the symbols on them.

  python -m omr_jax.detect page.jpg scans/ book.pdf --out found
  python -m omr_jax.detect --compare truth/ found/

Every page gets a folder in --out, named after its file: structure.json has the staff space, each
staff with its five lines, the systems and the measures, in pixels; overlay.svg shows everything
over the page, in any browser. Symbols are in page.json (COCO), mung.xml (MuNG, the format of
MUSCIMA++) and symbols.csv: the class, box and confidence of each, its staff and its position on it.
pages.jsonl has a row for each page: path, page, folder, whether it shows music, and how much was
found; or the error, where it could not be read. A page without music gets empty results. A further
run into the same folder replaces the results of the earlier one, also of one that did not finish.

--compare measures what was found against the truth. Each of the two is a folder that this command
has written, or annotations in the format of COCO or MuNG; what was found may also be a list of
results in the format of COCO.

Pages should have dark ink on bright paper, and lean by at most ten degrees.
"""

import argparse
import contextlib
import json
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from omr_jax.detect import annotations, compare, earlier, files, pages
from omr_jax.detect.pages import Detected
from omr_jax.errors import UserError
from omr_jax.inputs import whole_pages
from omr_jax.inputs.whole_pages import Reduced
from omr_jax.predict import classifier, detector, listing
from omr_jax.predict.rows import error as error_row
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils import paths, progress, words
from omr_jax.utils.ending import answered
from omr_jax.utils.files import output

ROWS = 'pages.jsonl'
_UNFINISHED = 'pages.jsonl.part'  # The rows until all are there, or of a run that was ended.
_MODEL = 'pages'  # The model for symbols, if none is named.
_THRESHOLD, _IOU = 0.5, 0.75  # Of --compare.
_LONGEST = 200  # Bytes of a file's name in that of a folder, which has at most 255 on most disks.
_SHOWN = 5  # Names in a message.


def rows(
  find: Callable[[Reduced], Detected], names: Iterable[str], out: Path
) -> Iterator[dict[str, object]]:
  """Yields the row of each page, and then writes its folder.

  Args:
    find: Finds what is on a page, such as `pages.detected` with its models.
    names: The paths of the files.
    out: The folder for the results.
  """
  used = {ROWS, _UNFINISHED}
  for path, number, page in whole_pages.read(names):
    row: dict[str, object] = {'path': path, 'page': number}
    try:
      if isinstance(page, UserError):
        raise page
      found = find(page)
    except UserError as error:
      yield row | error_row(error, path)
      continue
    name = _name(path, number, used)
    # The row comes first, so that even after a kill each folder is in a row.
    yield row | {'folder': name} | _counts(found)
    files.write(out, name, found, path, number)


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


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code, which is 0 even if pages could not be read."""
  parser = command_arguments.parser(
    'detect',
    __doc__,
    epilog='The exit code is 0 even if pages could not be read; the last line says how many.',
  )
  parser.add_argument(
    'paths', nargs='*', type=paths.expanded, metavar='PATH', help='a file, a folder, or -'
  )
  parser.add_argument('--out', metavar='FOLDER', type=paths.path, help='write the results there')
  parser.add_argument(
    '--compare',
    nargs=2,
    metavar=('TRUTH', 'FOUND'),
    type=paths.path,
    help='print how well FOUND agrees with TRUTH, instead of looking at pages',
  )
  parser.add_argument(
    '--model',
    type=paths.expanded,
    help='the model that finds symbols: pages (for print; the default), pages_handwriting, an '
    'exported folder, or the workdir of a finished run',
  )
  parser.add_argument(
    '--threshold',
    type=float,
    help='the least confidence of a symbol, that of the model by default; with --compare, the '
    f'confidence from which a box counts for precision and recall, {_THRESHOLD} by default',
  )
  parser.add_argument(
    '--iou',
    type=float,
    help='with --compare, the overlap from which a box is right for precision and recall, '
    f'{_IOU} by default',
  )
  options = command_arguments.parse(parser, arguments)
  return answered(lambda: _compare(options) if options.compare else _detect(options))


def _compare(options: argparse.Namespace) -> None:
  if options.paths or options.out or options.model:
    raise UserError('--compare takes two folders or files, and neither PATH, --out nor --model.')
  iou = _IOU if options.iou is None else options.iou
  if not 0 < iou <= 1:
    raise UserError(f'--iou: {iou:g} is not above 0 and at most 1.')
  threshold = _THRESHOLD if options.threshold is None else options.threshold
  if not math.isfinite(threshold):
    raise UserError(f'--threshold: {threshold:g} is no confidence; give a number.')
  truth, results = options.compare
  true = annotations.read(truth)
  found = compare.named_as_true(true, annotations.read(results, truth))
  if unknown := sorted(found.keys() - true.keys()):
    raise UserError(
      f'{truth}: no true annotations of {words.some(unknown, _SHOWN)}; add them, or '
      f'leave these pages out of {results}. It has {words.some(sorted(true), _SHOWN) or "no page"}.'
    )
  with output(None) as file:
    print(compare.table(true, found, threshold, iou), file=file)


def _detect(options: argparse.Namespace) -> None:
  if not options.paths or options.out is None:
    raise UserError('give PATH and --out, or --compare; --help explains them.')
  if options.iou is not None:
    raise UserError('--iou is for --compare; leave it out.')
  gate, symbols = classifier.load('scores'), detector.load(options.model or _MODEL)
  symbols.threshold(options.threshold)  # A wrong one is refused before any page is read.
  find = partial(pages.detected, gate, symbols, threshold=options.threshold)
  _make(options.out)
  before = earlier.named(options.out / ROWS)
  earlier.remove(options.out, earlier.named(options.out / _UNFINISHED), before)
  names = listing.standard_input() if '-' in options.paths else ()
  left_out: Counter[str] = Counter()
  found = listing.files(options.paths, names, listing.PICTURES, left_out)
  began, count, errors = time.monotonic(), 0, 0
  totals: Counter[str] = Counter()
  written: set[str] = set()
  with _rows_file(options.out) as file:
    shown = tqdm(
      rows(find, found, options.out), unit='page', **progress.size(), delay=1, disable=None
    )
    for row in shown:
      file.write(json.dumps(row, ensure_ascii=False) + '\n')
      file.flush()
      count, errors = count + 1, errors + ('error' in row)
      totals.update({what: row[what] for what in ('staves', 'symbols') if what in row})
      if 'folder' in row:
        written.add(str(row['folder']))
  earlier.remove(options.out, before, written)
  seconds = time.monotonic() - began
  why = f' ({ROWS} says why)' if errors else ''
  print(
    f'{words.counted(count, "page")} in {seconds:.1f} s, {errors} of them not read{why}; '
    + ''.join(f'{total} {what}, ' for what, total in totals.items())
    + f'in {options.out}{listing.words(left_out)}',
    file=sys.stderr,
  )


def _make(out: Path) -> None:
  """Makes the folder of the results; refuses one that holds something else than earlier ones."""
  try:
    if out.exists() and not out.is_dir():
      raise UserError(f'{out}: is no folder; choose another --out.')
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()) and not any((out / name).is_file() for name in (ROWS, _UNFINISHED)):
      raise UserError(f'{out}: holds other files; choose another --out.')
  except OSError as error:
    raise UserError(f'{out}: cannot be used ({error.strerror}); choose another --out.') from error


@contextlib.contextmanager
def _rows_file(out: Path) -> Iterator[TextIO]:
  """The file of the rows, which gets its name once all are in it.

  Raises:
    UserError: It cannot be written.
  """
  part = out / _UNFINISHED
  try:
    part.unlink(missing_ok=True)
    with part.open('x', encoding='utf-8', errors='backslashreplace', newline='') as file:
      yield file
    os.replace(part, out / ROWS)
  except OSError as error:
    raise UserError(
      f'{part}: cannot be written ({error.strerror}); make room, or choose another --out.'
    ) from error


if __name__ == '__main__':
  sys.exit(main())
