"""A run from start to report: prepare, train, validate, save, test, write down."""

import dataclasses
import platform
import resource
import sys
import time
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from ml_collections import ConfigDict
from tqdm import tqdm

from omr_jax import announce, checkpoint, data, evaluate, log, recipe, report, train
from omr_jax.errors import UserError
from omr_jax.interrupt import Interrupted, signals
from omr_jax.strokes import CLASSES
from omr_jax.workdir import claim, is_finished

EVALUATION_BATCH = 256
_NOT_FINITE = (
  'A lower config.optimizer.learning_rate in a new workdir helps most often; what was saved before '
  'is in '
)
_VERSIONS = ('jax', 'jaxlib', 'flax', 'optax', 'orbax-checkpoint', 'tensorflow-datasets', 'numpy')


@dataclasses.dataclass
class Run:
  """What belongs together while a run goes on.

  Attributes:
    config: As given.
    workdir: Where it writes.
    parts: The recipe made from the config.
    dataset: All arrays, on the host.
    trainer: Compiled functions.
    steps_per_epoch: Whole batches of the training split.
    rates: The learning rate over steps, before the plateau's scale.
    manager: Of the checkpoints.
  """

  config: ConfigDict
  workdir: Path
  parts: recipe.Recipe
  dataset: data.Dataset
  trainer: train.Trainer
  steps_per_epoch: int
  rates: optax.Schedule
  manager: object


def train_and_evaluate(
  config: ConfigDict, config_name: str, workdir: Path, data_dir: Path, raw_dir: str | None
) -> dict:
  """Trains, resumes or only tells that all is done; returns the summary.

  Args:
    config: See `configs/`.
    config_name: For the report.
    workdir: Of this run; a second start with the same config goes on there.
    data_dir: Where prepared data is kept.
    raw_dir: Where the raw archive is.

  Raises:
    UserError: A config that can't be run, data that is not there, a workdir of another config, a
      damaged checkpoint, a full disk, a loss that is not finite.
    Interrupted: After SIGTERM or Ctrl-C.
  """
  started = time.monotonic()
  parts = recipe.create(config, len(CLASSES))
  if is_finished(config, workdir):
    print(f'{workdir}: this run is finished.')
    summary = report.rebuild(workdir)
    announce.result(summary, workdir)
    return summary
  mesh = _mesh(config.batch_size)
  dataset = data.load(
    config.data.protocol, parts.drawing, data_dir, raw_dir, config.data.allow_changed
  )
  steps_per_epoch = _steps_per_epoch(config, dataset)
  claim(config, workdir, dataset.digest)
  run = _create(config, workdir, parts, dataset, steps_per_epoch, mesh)
  state, best = _start(run)
  parameters = _count(state.variables['params'])
  announce.plan(config, config_name, workdir, parts, dataset, run.steps_per_epoch, parameters)
  if int(state.step):
    print(f'resuming   after step {int(state.step)}, epoch {int(state.epoch)}')
  print(flush=True)
  metrics = log.MetricsLog(workdir, int(state.epoch))
  seconds_before = sum(line['seconds'] for line in metrics.history)
  arrays = data.on_devices(dataset.splits['train'], parts.reads, mesh)
  with closing(metrics), signals() as is_stopped:
    state, best = _epochs(run, state, best, arrays, metrics, is_stopped)
    seconds = seconds_before + time.monotonic() - started
    summary = _finish(run, config_name, state, best, metrics.history, seconds)
  announce.result(summary, workdir)
  return summary


def _steps_per_epoch(config: ConfigDict, dataset: data.Dataset) -> int:
  examples = len(dataset.splits['train']['label'])
  if config.batch_size > examples:
    raise UserError(
      f'config.batch_size={config.batch_size} is more than the {examples} training examples.'
    )
  return examples // config.batch_size


