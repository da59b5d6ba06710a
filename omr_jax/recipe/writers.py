"""Folds of writers, for tasks whose data sets have a protocol `writers_k` for each fold k."""

from collections.abc import Collection, Sequence

import numpy as np
from ml_collections import ConfigDict

from omr_jax.errors import UserError
from omr_jax.evaluation.finished_run import FinishedRun
from omr_jax.recipe.config_keys import read_values


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


def refuse_unlike(runs: Sequence[FinishedRun]) -> None:
  """Refuses to join runs that differ in more than the fold that they test.

  Raises:
    UserError: Two runs have tested the same example, or differ in their data or in their configs.
  """
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
