"""Answers for any files: is this a page of music, or which symbol is this?

  python -m omr_jax.predict photos/ more.pdf > answers.jsonl
  find . -name '*.jpg' | python -m omr_jax.predict --model runs/scores --format csv -

Every page of every file gives one row, in the order of the files: path, page, class and confidence.
A page that can't be read gives path, page and error, and does not stop the others. A PATH is a
file, a folder with everything in it, or - for a list of names on standard input.

A model for scores reads pictures and, with the extra [pdf], PDFs. One for symbols reads pictures of
one symbol each, stroke files of HOMUS, and strokes as JSON, {"strokes": [[[x, y], ...], ...]}. One
that was trained on strokes alone reads only strokes.
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
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils.files import output

COLUMNS = ('path', 'page', 'class', 'confidence', 'error')


def answers(model: Classifier, paths: Iterable[str | os.PathLike]) -> Iterator[dict]:
  """A row for every page of the files, in their order.

  Args:
    model: From `classifier.load`.
    paths: Of files; see `listing.files`.

  Yields:
    `path`, `page` (from 1), and `class` and `confidence`, the calibrated probability of that class,
    or `error`. Where a threshold is above even odds, `other` may have a confidence below 1/2.
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
  """The command; returns its exit code, which is 0 even if pages could not be read."""
  parser = command_arguments.parser(
    'predict',
    __doc__,
    epilog='The exit code is 0 even if pages could not be read; the last line says how many.',
  )
  parser.add_argument('paths', nargs='+', metavar='PATH', help='a file, a folder, or -')
  parser.add_argument(
    '--model',
    default='scores',
    help='scores (the default), homus, homus_scans or homus_strokes, which come with the package; '
    'an exported folder; or the workdir of a finished run',
  )
  parser.add_argument(
    '--format', choices=('jsonl', 'csv'), default='jsonl', help='of the rows, jsonl by default'
  )
  parser.add_argument(
    '--out', metavar='FILE', type=Path, help='write there, not to standard output'
  )
  parser.add_argument(
    '--on_error',
    choices=('row', 'stop'),
    default='row',
    help='what a page that cannot be read does: row (the default) gives a row with the error; stop '
    'ends the command with exit code 2',
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
