"""A population: the runs that one compiled program trains. A run alone is a population of one."""

import dataclasses
import functools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import optax
from ml_collections import ConfigDict

from omr_jax.data.dataset import Dataset, Split, epoch_order
from omr_jax.errors import UserError
from omr_jax.recipe import hyperparameters
from omr_jax.recipe.recipe import Recipe
from omr_jax.training import backend, checkpoint, devices, inference, processes, starts, trainer
from omr_jax.training import feed as feeds
from omr_jax.training.state import TrainState, Variables
from omr_jax.training.step import Training
from omr_jax.training.trainer import Trainer


class Member(NamedTuple):
  """One run of a population.

  Attributes:
    name: What distinguishes it from the others, such as 'seed=0'; '' for a run alone.
    config: Its own config.
    workdir: Folder of its metrics, its report and its final checkpoint.
    rates: The learning rate of each step, before the schedule `plateau` scales it.
  """

  name: str
  config: ConfigDict
  workdir: Path
  rates: optax.Schedule


@dataclasses.dataclass
class Population:
  """All that stays the same while the members train.

  Attributes:
    members: The runs of the population.
    config: The config of the first member; it is read for what all members have in common.
    config_name: Name of the config's page, for messages and reports.
    workdir: Folder of the checkpoints during training. For a run alone it is also the folder of
      that run; if there are several members, their folders are inside.
    recipe: What the members have in common, made from the config.
    dataset: The data, on the host.
    mesh: The devices.
    trainer: The compiled functions.
    steps_per_epoch: Number of whole batches in the training split.
    started: Time on the clock of `time.monotonic` at which the training began, moved back by the
      seconds that it ran before an interruption.
    starts: The different starts of the training (`training.starts`); `start` adds those before an
      interruption.
  """

  members: Sequence[Member]
  config: ConfigDict
  config_name: str
  workdir: Path
  recipe: Recipe
  dataset: Dataset
  mesh: jax.sharding.Mesh
  trainer: Trainer
  steps_per_epoch: int
  started: float
  starts: Sequence[starts.Start]

  @functools.cached_property
  def checkpoints(self) -> Any:
    """The manager of the checkpoints, opened when it is first asked for."""
    return checkpoint.open_folder(self.workdir)

  def predict(self, variables: Variables) -> Callable[..., Iterator[Any]]:
    """Makes the function with which a task evaluates networks that have these variables.

    The function takes the arrays of examples, and optionally `batch_size`. It yields what the
    networks say, batch by batch, as `inference.in_batches` does: each array [members, batch, ...].
    """

    def predicted(arrays: Split, batch_size: int | None = None) -> Iterator[Any]:
      reads, predict = self.recipe.evaluates, self.trainer.predict
      return inference.in_batches(predict, variables, arrays, reads, self.mesh, batch_size)

    return predicted

  def orders(self, epoch: int) -> np.ndarray:
    """The members' orders of an epoch's training examples, int32 [members, examples or drawn]."""
    examples, draws, drawn = self.dataset.sizes['train'], self.dataset.draws, self.dataset.drawn
    seeds = [member.config.seed for member in self.members]
    return np.stack([epoch_order(seed, epoch, examples, draws, drawn) for seed in seeds])

  @property
  def steps(self) -> int:
    """Largest number of steps of a member."""
    return self.steps_per_epoch * self.config.epochs

  def seconds(self) -> float:
    """Seconds of training up to now, without work that was lost because no checkpoint has it."""
    return time.monotonic() - self.started

  def running(self, state: TrainState) -> np.ndarray:
    """Which members have to train on, bool [members].

    A member stops after the last epoch, after `config.stop_after` epochs in which the measure of
    the task (`Task.validated`) did not improve, and when its loss is not finite.
    """
    config = self.config
    goes_on = (np.asarray(state.epoch) < config.epochs) & (np.asarray(state.bad_step) < 0)
    if config.stop_after:
      goes_on &= np.asarray(state.progress.waited) < config.stop_after
    return goes_on

  def save(self, state: TrainState, best: Variables) -> float:
    """Saves a checkpoint; returns the seconds that it took."""
    began = time.monotonic()
    checkpoint.save(self.checkpoints, steps_taken(state), state, best, self.seconds(), self.starts)
    return time.monotonic() - began

  @property
  def is_streamed(self) -> bool:
    """Whether the training examples reach the devices batch by batch."""
    arrays, device = self.dataset.splits['train'], self.mesh.devices.flat[0]
    return feeds.is_streamed(self.config.data.feed, arrays, self.recipe.reads, device)


