"""One training step: start reading here.

`train_step` takes one network from a state to the next: augment the batch, loss and gradients,
optimizer, moving averages. What the loss is, the task says; that of the networks which give one
class to each example is `tasks.classifiers.training.cross_entropy`. `trainer.py` compiles the step
for all members of a population, `feed.py` brings the examples to the devices, and `loop.py` has the
loop over epochs.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from omr_jax.recipe.hyperparameters import Hyperparameters
from omr_jax.recipe.recipe import Recipe
from omr_jax.training import state as states
from omr_jax.training.state import TrainState


class Training(NamedTuple):
  """What all members of a population have in common. The compiled step has it as constants.

  Attributes:
    recipe: Network, augmentation and optimizer.
    batch_size: Number of examples in a step of one member; all devices together share them.
    steps_per_epoch: Number of whole batches in the training split. An epoch skips the few examples
      that do not fill a batch; each epoch has another order and so skips others.
    epochs: Largest number of epochs; the schedule of learning rates spans all of them.
    loss: (outputs, targets, **hyperparameters.loss_numbers) to the mean loss of a batch. `outputs`
      are what the network returns with `train=True`; `targets` come from `recipe.augmented`.
  """

  recipe: Recipe
  batch_size: int
  steps_per_epoch: int
  epochs: int
  loss: Callable[..., jax.Array]

  @property
  def steps(self) -> int:
    """Largest number of steps of a run."""
    return self.steps_per_epoch * self.epochs


def train_step(
  training: Training,
  hyperparameters: Hyperparameters,
  state: TrainState,
  batch: Mapping[str, jax.Array],
) -> TrainState:
  """The state of one network after one step.

  Args:
    training: What the members have in common.
    hyperparameters: The numbers of this network; some may be tracers.
    state: The state before the step.
    batch: The arrays that `training.recipe.reads` names, each [batch, ...].
  """
  recipe, params = training.recipe, state.variables['params']
  rngs = jax.random.split(jax.random.fold_in(hyperparameters.rng, state.step))
  inputs, targets = recipe.augmented(hyperparameters.strengths, rngs[0], batch)

  def loss_of(params: Any) -> tuple[jax.Array, Any]:
    outputs, updated = recipe.module.apply(
      {'params': params, 'batch_stats': state.variables['batch_stats']},
      inputs,
      train=True,
      mutable=['batch_stats'],
      rngs={'dropout': rngs[1]},
    )
    loss = training.loss(outputs, targets, **hyperparameters.loss_numbers)
    return loss, updated.get('batch_stats', {})

  (value, batch_stats), grads = jax.value_and_grad(loss_of, has_aux=True)(params)
  tx = recipe.create_tx(hyperparameters.optimizer, training.steps)
  updates, opt_state = tx.update(grads, state.opt_state, params)
  if state.plateau is not None:
    updates = jax.tree.map(lambda update: update * state.plateau.scale, updates)
  variables = {'params': optax.apply_updates(params, updates), 'batch_stats': batch_stats}
  return state.replace(
    step=state.step + 1,
    variables=variables,
    average=states.averaged(state, variables, hyperparameters.average_decay),
    opt_state=opt_state,
    loss_sum=state.loss_sum + value,
    bad_step=jnp.where(jnp.isfinite(value), state.bad_step, state.step),
  )
