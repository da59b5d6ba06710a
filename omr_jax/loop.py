"""A run from start to report: prepare, train, validate, save, test, write down."""

import time
from contextlib import closing
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict
from tqdm import tqdm

from omr_jax import announce, checkpoint, data, evaluate, log, recipe, report, runs
from omr_jax.errors import UserError
from omr_jax.finish import finish
from omr_jax.interrupt import Interrupted, signals
from omr_jax.runs import Run
from omr_jax.state import TrainState, Variables
from omr_jax.workdir import claim, is_finished, refuse_unwritable

_NOT_FINITE = (
  'A lower config.optimizer.learning_rate in a new workdir helps most often; what was saved before '
  'is in '
)


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
    UserError: A config that can't be run, data that is not there, a workdir of another config or
      of a run that is going on, a damaged checkpoint, a full disk, a loss that is not finite.
    Interrupted: After SIGTERM or Ctrl-C.
  """
  started = time.monotonic()
  parts = recipe.create(config)
  if is_finished(config, workdir):
    print(f'{workdir}: this run is finished.')
    summary = report.rebuild(workdir)
    announce.result(summary, workdir)
    return summary
  refuse_unwritable(workdir)
  mesh = runs.device_mesh(config.batch_size)
  dataset = parts.load(data_dir, raw_dir)
  run = runs.create(config, config_name, workdir, parts, dataset, mesh, started)
  with claim(config, workdir, dataset.digest):
    summary = _train_and_finish(run)
  announce.result(summary, workdir)
  return summary


def _train_and_finish(run: Run) -> dict:
  state, best = runs.start(run)
  announce.plan(run, state)
  arrays = data.on_devices(run.dataset.splits['train'], run.parts.reads, run.mesh)
  metrics = log.MetricsLog(run.workdir, int(state.epoch))
  with closing(metrics), signals() as is_stopped:
    state, best = _epochs(run, state, best, arrays, metrics, is_stopped)
    pace = float(np.median([line['images_per_s'] for line in metrics.history]))
    return finish(run, state, best, pace)


def _epochs(run: Run, state, best, arrays, metrics, is_stopped) -> tuple[TrainState, Variables]:
  """Trains to the last epoch or an early stop; returns the state and the best variables."""
  config, examples = run.config, len(run.dataset.splits['train']['label'])
  began, steps_at_start = time.monotonic(), int(state.step)
  while int(state.epoch) < config.epochs and not _is_enough(config, state):
    epoch = int(state.epoch) + 1
    epoch_began = time.monotonic()
    order = data.epoch_order(config.seed, epoch, examples, run.dataset.draws)
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
    checkpoint.save(run.manager, int(state.step), state, best, run.seconds())
    if is_stopped():
      raise Interrupted
  return state, best


def _is_enough(config: ConfigDict, state: TrainState) -> bool:
  return bool(config.stop_after) and int(state.progress.waited) >= config.stop_after


def _epoch(run: Run, state, best, arrays, order, epoch: int, is_stopped) -> TrainState:
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
        checkpoint.save(run.manager, int(state.step), state, best, run.seconds())
        raise Interrupted
  return state


def _validate(run: Run, state, best) -> tuple[TrainState, Variables, dict]:
  """Evaluates an epoch; returns the state, the best variables and the epoch's metrics."""
  epoch, split = int(state.epoch) + 1, run.dataset.splits['validation']
  logits = run.predict(state.evaluated(), split)
  correct, n = evaluate.accuracy(logits, split['label'])
  accuracy = correct / n
  progress = state.progress.after(epoch, accuracy)
  if int(progress.best_epoch) == epoch:
    best = jax.device_get(state.evaluated())
  validation_loss = evaluate.negative_log_likelihood(logits, split['label'])
  if not np.isfinite(validation_loss):
    raise UserError(
      f'epoch {epoch}, step {int(state.step) - 1}: the validation loss is not finite. '
      f'{_NOT_FINITE}{run.workdir}.'
    )
  plateau = state.plateau
  scale = 1.0 if plateau is None else float(plateau.scale)
  line = {
    'epoch': epoch,
    'step': int(state.step),
    'loss': float(state.loss_sum) / run.steps_per_epoch,
    'validation_accuracy': accuracy,
    'validation_loss': validation_loss,
    'learning_rate': float(run.rates(int(state.step) - 1)) * scale,
  }
  if plateau is not None:
    _, plateau = run.parts.plateau.update({}, plateau, value=jnp.float32(1 - accuracy))
  changed = {
    'epoch': jnp.int32(epoch),
    'loss_sum': jnp.float32(0),
    'progress': progress,
    'plateau': plateau,
  }
  return state.replace(**jax.device_put(changed, state.step.sharding)), best, line
