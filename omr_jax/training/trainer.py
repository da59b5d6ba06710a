"""Compiles the functions of training for all members of a population and all devices."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from omr_jax.recipe.hyperparameters import Hyperparameters, varying
from omr_jax.training import backend
from omr_jax.training import state as states
from omr_jax.training.devices import BATCH_AXIS, MEMBER_AXIS, for_members, shared_batch
from omr_jax.training.state import TrainState, Variables
from omr_jax.training.step import Training, train_step


class Trainer(NamedTuple):
  """The compiled functions of a population.

  A state holds the states of all members: each leaf has a leading axis [members], and so has each
  leaf of variables. A run alone is a population of one. `running`, bool [members], says which
  members take part; the others keep their state. A function that returns a state donates the state
  that it is given, which can not be used afterwards.

  Attributes:
    init: () to the state before the first step.
    shapes: () to the shapes of that state, with their shardings; compiles nothing.
    run: (state, running, data, orders, stop) to a later state: the one after step `stop` if
      `whole_epochs`, else the one after the next step. A member stops early after the first step
      whose loss is not finite. `data` are all training examples, each array [examples, ...];
      `orders`, int32 [members, examples], is each member's order of the examples in this epoch.
    whole_epochs: Whether one call of `run` takes all steps to `stop`, or just one step.
    step: (state, running, batches) to the state after one step on `batches`, each array [members,
      batch, ...].
    after_epoch: (state, running, reached) to the state at the beginning of the next epoch.
      `reached`, float32 [members], are the members' measures in validation (`Task.validated`).
    predict: (variables, arrays) to what `Recipe.predicted` returns, each array [members, batch,
      ...].
  """

  init: Callable[[], TrainState]
  shapes: Callable[[], TrainState]
  run: Callable[..., TrainState]
  whole_epochs: bool
  step: Callable[..., TrainState]
  after_epoch: Callable[..., TrainState]
  predict: Callable[[Variables, Mapping[str, jax.Array]], Any]


class _MemberFunctions(NamedTuple):
  """The functions of one member; the first argument of each is the member's hyperparameters.

  Attributes:
    init: (hyperparameters) to the state before the first step.
    step: (hyperparameters, state, running, batch) to the state after one step.
    ordered_step: (hyperparameters, state, running, data, order) to the state after one step on the
      next batch in the order of the epoch.
    after_epoch: (hyperparameters, state, running, reached) to the state at the beginning of the
      next epoch.
    predict: (hyperparameters, variables, arrays) to what `Recipe.predicted` returns.
  """

  init: Callable[..., TrainState]
  step: Callable[..., TrainState]
  ordered_step: Callable[..., TrainState]
  after_epoch: Callable[..., TrainState]
  predict: Callable[..., Any]


def create(
  training: Training, members: Sequence[Hyperparameters], mesh: Mesh, whole_epochs: bool
) -> Trainer:
  """Makes the functions of a population; each compiles at its first call.

  Args:
    training: What the members have in common.
    members: The hyperparameters of each member.
    mesh: The devices, from `devices.mesh`.
    whole_epochs: Whether one call of `run` takes all steps to `stop`, or just one step.
  """
  common, own = members[0], varying(members)
  one = _functions_of_one(training, mesh, several=len(members) > 1)

  def for_all(function: Callable, *has_own: bool) -> Callable:
    """From a function of one member to one of `own` and the arguments of all members."""
    return for_members(
      lambda own, *arguments: function(common.with_own(own), *arguments),
      mesh,
      len(members),
      (True, *has_own),
    )

  run = _run(for_all(one.ordered_step, True, True, False, True), whole_epochs)

  # The numbers in `own` are arguments and not constants, so that the program compiled for one seed
  # is found in the cache for every other seed.
  def compiled(function: Callable, **options: Any) -> Any:
    return partial(jax.jit(function, **options), own)

  by_member = NamedSharding(mesh, PartitionSpec(MEMBER_AXIS))
  by_batch = NamedSharding(mesh, PartitionSpec(BATCH_AXIS))
  everywhere = NamedSharding(mesh, PartitionSpec())
  platform = mesh.devices.flat[0].platform
  of_networks = {'compiler_options': backend.for_networks(platform)}
  changes_state = {'donate_argnums': 1, 'out_shardings': by_member, **of_networks}
  init = compiled(
    for_all(one.init),
    out_shardings=by_member,
    compiler_options=backend.for_one_call(platform),
  )
  return Trainer(
    init=init,
    shapes=lambda: init.func.eval_shape(own),
    run=compiled(run, **changes_state),
    whole_epochs=whole_epochs,
    step=compiled(for_all(one.step, True, True, True), **changes_state),
    after_epoch=compiled(for_all(one.after_epoch, True, True, True), **changes_state),
    predict=compiled(
      for_all(one.predict, True, False),
      in_shardings=(None, by_member, by_batch),
      out_shardings=everywhere,
      **of_networks,
    ),
  )


def _run(step: Callable, whole_epochs: bool) -> Callable:
  """`Trainer.run` of all members, from their step, `_MemberFunctions.ordered_step`."""

  def run(own, state: TrainState, running, data, orders, stop) -> TrainState:
    if not whole_epochs:
      return step(own, state, running, data, orders)
    return jax.lax.while_loop(
      lambda state: (running & (state.step < stop) & (state.bad_step < 0)).any(),
      lambda state: step(own, state, running, data, orders),
      state,
    )

  return run


def _functions_of_one(training: Training, mesh: Mesh, several: bool) -> _MemberFunctions:
  """Makes the functions of one member.

  Args:
    training: What the members have in common.
    mesh: The devices; those along BATCH_AXIS share the member's batches.
    several: Whether the population has other members, so that some may run while others do not.
  """

  def init(hyperparameters: Hyperparameters) -> TrainState:
    return states.init(training.recipe, hyperparameters, training.steps)

  def step(hyperparameters: Hyperparameters, state: TrainState, running, batch) -> TrainState:
    after = train_step(training, hyperparameters, state, shared_batch(batch, mesh))
    return _if_running(running, after, state) if several else after

  def ordered_step(hyperparameters, state: TrainState, running, data, order) -> TrainState:
    return step(hyperparameters, state, running, _batch(training, state, data, order))

  def after_epoch(hyperparameters, state: TrainState, running, reached) -> TrainState:
    after = _after_epoch(training, hyperparameters, state, reached)
    return _if_running(running, after, state) if several else after

  def predict(hyperparameters, variables: Variables, arrays) -> Any:
    del hyperparameters
    return training.recipe.predicted(variables, arrays)

  return _MemberFunctions(init, step, ordered_step, after_epoch, predict)


def _batch(training: Training, state: TrainState, data, order) -> Mapping[str, jax.Array]:
  """The examples of the next step in the order of the epoch."""
  start = state.step % training.steps_per_epoch * training.batch_size
  index = jax.lax.dynamic_slice(order, (start,), (training.batch_size,))
  return {name: data[name][index] for name in training.recipe.reads}


def _after_epoch(
  training: Training, hyperparameters: Hyperparameters, state: TrainState, reached: jax.Array
) -> TrainState:
  """The state at the beginning of the next epoch, after one that reached this in validation."""
  plateau, epoch = state.plateau, state.epoch + 1
  if training.recipe.plateau is not None:
    tx = training.recipe.plateau(hyperparameters.optimizer['learning_rate'])
    _, plateau = tx.update({}, plateau, value=1 - reached)
  return state.replace(
    epoch=epoch,
    loss_sum=jnp.zeros_like(state.loss_sum),
    progress=state.progress.after(epoch, reached),
    plateau=plateau,
  )


def _if_running(running: jax.Array, after: TrainState, before: TrainState) -> TrainState:
  """`after` if the member takes part and all its losses have been finite, else `before`."""
  return jax.tree.map(partial(jnp.where, running & (before.bad_step < 0)), after, before)
