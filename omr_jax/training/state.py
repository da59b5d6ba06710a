"""The state of a training: one tree, which a checkpoint holds whole.

What trains, saves and evaluates has the states of all members of a population in one tree, whose
leaves have a leading axis [members]; a run alone is a population of one.
"""

import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import struct

from omr_jax.recipe.optim import Progress
from omr_jax.recipe.recipe import Recipe, example_inputs
from omr_jax.utils.rules import is_on

Variables = Mapping[str, Any]


class TrainState(struct.PyTreeNode):
  """All that a later start needs to end as if there had been no interruption; of one member.

  Attributes:
    step: Steps taken, int32.
    epoch: Epochs finished and evaluated, int32.
    variables: `params` and `batch_stats`.
    average: Their moving averages, which are evaluated, or None.
    opt_state: Of the optimizer.
    plateau: Of the plateau schedule, or None.
    progress: Best validation accuracy and epochs since.
    loss_sum: Sum of the losses of the steps of the epoch in progress, float32.
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
    """The variables that validation and test use."""
    return self.variables if self.average is None else self.average


def init(
  recipe: Recipe, tx: optax.GradientTransformation, average_decay: float, rng: jax.Array
) -> TrainState:
  """The state before the first step; `average_decay` is 0 for no averages, see `values.is_on`."""
  variables = dict(recipe.module.init(rng, example_inputs(recipe), train=False))
  return TrainState(
    step=jnp.int32(0),
    epoch=jnp.int32(0),
    variables=variables,
    average=jax.tree.map(jnp.copy, variables) if is_on(average_decay) else None,
    opt_state=tx.init(variables['params']),
    plateau=recipe.plateau.init(variables['params']) if recipe.plateau else None,
    progress=Progress.start(),
    loss_sum=jnp.float32(0),
    bad_step=jnp.int32(-1),
  )


def averaged(state: TrainState, variables: Variables, decay: float) -> Variables | None:
  """Moving averages of params and batch_stats, quicker at first to forget the initialization."""
  if state.average is None:
    return None
  keep = jnp.minimum(decay, (1 + state.step) / (10 + state.step))
  return optax.incremental_update(variables, state.average, 1 - keep)


def count_parameters(state: TrainState) -> int:
  """How many numbers are trained, of each member."""
  return sum(math.prod(leaf.shape[1:]) for leaf in jax.tree.leaves(state.variables['params']))


def member(tree: Any, index: int) -> Any:
  """A member's part of a tree of all, itself one of all members of a population of one."""
  return jax.tree.map(lambda leaf: leaf[index : index + 1], tree)
