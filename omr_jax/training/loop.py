"""The training of a population from start to report; `_train_epochs` is the loop over epochs."""

import gc
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import jax
import numpy as np
from ml_collections import ConfigDict
from tqdm import tqdm

from omr_jax.errors import UserError
from omr_jax.evaluation import finished_run
from omr_jax.recipe import recipe as recipes
from omr_jax.recipe.recipe import Recipe
from omr_jax.report import write
from omr_jax.training import console, devices, memory, processes, starts
from omr_jax.training import population as populations
from omr_jax.training.feed import Feed
from omr_jax.training.finish import finish
from omr_jax.training.metrics_log import MetricsLog
from omr_jax.training.population import Population, steps_taken
from omr_jax.training.state import TrainState, Variables
from omr_jax.training.validation import refuse_not_finite, validate
from omr_jax.training.workdir import (
  CHECKPOINTS,
  claim,
  is_finished,
  refuse_other_data,
  refuse_other_population,
  refuse_unwritable,
  remove_shared_checkpoints,
)
from omr_jax.training.workdir import raw_dir as raw_dir_of
from omr_jax.utils import paths, progress
from omr_jax.utils.interrupt import Interrupted, signals

# Several processes ask each other after so many steps whether one was interrupted: it makes them
# wait for each other.
_STEPS_BETWEEN_QUESTIONS = 20
# Share of the time that checkpoints after epochs may take. With short epochs, as on a GPU, a
# checkpoint is not saved after every epoch.
MOST_SAVING = 0.1


def train_and_evaluate(
  config: ConfigDict, config_name: str, workdir: Path, data_dir: Path, raw_dir: str | None
) -> dict:
  """Trains and evaluates a run alone, as `train_all` does a population; returns its summary."""
  return train_all({'': config}, config_name, workdir, data_dir, raw_dir)['']


def train_all(
  configs: Mapping[str, ConfigDict],
  config_name: str,
  workdir: Path,
  data_dir: Path,
  raw_dir: str | None,
) -> dict[str, dict]:
  """Trains and evaluates a population; returns the summaries of its runs by name.

  Interrupted runs continue from their checkpoint. If all runs are finished, only their reports are
  written again.

  Args:
    configs: The finished config of each run (`recipe.config_keys.finished`) by the run's name, such
      as 'seed=0'; '' is the name of a run alone.
    config_name: Name of the config's page, shown in the report.
    workdir: Folder of the population; a later start with the same configs continues there.
    data_dir: Folder of prepared data.
    raw_dir: Folder of the raw data, or None for the default of `--raw_dir`.

  Raises:
    UserError: The network does not fit the data; data is missing; the workdir is that of another
      config, or of other data, or another process is training there; a checkpoint is damaged; the
      disk is full; or a loss is not finite, which is raised only after the other members are
      finished.
    Interrupted: After SIGTERM or Ctrl-C, once the state is saved.
  """
  started = time.monotonic()
  config = next(iter(configs.values()))
  recipe = recipes.create(config)
  folders = populations.workdirs(workdir, configs)
  names = list(filter(None, configs))
  processes.refuse_other('config', json.dumps([c.to_json() for c in configs.values()]))
  if processes.on_first(lambda: _are_finished(folders, names, workdir)):
    if raw_dir is not None:
      processes.on_first(lambda: _refuse_other_data(folders, recipe, data_dir, raw_dir))
    return _report_again(configs, folders, workdir) if processes.is_first() else {}
  mesh, now = devices.mesh(config.batch_size, len(configs)), starts.here()
  dataset = processes.first_then_others(lambda: recipe.load(data_dir, raw_dir))
  processes.refuse_other('data', dataset.digest)
  runs = populations.create(configs, config_name, workdir, recipe, dataset, mesh, started, now)
  with ExitStack() as stack:
    remembered = paths.joined(paths.raw_dirs(raw_dir)) or None
    claimed = claim(folders, dataset.digest, workdir if names else None, remembered)
    processes.on_first(lambda: stack.enter_context(claimed))
    state, best, feed = populations.start(runs)
    console.plan(runs, state)
    logs = _open_logs(runs, state, stack)
    is_stopped = stack.enter_context(signals())
    gc.enable()  # `omr_jax.main` starts without it.
    state, best = _train_epochs(runs, state, best, feed, logs, is_stopped)
    summaries = finish(runs, state, best, [log.pace() for log in logs])
  if processes.is_first():
    console.results(recipe.task, summaries, workdir)
    _refuse_failed([name for name in configs if name not in summaries], workdir)
  return summaries


