"""Measures a trained network as programs use it, also on data other than its own test split.

  python -m omr_jax.evaluate --model runs/demo --on homus --protocol original
  python -m omr_jax.evaluate --model homus_scans --on scans
  python -m omr_jax.evaluate --model homus_scans --on pages --pages muscima_pp
  python -m omr_jax.evaluate --model scores --on folders --pictures my_pictures
  python -m omr_jax.evaluate --model pages --on typeset --raw_dir songs

For symbols and scores it prints how many answers are right, with the 95 % Wilson interval of their
share. An example in which the network finds nothing to read counts as wrong. For a detector of
pages, which is given the pictures alone, it prints average precision as COCO defines it, and
precision, recall and F1 of the symbols whose confidence reaches the model's own threshold.
"""

import argparse
import itertools
import sys
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from omr_jax.errors import UserError
from omr_jax.evaluation import box_matching, box_table, metrics
from omr_jax.predict import labelled, loading
from omr_jax.predict.classifier import BATCH, Classifier
from omr_jax.predict.detector import LEAST, Detector
from omr_jax.predict.prepare import Inputs
from omr_jax.tasks.pages.decide import OVERLAP
from omr_jax.tasks.pages.other_data import AnnotatedPage
from omr_jax.tasks.task import TASKS, Task
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils import paths, progress
from omr_jax.utils.ending import answered
from omr_jax.utils.words import counted, one_line

Counts = Mapping[str, tuple[int, int]]
_OWN = 'folders'  # The value of --on for data of the user's own.
_CLASSIFIED = ['symbols', 'scores']  # The tasks whose networks tell classes.


def measure(model: Classifier, examples: Iterable[tuple[str, str, Inputs | None]]) -> Counts:
  """Counts right answers and all examples of each kind.

  Args:
    model: The network.
    examples: The kind, the class and the inputs of each example; the inputs are None if nothing was
      found to read.
  """
  counts: dict[str, tuple[int, int]] = {}
  remaining = iter(examples)
  while some := list(itertools.islice(remaining, BATCH)):
    answers = iter(model.answers([inputs for _, _, inputs in some if inputs is not None]))
    for kind, label, inputs in some:
      right, n = counts.get(kind, (0, 0))
      is_right = inputs is not None and next(answers).label == label
      counts[kind] = right + is_right, n + 1
  return counts


def table(counts: Counts, is_repeated: bool = False) -> str:
  """A table of the counts for a terminal, with a last line for all if there are several kinds.

  Args:
    counts: As from `measure`.
    is_repeated: Whether the kinds have the same examples. Then all together have no interval: their
      answers depend on each other.
  """
  rows = {one_line(kind): count for kind, count in counts.items()}
  if len(counts) > 1:
    right, n = (sum(column) for column in zip(*counts.values(), strict=True))
    rows['all'] = right, n
  width = max(map(len, rows))
  lines = []
  for kind, (right, n) in rows.items():
    has_interval = not (is_repeated and kind == 'all')
    interval = metrics.percent_range(*metrics.wilson_interval(right, n)) if has_interval else ''
    line = f'{kind:{width}}  {right:5} of {n:5}  {100 * right / n:6.2f} %  {interval}'
    lines.append(line.rstrip())
  return '\n'.join(lines)


def found_on(model: Detector, pages: Iterable[AnnotatedPage]) -> list[box_matching.Page]:
  """The true boxes of each page beside those that are found, down to the lowest confidence."""
  found = []
  for page in progress.shown(pages, 'finding symbols', 'page'):
    symbols = model(page.picture, LEAST).symbols
    own = np.array([symbol.box for symbol in symbols]).reshape(-1, 4)
    scores = np.array([symbol.confidence for symbol in symbols])
    labels = [symbol.label for symbol in symbols]
    found.append(box_matching.Page(page.boxes, page.labels, own, labels, scores, page.group))
  return found


def page_tables(pages: Sequence[box_matching.Page], threshold: float) -> str:
  """Tables in Markdown: by class, and if there are several groups of pages, by group.

  Args:
    pages: The pages, with what was found on them.
    threshold: The confidence from which a symbol counts, for precision, recall and F1.
  """
  tables = [box_table.by_class(pages, threshold, OVERLAP)]
  if len({page.group for page in pages}) > 1:
    tables.append(box_table.by_group(pages))
  return '\n\n'.join([*tables, counted(len(pages), 'page')])


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  known = {
    _OWN: 'your own pictures, in a folder for each class; for models of symbols and of scores'
  }
  known |= {name: what for task in TASKS for name, what in task.other_data.DATA.items()}
  parser = command_arguments.parser('evaluate', __doc__)
  parser.add_argument(
    '--model',
    required=True,
    type=paths.expanded,
    help='a model of the package, an exported folder, or a finished run',
  )
  parser.add_argument(
    '--on',
    required=True,
    choices=tuple(known),
    help='; '.join(f'{name}: {what}' for name, what in known.items()),
  )
  parser.add_argument(
    '--pictures',
    type=paths.path,
    metavar='FOLDER',
    help='of folders: the folder with one for each class, by its name, such as scores and other',
  )
  command_arguments.add_data_folders(parser)
  for task in TASKS:
    task.other_data.add_options(parser)
  options = command_arguments.parse(parser, arguments)
  return answered(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
  _check_options(options)
  model = loading.load(options.model)
  task, picture, reads = model.model.rule
  if options.on == _OWN and isinstance(model, Classifier):
    print(table(measure(model, labelled.examples(model, options.pictures))))
    return
  if options.on not in task.other_data.DATA:
    raise UserError(_for_others(options, task))
  facts, folders = model.model.facts, command_arguments.data_folders(options)
  examples = task.other_data.examples(options.on, options, facts, picture, reads, folders)
  if isinstance(model, Detector):
    print(page_tables(found_on(model, examples), model.threshold(None)))
  else:
    print(table(measure(model, examples), options.on in task.other_data.REPEATED))


def _for_others(options: argparse.Namespace, task: Task) -> str:
  """What to say where the data is not for models of this task."""
  fitting = [each.name for each in TASKS if options.on in each.other_data.DATA] or _CLASSIFIED
  known = list(task.other_data.DATA) + [_OWN] * (task.name in _CLASSIFIED)
  return (
    f'{options.model}: a model of {task.name}, and --on {options.on} is for '
    f'{" and ".join(fitting)}; give a model of these, or --on {" or --on ".join(known)}.'
  )


def _check_options(options: argparse.Namespace) -> None:
  if (options.on == _OWN) != (options.pictures is not None):
    raise UserError(
      f'--on {_OWN} needs --pictures, the folder with your pictures; others have none.'
    )
  for task in TASKS:
    for name, data in task.other_data.OPTIONS.items():
      if getattr(options, name) is not None and options.on not in data:
        raise UserError(
          f'--{name} is for --on {" and ".join(data)}; leave it out with --on {options.on}.'
        )


if __name__ == '__main__':
  sys.exit(main())