def steps_taken(state: TrainState) -> int:
  """The number of steps of the member that has taken the most."""
  return int(np.asarray(state.step).max())


def workdirs(workdir: Path, configs: Mapping[str, ConfigDict]) -> dict[Path, ConfigDict]:
  """The config of each member by its folder, which is `workdir` itself for a run alone."""
  return {workdir / name: config for name, config in configs.items()}


def create(
  configs: Mapping[str, ConfigDict],
  config_name: str,
  workdir: Path,
  recipe: Recipe,
  dataset: Dataset,
  mesh: jax.sharding.Mesh,
  started: float,
  now: starts.Start,
) -> Population:
  """Makes a population. Writes nothing; `configs` has the configs of the members by name.

  Raises:
    UserError: A batch has more examples than an epoch, or there are more steps than 32 bits count.
  """
  config = next(iter(configs.values()))
  examples = dataset.drawn or dataset.sizes['train']
  if config.batch_size > examples:
    raise UserError(
      f'config.batch_size={config.batch_size} is more than the {examples} training examples.'
    )
  steps = examples // config.batch_size
  if config.epochs * steps >= 2**31:
    raise UserError(
      f'config.epochs={config.epochs} of {steps} steps are 2^31 steps or more; choose fewer.'
    )
  training = Training(
    recipe=recipe,
    batch_size=config.batch_size,
    steps_per_epoch=steps,
    epochs=config.epochs,
    loss=recipe.loss(dataset.splits['train'], dataset.draws),
  )
  numbers = [hyperparameters.of_config(of_member) for of_member in configs.values()]
  whole_epochs = backend.takes_whole_epochs(mesh.devices.flat[0].platform)
  return Population(
    members=[
      Member(name, of_member, workdir / name, recipe.rates(own.optimizer, training.steps))
      for (name, of_member), own in zip(configs.items(), numbers, strict=True)
    ],
    config=config,
    config_name=config_name,
    workdir=workdir,
    recipe=recipe,
    dataset=dataset,
    mesh=mesh,
    trainer=trainer.create(training, numbers, mesh, whole_epochs),
    steps_per_epoch=training.steps_per_epoch,
    started=started,
    starts=[now],
  )


def start(population: Population) -> tuple[TrainState, Variables, feeds.Feed]:
  """Returns the state and the best variables of all members, and the feed.

  The state and the variables are those of the latest checkpoint, or new ones if there is none.

  Raises:
    UserError: The checkpoint is damaged, or that of another network.
  """
  shapes, saved = population.trainer.shapes(), None
  if processes.on_first(lambda: checkpoint.make_folder(population.workdir)):
    saved = _saved(population, shapes)
  feed = _feed(population, shapes)
  if saved is not None:
    return *saved, feed
  state = population.trainer.init()  # It compiles while the step does.
  return state, jax.device_get(state.evaluated()), feed


def _saved(population: Population, shapes: TrainState) -> tuple[TrainState, Variables] | None:
  """The state and the best variables of the latest checkpoint, or None if there is none."""
  manager = population.checkpoints
  state = checkpoint.restore(manager, 'state', shapes)
  if state is None:
    return None
  best = checkpoint.restore(manager, 'best', shapes.variables)
  before = checkpoint.facts(manager)
  population.started -= before.seconds
  population.starts = starts.going_on(before.starts, population.starts[-1], population.workdir)
  return devices.place(state, jax.tree.leaves(shapes)[0].sharding), best


def _feed(population: Population, shapes: TrainState) -> feeds.Feed:
  """Makes the feed.

  If all examples are to stay on the devices, one thread copies them there from now on, and another
  one compiles the step.

  Args:
    population: The population.
    shapes: The shapes of the state.
  """
  arrays, reads = population.dataset.splits['train'], population.recipe.reads
  trainer, mesh = population.trainer, population.mesh
  if not population.is_streamed:
    first = shapes, np.ones(len(population.members), bool), population.orders(1)
    return feeds.resident(trainer, arrays, reads, mesh, first)
  batch_size, steps = population.config.batch_size, population.steps_per_epoch
  return feeds.streamed(trainer, arrays, reads, mesh, batch_size, steps)
