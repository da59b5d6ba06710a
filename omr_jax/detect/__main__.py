"""Finds the staves, systems and measures of pages of music, and the symbols on them.

  python -m omr_jax.detect page.jpg scans/ book.pdf --out found
  python -m omr_jax.detect --compare truth/ found/

Every page gets a folder in --out, named after its file: structure.json has the staff space, each
staff with its five lines, the systems and the measures, in pixels; overlay.svg shows everything
over the page, in any browser. Symbols are in page.json (COCO), mung.xml (MuNG, the format of
MUSCIMA++) and symbols.csv: the class, box and confidence of each, its staff and its position on it.
pages.jsonl has a row for each page: path, page, folder, whether it shows music, and how much was
found; or the error, where it could not be read. A page without music gets empty results. A further
run into the same folder replaces the results of the earlier one, also of one that did not finish;
with --resume it goes on where the earlier one has ended.

With --workers N, N processes share the pages and the cores, and the results are the same. If one is
killed, its page is tried again; a page over which three processes have ended gives an error. Each
needs up to 500 MB, and the command itself holds up to four pages for each of them. Use --workers
with exported models only: the model of a run computes with JAX, which takes all cores.

--compare measures what was found against the truth. Each of the two is a folder that this command
has written, or annotations in the format of COCO or MuNG; what was found may also be a list of
results in the format of COCO.

Pages should have dark ink on bright paper, and lean by at most ten degrees.
"""

import argparse
import contextlib
import itertools
import json
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from omr_jax.detect import annotations, compare, earlier, finders, resumed, rows
from omr_jax.detect.resumed import ROWS, SETTINGS, UNFINISHED
from omr_jax.errors import UserError
from omr_jax.predict import classifier, detector, listing, model_json
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils import paths, progress, words
from omr_jax.utils.ending import answered
from omr_jax.utils.files import output, write_file

_MODEL = 'pages'  # The model for symbols, if none is named.
_THRESHOLD, _IOU = 0.5, 0.75  # Of --compare.
_SHOWN = 5  # Names in a message.


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
    '--resume',
    action='store_true',
    help='go on with the latest run into --out, given the same files, or more after them, and the '
    'same model and threshold in the same current folder',
  )
  parser.add_argument('--workers', type=int, help='processes that share the pages: 1 by default')
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
  if options.paths or options.out or options.model or options.resume or options.workers is not None:
    raise UserError(
      '--compare takes two folders or files, and none of PATH, --out, --model, --resume and '
      '--workers.'
    )
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
  if options.workers is not None and options.workers < 1:
    raise UserError('--workers must be 1 or more.')
  model, threshold = options.model or _MODEL, options.threshold
  gate, symbols = classifier.load('scores'), detector.load(model)
  symbols.threshold(threshold)  # A wrong one is refused before any page is read.
  _make(options.out)
  before, part = earlier.named(options.out / ROWS), options.out / UNFINISHED
  settings = {
    'model': model_json.identity(symbols.model),
    'threshold': threshold,
    'current folder': os.getcwd(),  # In another one a relative name leads to another file.
  }
  done: list[resumed.Row] = []
  if options.resume and (part.exists() or (options.out / ROWS).exists()):
    resumed.refuse_changed(options.out / SETTINGS, settings)
    done = resumed.finished(options.out)
  names = listing.standard_input() if '-' in options.paths else ()
  left_out: Counter[str] = Counter()
  found = listing.files(options.paths, names, listing.PICTURES, left_out)
  began, every = time.monotonic(), done[:]
  with contextlib.ExitStack() as stack:
    find = finders.here(gate, symbols, threshold)
    if (options.workers or 1) > 1:
      pool = finders.workers(model, threshold, options.workers)
      find = finders.shared(stack.enter_context(pool))
    new = rows.rows(find, found, options.out, done)
    # Files that are not those of the earlier run are refused here, before anything is changed.
    first = list(itertools.islice(new, 1))
    # Of an ended run nothing else stays: its last page may get no folder now.
    earlier.remove(options.out, earlier.named(part) - _folders(done), before)
    file = stack.enter_context(_rows_file(options.out, done))
    write_file(options.out / SETTINGS, json.dumps(settings).encode())
    shown = itertools.chain(first, new)
    for row in tqdm(
      shown, unit='page', **progress.size(), delay=1, disable=None, initial=len(done)
    ):
      file.write(_line(row))
      file.flush()
      every.append(row)
  earlier.remove(options.out, before, _folders(every))
  _say(options.out, every, len(done), time.monotonic() - began, left_out)


def _folders(rows: Iterable[resumed.Row]) -> set[str]:
  return {row['folder'] for row in rows if 'folder' in row}


def _line(row: resumed.Row) -> str:
  return json.dumps(row, ensure_ascii=False) + '\n'


def _say(
  out: Path, every: Sequence[resumed.Row], before: int, seconds: float, left_out: Counter[str]
) -> None:
  """Says how much was found on all pages, of which the first `before` were finished earlier."""
  errors = sum('error' in row for row in every)
  totals: Counter[str] = Counter()
  for row in every:
    totals.update({what: row[what] for what in ('staves', 'symbols') if what in row})
  why = f' ({ROWS} says why)' if errors else ''
  print(
    f'{words.counted(len(every), "page")} in {seconds:.1f} s, '
    + (f'{before} of them before, ' if before else '')
    + f'{errors} of them not read{why}; '
    + ''.join(f'{total} {what}, ' for what, total in totals.items())
    + f'in {out}{listing.words(left_out)}',
    file=sys.stderr,
  )


def _make(out: Path) -> None:
  """Makes the folder of the results; refuses one that holds something else than earlier ones."""
  try:
    if out.exists() and not out.is_dir():
      raise UserError(f'{out}: is no folder; choose another --out.')
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()) and not any((out / name).is_file() for name in (ROWS, UNFINISHED)):
      raise UserError(f'{out}: holds other files; choose another --out.')
  except OSError as error:
    raise UserError(f'{out}: cannot be used ({error.strerror}); choose another --out.') from error


@contextlib.contextmanager
def _rows_file(out: Path, before: Sequence[resumed.Row]) -> Iterator[TextIO]:
  """The file of the rows, with those of before, which gets its name once all are in it.

  Raises:
    UserError: It cannot be written.
  """
  part = out / UNFINISHED
  try:
    write_file(part, ''.join(map(_line, before)).encode(errors='backslashreplace'))
    with part.open('a', encoding='utf-8', errors='backslashreplace', newline='') as file:
      yield file
    os.replace(part, out / ROWS)
  except OSError as error:
    raise UserError(
      f'{part}: cannot be written ({error.strerror}); make room, or choose another --out.'
    ) from error


if __name__ == '__main__':
  sys.exit(main())