def _train_epochs(
  population: Population,
  state: TrainState,
  best: Variables,
  feed: Feed,
  logs: Sequence[MetricsLog],
  is_stopped: Callable[[], bool],
) -> tuple[TrainState, Variables]:
  """Trains until every member has stopped; returns the last state and the best variables."""
  began, first_step = time.monotonic(), steps_taken(state)
  saved, saving = began, 0.0
  while (running := population.running(state)).any():
    # Train: all steps of this epoch, or those that an interrupted start has not done.
    epoch, epoch_began = int(np.asarray(state.epoch)[running][0]) + 1, time.monotonic()
    step = before = steps_taken(state)
    end = epoch * population.steps_per_epoch
    states = feed(state, running, population.orders(epoch), step, end)
    with _progress_bar(epoch, population.steps_per_epoch, end - step) as bar:
      for state in states:
        refuse_not_finite(population, state)
        memory.settle()  # The first step has compiled, and is done.
        if not population.running(state).any():
          break
        bar.update(steps_taken(state) - step)
        step = steps_taken(state)
        if step < end and _may_ask(step) and processes.on_any(is_stopped()):
          population.save(state, best)
          raise Interrupted
    if not population.running(state).any():  # No member that took part has a finite loss.
      break
    images = (steps_taken(state) - before) * population.config.batch_size
    images_per_s = images / (time.monotonic() - epoch_began)

    # Validate.
    state, best, lines = validate(population, state, best, running)
    if not lines:
      break

    # Log.
    for number, line in lines.items():
      line |= {'images_per_s': images_per_s, 'seconds': time.monotonic() - epoch_began}
      if logs:  # Only the first of several processes has logs.
        logs[number].write(line)
    steps_per_s = (steps_taken(state) - first_step) / (time.monotonic() - began)
    left = (population.steps - steps_taken(state)) / steps_per_s

    # Save.
    is_last, stopped = not population.running(state).any(), processes.on_any(is_stopped())
    is_due = processes.on_any(time.monotonic() - saved >= saving / MOST_SAVING)
    if is_due or stopped or is_last:
      saving = population.save(state, best)
      saved = time.monotonic()

    # Print. It comes last, since whoever reads the lines may be gone: Ctrl-C also ends a `tee`.
    print(console.epoch_line(population, list(lines.values()), left), flush=True)
    if stopped:
      raise Interrupted
  return state, best


def _progress_bar(epoch: int, steps: int, left: int) -> tqdm:
  return tqdm(
    desc=f'epoch {epoch}',
    total=steps,
    initial=steps - left,
    unit='step',
    leave=False,
    **progress.size(),
    disable=None,
  )


def _may_ask(step: int) -> bool:
  """Whether all processes ask each other after this step whether one was interrupted."""
  return jax.process_count() == 1 or step % _STEPS_BETWEEN_QUESTIONS == 0


def _open_logs(population: Population, state: TrainState, stack: ExitStack) -> list[MetricsLog]:
  """Opens the metrics logs of the members, in the first process only; `stack` closes them."""
  logs, epochs_done = [], np.asarray(state.epoch).tolist()
  validated = population.recipe.task.validated

  def open_logs() -> None:
    for member, epochs in zip(population.members, epochs_done, strict=True):
      logs.append(stack.enter_context(closing(MetricsLog(member.workdir, epochs, validated))))

  processes.on_first(open_logs)
  return logs


def _are_finished(folders: Mapping[Path, ConfigDict], names: Sequence[str], workdir: Path) -> bool:
  """Whether all runs are finished.

  Raises:
    UserError: They are not, and a folder is not writable or belongs to another population, or some
      members are finished and what they shared with the others is gone.
  """
  finished = [is_finished(config, folder) for folder, config in folders.items()]
  if all(finished):
    return True
  for folder in folders:
    refuse_unwritable(folder)
  refuse_other_population(workdir, names)
  # Nothing is trained anew over what a run has left.
  if (
    any((folder / 'summary.json').exists() for folder in folders)
    and not (workdir / CHECKPOINTS).exists()
  ):
    if not names:
      raise UserError(
        f'{workdir}: this run was finished, and its answers and checkpoints are gone; choose '
        'another folder.'
      )
    missing = next(each for each, done in zip(folders, finished, strict=True) if not done)
    raise UserError(
      f'{workdir}: some of its runs are finished, and what they shared with the others is gone; '
      f'train each of the others by itself, as in --workdir={missing}, or choose another folder.'
    )
  return False


def _refuse_other_data(
  folders: Iterable[Path], recipe: Recipe, data_dir: Path, raw_dir: str
) -> None:
  """Raises a UserError if finished runs have other data than that in a `--raw_dir`.

  The data is not read if they had the same `--raw_dir`.
  """
  given = paths.joined(paths.raw_dirs(raw_dir))
  others = [folder for folder in folders if raw_dir_of(folder) != given]
  digest = recipe.load(data_dir, raw_dir).digest if others else ''
  for folder in others:
    refuse_other_data(folder, digest)


def _report_again(
  configs: Mapping[str, ConfigDict], folders: Mapping[Path, ConfigDict], workdir: Path
) -> dict[str, dict]:
  print(f'{workdir}: this run is finished.')
  if any(configs):  # A population: only the runs in it have names.
    remove_shared_checkpoints(workdir)
  runs = [finished_run.read(folder) for folder in folders]
  summaries = dict(zip(configs, map(write.rebuild, runs), strict=True))
  console.results(runs[0].task, summaries, workdir)
  return summaries


def _refuse_failed(names: Sequence[str], workdir: Path) -> None:
  if names:
    raise UserError(
      f'{workdir}: the loss of {" and ".join(names)} is not finite; the other runs are finished. A '
      'lower config.optimizer.learning_rate helps most often.'
    )
