"""Loads the trained network of a run from its workdir, for commands with `--model RUN`."""

import os
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from ml_collections import ConfigDict

from omr_jax.errors import UserError
from omr_jax.recipe import hyperparameters
from omr_jax.recipe import recipe as recipes
from omr_jax.recipe.check import check_config
from omr_jax.recipe.recipe import Recipe
from omr_jax.tasks import earlier
from omr_jax.tasks import task as tasks
from omr_jax.training import checkpoint
from omr_jax.training import state as states
from omr_jax.training.state import TrainState, Variables
from omr_jax.training.workdir import CHECKPOINTS
from omr_jax.utils import words
from omr_jax.utils.files import read_json

_MOST_NAMES = 10


class Trained(NamedTuple):
  """The network of a run as it was tested.

  Attributes:
    config: The config of the run.
    recipe: The recipe of this config: the network, and how its inputs are made.
    variables: `params` and `batch_stats` of the tested epoch.
  """

  config: ConfigDict
  recipe: Recipe
  variables: Any


def tested(config: ConfigDict, state: TrainState, best: Variables) -> tuple[Variables, np.ndarray]:
  """The variables to test and use, of the last or the best epoch, as `config.tested` says.

  Returns:
    The variables of all members, and the epoch of each member, int32 [members].
  """
  if config.tested == 'last':
    return state.evaluated(), np.asarray(state.epoch)
  return best, np.asarray(state.progress.best_epoch)


def config(workdir: str | os.PathLike) -> ConfigDict:
  """The checked config of a run, with the keys that runs of earlier versions lack.

  Raises:
    UserError: The folder is not the workdir of a run.
  """
  if not os.path.isdir(workdir):
    raise UserError(f'{workdir}: no such folder; give the workdir of a run.')
  path = Path(workdir) / 'config.json'
  read = read_json(path, 'give the workdir of a run')
  try:
    tree = earlier.with_keys_of_today(read, tasks.of_config(read))
    # The keys of an ensemble's config are paths; ConfigDict raises ValueError for dots in them.
    found = ConfigDict(tuples(tree))
    check_config(found)
  except (UserError, ValueError) as error:
    raise UserError(f'{path}: {error} Give the workdir of a run, not of several.') from error
  return found


def load(workdir: str | os.PathLike) -> Trained:
  """Loads the network of a run, whether the run is finished or still training.

  Raises:
    UserError: The folder is not the workdir of a run, as the joined result of several isn't; or
      its checkpoint is missing or damaged.
  """
  workdir = Path(workdir)
  has_checkpoints = os.path.isdir(workdir / CHECKPOINTS)
  if not has_checkpoints:
    _refuse_joined(workdir)
  of_run = config(workdir)
  try:
    recipe = recipes.create(of_run)
  except UserError as error:
    raise UserError(f'{workdir}/config.json: {error} Give the workdir of a run.') from error
  if not has_checkpoints:
    raise UserError(f'{workdir}: has no checkpoints; let the run train for an epoch.')
  # Only the shapes are needed, which do not depend on the number of steps.
  init = partial(states.init, recipe, hyperparameters.of_config(of_run), steps=of_run.epochs)
  like = jax.tree.map(
    lambda leaf: jax.ShapeDtypeStruct((1, *leaf.shape), leaf.dtype), jax.eval_shape(init)
  )
  manager = checkpoint.open_folder(workdir, read_only=True)
  state = checkpoint.restore(manager, 'state', like)
  if state is None:
    raise UserError(f'{workdir}: has no checkpoint yet; let the run train for an epoch.')
  best = checkpoint.restore(manager, 'best', like.variables)
  variables, _ = tested(of_run, state, best)
  return Trained(of_run, recipe, jax.tree.map(lambda leaf: leaf[0], variables))


def _refuse_joined(workdir: Path) -> None:
  """Refuses the joined result of several runs, such as folds: it has no network of its own."""
  path = workdir / 'summary.json'
  facts = read_json(path, 'give the workdir of a run') if os.path.exists(path) else {}
  names = facts.get('runs')
  if isinstance(names, list):  # Relative to the joined folder.
    runs = [os.path.normpath(workdir / str(name)) for name in names]
    shown = words.some(runs, _MOST_NAMES)
    raise UserError(f'{workdir}: is the result of several runs; give one of them: {shown}.')


def tuples(tree: Any) -> Any:
  """A tree read from JSON with its lists made tuples, which a config has instead."""
  if isinstance(tree, dict):
    return {key: tuples(value) for key, value in tree.items()}
  return tuple(tree) if isinstance(tree, list) else tree
