"""Averages the calibrated probabilities of several finished runs.

  python -m omr_jax.ensemble runs/strokes/seed=0 runs/strokes/seed=1 runs/homus --out runs/ensemble

The runs must have been validated and tested on the same symbols; networks and inputs may differ.
Each run's logits are divided by that run's own temperature, so that an overconfident run weighs no
more than the others. With --out the ensemble gets a report like that of a run, and `omr_jax.report`
compares that folder with any run.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from omr_jax.errors import UserError
from omr_jax.evaluation import finished_run, metrics
from omr_jax.evaluation.decision import Decision
from omr_jax.report import write
from omr_jax.tasks.classifiers import run as classified
from omr_jax.tasks.classifiers.run import ClassifiedRun
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils import paths
from omr_jax.utils.ending import answered
from omr_jax.utils.files import read_json
from omr_jax.utils.words import one_line

_COMMON = ('protocol', 'data_digest', 'origin')


def joined(runs: Sequence[ClassifiedRun], name: str) -> ClassifiedRun:
  """The ensemble as one run, whose logits are the logarithms of the mean probabilities.

  Args:
    runs: At least two runs on symbols.
    name: The name of the ensemble in its report.

  Raises:
    UserError: The runs were not tested on the same symbols, a run decides by a threshold, or the
      arrays of a run contradict each other.
  """
  first = runs[0]
  if len(runs) < 2:
    raise UserError('An ensemble needs two or more runs; give another.')
  _refuse_counted_twice(runs)
  for run in runs:
    _refuse_unlike(run, first)
  temperatures = [run.decision.temperature for run in runs]
  validation = _mean([run.validation_logits for run in runs], temperatures)
  test = _mean([_in_order(run, first.test_ids, run.test_logits) for run in runs], temperatures)
  predicted = test.argmax(1)
  right = predicted[first.example_rows] == first.test_labels[first.example_rows]
  return first.replace(
    config={str(run.workdir): run.config for run in runs},
    history=[],
    facts=_facts(runs, name),
    validation_logits=validation,
    test_logits=test,
    test_predicted=predicted,
    pictures=_pictures(runs, first.test_ids[predicted != first.test_labels]),
    example_rows=first.example_rows[right],
    example_pictures=first.example_pictures[right],
    decision=Decision(None, metrics.fit_temperature(validation, first.validation_labels)),
  )


def _facts(runs: Sequence[ClassifiedRun], name: str) -> dict[str, Any]:
  """What the summary of the ensemble says besides measured numbers."""
  first = runs[0].facts
  return {
    'config_name': name,
    **{key: first[key] for key in _COMMON},
    'runs': [str(run.workdir) for run in runs],
    'parameters': sum(run.facts['parameters'] for run in runs),
    'seed': first['seed'],
    'epochs': sum(run.facts['epochs'] for run in runs),
    'tested_epoch': sum(run.facts['tested_epoch'] for run in runs),
    'seconds': round(sum(run.facts['seconds'] for run in runs), 1),
  }


def _pictures(runs: Sequence[ClassifiedRun], wrong: np.ndarray) -> np.ndarray:
  """The pictures of the symbols that the ensemble gets wrong, given by their ids.

  Where the ensemble is wrong, so is a member, and this member has kept the picture.
  """
  kept: dict[str, np.ndarray] = {}
  for run in runs:
    kept |= zip(run.test_ids[~run.correct], run.pictures, strict=True)
  for symbol in wrong:
    if symbol not in kept:
      folders = ', '.join(str(run.workdir) for run in runs)
      raise UserError(
        f'{folders}: all are said to be right on {symbol}, and the mean of their probabilities is '
        'not; one of them is damaged. Train it again.'
      )
  return _framed([kept[symbol] for symbol in wrong]) if len(wrong) else runs[0].pictures[:0]


def table(runs: Sequence[ClassifiedRun], whole: ClassifiedRun) -> str:
  """Each run, the ensemble, and the exact McNemar test of the ensemble against each run."""
  width = max(len(one_line(str(run.workdir))) for run in runs)
  lines = [f'{"run":{width}}  validation    test  95 % interval  errors  right alone  ensemble  p']
  for run in runs:
    own = _in_order(run, whole.test_ids, run.correct)
    only_own, only_ensemble, p = metrics.mcnemar(own, whole.correct)
    lines.append(f'{_line(run, width)}  {only_own:11}  {only_ensemble:8}  {p:.2g}')
  return '\n'.join([*lines, _line(whole, width, 'ensemble')])


def _line(run: ClassifiedRun, width: int, name: str | None = None) -> str:
  validated = np.divide(*metrics.accuracy(run.validation_logits, run.validation_labels))
  wrong, n = int((~run.correct).sum()), len(run.test_ids)
  interval = metrics.percent_range(*metrics.wilson_interval(n - wrong, n))
  name = name or one_line(str(run.workdir))
  return (
    f'{name:{width}}  {100 * validated:8.2f} %  {100 - 100 * wrong / n:6.2f}  '
    f'{interval:>13}  {wrong:6}'
  )


def _refuse_counted_twice(runs: Sequence[ClassifiedRun]) -> None:
  """Refuses a run that is given twice, or beside a joined result of which it is a member."""
  owners: dict[Path, ClassifiedRun] = {}
  for run in runs:
    members: set[Path] = set()
    _add_members(run.workdir, run.facts, members)
    for member in sorted(members):
      if member in owners:
        raise UserError(
          f'{run.workdir} and {owners[member].workdir}: {member.name} would count twice; a run is '
          'given twice, or beside an ensemble of which it is a member. Leave one out.'
        )
    owners |= dict.fromkeys(members, run)


def _add_members(workdir: Path, facts: Mapping[str, Any], found: set[Path]) -> None:
  """Adds the folder of a result, and the folders of the results that it was joined from."""
  real = Path(os.path.realpath(workdir))
  if real in found:
    return
  found.add(real)
  names = facts.get('runs')
  for name in names if isinstance(names, list) else ():
    # Relative to the joined folder; earlier versions wrote them as they were given.
    for folder in (workdir / str(name), Path(str(name))):
      if os.path.exists(folder / 'summary.json'):
        _add_members(folder, read_json(folder / 'summary.json', 'train the run again'), found)
        break


def _mean(logits: Sequence[np.ndarray], temperatures: Sequence[float]) -> np.ndarray:
  """Log of the mean probability, float64 [symbols, classes]; finite even where the mean is 0."""
  logs = [metrics.log_probabilities(*pair) for pair in zip(logits, temperatures, strict=True)]
  return np.logaddexp.reduce(logs, axis=0) - np.log(len(logs))


def _framed(pictures: Sequence[np.ndarray]) -> np.ndarray:
  """Pictures of several sizes, each in the middle of a white one that has room for all."""
  shape = np.max([picture.shape for picture in pictures], axis=0)
  framed = np.full((len(pictures), *shape), 255, np.uint8)
  for picture, frame in zip(pictures, framed, strict=True):
    (top, left), (height, width) = (shape[:2] - picture.shape[:2]) // 2, picture.shape[:2]
    frame[top : top + height, left : left + width] = picture
  return framed


def _in_order(run: ClassifiedRun, ids: np.ndarray, values: np.ndarray) -> np.ndarray:
  """A run's values of its test symbols, in the order of `ids`."""
  order = np.argsort(run.test_ids)
  return values[order[np.searchsorted(run.test_ids, ids, sorter=order)]]


