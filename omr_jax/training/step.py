"""One step, one epoch, and the compiled functions of a run or of a population of runs."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from omr_jax.recipe.recipe import Recipe
from omr_jax.training import state as states
from omr_jax.training.devices import (
  BATCH_AXIS,
  MEMBER_AXIS,
  for_members,
  place_examples,
  shared_batch,
)
from omr_jax.training.state import TrainState, Variables

EVALUATION_BATCH = 256


class Training(NamedTuple):
  """What a step of one member has to know; its numbers may be traced.

  Attributes:
    recipe: The parts from the config.
    strengths: Of the augmentation, by name.
    tx: Optimizer.
    seed: Of initialization, augmentation and dropout.
    batch_size: Global, whatever the number of devices.
    steps_per_epoch: Examples // batch_size: what is left over waits for another epoch's order.
    average_decay: Of the averaged variables, 0 for none.
    label_smoothing: Share of the target spread evenly over the classes.
    class_weights: float [classes], factors of the examples' losses, or None.
  """

  recipe: Recipe
  strengths: Mapping[str, Any]
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
  """The compiled functions of a population; leading axes [members] are meant by "all".

  Attributes:
    init: () to the TrainState of all.
    run: (state, running, data, orders, stop) to the state of all after step `stop`. Those of which
      `running`, bool [members], is False stay as they are; others stop after the first step whose
      loss is not finite. `orders`, int32 [members, examples], hold the epoch's examples in each
      one's order. Donates the state.
    whole_epochs: Whether one call of `run` may take a whole epoch; else it takes one step.
    step: (state, running, batches) to the state after one step on a batch of each member, a tree of
      [members, batch, ...]. Donates the state.
    after_epoch: (state, running, accuracies) to the state with the validation accuracies, float32
      [members], of one more epoch. Donates the state.
    logits: (variables of all, inputs) to float32 logits [members, batch, classes].
  """

  init: Callable[[], TrainState]
  run: Callable[..., TrainState]
  whole_epochs: bool
  step: Callable[..., TrainState]
  after_epoch: Callable[..., TrainState]
  logits: Callable[[Variables, Mapping[str, jax.Array]], jax.Array]


def create(
  training_of: Callable[[Mapping[str, Any]], Training],
  numbers: Mapping[str, np.ndarray],
  mesh: Mesh,
  whole_epochs: bool,
) -> Trainer:
  """Builds the functions of a run or a population; each compiles at its first call.

  Args:
    training_of: What a step has to know, by a member's own numbers.
    numbers: Those of all members, see `population.values`; may be empty for a run alone. They are
      arguments of the compiled functions, so that other seeds find these in the compilation cache.
    mesh: See `devices.mesh`.
    whole_epochs: Whether `run` goes to `stop` in one call, or takes one step.
  """
  members = len(next(iter(numbers.values()), [None]))
  own = NamedSharding(mesh, PartitionSpec(MEMBER_AXIS))
  split = NamedSharding(mesh, PartitionSpec(BATCH_AXIS))

  def of_all(function: Callable, *is_own: bool) -> Callable:
    return for_members(
      lambda numbers, *others: function(training_of(numbers), *others),
      mesh,
      members,
      (True, *is_own),
    )

  def compiled(function: Callable, **options) -> Callable:
    return partial(jax.jit(function, **options), numbers)

  one_step = partial(_one_step, mesh, members > 1)

  def gathering_step(training: Training, state: TrainState, running, data, order) -> TrainState:
    return one_step(training, state, running, _gather(training, state, data, order))

  gathering = of_all(gathering_step, True, True, False, True)
  after_epoch = of_all(partial(_after_epoch, members > 1), True, True, True)
  logits = of_all(lambda training, *arguments: training.recipe.logits(*arguments), True, False)
  whole = NamedSharding(mesh, PartitionSpec())
  changes_state = {'donate_argnums': 1, 'out_shardings': own}
  return Trainer(
    compiled(of_all(_init), out_shardings=own),
    compiled(partial(_to_stop if whole_epochs else _once, gathering), **changes_state),
    whole_epochs,
    compiled(of_all(one_step, True, True, True), **changes_state),
    compiled(after_epoch, **changes_state),
    compiled(logits, in_shardings=(None, own, split), out_shardings=whole),
  )


def _init(training: Training) -> TrainState:
  return states.init(training.recipe, training.tx, training.average_decay, training.rng)


def _to_stop(step: Callable, numbers, state: TrainState, running, data, orders, stop) -> TrainState:
  """Of all members."""
  return jax.lax.while_loop(
    lambda state: (running & (state.step < stop) & (state.bad_step < 0)).any(),
    lambda state: step(numbers, state, running, data, orders),
    state,
  )


def _once(step: Callable, numbers, state: TrainState, running, data, orders, stop) -> TrainState:
  """Of all members."""
  del stop
  return step(numbers, state, running, data, orders)


def _gather(training: Training, state: TrainState, data, order) -> Mapping[str, jax.Array]:
  start = state.step % training.steps_per_epoch * training.batch_size
  index = jax.lax.dynamic_slice(order, (start,), (training.batch_size,))
  return {name: data[name][index] for name in training.recipe.reads}


def _one_step(
  mesh: Mesh, some_wait: bool, training: Training, state: TrainState, running, batch
) -> TrainState:
  after = _step(training, state, shared_batch(batch, mesh))
  return _kept(running & (state.bad_step < 0), after, state) if some_wait else after


def _after_epoch(
  some_wait: bool, training: Training, state: TrainState, running, accuracy
) -> TrainState:
  plateau, epoch = state.plateau, state.epoch + 1
  if plateau is not None:
    _, plateau = training.recipe.plateau.update({}, plateau, value=1 - accuracy)
  after = state.replace(
    epoch=epoch,
    loss_sum=jnp.zeros_like(state.loss_sum),
    progress=state.progress.after(epoch, accuracy),
    plateau=plateau,
  )
  return _kept(running & (state.bad_step < 0), after, state) if some_wait else after


def _kept(goes_on: jax.Array, after: TrainState, before: TrainState) -> TrainState:
  return jax.tree.map(partial(jnp.where, goes_on), after, before)


def _step(training: Training, state: TrainState, batch: Mapping[str, jax.Array]) -> TrainState:
  keys = jax.random.split(jax.random.fold_in(training.rng, state.step))
  inputs = training.recipe.inputs(training.strengths, keys[0], batch)
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
  logits: Callable,
  variables: Variables,
  arrays: Mapping[str, np.ndarray],
  reads: Sequence[str],
  mesh: Mesh | None = None,
) -> np.ndarray:
  """Logits of all examples, float32 [..., examples, classes], in batches of one compiled size.

  Its size is about EVALUATION_BATCH pictures, divisible among the devices. `reads` names what
  `logits` reads among the arrays (`Recipe.evaluates`); what it gives may have leading axes. The
  devices of a `mesh` share a batch.
  """
  devices = jax.device_count()
  views = math.prod(arrays[reads[0]].shape[1:-3])  # Of each example, or 1.
  size = -(-EVALUATION_BATCH // (views * devices)) * devices
  examples = len(arrays[reads[0]])
  results = []
  for start in range(0, examples, size):
    chosen = np.minimum(np.arange(start, start + size), examples - 1)
    if mesh is None:
      batch = {name: arrays[name][chosen] for name in reads}
    else:
      batch = place_examples(arrays, reads, chosen, mesh)
    results.append(np.asarray(logits(variables, batch)))
  return np.concatenate(results, axis=-2)[..., :examples, :]
