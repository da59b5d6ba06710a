"""What belongs together while a run goes on, made from its config and its data."""

import dataclasses
import time
from collections.abc import Mapping
from pathlib import Path

import jax
import numpy as np
import optax
from ml_collections import ConfigDict

from omr_jax import backend, checkpoint, data, recipe, train
from omr_jax.errors import UserError
from omr_jax.state import TrainState, Variables


@dataclasses.dataclass
class Run:
  """A run, from its start to its report.

  Attributes:
    config: As given.
    config_name: Of its page, for people.
    workdir: Where it writes.
    parts: The recipe made from the config.
    dataset: All arrays, on the host.
    mesh: The devices.
    trainer: Compiled functions.
    steps_per_epoch: Whole batches of the training split.
    rates: The learning rate over steps, before the plateau's scale.
    started: When, on the clock of `time.monotonic`; moved back by what the run took before.
    manager: Of the checkpoints, opened by `start`.
  """

  config: ConfigDict
  config_name: str
  workdir: Path
  parts: recipe.Recipe
  dataset: data.Dataset
  mesh: jax.sharding.Mesh
  trainer: train.Trainer
  steps_per_epoch: int
  rates: optax.Schedule
  started: float
  manager: object = None

  def predict(self, variables: Variables, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Logits of all examples of a split, float32 [examples, classes]."""
    return train.predict(self.trainer.logits, variables, arrays, self.parts.evaluates)

  def seconds(self) -> float:
    """What the run has taken so far, what a kill has lost apart."""
    return time.monotonic() - self.started


def device_mesh(batch_size: int) -> jax.sharding.Mesh:
  """All devices in a row. UserError where they can't share a batch of `batch_size`."""
  devices = jax.device_count()
  if batch_size % devices:
    raise UserError(
      f'config.batch_size={batch_size} does not divide among the {devices} devices; choose a '
      'multiple.'
    )
  return jax.make_mesh((devices,), (train.BATCH_AXIS,), axis_types=(jax.sharding.AxisType.Auto,))


def create(
  config: ConfigDict,
  config_name: str,
  workdir: Path,
  parts: recipe.Recipe,
  dataset: data.Dataset,
  mesh: jax.sharding.Mesh,
  started: float,
) -> Run:
  """Makes the functions of a run; nothing is written yet.

  Raises:
    UserError: Fewer training examples than a batch has.
  """
  examples = len(dataset.splits['train']['label'])
  if config.batch_size > examples:
    raise UserError(
      f'config.batch_size={config.batch_size} is more than the {examples} training examples.'
    )
  steps = examples // config.batch_size
  tx, rates = parts.create_tx(steps * config.epochs)
  counts = np.bincount(dataset.splits['train']['label'], minlength=len(parts.classes))
  training = train.Training(
    recipe=parts,
    tx=tx,
    seed=config.seed,
    batch_size=config.batch_size,
    steps_per_epoch=steps,
    average_decay=config.average_decay,
    label_smoothing=config.loss.label_smoothing,
    class_weights=parts.class_weights(counts) if parts.class_weights else None,
  )
  whole_epochs = backend.takes_whole_epochs(mesh.devices.flat[0].platform)
  trainer = train.create(training, mesh, whole_epochs)
  return Run(config, config_name, workdir, parts, dataset, mesh, trainer, steps, rates, started)


def start(run: Run) -> tuple[TrainState, Variables]:
  """State and best variables of the latest checkpoint, or new ones; opens them, sets the clock.

  Raises:
    UserError: A checkpoint that is damaged or of another network.
  """
  run.manager = checkpoint.open_folder(run.workdir)
  state = run.trainer.init()
  saved = checkpoint.restore(run.manager, 'state', state)
  if saved is None:
    return state, jax.device_get(state.evaluated())
  best = checkpoint.restore(run.manager, 'best', state.variables)
  run.started -= checkpoint.seconds(run.manager)
  return jax.device_put(saved, jax.tree.leaves(state)[0].sharding), best
