"""Runs from start to report: prepare, train, validate, save, test, write down."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import jax
import numpy as np
from ml_collections import ConfigDict
from tqdm import tqdm

from omr_jax.data import dataset as data
from omr_jax.errors import UserError
from omr_jax.recipe import recipe
from omr_jax.report import write
from omr_jax.training import checkpoint, console, devices, metrics_log, processes, runs
from omr_jax.training.feed import Feed
from omr_jax.training.finish import finish
from omr_jax.training.runs import Runs
from omr_jax.training.state import TrainState, Variables
from omr_jax.training.validation import refuse_not_finite, validate
from omr_jax.training.workdir import claim, is_finished, refuse_other_population, refuse_unwritable
from omr_jax.utils.interrupt import Interrupted, signals

_STEPS_BETWEEN_QUESTIONS = 20
# Of the time, for checkpoints after epochs. Where these are short, as on a GPU, not each is saved.
MOST_SAVING = 0.1


def train_and_evaluate(
  config: ConfigDict, config_name: str, workdir: Path, data_dir: Path, raw_dir: str | None
) -> dict:
  """Trains, resumes or only tells that all is done; returns the summary of a run alone.

  See `train_all`.
  """
  return train_all({'': config}, config_name, workdir, data_dir, raw_dir)['']


def train_all(
  configs: Mapping[str, ConfigDict],
  config_name: str,
  workdir: Path,
  data_dir: Path,
  raw_dir: str | None,
) -> dict[str, dict]:
  """The same for all runs of a population, or for one alone; returns the summaries by name.

  Args:
    configs: See `population.split`.
    config_name: For the report.
    workdir: Of these runs; a second start with the same configs goes on there.
    data_dir: Where prepared data is kept.
    raw_dir: Where the raw archive is.

  Raises:
    UserError: A config that can't be run, data that is not there, a workdir of another config or
      of a run that is going on, a damaged checkpoint, a full disk, a loss that is not finite; of a
      population after the others' ends.
    Interrupted: After SIGTERM or Ctrl-C.
  """
  started = time.monotonic()
  parts, *_ = [recipe.create(config) for config in configs.values()]
  folders = runs.workdirs(workdir, configs)
  names = list(filter(None, configs))
  processes.refuse_differences({'config': json.dumps([c.to_json() for c in configs.values()])})
  if processes.first_says(lambda: _are_finished(folders, names, workdir)):
    return _told_again(configs, folders, workdir) if processes.is_first() else {}
  mesh = devices.mesh(next(iter(configs.values())).batch_size, len(configs))
  dataset = processes.first_goes_before(lambda: parts.load(data_dir, raw_dir))
  processes.refuse_differences({'data': dataset.digest})
  together = runs.create(configs, config_name, workdir, parts, dataset, mesh, started)
  with ExitStack() as stack:
    claimed = claim(folders, dataset.digest, workdir if names else None)
    processes.first_says(lambda: stack.enter_context(claimed))
    summaries = _train_and_finish(together)
  if not processes.is_first():
    return {}
  console.results(summaries, workdir)
  failed = [member.name for member in together.members if member.name not in summaries]
  if failed:
    raise UserError(
      f'{workdir}: the loss of {" and ".join(failed)} is not finite; the other runs are at their '
      'end. A lower config.optimizer.learning_rate helps most often.'
    )
  return summaries


def _train_and_finish(together: Runs) -> dict[str, dict]:
  state, best = runs.start(together)
  console.plan(together, state)
  feed = runs.create_feed(together)
  epochs_done, logs = np.asarray(state.epoch).tolist(), []
  with ExitStack() as stack:

    def open_logs() -> None:
      for member, epochs in zip(together.members, epochs_done, strict=True):
        logs.append(stack.enter_context(closing(metrics_log.MetricsLog(member.workdir, epochs))))

    processes.first_says(open_logs)
    is_stopped = stack.enter_context(signals())
    state, best = _epochs(together, state, best, feed, logs, is_stopped)
    paces = [np.median([line['images_per_s'] for line in each.history] or [0]) for each in logs]
    return finish(together, state, best, paces)


def _are_finished(folders: Mapping[Path, ConfigDict], names: Sequence[str], workdir: Path) -> bool:
  """Whether all runs are; where not, their folders can be written, and are these runs'."""
  finished = [is_finished(config, folder) for folder, config in folders.items()]
  if all(finished):
    return True
  for folder in folders:
    refuse_unwritable(folder)
  refuse_other_population(workdir, names)
  return False