def _create(config, workdir, parts, dataset, steps_per_epoch, mesh) -> Run:
  labels = dataset.splits['train']['label']
  tx, rates = parts.create_tx(steps_per_epoch * config.epochs)
  counts = np.bincount(labels, minlength=len(dataset.classes))
  trainer = train.create(
    parts,
    mesh,
    seed=config.seed,
    batch_size=config.batch_size,
    steps_per_epoch=steps_per_epoch,
    tx=tx,
    average_decay=config.average_decay,
    label_smoothing=config.loss.label_smoothing,
    class_weights=parts.class_weights(counts) if parts.class_weights else None,
    # Inside a loop XLA compiles convolutions for CPU without its threads and fast kernels: 30 times
    # slower a step (6.2 s against 0.2 s, preact_resnet11, batch 64, 2 cores).
    whole_epochs=mesh.devices.flat[0].platform != 'cpu',
  )
  manager = checkpoint.open_folder(workdir)
  return Run(config, workdir, parts, dataset, trainer, steps_per_epoch, rates, manager)


def _start(run: Run) -> tuple[train.TrainState, train.Variables]:
  """The state and the variables to be tested of the latest checkpoint, or new ones."""
  state = run.trainer.init()
  saved = checkpoint.restore(run.manager, 'state', state)
  if saved is None:
    return state, jax.device_get(state.variables)
  best = checkpoint.restore(run.manager, 'best', state.variables)
  sharding = jax.tree.leaves(state)[0].sharding
  return jax.device_put(saved, sharding), best


def _epochs(run: Run, state, best, arrays, metrics, is_stopped):
  """Trains to the last epoch or an early stop; returns the state and the variables to be tested."""
  config, examples = run.config, len(run.dataset.splits['train']['label'])
  began, steps_at_start = time.monotonic(), int(state.step)
  while int(state.epoch) < config.epochs and not _is_enough(config, state):
    epoch = int(state.epoch) + 1
    epoch_began = time.monotonic()
    order = data.epoch_order(config.seed, epoch, examples)
    steps_before = int(state.step)
    state = _epoch(run, state, best, arrays, order, epoch, is_stopped)
    steps = int(state.step) - steps_before
    images_per_s = steps * config.batch_size / (time.monotonic() - epoch_began)
    state, best, line = _validate(run, state, best)
    line |= {'images_per_s': images_per_s, 'seconds': time.monotonic() - epoch_began}
    metrics.write(line)
    pace = (int(state.step) - steps_at_start) / (time.monotonic() - began)
    left = (config.epochs * run.steps_per_epoch - int(state.step)) / pace
    print(announce.epoch_line(line, config.epochs, left), flush=True)
    checkpoint.save(run.manager, int(state.step), state, best)
    if is_stopped():
      raise Interrupted
  return state, best


def _is_enough(config: ConfigDict, state: train.TrainState) -> bool:
  return bool(config.stop_after) and int(state.progress.waited) >= config.stop_after


def _epoch(run: Run, state, best, arrays, order, epoch: int, is_stopped) -> train.TrainState:
  """The steps that are left of an epoch."""
  end = epoch * run.steps_per_epoch
  with tqdm(
    desc=f'epoch {epoch}',
    total=run.steps_per_epoch,
    initial=run.steps_per_epoch - (end - int(state.step)),
    unit='step',
    leave=False,
    disable=None,
  ) as progress:
    while int(state.step) < end:
      before = int(state.step)
      stop = end if run.trainer.whole_epochs else before + 1
      state = run.trainer.run(state, arrays, order, np.int32(stop))
      if int(state.bad_step) >= 0:
        raise UserError(
          f'epoch {epoch}, step {int(state.bad_step)}: the loss is not finite. '
          f'{_NOT_FINITE}{run.workdir}.'
        )
      progress.update(int(state.step) - before)
      if is_stopped() and int(state.step) < end:
        checkpoint.save(run.manager, int(state.step), state, best)
        raise Interrupted
  return state