def _refuse_unlike(run: ClassifiedRun, first: ClassifiedRun) -> None:
  if run.decision.threshold is not None:
    raise UserError(
      f'{run.workdir}: answers by a threshold of its own; give runs of a task without thresholds.'
    )
  for key in ('protocol', 'data_digest'):
    if run.facts[key] != first.facts[key]:
      raise UserError(
        f'{run.workdir}: {key} is {run.facts[key]}, that of {first.workdir} is {first.facts[key]}; '
        'give runs on the same symbols.'
      )
  same = (
    run.classes == first.classes
    and np.array_equal(np.sort(run.test_ids), np.sort(first.test_ids))
    and np.array_equal(run.validation_labels, first.validation_labels)
  )
  if not same:
    raise UserError(f'{run.workdir}: has other symbols than {first.workdir}; train it again.')


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  parser = command_arguments.parser('ensemble', __doc__)
  command_arguments.add_runs(parser)
  parser.add_argument(
    '--out', type=paths.path, metavar='FOLDER', help='write the report of the ensemble there'
  )
  options = command_arguments.parse(parser, arguments)
  return answered(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
  runs = [classified.read(path) for path in options.runs]
  if options.out is not None:
    finished_run.refuse_run(options.out)
    # `Path.resolve` would fail where a link leads to itself.
    if os.path.realpath(options.out) in [os.path.realpath(run.workdir) for run in runs]:
      raise UserError(f'{options.out}: is one of the runs themselves; choose another --out.')
  whole = joined(runs, f'ensemble of {len(runs)} runs')
  print(table(runs, whole))
  if options.out is not None:
    # From and to real places: a link may lie between them.
    out = os.path.realpath(options.out)
    names = [os.path.relpath(os.path.realpath(run.workdir), out) for run in runs]
    whole = whole.replace(workdir=options.out, facts=whole.facts | {'runs': names})
    classified.save_joined(whole)
    write.write_pages(whole)
    print(f'report: {options.out}/report/report.html')


if __name__ == '__main__':
  sys.exit(main())
