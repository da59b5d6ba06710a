"""One step, one epoch, and the compiled functions of a run."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from omr_jax import state as states
from omr_jax.recipe import Recipe
from omr_jax.state import TrainState, Variables

BATCH_AXIS = 'batch'
EVALUATION_BATCH = 256


class Training(NamedTuple):
  """What a step has to know.

  Attributes:
    recipe: The parts from the config.
    tx: Optimizer.
    seed: Of initialization, augmentation and dropout.
    batch_size: Global, whatever the number of devices.
    steps_per_epoch: Examples // batch_size: what is left over waits for another epoch's order.
    average_decay: Of the averaged variables, 0 for none.
    label_smoothing: Share of the target spread evenly over the classes.
    class_weights: float [classes], factors of the examples' losses, or None.
  """

  recipe: Recipe
  tx: optax.GradientTransformation
  seed: int
  batch_size: int
  steps_per_epoch: int
  average_decay: float
  label_smoothing: float
  class_weights: np.ndarray | None

  @property
  def rng(self) -> jax.Array:
    """The key that all others follow from."""
    return jax.random.key(self.seed)


class Trainer(NamedTuple):
  """The compiled functions of a run.

  Attributes:
    init: () to a TrainState.
    run: (state, data, order, stop) to the state after step `stop`, or after the first step whose
      loss is not finite. `order` holds the epoch's examples in their order. Donates the state.
    whole_epochs: Whether one call of `run` may take a whole epoch; else it takes one step.
    logits: (variables, inputs) to float32 logits [batch, classes].
  """

  init: Callable[[], TrainState]
  run: Callable[[TrainState, Mapping[str, jax.Array], jax.Array, jax.Array], TrainState]
  whole_epochs: bool
  logits: Callable[[Variables, Mapping[str, jax.Array]], jax.Array]


def create(training: Training, mesh: Mesh, whole_epochs: bool) -> Trainer:
  """Builds the functions of a run; `run` and `logits` compile at their first call.

  Args:
    training: What a step has to know.
    mesh: Devices with one axis, BATCH_AXIS; batches are split over them, all else is on each.
    whole_epochs: Whether `run` goes to `stop` in one call, or takes one step.
  """
  recipe = training.recipe
  replicated = NamedSharding(mesh, PartitionSpec())
  split = NamedSharding(mesh, PartitionSpec(BATCH_AXIS))
  init = partial(states.init, recipe, training.tx, training.average_decay, training.rng)
  run = partial(_to_stop if whole_epochs else _one_step, training, split)
  return Trainer(
    jax.jit(init, out_shardings=replicated),
    jax.jit(run, donate_argnums=0, out_shardings=replicated),
    whole_epochs,
    jax.jit(recipe.logits, in_shardings=(replicated, split), out_shardings=replicated),
  )


def _to_stop(training: Training, split: NamedSharding, state, data, order, stop) -> TrainState:
  return jax.lax.while_loop(
    lambda state: (state.step < stop) & (state.bad_step < 0),
    lambda state: _one_step(training, split, state, data, order, stop),
    state,
  )


def _one_step(training: Training, split: NamedSharding, state, data, order, stop) -> TrainState:
  del stop
  start = state.step % training.steps_per_epoch * training.batch_size
  index = jax.lax.dynamic_slice(order, (start,), (training.batch_size,))
  batch = {name: data[name][index] for name in training.recipe.reads}
  return _step(training, state, jax.lax.with_sharding_constraint(batch, split))


def _step(training: Training, state: TrainState, batch: Mapping[str, jax.Array]) -> TrainState:
  keys = jax.random.split(jax.random.fold_in(training.rng, state.step))
  inputs = training.recipe.inputs(keys[0], batch)
  params = state.variables['params']
  (value, batch_stats), grads = jax.value_and_grad(partial(_loss, training), has_aux=True)(
    params, state.variables['batch_stats'], inputs, batch['label'], keys[1]
  )
  updates, opt_state = training.tx.update(grads, state.opt_state, params)
  if state.plateau is not None:
    updates = jax.tree.map(lambda update: update * state.plateau.scale, updates)
  variables = {'params': optax.apply_updates(params, updates), 'batch_stats': batch_stats}
  return state.replace(
    step=state.step + 1,
    variables=variables,
    average=states.averaged(state, variables, training.average_decay),
    opt_state=opt_state,
    loss_sum=state.loss_sum + value,
    bad_step=jnp.where(jnp.isfinite(value), state.bad_step, state.step),
  )


def _loss(training: Training, params, batch_stats, inputs, labels, key) -> tuple[jax.Array, Any]:
  logits, updated = training.recipe.module.apply(
    {'params': params, 'batch_stats': batch_stats},
    inputs,
    train=True,
    mutable=['batch_stats'],
    rngs={'dropout': key},
  )
  one_hot = jax.nn.one_hot(labels, logits.shape[-1])
  targets = optax.smooth_labels(one_hot, training.label_smoothing)
  losses = optax.softmax_cross_entropy(logits, targets)
  if training.class_weights is not None:
    losses *= jnp.asarray(training.class_weights, jnp.float32)[labels]
  return losses.mean(), updated['batch_stats']


def predict(
  logits: Callable, variables: Variables, arrays: Mapping[str, np.ndarray], reads: Sequence[str]
) -> np.ndarray:
  """Logits of all examples, float32 [examples, classes], in batches of one compiled size.

  Its size is about EVALUATION_BATCH pictures, divisible among the devices. `reads` names what
  `logits` reads among the arrays (`Recipe.evaluates`).
  """
  devices = jax.device_count()
  views = math.prod(arrays[reads[0]].shape[1:-3])  # Of each example, or 1.
  size = -(-EVALUATION_BATCH // (views * devices)) * devices
  examples = len(arrays[reads[0]])
  results = []
  for start in range(0, examples, size):
    batch = {name: arrays[name][start : start + size] for name in reads}
    short = size - len(batch[reads[0]])
    batch = {
      name: np.pad(value, [(0, short)] + [(0, 0)] * (value.ndim - 1), mode='edge')
      for name, value in batch.items()
    }
    results.append(np.asarray(logits(variables, batch)))
  return np.concatenate(results)[:examples]