def _validate(run: Run, state: train.TrainState, best) -> tuple[train.TrainState, object, dict]:
  """Evaluates an epoch; returns the state, the variables to be tested and the epoch's metrics."""
  epoch, split = int(state.epoch) + 1, run.dataset.splits['validation']
  logits = train.predict(run.trainer.logits, state.evaluated(), split, _evaluation_batch())
  correct, n = evaluate.accuracy(logits, split['label'])
  accuracy = correct / n
  progress = state.progress.after(epoch, accuracy)
  if run.config.tested == 'last' or int(progress.best_epoch) == epoch:
    best = jax.device_get(state.evaluated())
  validation_loss = evaluate.negative_log_likelihood(logits, split['label'])
  if not np.isfinite(validation_loss):
    raise UserError(
      f'epoch {epoch}, step {int(state.step) - 1}: the validation loss is not finite. '
      f'{_NOT_FINITE}{run.workdir}.'
    )
  scale = 1.0 if state.plateau is None else float(state.plateau.scale)
  line = {
    'epoch': epoch,
    'step': int(state.step),
    'loss': float(state.loss_sum) / run.steps_per_epoch,
    'validation_accuracy': accuracy,
    'validation_loss': validation_loss,
    'learning_rate': float(run.rates(int(state.step) - 1)) * scale,
  }
  plateau = state.plateau
  if plateau is not None:
    _, plateau = run.parts.plateau.update({}, plateau, value=jnp.float32(1 - accuracy))
  sharding = state.step.sharding
  changed = {
    'epoch': jnp.int32(epoch),
    'loss_sum': jnp.float32(0),
    'progress': progress,
    'plateau': plateau,
  }
  return state.replace(**jax.device_put(changed, sharding)), best, line


def _finish(run: Run, config_name: str, state, best, history: list[dict], seconds: float) -> dict:
  """Evaluates the chosen variables on the test split and writes everything down."""
  splits, classes = run.dataset.splits, list(run.dataset.classes)
  logits = {
    split: train.predict(run.trainer.logits, best, splits[split], _evaluation_batch())
    for split in ('validation', 'test')
  }
  test = splits['test']
  report.save_evaluation(
    run.workdir,
    classes,
    (splits['validation']['label'], logits['validation']),
    (test['id'], test['label'], logits['test']),
    test['image'],
  )
  facts = {
    'config_name': config_name,
    'protocol': run.config.data.protocol,
    'data_digest': run.dataset.digest,
    'split_sizes': {split: len(splits[split]['label']) for split in data.SPLITS},
    'seed': run.config.seed,
    'network': run.config.model.name,
    'parameters': _count(state.variables['params']),
    'epochs': int(state.epoch),
    'tested_epoch': _tested_epoch(run.config, state),
    'seconds': round(seconds, 1),
    'images_per_s': round(float(np.median([line['images_per_s'] for line in history])), 1),
    'peak_memory_gib': round(_peak_memory() / 2**30, 2),
    'devices': [str(device.device_kind) for device in jax.local_devices()],
    'versions': {'python': platform.python_version()} | {name: version(name) for name in _VERSIONS},
  }
  return report.write(run.workdir, facts)


def _tested_epoch(config: ConfigDict, state: train.TrainState) -> int:
  return int(state.epoch if config.tested == 'last' else state.progress.best_epoch)


def _mesh(batch_size: int) -> jax.sharding.Mesh:
  devices = jax.device_count()
  if batch_size % devices:
    raise UserError(
      f'config.batch_size={batch_size} does not divide among the {devices} devices; choose a '
      'multiple.'
    )
  return jax.make_mesh((devices,), (train.BATCH_AXIS,), axis_types=(jax.sharding.AxisType.Auto,))


def _evaluation_batch() -> int:
  """About EVALUATION_BATCH, divisible among the devices."""
  devices = jax.device_count()
  return -(-EVALUATION_BATCH // devices) * devices


def _count(params: nn.FrozenDict) -> int:
  return sum(leaf.size for leaf in jax.tree.leaves(params))


def _peak_memory() -> int:
  """Bytes; Linux counts in KiB, macOS in bytes."""
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
  return peak if sys.platform == 'darwin' else peak * 1024
