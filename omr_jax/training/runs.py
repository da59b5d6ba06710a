"""What belongs together while runs go on, made from their configs and their data.

They are one run, or a population of several that one program trains; see `population`.
"""

import dataclasses
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import optax
from ml_collections import ConfigDict

from omr_jax.data import dataset as data
from omr_jax.errors import UserError
from omr_jax.recipe import population, recipe
from omr_jax.training import backend, checkpoint, devices, feed, step
from omr_jax.training.state import TrainState, Variables


class Member(NamedTuple):
  """One of the runs.

  Attributes:
    name: What tells it from the others, such as 'seed=0'; '' of a run alone.
    config: As given.
    workdir: Where its metrics, report and final checkpoint are written.
    rates: The learning rate over steps, before the plateau's scale.
  """

  name: str
  config: ConfigDict
  workdir: Path
  rates: optax.Schedule


@dataclasses.dataclass
class Runs:
  """One run or a population, from the start to the reports.

  Attributes:
    members: The runs.
    config: The first one's, for what all have in common.
    config_name: Of its page, for people.
    workdir: Where checkpoints are written while they go on; of a run alone it is the member's own.
    parts: The recipe made from the config.
    dataset: All arrays, on the host.
    mesh: The devices.
    trainer: Compiled functions.
    steps_per_epoch: Whole batches of the training split.
    started: When, on the clock of `time.monotonic`; moved back by what they took before.
    manager: Of the checkpoints, opened by `start`.
  """

  members: Sequence[Member]
  config: ConfigDict
  config_name: str
  workdir: Path
  parts: recipe.Recipe
  dataset: data.Dataset
  mesh: jax.sharding.Mesh
  trainer: step.Trainer
  steps_per_epoch: int
  started: float
  manager: object = None

  def predict(self, variables: Variables, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Logits of all examples of a split, float32 [members, examples, classes]."""
    return step.predict(self.trainer.logits, variables, arrays, self.parts.evaluates, self.mesh)

  def seconds(self) -> float:
    """What they have taken so far, what a kill has lost apart."""
    return time.monotonic() - self.started

  def going_on(self, state: TrainState) -> np.ndarray:
    """Which members train on, bool [members]: neither at their end nor with a loss not finite."""
    config = self.config
    goes_on = (np.asarray(state.epoch) < config.epochs) & (np.asarray(state.bad_step) < 0)
    if config.stop_after:
      goes_on &= np.asarray(state.progress.waited) < config.stop_after
    return goes_on


def workdirs(workdir: Path, configs: Mapping[str, ConfigDict]) -> dict[Path, ConfigDict]:
  """The config of each run by its folder: `workdir` itself of a run alone, else one in it."""
  return {workdir / name: config for name, config in configs.items()}


def create(
  configs: Mapping[str, ConfigDict],
  config_name: str,
  workdir: Path,
  parts: recipe.Recipe,
  dataset: data.Dataset,
  mesh: jax.sharding.Mesh,
  started: float,
) -> Runs:
  """Makes the functions of the runs, given by name; nothing is written yet.

  Raises:
    UserError: Fewer training examples than a batch has.
  """
  config = next(iter(configs.values()))
  labels = dataset.splits['train']['label']
  if config.batch_size > len(labels):
    raise UserError(
      f'config.batch_size={config.batch_size} is more than the {len(labels)} training examples.'
    )
  steps = len(labels) // config.batch_size
  counts = np.bincount(labels, minlength=len(parts.classes))
  numbers = population.values(list(configs.values()))

  def training_of(of_member: Mapping[str, Any]) -> step.Training:
    return _training(population.with_values(config, of_member), steps, counts)

  whole_epochs = backend.takes_whole_epochs(mesh.devices.flat[0].platform)
  trainer = step.create(training_of, numbers, mesh, whole_epochs)
  members = [
    Member(name, of_run, folder, recipe.make(of_run).create_tx(steps * of_run.epochs)[1])
    for (name, of_run), folder in zip(configs.items(), workdirs(workdir, configs), strict=True)
  ]
  return Runs(members, config, config_name, workdir, parts, dataset, mesh, trainer, steps, started)


def _training(config: ConfigDict, steps: int, counts: np.ndarray) -> step.Training:
  parts = recipe.make(config)
  return step.Training(
    recipe=parts,
    strengths=parts.task.recipe.strengths(config),
    tx=parts.create_tx(steps * config.epochs)[0],
    seed=config.seed,
    batch_size=config.batch_size,
    steps_per_epoch=steps,
    average_decay=config.average_decay,
    label_smoothing=config.loss.label_smoothing,
    class_weights=parts.class_weights(counts) if parts.class_weights else None,
  )


def start(runs: Runs) -> tuple[TrainState, Variables]:
  """State and best variables of the latest checkpoint, or new ones; opens them, sets the clock.

  Both are of all members.

  Raises:
    UserError: A checkpoint that is damaged or of another network.
  """
  runs.manager = checkpoint.open_folder(runs.workdir)
  state = runs.trainer.init()
  saved = checkpoint.restore(runs.manager, 'state', state)
  if saved is None:
    return state, jax.device_get(state.evaluated())
  best = checkpoint.restore(runs.manager, 'best', state.variables)
  runs.started -= checkpoint.seconds(runs.manager)
  return devices.place(saved, jax.tree.leaves(state)[0].sharding), best


def is_streamed(runs: Runs) -> bool:
  """Whether the training examples don't stay on the devices."""
  arrays, device = runs.dataset.splits['train'], runs.mesh.devices.flat[0]
  return feed.is_streamed(runs.config.data.feed, arrays, runs.parts.reads, device)


def create_feed(runs: Runs) -> feed.Feed:
  """How the training examples reach the devices; puts them there if they stay."""
  arguments = runs.trainer, runs.dataset.splits['train'], runs.parts.reads, runs.mesh
  if is_streamed(runs):
    return feed.streamed(*arguments, runs.config.batch_size, runs.steps_per_epoch)
  return feed.resident(*arguments)
