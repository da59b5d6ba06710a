"""The numbers of training in which the members of a population may differ, a pytree.

A population is one compiled program that trains several networks. What its members have in common
is constant in the program; what differs is an argument of it, an array with one number per member.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from ml_collections import ConfigDict

from omr_jax.recipe import optim
from omr_jax.tasks import task as tasks


class Hyperparameters(NamedTuple):
  """The numbers of one member, read from its config. Inside jit some of them may be tracers.

  Attributes:
    seed: Seed of the initialization, the order of the examples, the augmentation and dropout.
    average_decay: Decay of the moving averages of the variables; 0 for none.
    loss_numbers: Numbers of the loss by name, as the task's `loss_numbers(config)` returns them.
    strengths: Numbers of the augmentation by name, as the task's `strengths(config)` returns them.
    optimizer: `learning_rate`, `l2` and the optimizer's own arguments, by name.
  """

  seed: Any
  average_decay: Any
  loss_numbers: Mapping[str, Any]
  strengths: Mapping[str, Any]
  optimizer: Mapping[str, Any]

  @property
  def rng(self) -> jax.Array:
    """The key from which all other random keys are derived."""
    return jax.random.key(self.seed)

  def with_own(self, own: 'Hyperparameters') -> 'Hyperparameters':
    """These numbers, replaced by those of `own` that are not None."""
    return jax.tree.map(
      lambda number, common: common if number is None else number,
      own,
      self,
      is_leaf=lambda node: node is None,
    )


def of_config(config: ConfigDict) -> Hyperparameters:
  """The hyperparameters of a checked config."""
  chosen, of_task = config.optimizer, tasks.of_config(config).recipe
  names = ('learning_rate', 'l2', *optim.ARGUMENTS[chosen.name])
  return Hyperparameters(
    seed=config.seed,
    average_decay=config.average_decay,
    loss_numbers=of_task.loss_numbers(config),
    strengths=of_task.strengths(config),
    optimizer={name: chosen[name] for name in names},
  )


def varying(members: Sequence[Hyperparameters]) -> Hyperparameters:
  """The numbers that are not equal for all members, for `Hyperparameters.with_own`.

  Numbers that are equal for all members stay constants of the compiled program. So XLA can compute
  with them while it compiles, and a 0 leaves out its part of the step (`rules.is_on`). Seeds
  always become arrays, so that the program compiled for one seed serves all others.

  Returns:
    The hyperparameters as arrays [members], or as a pair of such arrays for a pair of numbers; None
    in place of numbers that are equal for all members.
  """

  def column(*values: Any) -> Any:
    if all(value == values[0] for value in values):
      return None
    if _is_pair(values[0]):
      return type(values[0])(np.array(side, np.float64) for side in zip(*values, strict=True))
    return np.array(values, np.float64)

  different = jax.tree.map(column, *members, is_leaf=_is_pair)
  return different._replace(seed=np.array([member.seed for member in members], np.uint32))


def _is_pair(node: Any) -> bool:
  """Whether a node of the pytree is a range, a pair of its smallest and largest number."""
  return type(node) in (tuple, list)
