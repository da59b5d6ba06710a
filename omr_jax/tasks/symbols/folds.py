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

_COMMON = ('config_name', 'data_digest', 'origin', 'parameters', 'seed')


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


def refuse_workdir(workdir: Path) -> None:
  """Raises UserError if the folder is that of a run, whose report this one would replace."""
  finished_run.refuse_run(workdir)


def joined(runs: Mapping[str, ClassifiedRun]) -> ClassifiedRun:
  """Joins the runs on all folds. The logits of each one are divided by its own temperature.

  Args:
    runs: The run on each fold by its name, such as `writers_0`.

  Raises:
    UserError: Two runs have tested the same symbol, or differ in their data or in their configs.
  """
  writers.refuse_unlike(list(runs.values()))
  first = next(iter(runs.values()))
  kept = (
    *('test_ids', 'test_labels', 'test_predicted', 'validation_labels', 'pictures'),
    'example_pictures',
  )
  arrays: dict[str, Any] = {
    name: np.concatenate([getattr(run, name) for run in runs.values()]) for name in kept
  }
  before = np.cumsum([0, *(len(run.test_ids) for run in runs.values())])[:-1]
  arrays['example_rows'] = np.concatenate(
    [run.example_rows + start for run, start in zip(runs.values(), before, strict=True)]
  )
  temperatures = {fold: run.decision.temperature for fold, run in runs.items()}
  arrays |= {
    name: np.concatenate([getattr(run, name) / temperatures[fold] for fold, run in runs.items()])
    for name in ('test_logits', 'validation_logits')
  }
  folds = {name: float(run.correct.mean()) for name, run in runs.items()}
  facts = {key: first.facts[key] for key in _COMMON} | {
    'protocol': 'writers_0 ... writers_9' if len(runs) > 1 else first.facts['protocol'],
    'runs': list(runs),
    'folds': folds,
    'mean_of_folds': float(np.mean(list(folds.values()))),
    **{key: max(run.facts[key] for run in runs.values()) for key in ('epochs', 'tested_epoch')},
    'seconds': round(sum(run.facts['seconds'] for run in runs.values()), 1),
  }
  data = first.config['data'] | {'protocol': facts['protocol']}
  config = first.config | {'data': data}
  decision = Decision(
    None, metrics.fit_temperature(arrays['validation_logits'], arrays['validation_labels'])
  )
  return first.replace(config=config, history=[], facts=facts, decision=decision, **arrays)


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
  return '\n'.join(
    [
      *lines,
      f'mean of the folds {100 * summary["mean_of_folds"]:.2f} %, standard deviation '
      f'{100 * spread:.2f}',
      f'all symbols {100 * summary["accuracy"]:.2f} % ({summary["correct"]} of {summary["n"]}), '
      f'95 % interval {metrics.percent_range(*summary["accuracy_wilson_95"])}',
    ]
  )
