"""Optimizers, learning rates, and when to stop (paper, V-B; the originals' settings in configs)."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from optax import contrib

from omr_jax.utils.rules import is_on

# The arguments of each, with optax's names; `sgd` is always Nesterov's.
ARGUMENTS = {
  'adadelta': ('rho', 'eps'),
  'adam': ('b1', 'b2', 'eps'),
  'adamw': ('b1', 'b2', 'eps', 'weight_decay'),
  'sgd': ('momentum',),
}


def create(
  name: str, rate: optax.ScalarOrSchedule, l2: float, **arguments: float
) -> optax.GradientTransformation:
  """An optimizer; both kinds of decay act on kernels only.

  Args:
    name: A key of ARGUMENTS.
    rate: The learning rate or its schedule over steps.
    l2: Strength of a penalty l2 * sum(w^2) on the loss, as Keras has it: gradient 2 * l2 * w.
    **arguments: All of ARGUMENTS[name]; the `weight_decay` of `adamw` is decoupled.
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


def schedule(name: str, rate: float, steps: int, warm_up: float | None) -> optax.Schedule:
  """The learning rate over steps, before the plateau's scale.

  Args:
    name: `one_cycle` rises to `rate` over the share `warm_up` of the run and falls to almost 0,
      both along a cosine; the others are constant.
    rate: Peak.
    steps: Of the whole run.
    warm_up: Share of the run, of `one_cycle`.
  """
  if name == 'one_cycle':
    share = optax.cosine_onecycle_schedule(steps, 1.0, warm_up)
    return lambda step: rate * share(step)  # `rate` may be traced.
  return optax.constant_schedule(rate)


def plateau(
  factor: float, patience: int, floor: float, rate: float
) -> optax.GradientTransformationExtraArgs:
  """Scales the rate by `factor` after `patience` epochs without better validation accuracy.

  To be updated once an epoch with `value=1 - accuracy`; an accuracy is better from 1e-4 on, as in
  Keras. `floor` bounds the rate itself.
  """
  return contrib.reduce_on_plateau(
    factor=factor, patience=patience, rtol=0, atol=1e-4, min_scale=floor / rate
  )


class Progress(NamedTuple):
  """What early stopping and the choice of the best epoch remember.

  Attributes:
    best: Best validation accuracy so far, -1 before the first epoch.
    best_epoch: Its epoch, from 1.
    waited: Epochs since.
  """

  best: jax.Array
  best_epoch: jax.Array
  waited: jax.Array

  @classmethod
  def start(cls) -> 'Progress':
    """Before the first epoch."""
    return cls(jnp.float32(-1), jnp.int32(0), jnp.int32(0))

  def after(self, epoch: jax.Array, accuracy: jax.Array) -> 'Progress':
    """With the accuracy of one more epoch."""
    better = Progress(accuracy, epoch, jnp.int32(0))
    worse = self._replace(waited=self.waited + 1)
    return jax.tree.map(partial(jnp.where, accuracy > self.best), better, worse)
