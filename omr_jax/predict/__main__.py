"""Classifies any files: is this a page of music, or which symbol is this?

  python -m omr_jax.predict photos/ more.pdf > answers.jsonl
  find . -name '*.jpg' | python -m omr_jax.predict --model runs/scores --format csv -
  find . -name '*.jpg' -print0 | python -m omr_jax.predict -0 -

Every page of every file gives one row, in the order of the files: path, page, class and confidence.
Models for scores add sure, whether the confidence is high enough to rely on the class, and in JSON
boxes, the parts of the page that show music, in pixels. The model homus_strokes adds unknown,
whether the strokes are probably none of its classes. A page that can't be read gives path, page and
error, and does not stop the others. A PATH is a file, a folder with everything in it, or - for
a list of names on standard input: one a line, or with -0 each ended by a NUL byte. Other files than
pictures and documents are left out of a folder, and counted at the end.

With --workers N, N processes share the files and the cores. If one is killed, its files are tried
again; a file over which three processes have ended gives an error. Each process has the model and
its files in its own memory. Use --workers with exported models only: the model of a run computes
with JAX, which takes all cores.

With --shards FOLDER the list of files is cut into shards of 2 000, and the answers to each shard
are a file in FOLDER. The same command goes on where it was stopped, and refuses another model or
another list. With --address too, all machines of a Ray cluster answer; launch/README.md tells how.

PDFs, TIFFs, HEIC and large pictures are read in a process of their own. A page that takes more than
2 GiB of memory or 30 s of computing there can't be read. Only Linux keeps the limit of memory;
Windows gives a page 5 minutes instead of 30 s.

A model for scores reads pictures and, with the extra [pdf], PDFs. One for symbols reads pictures of
one symbol each, stroke files of HOMUS, with or without the class, and strokes as JSON,
{"strokes": [[[x, y], ...], ...]}, with staff lines 14 apart; in folders the names of both must end
in .txt or .json. One that was trained on strokes alone reads only strokes.
"""

import argparse
import contextlib
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterable

from tqdm import tqdm

from omr_jax.errors import UserError
from omr_jax.predict import classifier, listing, rows, shards
from omr_jax.predict.answers import answers, pieces, workers
from omr_jax.predict.classifier import Classifier
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils import extras, paths, progress, words
from omr_jax.utils.ending import answered
from omr_jax.utils.files import is_terminal, output


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
    '--format',
    choices=shards.FORMATS,
    default='jsonl',
    help='of the rows, jsonl by default; parquet with --shards only',
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
  parser.add_argument(
    '--workers',
    type=int,
    help='processes that share the files: 1 by default, on a cluster one for each core',
  )
  parser.add_argument(
    '--shards', metavar='FOLDER', type=paths.path, help='write a file for each 2 000 files there'
  )
  parser.add_argument(
    '--address', help='of a Ray cluster, or auto; with --shards. Default: this machine alone'
  )
  options = command_arguments.parse(parser, arguments)
  if wrong := _wrong(options):
    parser.error(wrong)
  return answered(lambda: _write_all(options))


def _wrong(options: argparse.Namespace) -> str | None:
  """What is wrong with the options together."""
  if options.workers is not None and options.workers < 1:
    return '--workers must be 1 or more.'
  if options.shards is None:
    if options.address is not None or options.format == 'parquet':
      return '--address and --format parquet need --shards.'
  elif options.out is not None or options.on_error == 'stop':
    return '--out and --on_error stop are not for --shards, which has a file for each shard.'
  return None


def _write_all(options: argparse.Namespace) -> None:
  model = classifier.load(options.model)
  if options.format == 'parquet':
    with extras.needed('shards'):
      import pyarrow  # noqa: F401
  if options.null and '-' not in options.paths:
    raise UserError('--null: is for names on standard input; give - as a PATH.')
  names = listing.standard_input(options.null) if '-' in options.paths else ()
  suffixes = listing.PICTURES | model.model.task.inputs.SUFFIXES
  left_out = Counter[str]()
  paths = listing.files(options.paths, names, suffixes, left_out, options.shards)
  if options.out is not None:
    rows.check_replaced(options.out, options.overwrite)
    paths = rows.without(options.out, paths)
  began = time.monotonic()
  if options.shards is None:
    with contextlib.closing(_answers(model, paths, options)) as found:
      counts = _write_rows(found, options)
  else:
    counts = _write_shards(shards.cut(options.shards, paths, model, options.format), options)
  seconds = time.monotonic() - began
  pace = counts['pages'] / max(seconds, 0.001)  # Some clocks stand still for 16 ms.
  unsure = f', {counts["unsure"]} not sure' if counts['unsure'] else ''
  print(
    f'{words.counted(counts["pages"], "page")} in {seconds:.1f} s ({pace:.0f} pages/s), '
    f'{counts["errors"]} of them not read{unsure}{listing.words(left_out)}',
    file=sys.stderr,
  )


def _answers(
  model: Classifier, paths: Iterable[str], options: argparse.Namespace
) -> Generator[rows.Row, None, None]:
  """The rows of the files in their order, from this process or from several others."""
  if (options.workers or 1) == 1:
    yield from answers(model, paths)
    return
  with workers(options.model, options.workers) as several:
    for found in several.answers(pieces(paths)):
      yield from found


def _write_rows(found: Iterable[rows.Row], options: argparse.Namespace) -> Counter[str]:
  """Writes the rows as they come; returns what `rows.counted` counts."""
  counts = Counter[str]()
  with output(options.out) as file:
    write = rows.writer(options.format, file)
    shown = tqdm(
      found,
      unit='page',
      delay=1,
      leave=False,
      **progress.size(),
      disable=is_terminal(file) or None,  # Rows on the screen are progress enough.
      mininterval=0.5,
    )
    for row in shown:
      if 'error' in row and options.on_error == 'stop':
        raise UserError(f'{row["error"]} (page {row["page"]})')
      write(row)
      counts += rows.counted([row])
  return counts


def _write_shards(cut: shards.Shards, options: argparse.Namespace) -> Counter[str]:
  """Writes the shards that are missing; returns what `rows.counted` counts in them."""
  todo, counts = cut.missing(), Counter[str]()
  done = cut.total - len(todo)
  print(f'{cut.files} files in {cut.total} shards, {done} of them finished', file=sys.stderr)
  with contextlib.ExitStack() as stack:
    if options.address is None:
      several = stack.enter_context(workers(options.model, options.workers or 1))
      found = shards.answered(cut, several, todo)
    else:
      from omr_jax.predict import on_ray

      found = on_ray.answered_on_cluster(cut, options.model, todo, options.address, options.workers)
    stack.callback(found.close)
    shown = tqdm(
      found,
      unit='shard',
      total=cut.total,
      initial=done,
      leave=False,
      **progress.size(),
      disable=None,
    )
    for each in shown:
      counts += each
  return counts


if __name__ == '__main__':
  sys.exit(main())
