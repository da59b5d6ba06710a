"""Is this a page of music, or which symbol is this: a trained network on any files.

  python -m omr_jax.predict photos/ more.pdf > answers.jsonl
  find . -name '*.jpg' | python -m omr_jax.predict --model runs/scores --format csv -

One row for every page of every file, in their order: path, page, class, confidence; where a page
can't be read, path, page, error instead, and the rest goes on. PATHs are files, folders with
everything in them, or - for names on standard input. A network for scores reads pictures and, with
the extra [pdf], PDFs; one for symbols reads pictures of one symbol each, stroke files of
HOMUS, and strokes as JSON (`stroke_files`); one that is trained on strokes alone reads only these.
"""

import argparse
import csv
import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from tqdm import tqdm

from omr_jax.errors import UserError, answered
from omr_jax.predict import classifier, listing, prepare
from omr_jax.predict.classifier import Answer, Classifier
from omr_jax.utils.files import output

COLUMNS = ('path', 'page', 'class', 'confidence', 'error')


def answers(model: Classifier, paths: Iterable[str | os.PathLike]) -> Iterator[dict]:
  """A row for every page of the files, in their order.

  Args:
    model: From `classifier.load`.
    paths: Of files; see `listing.files`.

  Yields:
    `path`, `page` (from 1), and `class` and `confidence`, the calibrated probability of that class,
    or `error`. A threshold above even odds calls `other` what is so with less than 1/2.
  """
  pages = prepare.in_order(prepare.reader(model.model.rule), map(os.fspath, paths))
  while batch := list(islice(pages, classifier.BATCH)):
    whole = [page.inputs for page in batch if not isinstance(page.inputs, UserError)]
    found = iter(model.answers(whole))
    for path, number, inputs in batch:
      yield {'path': path, 'page': number} | _said(inputs, found)


def _said(inputs: prepare.Inputs | UserError, found: Iterator[Answer]) -> dict:
  if isinstance(inputs, UserError):
    return {'error': str(inputs)}
  answer = next(found)
  return {'class': answer.label, 'confidence': round(answer.confidence, 6)}


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code, 0 also where some pages could not be read."""
  parser = argparse.ArgumentParser(
    prog='python -m omr_jax.predict',
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
    epilog='The exit code is 0 also if some pages could not be read: the last line says how many.',
  )
  parser.add_argument('paths', nargs='+', metavar='PATH', help='file, folder, or -')
  parser.add_argument(
    '--model',
    default='scores',
    help='scores (the default) or homus, which come with the package, an exported folder, or the '
    'workdir of a finished run',
  )
  parser.add_argument('--format', choices=('jsonl', 'csv'), default='jsonl', help='of the rows')
  parser.add_argument('--out', metavar='FILE', type=Path, help='instead of standard output')
  parser.add_argument(
    '--on_error',
    choices=('row', 'stop'),
    default='row',
    help='row: say what is wrong in its row, and go on; stop: end there, with exit code 2',
  )
  options = parser.parse_args(arguments)
  return answered(lambda: _write_all(options))


def _write_all(options: argparse.Namespace) -> None:
  model = classifier.load(options.model)
  names = sys.stdin.buffer if '-' in options.paths else ()
  paths = listing.files(options.paths, names, listing.PICTURES | model.model.task.inputs.SUFFIXES)
  pages = errors = 0
  with output(options.out) as file:
    write = _writer(options.format, file)
    rows = answers(model, paths)
    began = time.monotonic()
    progress = tqdm(
      rows,
      unit='page',
      delay=1,
      leave=False,
      disable=file.isatty() or None,  # Rows on the screen are progress enough.
      mininterval=0.5,
    )
    for row in progress:
      if 'error' in row and options.on_error == 'stop':
        raise UserError(f'{row["error"]} (page {row["page"]})')
      write(row)
      pages, errors = pages + 1, errors + ('error' in row)
  seconds = time.monotonic() - began
  print(
    f'{pages} pages in {seconds:.1f} s ({pages / seconds:.0f} pages/s), {errors} of them not read',
    file=sys.stderr,
  )


def _writer(kind: str, file: io.TextIOBase) -> Callable[[dict], None]:
  if kind == 'jsonl':
    return lambda row: print(json.dumps(row, ensure_ascii=False), file=file)
  table = csv.DictWriter(file, COLUMNS, lineterminator='\n')
  table.writeheader()
  return table.writerow


if __name__ == '__main__':
  sys.exit(main())
