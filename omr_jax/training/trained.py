"""What a run has trained, ready to be used: `--model RUN` of every command that reads one."""

import os
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from ml_collections import ConfigDict

from omr_jax.errors import UserError
from omr_jax.recipe import recipe
from omr_jax.recipe.check import check_config
from omr_jax.training import checkpoint
from omr_jax.training import state as states
from omr_jax.training.state import TrainState, Variables
from omr_jax.utils.files import read_json


class Trained(NamedTuple):
  """A run's network, as it was tested.

  Attributes:
    config: Of the run.
    parts: The recipe made from it: the network, and how pictures are drawn.
    variables: `params` and `batch_stats` of the tested epoch.
  """

  config: ConfigDict
  parts: recipe.Recipe
  variables: Any


def tested(config: ConfigDict, state: TrainState, best: Variables) -> tuple[Variables, np.ndarray]:
  """The variables that are tested and used, and their epoch: the last or the best one's.

  Of all members, as `state` and `best` are.
  """
  if config.tested == 'last':
    return state.evaluated(), np.asarray(state.epoch)
  return best, np.asarray(state.progress.best_epoch)


def config(workdir: str | os.PathLike) -> ConfigDict:
  """The config of a run, checked.

  Raises:
    UserError: The folder is no run.
  """
  path = Path(workdir) / 'config.json'
  tree = tuples(read_json(path, 'give the workdir of a run'))
  try:
    found = ConfigDict(tree)  # A ValueError of its own for an ensemble's, by run: paths have dots.
    check_config(found)
  except (UserError, ValueError) as error:
    raise UserError(f'{path}: {error} Give the workdir of a run, not of several.') from error
  return found


def load(workdir: str | os.PathLike) -> Trained:
  """Reads config and variables of a run, finished or not.

  Raises:
    UserError: The folder is no run, has no checkpoint yet, or is damaged.
  """
  workdir = Path(workdir)
  of_run = config(workdir)
  try:
    parts = recipe.create(of_run)
  except UserError as error:
    raise UserError(f'{workdir}/config.json: {error} Give the workdir of a run.') from error
  if not (workdir / checkpoint.FOLDER).is_dir():
    raise UserError(f'{workdir}: has no checkpoints; let the run train for an epoch.')
  tx, _ = parts.create_tx(of_run.epochs)  # The shapes are those of any number of steps.
  init = partial(states.init, parts, tx, of_run.average_decay, jax.random.key(0))
  like = jax.tree.map(
    lambda leaf: jax.ShapeDtypeStruct((1, *leaf.shape), leaf.dtype), jax.eval_shape(init)
  )
  manager = checkpoint.open_folder(workdir, read_only=True)
  state = checkpoint.restore(manager, 'state', like)
  if state is None:
    raise UserError(f'{workdir}: has no checkpoint yet; let the run train for an epoch.')
  best = checkpoint.restore(manager, 'best', like.variables)
  variables, _ = tested(of_run, state, best)
  return Trained(of_run, parts, jax.tree.map(lambda leaf: leaf[0], variables))


def tuples(tree: Any) -> Any:
  """JSON has lists where a config has tuples."""
  if isinstance(tree, dict):
    return {key: tuples(value) for key, value in tree.items()}
  return tuple(tree) if isinstance(tree, list) else tree
