"""Is this a page of music, or which symbol is this: a trained network on any files.

  python -m omr_jax.predict --model runs/scores photos/ more.pdf > answers.jsonl
  find . -name '*.jpg' | python -m omr_jax.predict --model runs/scores --format csv -

One row for every page of every file, in their order: path, page, class, confidence; where a page
can't be read, path, page, error instead, and the rest goes on. PATHs are files, folders with
everything in them, or - for names on standard input. A network for scores reads pictures and, with
the extra [pdf], PDFs; one for symbols reads pictures of one symbol each, and stroke files of HOMUS.
"""

import argparse
import contextlib
import csv
import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from omr_jax.errors import UserError, answered

COLUMNS = ('path', 'page', 'class', 'confidence', 'error')
# Pages that the network looks at together.
_BATCH = 16


def answers(model: str, paths: Iterable[Path]) -> Iterator[dict]:
  """A row for every page of the files, in their order.

  Args:
    model: Workdir of a finished run.
    paths: Of files; see `listing.files`.

  Yields:
    `path`, `page` (from 1), and `class` and `confidence`, the calibrated probability of that class,
    or `error`.

  Raises:
    UserError: The model is no finished run, or damaged.
  """
  import jax

  from omr_jax import decision, prepare, trained

  network, (temperature, threshold) = trained.load(model), trained.answers(model)
  logits_of = jax.jit(network.parts.logits)

  def classify(found: jax.Array) -> list[dict]:
    logits = np.asarray(found)
    predicted = decision.decide(logits, threshold)
    confidence = decision.confidence(logits, predicted, temperature)
    return [
      {'class': network.parts.classes[index], 'confidence': round(float(share), 6)}
      for index, share in zip(predicted, confidence, strict=True)
    ]

  read = prepare.reader(network.config, network.parts)
  reads = network.parts.evaluates
  return _rows(
    prepare.in_order(read, paths),
    lambda batch: logits_of(network.variables, {name: _stacked(batch, name) for name in reads}),
    classify,
  )


def _rows(pages: Iterable, logits_of: Callable, classify: Callable) -> Iterator[dict]:
  """Answers batch by batch; the network works on one while the next is being read."""
  batch, before = [], None
  for page in pages:
    batch.append(page)
    if len(batch) == _BATCH:
      started = batch, _start(batch, logits_of)
      if before is not None:
        yield from _finish(*before, classify)
      batch, before = [], started
  if before is not None:
    yield from _finish(*before, classify)
  if batch:
    yield from _finish(batch, _start(batch, logits_of), classify)


def _start(batch: list, logits_of: Callable):
  whole = [page.inputs for page in batch if not isinstance(page.inputs, UserError)]
  return logits_of(whole) if whole else None


def _finish(batch: list, found, classify: Callable) -> Iterator[dict]:
  classified = iter(classify(found) if found is not None else ())
  for path, number, inputs in batch:
    row = {'path': str(path), 'page': number}
    yield row | ({'error': str(inputs)} if isinstance(inputs, UserError) else next(classified))


def _stacked(batch: list, name: str) -> np.ndarray:
  """Of one compiled size, filled up with the last."""
  return np.stack([inputs[name] for inputs in (batch + [batch[-1]] * _BATCH)[:_BATCH]])


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code, 0 also where some pages could not be read."""
  parser = argparse.ArgumentParser(
    prog='python -m omr_jax.predict',
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
    epilog='The exit code is 0 also if some pages could not be read: the last line says how many.',
  )
  parser.add_argument('paths', nargs='+', metavar='PATH', help='file, folder, or -')
  parser.add_argument('--model', required=True, help='workdir of a finished run')
  parser.add_argument('--format', choices=('jsonl', 'csv'), default='jsonl', help='of the rows')
  parser.add_argument('--out', metavar='FILE', type=Path, help='instead of standard output')
  parser.add_argument(
    '--on_error',
    choices=('row', 'stop'),
    default='row',
    help='row: say what is wrong in its row, and go on; stop: end there, with exit code 2',
  )
  options = parser.parse_args(arguments)
  try:
    return answered(lambda: _write_all(options))
  except BrokenPipeError:  # Such as `| head`.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _write_all(options: argparse.Namespace) -> None:
  from omr_jax import listing, trained

  data = trained.config(options.model).data
  suffixes = listing.PICTURES | (listing.STROKES if data.name == 'homus' else frozenset())
  paths = listing.files(options.paths, sys.stdin, suffixes)
  began, pages, errors = time.monotonic(), 0, 0
  with _output(options.out) as file:
    write = _writer(options.format, file)
    progress = tqdm(
      answers(options.model, paths),
      unit='page',
      delay=1,
      leave=False,
      disable=None,
      mininterval=0.5,
    )
    for row in progress:
      if 'error' in row and options.on_error == 'stop':
        raise UserError(f'{row["error"]} (page {row["page"]})')
      write(row)
      pages, errors = pages + 1, errors + ('error' in row)
    file.flush()
  seconds = time.monotonic() - began
  print(
    f'{pages} pages in {seconds:.1f} s ({pages / seconds:.0f} pages/s), {errors} of them not read',
    file=sys.stderr,
  )


@contextlib.contextmanager
def _output(path: Path | None) -> Iterator[io.TextIOBase]:
  """Standard output, or a file that is there whole at the end or not at all."""
  if path is None:
    sys.stdout.reconfigure(errors='backslashreplace')
    yield sys.stdout
    return
  temporary = path.with_name(f'.{path.name}.tmp')
  try:
    with temporary.open('w', encoding='utf-8', errors='backslashreplace', newline='') as file:
      yield file
    os.replace(temporary, path)
  except OSError as error:
    raise UserError(
      f'{path}: cannot be written ({error.strerror}); choose another file.'
    ) from error
  finally:
    with contextlib.suppress(OSError):
      temporary.unlink()


def _writer(kind: str, file: io.TextIOBase) -> Callable[[dict], None]:
  if kind == 'jsonl':
    return lambda row: print(json.dumps(row, ensure_ascii=False), file=file)
  table = csv.DictWriter(file, COLUMNS, lineterminator='\n')
  table.writeheader()
  return table.writerow


if __name__ == '__main__':
  sys.exit(main())
