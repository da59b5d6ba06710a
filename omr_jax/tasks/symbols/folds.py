"""The runs on the ten folds of writers, joined: networks are tested on writers they never saw.

Each writer is in exactly one fold, so the joined run has an answer for every symbol, from the
network that was not trained on that writer. Its report, in the workdir of the folds, has the
numbers of each class beside those of the paper's Table II. It also shows all misclassified symbols,
most confident mistake first; symbols with a wrong label are among the first. Other commands read
the workdir as that of one run: `omr_jax.report` compares two recipes on all symbols, and
`omr_jax.ensemble` averages their answers.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ml_collections import ConfigDict

from omr_jax.evaluation import finished_run, metrics
from omr_jax.evaluation.decision import Decision
from omr_jax.recipe import writers
from omr_jax.report.write import write_pages
from omr_jax.tasks.classifiers import run as classified
from omr_jax.tasks.classifiers.run import ClassifiedRun
from omr_jax.utils.words import one_line
from tfds_builders.folds import SYMBOL_FOLDS

# The arrays of the runs that are joined as they are.
_KEPT = ('test_labels', 'test_predicted', 'validation_labels', 'pictures', 'example_pictures')
# The joined report would replace that of a run in the workdir.
refuse_workdir = finished_run.refuse_run


def check(config: ConfigDict, over: str, given: Collection[str]) -> None:
  """Refuses a command line that sets `data.protocol`, which --over sets for each run.

  Args:
    config: A finished config.
    over: 'writers'.
    given: Keys that the command line sets, such as 'data.protocol'.

  Raises:
    UserError: `data.protocol` is among them.
  """
  del config
  writers.refuse_given(over, given)


def members(
  config: ConfigDict, over: str, data_dir: Path, raw_dir: str | None
) -> dict[str, ConfigDict]:
  """The config of each fold by the name of its folder."""
  del over, data_dir, raw_dir
  return writers.members(config, SYMBOL_FOLDS)


def joined(runs: Mapping[str, ClassifiedRun]) -> ClassifiedRun:
  """Joins the runs on all folds. The logits of each one are divided by its own temperature.

  Args:
    runs: The run on each fold by its name, such as `writers_0`.

  Raises:
    UserError: Two runs have tested the same symbol, or differ in their data or in their configs.
  """
  every = list(runs.values())
  first = every[0]
  shares = {name: float(run.correct.mean()) for name, run in runs.items()}
  attributes = writers.joined(
    runs,
    'writers_0 ... writers_9' if len(runs) > 1 else first.facts['protocol'],
    {'folds': shares, 'mean_of_folds': float(np.mean(list(shares.values())))},
  )
  for name in _KEPT:
    attributes[name] = np.concatenate([getattr(run, name) for run in every])
  before = np.cumsum([0, *(len(run.test_ids) for run in every)])[:-1]
  attributes['example_rows'] = np.concatenate(
    [run.example_rows + start for run, start in zip(every, before, strict=True)]
  )
  for name in ('test_logits', 'validation_logits'):
    scaled = [getattr(run, name) / run.decision.temperature for run in every]
    attributes[name] = np.concatenate(scaled)
  temperature = metrics.fit_temperature(
    attributes['validation_logits'], attributes['validation_labels']
  )
  if len(writer := _by_writer(attributes)) > 1:
    interval = np.clip(metrics.mean_interval(writer), 0, 1)
    attributes['facts']['accuracy_by_writer_95'] = interval.tolist()
  return first.replace(**attributes, decision=Decision(None, temperature))


def _by_writer(attributes: Mapping[str, Any]) -> list[float]:
  """The accuracy of each writer. The answers to one writer's symbols depend on each other."""
  writer = np.array([name.partition('-')[0] for name in attributes['test_ids'].tolist()])
  right = attributes['test_labels'] == attributes['test_predicted']
  return [float(right[writer == each].mean()) for each in np.unique(writer)]


def write(workdir: Path, over: str, runs: Mapping[str, ClassifiedRun]) -> tuple[str, Path]:
  """Writes the report of all folds into `workdir`; returns a table and the report's path."""
  del over
  whole = joined(runs).replace(workdir=workdir)
  classified.save_joined(whole)
  return table(write_pages(whole)), workdir / 'report' / 'report.html'


def table(summary: Mapping) -> str:
  """A table for a terminal: the accuracy on each fold and on all symbols."""
  folds = summary['folds']
  spread = float(np.std(list(folds.values()), ddof=1)) if len(folds) > 1 else 0.0
  lines = [f'{one_line(name):10}  {100 * share:6.2f} %' for name, share in folds.items()]
  by_writer = []
  if 'accuracy_by_writer_95' in summary:
    interval = metrics.percent_range(*summary['accuracy_by_writer_95'])
    by_writer = [f'95 % interval with the writer as the unit {interval}']
  return '\n'.join(
    [
      *lines,
      f'mean of the folds {100 * summary["mean_of_folds"]:.2f} %, standard deviation '
      f'{100 * spread:.2f}',
      f'all symbols {100 * summary["accuracy"]:.2f} % ({summary["correct"]} of {summary["n"]}), '
      f'95 % interval {metrics.percent_range(*summary["accuracy_wilson_95"])}, with the symbol as '
      'the unit',
      *by_writer,
    ]
  )
