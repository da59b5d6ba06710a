"""Answers for any files: is this a page of music, or which symbol is this?

  python -m omr_jax.predict photos/ more.pdf > answers.jsonl
  find . -name '*.jpg' | python -m omr_jax.predict --model runs/scores --format csv -
  find . -name '*.jpg' -print0 | python -m omr_jax.predict -0 -

Every page of every file gives one row, in the order of the files: path, page, class and confidence.
Models for scores add sure, whether the confidence is high enough to rely on the class, and in JSON
boxes, the parts of the page that show music, in pixels. A page that can't be read gives path, page
and error, and does not stop the others. A PATH is a file, a folder with everything in it, or - for
a list of names on standard input: one a line, or with -0 each ended by a NUL byte. Other files than
pictures and documents are left out of a folder, and counted at the end.

PDFs, TIFFs, HEIC and large pictures are read in a process of their own. A page that takes more than
2 GiB of memory or 30 s of computing there can't be read. Only Linux keeps the limit of memory;
Windows gives a page 5 minutes instead of 30 s.

A model for scores reads pictures and, with the extra [pdf], PDFs. One for symbols reads pictures of
one symbol each, stroke files of HOMUS, with or without the class, and strokes as JSON,
{"strokes": [[[x, y], ...], ...]}; in folders the names of both must end in .txt or .json. One that
was trained on strokes alone reads only strokes.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tqdm import tqdm

from omr_jax.errors import UserError
from omr_jax.predict import classifier, listing, prepare, rows
from omr_jax.predict.classifier import Answer, Classifier
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils import paths
from omr_jax.utils.ending import answered
from omr_jax.utils.files import is_terminal, output


def answers(model: Classifier, paths: Iterable[str | os.PathLike[str]]) -> Iterator[rows.Row]:
  """A row for every page of the files, in their order.

  Args:
    model: From `classifier.load`.
    paths: The paths of the files, such as `listing.files` gives.

  Yields:
    `path` and `page` (from 1), and either `error` or `class` and `confidence`, the calibrated
    probability of that class; for models that give them, also `sure` and `boxes` as in `Answer`.
  """
  read = prepare.reader(model.model.rule)
  names = (os.fspath(path) for path in paths)
  for batch in prepare.batches(read, names, classifier.BATCH):
    whole = [page.inputs for page in batch if not isinstance(page.inputs, UserError)]
    found = iter(_asked(model, whole))
    for path, number, inputs in batch:
      answer = inputs if isinstance(inputs, UserError) else next(found)
      yield {'path': path, 'page': number} | _said(answer, path)


def _asked(model: Classifier, batch: Sequence[prepare.Inputs]) -> Sequence[Answer | UserError]:
  """The answers to a batch; if the network fails on it, each page is tried alone."""
  try:
    return model.answers(batch)
  except UserError as error:
    return [error] if len(batch) == 1 else [_asked(model, [page])[0] for page in batch]


def _said(answer: Answer | UserError, path: str) -> dict[str, Any]:
  if isinstance(answer, UserError):
    return rows.error(answer, path)
  row = {'class': answer.label, 'confidence': round(answer.confidence, 6)}
  if answer.sure is not None:
    row['sure'] = answer.sure
  if answer.boxes is not None:
    row['boxes'] = [
      box._replace(confidence=round(box.confidence, 6))._asdict() for box in answer.boxes
    ]
  return row


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code, which is 0 even if pages could not be read."""
  parser = command_arguments.parser(
    'predict',
    __doc__,
    epilog='The exit code is 0 even if pages could not be read; the last line says how many.',
  )
  parser.add_argument(
    'paths', nargs='+', type=paths.expanded, metavar='PATH', help='a file, a folder, or -'
  )
  parser.add_argument(
    '-0',
    '--null',
    action='store_true',
    help='names on standard input end with NUL bytes, as from find -print0',
  )
  parser.add_argument(
    '--model',
    default='scores',
    type=paths.expanded,
    help='scores (the default), homus, homus_scans or homus_strokes, which come with the package; '
    'an exported folder; or the workdir of a finished run',
  )
  parser.add_argument(
    '--format', choices=('jsonl', 'csv'), default='jsonl', help='of the rows, jsonl by default'
  )
  parser.add_argument(
    '--out', metavar='FILE', type=paths.path, help='write there, not to standard output'
  )
  parser.add_argument(
    '--overwrite',
    action='store_true',
    help='let --out replace a file that does not hold answers, unless it is one that is read',
  )
  parser.add_argument(
    '--on_error',
    choices=('row', 'stop'),
    default='row',
    help='what a page that cannot be read does: row (the default) gives a row with the error; stop '
    'ends the command with exit code 2',
  )
  options = command_arguments.parse(parser, arguments)
  return answered(lambda: _write_all(options))


def _write_all(options: argparse.Namespace) -> None:
  model = classifier.load(options.model)
  if options.null and '-' not in options.paths:
    raise UserError('--null: is for names on standard input; give - as a PATH.')
  names = listing.standard_input(options.null) if '-' in options.paths else ()
  suffixes = listing.PICTURES | model.model.task.inputs.SUFFIXES
  left_out: Counter[str] = Counter()
  paths = listing.files(options.paths, names, suffixes, left_out)
  if options.out is not None:
    rows.check_replaced(options.out, options.overwrite)
    paths = rows.without(options.out, paths)
  began = time.monotonic()
  pages, errors, unsure = _write_rows(answers(model, paths), options)
  seconds = time.monotonic() - began
  pace = pages / max(seconds, 0.001)  # Some clocks stand still for 16 ms.
  print(
    f'{pages} pages in {seconds:.1f} s ({pace:.0f} pages/s), {errors} of them not read'
    f'{f", {unsure} not sure" if unsure else ""}{listing.words(left_out)}',
    file=sys.stderr,
  )


def _write_rows(found: Iterable[rows.Row], options: argparse.Namespace) -> tuple[int, int, int]:
  """Writes the rows as they come; returns the numbers of all, of errors, and of "not sure"."""
  pages = errors = unsure = 0
  with output(options.out) as file:
    write = rows.writer(options.format, file)
    progress = tqdm(
      found,
      unit='page',
      delay=1,
      leave=False,
      disable=is_terminal(file) or None,  # Rows on the screen are progress enough.
      mininterval=0.5,
    )
    for row in progress:
      if 'error' in row and options.on_error == 'stop':
        raise UserError(f'{row["error"]} (page {row["page"]})')
      write(row)
      pages, errors = pages + 1, errors + ('error' in row)
      unsure += row.get('sure') is False
  return pages, errors, unsure


if __name__ == '__main__':
  sys.exit(main())