def _told_again(
  configs: Mapping[str, ConfigDict], folders: Mapping[Path, ConfigDict], workdir: Path
) -> dict[str, dict]:
  print(f'{workdir}: this run is finished.')
  summaries = dict(zip(configs, map(write.rebuild, folders), strict=True))
  console.results(summaries, workdir)
  return summaries


def _epochs(
  together: Runs,
  state,
  best,
  feed: Feed,
  logs: Sequence[metrics_log.MetricsLog],
  is_stopped: Callable,
) -> tuple[TrainState, Variables]:
  """Trains to the last epoch or all members' stops; returns the state and the best variables."""
  config, examples = together.config, len(together.dataset.splits['train']['label'])
  began, steps_at_start = time.monotonic(), _step(state)
  saved, took = began, 0.0
  while (running := together.going_on(state)).any():
    epoch = int(np.asarray(state.epoch)[running][0]) + 1
    epoch_began = time.monotonic()
    orders = np.stack(
      [
        data.epoch_order(member.config.seed, epoch, examples, together.dataset.draws)
        for member in together.members
      ]
    )
    steps_before = _step(state)
    state = _epoch(together, state, best, feed, running, orders, epoch, is_stopped)
    if not together.going_on(state).any():  # The loss of all that ran is not finite.
      break
    steps = _step(state) - steps_before
    images_per_s = steps * config.batch_size / (time.monotonic() - epoch_began)
    state, best, lines = validate(together, state, best, running)
    if not lines:
      break
    for number, line in lines.items():
      line |= {'images_per_s': images_per_s, 'seconds': time.monotonic() - epoch_began}
      if logs:  # Of several processes only the first writes.
        logs[number].write(line)
    pace = (_step(state) - steps_at_start) / (time.monotonic() - began)
    left = (config.epochs * together.steps_per_epoch - _step(state)) / pace
    print(console.epoch_line(list(lines.values()), config.epochs, left), flush=True)
    goes_on, stopped = together.going_on(state).any(), processes.any_says(is_stopped())
    is_due = processes.any_says(time.monotonic() - saved >= took / MOST_SAVING)
    if is_due or stopped or not goes_on:
      before = time.monotonic()
      checkpoint.save(together.manager, _step(state), state, best, together.seconds())
      saved = time.monotonic()
      took = saved - before
    if stopped:
      raise Interrupted
  return state, best


def _step(state: TrainState) -> int:
  """Of the member that has taken most."""
  return int(np.asarray(state.step).max())


def _epoch(
  together: Runs, state, best, feed: Feed, running, orders, epoch: int, is_stopped: Callable
) -> TrainState:
  """The steps that are left of an epoch."""
  end, step = epoch * together.steps_per_epoch, _step(state)
  total = together.steps_per_epoch
  with tqdm(
    desc=f'epoch {epoch}',
    total=total,
    initial=total - (end - step),
    unit='step',
    leave=False,
    disable=None,
  ) as progress:
    for after in feed(state, running, orders, step, end):
      state = after
      refuse_not_finite(together, state)
      if not together.going_on(state).any():
        break
      progress.update(_step(state) - step)
      step = _step(state)
      if step < end and _asks(step) and processes.any_says(is_stopped()):
        checkpoint.save(together.manager, step, state, best, together.seconds())
        raise Interrupted
  return state


def _asks(step: int) -> bool:
  """Whether to ask for interrupts now; several processes all have to, and wait for each other."""
  return jax.process_count() == 1 or step % _STEPS_BETWEEN_QUESTIONS == 0
