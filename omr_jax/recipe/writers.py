"""Folds of writers, for tasks whose data sets have a protocol `writers_k` for each fold k."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from ml_collections import ConfigDict

from omr_jax.errors import UserError
from omr_jax.evaluation.finished_run import FinishedRun
from omr_jax.recipe.config_keys import read_values

# The facts that are the same for all folds.
_COMMON = ('config_name', 'data_digest', 'origin', 'parameters', 'seed')


def refuse_given(over: str, given: Collection[str]) -> None:
  """Refuses a command line that sets `data.protocol`, which --over sets for each run.

  Args:
    over: 'writers'.
    given: Keys that the command line sets, such as 'data.protocol'.

  Raises:
    UserError: `data.protocol` is among them.
  """
  if 'data.protocol' in given:
    raise UserError(f'--over {over} sets config.data.protocol for each run; leave it out.')


def members(config: ConfigDict, folds: int) -> dict[str, ConfigDict]:
  """The config of each fold by the name of its folder, which is also that of its protocol."""
  configs = {}
  for fold in range(folds):
    name = f'writers_{fold}'
    configs[name] = config.copy_and_resolve_references()
    configs[name].data.protocol = name
  return configs


def joined(
  runs: Mapping[str, FinishedRun], protocol: str, measured: Mapping[str, Any]
) -> dict[str, Any]:
  """The attributes of the joined run of all folds that do not depend on the task, by name.

  Args:
    runs: The run on each fold by its name, such as `writers_0`.
    protocol: The protocol of the joined run.
    measured: The results of the folds, which become facts of the joined run.

  Raises:
    UserError: Two runs have tested the same example, or differ in their data or in their configs.
  """
  every = list(runs.values())
  _refuse_unlike(every)
  first = every[0]
  facts = {key: first.facts[key] for key in _COMMON} | {
    'protocol': protocol,
    'runs': list(runs),
    **measured,
    **{key: max(run.facts[key] for run in every) for key in ('epochs', 'tested_epoch')},
    'seconds': round(sum(run.facts['seconds'] for run in every), 1),
  }
  return {
    'config': first.config | {'data': first.config['data'] | {'protocol': protocol}},
    'history': [],
    'facts': facts,
    'test_ids': np.concatenate([run.test_ids for run in every]),
  }


def _refuse_unlike(runs: list[FinishedRun]) -> None:
  """Refuses to join runs that differ in more than the fold that they test."""
  first, but = runs[0], ('data.protocol',)
  for run in runs:
    if run.facts['data_digest'] != first.facts['data_digest']:
      raise UserError(f'{run.workdir}: was trained on other data than {first.workdir}.')
    if read_values(run.config, but) != read_values(first.config, but):
      raise UserError(f'{run.workdir}: has another config than {first.workdir}.')
  ids = np.concatenate([run.test_ids for run in runs])
  if len(set(ids.tolist())) < len(ids):
    raise UserError(
      f'{first.workdir.parent}: a {first.task.noun} was tested twice; give one run of a fold.'
    )
