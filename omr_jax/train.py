"""One train state, one step, one epoch, and the run they make."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import struct
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from omr_jax.optim import Progress
from omr_jax.recipe import Recipe, example_inputs

Variables = Mapping[str, Any]
BATCH_AXIS = 'batch'


class TrainState(struct.PyTreeNode):
  """All that a later start needs to end as if there had been no interruption.

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


def create(
  recipe: Recipe,
  mesh: Mesh,
  *,
  seed: int,
  batch_size: int,
  steps_per_epoch: int,
  tx: optax.GradientTransformation,
  average_decay: float,
  label_smoothing: float,
  class_weights: np.ndarray | None,
  whole_epochs: bool,
) -> Trainer:
  """Builds the functions of a run; `run` and `logits` compile at their first call.

  Args:
    recipe: The parts from the config.
    mesh: Devices with one axis, BATCH_AXIS; batches are split over them, all else is on each.
    seed: Of initialization, augmentation and dropout.
    batch_size: Global, whatever the number of devices.
    steps_per_epoch: Examples // batch_size: what is left over waits for another epoch's order.
    tx: Optimizer.
    average_decay: Of the averaged variables, 0 for none.
    label_smoothing: Share of the target spread evenly over the classes.
    class_weights: float [classes], factors of the examples' losses, or None.
    whole_epochs: Whether `run` goes to `stop` in one call, or takes one step.
  """
  module = recipe.module
  replicated = NamedSharding(mesh, PartitionSpec())
  split = NamedSharding(mesh, PartitionSpec(BATCH_AXIS))
  rng = jax.random.key(seed)

  def init() -> TrainState:
    variables = dict(module.init(rng, example_inputs(recipe.drawing), train=False))
    return TrainState(
      step=jnp.int32(0),
      epoch=jnp.int32(0),
      variables=variables,
      average=jax.tree.map(jnp.copy, variables) if average_decay else None,
      opt_state=tx.init(variables['params']),
      plateau=recipe.plateau.init(variables['params']) if recipe.plateau else None,
      progress=Progress.start(),
      loss_sum=jnp.float32(0),
      bad_step=jnp.int32(-1),
    )

  def loss(params, batch_stats, inputs, labels, key) -> tuple[jax.Array, Any]:
    logits, updated = module.apply(
      {'params': params, 'batch_stats': batch_stats},
      inputs,
      train=True,
      mutable=['batch_stats'],
      rngs={'dropout': key},
    )
    targets = optax.smooth_labels(jax.nn.one_hot(labels, logits.shape[-1]), label_smoothing)
    losses = optax.softmax_cross_entropy(logits, targets)
    if class_weights is not None:
      losses *= jnp.asarray(class_weights, jnp.float32)[labels]
    return losses.mean(), updated['batch_stats']

  def step(state: TrainState, batch: Mapping[str, jax.Array]) -> TrainState:
    augment_key, dropout_key = jax.random.split(jax.random.fold_in(rng, state.step))
    inputs = recipe.inputs(augment_key, batch)
    params = state.variables['params']
    (value, batch_stats), grads = jax.value_and_grad(loss, has_aux=True)(
      params, state.variables['batch_stats'], inputs, batch['label'], dropout_key
    )
    updates, opt_state = tx.update(grads, state.opt_state, params)
    if state.plateau is not None:
      updates = jax.tree.map(lambda update: update * state.plateau.scale, updates)
    variables = {'params': optax.apply_updates(params, updates), 'batch_stats': batch_stats}
    return state.replace(
      step=state.step + 1,
      variables=variables,
      average=_averaged(state, variables, average_decay),
      opt_state=opt_state,
      loss_sum=state.loss_sum + value,
      bad_step=jnp.where(jnp.isfinite(value), state.bad_step, state.step),
    )

  def one_step(state, data, order, stop) -> TrainState:
    del stop
    start = state.step % steps_per_epoch * batch_size
    index = jax.lax.dynamic_slice(order, (start,), (batch_size,))
    batch = {name: data[name][index] for name in recipe.reads}
    return step(state, jax.lax.with_sharding_constraint(batch, split))

  def to_stop(state, data, order, stop) -> TrainState:
    return jax.lax.while_loop(
      lambda state: (state.step < stop) & (state.bad_step < 0),
      lambda state: one_step(state, data, order, stop),
      state,
    )

  def logits(variables: Variables, inputs: Mapping[str, jax.Array]) -> jax.Array:
    return module.apply(variables, inputs, train=False)

  run = to_stop if whole_epochs else one_step
  return Trainer(
    jax.jit(init, out_shardings=replicated),
    jax.jit(run, donate_argnums=0, out_shardings=replicated),
    whole_epochs,
    jax.jit(logits, in_shardings=(replicated, split), out_shardings=replicated),
  )


def _averaged(state: TrainState, variables: Variables, decay: float) -> Variables | None:
  """Moving averages of params and batch_stats, quicker at first to forget the initialization."""
  if state.average is None:
    return None
  keep = jnp.minimum(decay, (1 + state.step) / (10 + state.step))
  return optax.incremental_update(variables, state.average, 1 - keep)


def predict(
  logits: Callable, variables: Variables, arrays: Mapping[str, np.ndarray], batch_size: int
) -> np.ndarray:
  """Logits of all examples, float32 [examples, classes], in batches of one compiled size."""
  examples = len(arrays['image'])
  results = []
  for start in range(0, examples, batch_size):
    batch = {name: arrays[name][start : start + batch_size] for name in ('image', 'size')}
    short = batch_size - len(batch['image'])
    batch = {
      name: np.pad(value, [(0, short)] + [(0, 0)] * (value.ndim - 1), mode='edge')
      for name, value in batch.items()
    }
    results.append(np.asarray(logits(variables, batch)))
  return np.concatenate(results)[:examples]
