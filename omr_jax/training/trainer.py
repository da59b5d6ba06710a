"""The functions of training, compiled for all members of a population and all devices."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from omr_jax.recipe.hyperparameters import Hyperparameters, varying
from omr_jax.training import state as states
from omr_jax.training.devices import BATCH_AXIS, MEMBER_AXIS, for_members, shared_batch
from omr_jax.training.state import TrainState, Variables
from omr_jax.training.step import Training, train_step


class Trainer(NamedTuple):
  """The compiled functions of a population.

  States and variables are those of all members: all their leaves have a leading axis [members]. A
  run alone is a population of one. `running`, bool [members], says which members take part; the
  others keep their state. Functions that return a state donate the one that they are given.

  Attributes:
    init: () to the state before the first step.
    run: (state, running, data, orders, stop) to the state after step `stop`. A member stops early
      after the first step whose loss is not finite. `data` are all training examples, each array
      [examples, ...]; `orders`, int32 [members, examples], are the members' orders of the epoch.
    whole_epochs: Whether one call of `run` goes on to step `stop`; else it takes one step.
    step: (state, running, batches) to the state after one step on `batches`, each array [members,
      batch, ...].
    after_epoch: (state, running, accuracies) to the state after an epoch that ended with these
      validation accuracies, float32 [members].
    logits: (variables, arrays) to float32 logits [members, batch, classes].
  """

  init: Callable[[], TrainState]
  run: Callable[..., TrainState]
  whole_epochs: bool
  step: Callable[..., TrainState]
  after_epoch: Callable[..., TrainState]
  logits: Callable[[Variables, Mapping[str, jax.Array]], jax.Array]


def create(
  training: Training, members: Sequence[Hyperparameters], mesh: Mesh, whole_epochs: bool
) -> Trainer:
  """Makes the functions of a population; each compiles at its first call.

  Args:
    training: What the members have in common.
    members: The hyperparameters of each one.
    mesh: The devices, see `devices.mesh`.
    whole_epochs: Whether `run` goes on to `stop` in one call, or takes one step.
  """
  common, own = members[0], varying(members)
  several = len(members) > 1

  def for_all(function: Callable, *has_own: bool) -> Callable:
    """From a function of one member to one of `own` and the arguments of all members."""
    return for_members(
      lambda own, *arguments: function(common.with_own(own), *arguments),
      mesh,
      len(members),
      (True, *has_own),
    )

  def init(hyperparameters: Hyperparameters) -> TrainState:
    return states.init(training.recipe, hyperparameters, training.steps)

  def step(hyperparameters: Hyperparameters, state: TrainState, running, batch) -> TrainState:
    after = train_step(training, hyperparameters, state, shared_batch(batch, mesh))
    return _if_running(running, after, state) if several else after

  def ordered_step(hyperparameters, state: TrainState, running, data, order) -> TrainState:
    return step(hyperparameters, state, running, _batch(training, state, data, order))

  def after_epoch(hyperparameters, state: TrainState, running, accuracy) -> TrainState:
    after = _after_epoch(training, hyperparameters, state, accuracy)
    return _if_running(running, after, state) if several else after

  def logits(hyperparameters, variables: Variables, arrays) -> jax.Array:
    del hyperparameters
    return training.recipe.logits(variables, arrays)

  step_of_all = for_all(ordered_step, True, True, False, True)

  def run(own, state: TrainState, running, data, orders, stop) -> TrainState:
    if not whole_epochs:
      return step_of_all(own, state, running, data, orders)
    return jax.lax.while_loop(
      lambda state: (running & (state.step < stop) & (state.bad_step < 0)).any(),
      lambda state: step_of_all(own, state, running, data, orders),
      state,
    )

  # The members' own numbers are arguments, so that another seed finds the program in the cache.
  def compiled(function: Callable, **options: Any) -> Callable:
    return partial(jax.jit(function, **options), own)

  by_member = NamedSharding(mesh, PartitionSpec(MEMBER_AXIS))
  by_batch = NamedSharding(mesh, PartitionSpec(BATCH_AXIS))
  everywhere = NamedSharding(mesh, PartitionSpec())
  changes_state = {'donate_argnums': 1, 'out_shardings': by_member}
  return Trainer(
    init=compiled(for_all(init), out_shardings=by_member),
    run=compiled(run, **changes_state),
    whole_epochs=whole_epochs,
    step=compiled(for_all(step, True, True, True), **changes_state),
    after_epoch=compiled(for_all(after_epoch, True, True, True), **changes_state),
    logits=compiled(
      for_all(logits, True, False),
      in_shardings=(None, by_member, by_batch),
      out_shardings=everywhere,
    ),
  )


def _batch(training: Training, state: TrainState, data, order) -> Mapping[str, jax.Array]:
  """The examples of the next step in the order of the epoch."""
  start = state.step % training.steps_per_epoch * training.batch_size
  index = jax.lax.dynamic_slice(order, (start,), (training.batch_size,))
  return {name: data[name][index] for name in training.recipe.reads}


def _after_epoch(
  training: Training, hyperparameters: Hyperparameters, state: TrainState, accuracy: jax.Array
) -> TrainState:
  plateau, epoch = state.plateau, state.epoch + 1
  if plateau is not None:
    tx = training.recipe.plateau(hyperparameters.optimizer['learning_rate'])
    _, plateau = tx.update({}, plateau, value=1 - accuracy)
  return state.replace(
    epoch=epoch,
    loss_sum=jnp.zeros_like(state.loss_sum),
    progress=state.progress.after(epoch, accuracy),
    plateau=plateau,
  )


def _if_running(running: jax.Array, after: TrainState, before: TrainState) -> TrainState:
  """`after` if the member takes part and all its losses have been finite, else `before`."""
  return jax.tree.map(partial(jnp.where, running & (before.bad_step < 0)), after, before)
