"""Optimizers, learning rates and early stopping, as in section V-B of the paper."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from optax import contrib

from omr_jax.utils.rules import is_on

# The arguments of each optimizer, named as in optax; `sgd` always has Nesterov momentum.
ARGUMENTS = {
  'adadelta': ('rho', 'eps'),
  'adam': ('b1', 'b2', 'eps'),
  'adamw': ('b1', 'b2', 'eps', 'weight_decay'),
  'sgd': ('momentum',),
}
# The arguments of each schedule.
SCHEDULES = {
  'constant': (),
  'one_cycle': ('warm_up',),
  'plateau': ('factor', 'patience', 'floor'),
}


def create(
  name: str, rate: optax.ScalarOrSchedule, l2: float, **arguments: float
) -> optax.GradientTransformation:
  """An optimizer whose `l2` penalty and weight decay act on kernels only.

  Args:
    name: A key of ARGUMENTS.
    rate: The learning rate or its schedule over steps.
    l2: Strength of a penalty l2 * sum(w^2) on the loss, as in Keras: its gradient is 2 * l2 * w.
    **arguments: All that ARGUMENTS[name] lists; the `weight_decay` of `adamw` is decoupled.
  """
  make = {
    'adadelta': optax.adadelta,
    'adam': optax.adam,
    'adamw': partial(optax.adamw, mask=kernels),
    'sgd': partial(optax.sgd, nesterov=True),
  }[name]
  tx = make(rate, **arguments)
  return optax.chain(optax.add_decayed_weights(2 * l2, mask=kernels), tx) if is_on(l2) else tx


def kernels(params: optax.Params) -> optax.Params:
  """True for the kernels of convolutions and dense layers, False for biases and batch norm."""
  return jax.tree_util.tree_map_with_path(lambda path, _: path[-1].key == 'kernel', params)


def schedule(name: str, rate: float, steps: int, **arguments: float) -> optax.Schedule:
  """The learning rate of each step, before the schedule `plateau` scales it.

  Args:
    name: A key of SCHEDULES. `one_cycle` rises to `rate` during the first share `warm_up` of the
      steps and then falls to almost 0, both along a cosine. The others are constant.
    rate: The largest learning rate.
    steps: Number of steps of the whole run.
    **arguments: All that SCHEDULES[name] lists.
  """
  if name == 'one_cycle':
    share = optax.cosine_onecycle_schedule(steps, 1.0, arguments['warm_up'])
    return lambda step: rate * share(step)  # `rate` may be traced.
  if name in ('constant', 'plateau'):
    return optax.constant_schedule(rate)
  raise ValueError(f'the schedule {name!r} has no rates')


def plateau(
  factor: float, patience: int, floor: float, rate: float
) -> optax.GradientTransformationExtraArgs:
  """Scales the rate by `factor` after `patience` epochs in which validation did not improve.

  It must be updated once per epoch, with `value` 1 minus the measure in validation, such as the
  accuracy. As in Keras, a measure is better if it exceeds the best so far by more than 1e-4, and
  `floor` is the smallest learning rate, not the smallest scale.
  """
  return contrib.reduce_on_plateau(
    factor=factor, patience=patience, rtol=0, atol=1e-4, min_scale=floor / rate
  )


class Progress(NamedTuple):
  """What early stopping and the choice of the best epoch need to remember.

  Attributes:
    best: The best measure in validation so far, such as the accuracy; -1 before the first epoch.
    best_epoch: The first epoch that reached it, counted from 1.
    waited: The number of epochs since then.
  """

  best: jax.Array
  best_epoch: jax.Array
  waited: jax.Array

  @classmethod
  def start(cls) -> 'Progress':
    """The progress before the first epoch."""
    return cls(jnp.float32(-1), jnp.int32(0), jnp.int32(0))

  def after(self, epoch: jax.Array, reached: jax.Array) -> 'Progress':
    """The progress after one more epoch, which reached this measure in validation."""
    better = Progress(reached, epoch, jnp.int32(0))
    worse = self._replace(waited=self.waited + 1)
    return jax.tree.map(partial(jnp.where, reached > self.best), better, worse)
