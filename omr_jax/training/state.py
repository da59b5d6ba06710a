"""The state of a training: one tree, all of which a checkpoint holds.

A step works on the state of one network. Everywhere else the states of all members of a population
are one tree whose leaves have a leading axis [members]; a run alone is a population of one.
"""

import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import struct

from omr_jax.recipe.hyperparameters import Hyperparameters
from omr_jax.recipe.optim import Progress
from omr_jax.recipe.recipe import Recipe, example_inputs
from omr_jax.utils.rules import is_on

Variables = Mapping[str, Any]


class TrainState(struct.PyTreeNode):
  """All that an interrupted run needs in order to end as if it had not been interrupted.

  Attributes:
    step: Number of steps taken, int32.
    epoch: Number of epochs finished and validated, int32.
    variables: `params` and `batch_stats` of the network; the second may be empty.
    average: Moving averages of the variables, which are evaluated instead of these, or None.
    opt_state: State of the optimizer.
    plateau: State of the schedule `plateau`, or None.
    progress: The best number in validation so far, and when it was reached.
    loss_sum: Sum of the losses of this epoch's steps so far, float32.
    bad_step: The first step whose loss was not finite, or -1, int32.
  """

  step: jax.Array
  epoch: jax.Array
  variables: Variables
  average: Variables | None
  opt_state: optax.OptState
  plateau: Any
  progress: Progress
  loss_sum: jax.Array
  bad_step: jax.Array

  def evaluated(self) -> Variables:
    """The variables that are validated and tested."""
    return self.variables if self.average is None else self.average


def init(recipe: Recipe, hyperparameters: Hyperparameters, steps: int) -> TrainState:
  """The state of one network before the first of `steps` steps."""
  made = recipe.module.init(hyperparameters.rng, example_inputs(recipe), train=False)
  variables = {'batch_stats': {}, **made}  # Networks without batch norm have none.
  tx = recipe.create_tx(hyperparameters.optimizer, steps)
  plateau = None
  if recipe.plateau:
    rate = hyperparameters.optimizer['learning_rate']
    plateau = recipe.plateau(rate).init(variables['params'])
  has_average = is_on(hyperparameters.average_decay)
  return TrainState(
    step=jnp.int32(0),
    epoch=jnp.int32(0),
    variables=variables,
    average=jax.tree.map(jnp.copy, variables) if has_average else None,
    opt_state=tx.init(variables['params']),
    plateau=plateau,
    progress=Progress.start(),
    loss_sum=jnp.float32(0),
    bad_step=jnp.int32(-1),
  )


def averaged(state: TrainState, variables: Variables, decay: float) -> Variables | None:
  """The moving averages after a step that led to `variables`, or None if there are none.

  The decay is min(decay, (1 + step) / (10 + step)). It is smaller at first, so that the initial
  variables soon have little weight.
  """
  if state.average is None:
    return None
  keep = jnp.minimum(decay, (1 + state.step) / (10 + state.step))
  return optax.incremental_update(variables, state.average, 1 - keep)


def count_parameters(state: TrainState) -> int:
  """Number of trained parameters of one member, from the state of all."""
  return sum(math.prod(leaf.shape[1:]) for leaf in jax.tree.leaves(state.variables['params']))


def member(tree: Any, index: int) -> Any:
  """The part of one member in a tree of all members; its leading axes become [1]."""
  return jax.tree.map(lambda leaf: leaf[index : index + 1], tree)
