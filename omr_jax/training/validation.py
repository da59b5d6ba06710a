"""Validates all members after each epoch, keeps the best variables, and checks the losses."""

import math

import jax
import numpy as np

from omr_jax.errors import UserError
from omr_jax.training import devices
from omr_jax.training.population import Population
from omr_jax.training.state import TrainState, Variables


def refuse_not_finite(population: Population, state: TrainState) -> None:
  """Raises UserError if every member has had a loss that is not finite."""
  bad_steps = np.asarray(state.bad_step)
  if (bad_steps < 0).any():
    return
  step = int(bad_steps.max())
  raise UserError(
    f'epoch {step // population.steps_per_epoch + 1}, step {step}: the loss is not finite. A lower '
    'config.optimizer.learning_rate in a new workdir helps most often; what was saved before is '
    f'in {population.workdir}.'
  )


def validate(
  population: Population, state: TrainState, best: Variables, running: np.ndarray
) -> tuple[TrainState, Variables, dict[int, dict]]:
  """Validates all members after an epoch.

  Args:
    population: The population.
    state: The state after the last step of the epoch.
    best: The variables of each member's best epoch so far, on the host.
    running: The members that took part in the epoch, bool [members].

  Returns:
    The state at the beginning of the next epoch; the best variables so far; and, by the index of a
    member, the metrics of each one that took part and whose losses have all been finite.

  Raises:
    UserError: Every member has had a loss that is not finite.
  """
  task, predict = population.recipe.task, population.predict(state.evaluated())
  found = task.evaluation.validate(population.config, population.dataset, predict)
  reached = np.array([numbers[task.validated] for numbers in found], np.float32)
  are_finite = np.array([all(map(math.isfinite, numbers.values())) for numbers in found])
  bad_steps = np.asarray(state.bad_step)
  spoilt = running & (bad_steps < 0) & ~are_finite
  bad_steps = np.where(spoilt, np.asarray(state.step) - 1, bad_steps).astype(np.int32)
  state = state.replace(bad_step=devices.place(bad_steps, state.bad_step.sharding))
  refuse_not_finite(population, state)
  steps, epochs = np.asarray(state.step), np.asarray(state.epoch)
  loss_sums = np.asarray(state.loss_sum)
  scales = np.ones(len(steps)) if state.plateau is None else np.asarray(state.plateau.scale)
  lines = {}
  for number in np.flatnonzero(running & (bad_steps < 0)).tolist():
    rate = float(population.members[number].rates(int(steps[number]) - 1))
    lines[number] = {
      'epoch': int(epochs[number]) + 1,
      'step': int(steps[number]),
      'loss': float(loss_sums[number]) / population.steps_per_epoch,
      **found[number],
      'learning_rate': rate * float(scales[number]),
    }
  state = population.trainer.after_epoch(state, running, reached)
  return state, _better(state, best, running), lines


def _better(state: TrainState, best: Variables, running: np.ndarray) -> Variables:
  """The best variables so far of all members, on the host, after an epoch of those in `running`."""
  is_best = running & (np.asarray(state.progress.best_epoch) == np.asarray(state.epoch))
  if not is_best.any():
    return best

  def chosen(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    return np.where(is_best.reshape(-1, *(1,) * (now.ndim - 1)), now, before)

  return jax.tree.map(chosen, jax.device_get(state.evaluated()), best)
