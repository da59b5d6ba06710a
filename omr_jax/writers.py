"""Runs on the writer-disjoint folds as one run: every symbol answered by who never saw its writer.

Its report, in the workdir of the folds, has all symbols: per class beside the paper's Table II, and
the misclassified ones, most confident mistake first, among which are those with a wrong label. The
folder reads as a run: `omr_jax.report` compares two recipes on all symbols, `omr_jax.ensemble` asks
both.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from omr_jax import evaluate, finished_run, report
from omr_jax.errors import UserError
from omr_jax.finished_run import FinishedRun

_COMMON = ('config_name', 'data_digest', 'origin', 'parameters', 'seed')


def together(runs: Mapping[str, FinishedRun]) -> FinishedRun:
  """All folds as one run; its logits are divided by each fold's own temperature.

  Args:
    runs: By fold, such as `writers_0`.

  Raises:
    UserError: Two have tested the same symbol, or are of different data or configs.
  """
  first = next(iter(runs.values()))
  for run in runs.values():
    if run.facts['data_digest'] != first.facts['data_digest']:
      raise UserError(f'{run.workdir}: was trained on other data than {first.workdir}.')
    if run.config_but('protocol') != first.config_but('protocol'):
      raise UserError(f'{run.workdir}: has another config than {first.workdir}.')
  ids = np.concatenate([run.test_ids for run in runs.values()])
  if len(set(ids.tolist())) < len(ids):
    raise UserError(f'{first.workdir.parent}: a symbol was tested twice; give one run of a fold.')
  kept = ('test_ids', 'test_labels', 'test_predicted', 'validation_labels', 'pictures')
  arrays = {name: np.concatenate([getattr(r, name) for r in runs.values()]) for name in kept}
  temperatures = {fold: run.temperature for fold, run in runs.items()}
  scaled = {
    name: np.concatenate([getattr(run, name) / temperatures[fold] for fold, run in runs.items()])
    for name in ('test_logits', 'validation_logits')
  }
  folds = {name: float(run.correct.mean()) for name, run in runs.items()}
  facts = {key: first.facts[key] for key in _COMMON} | {
    'protocol': 'writers_0 ... writers_9' if len(runs) > 1 else first.facts['protocol'],
    'runs': list(runs),
    'folds': folds,
    'mean_of_folds': float(np.mean(list(folds.values()))),
    'epochs': first.facts['epochs'],
    'tested_epoch': first.facts['tested_epoch'],
    'seconds': round(sum(run.facts['seconds'] for run in runs.values()), 1),
  }
  data = first.config['data'] | {'protocol': facts['protocol']}
  config = first.config | {'data': data}
  return first._replace(config=config, history=[], facts=facts, **arrays, **scaled)


def write(workdir: Path, runs: Mapping[str, FinishedRun]) -> dict:
  """Writes the report of all folds into `workdir`; returns the summary."""
  whole = together(runs)._replace(workdir=workdir)
  finished_run.save_joined(whole)
  return report.write_pages(whole)


def table(summary: Mapping) -> str:
  """The folds and all together, for a terminal."""
  folds = summary['folds']
  spread = float(np.std(list(folds.values()), ddof=1)) if len(folds) > 1 else 0.0
  lines = [f'{name:10}  {100 * share:6.2f} %' for name, share in folds.items()]
  return '\n'.join(
    [
      *lines,
      f'mean of the folds {100 * summary["mean_of_folds"]:.2f} %, standard deviation '
      f'{100 * spread:.2f}',
      f'all symbols {100 * summary["accuracy"]:.2f} % ({summary["correct"]} of {summary["n"]}), '
      f'95 % interval {evaluate.percent_range(*summary["accuracy_wilson_95"])}',
    ]
  )
