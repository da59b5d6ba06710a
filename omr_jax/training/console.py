"""What a training prints: the plan before it, a line per epoch, the results after it."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev

import jax
import numpy as np

from omr_jax.inputs import pen_path
from omr_jax.tasks.task import Task
from omr_jax.training.devices import BATCH_AXIS, MEMBER_AXIS
from omr_jax.training.population import Population
from omr_jax.training.state import TrainState, count_parameters
from omr_jax.utils.words import duration


def plan(population: Population, state: TrainState) -> None:
  """Prints what the training is going to do."""
  config = population.config
  step, epoch = (int(np.asarray(value).max()) for value in (state.step, state.epoch))
  seeds = sorted({member.config.seed for member in population.members})
  sizes = ', '.join(f'{size} {split}' for split, size in population.dataset.sizes.items())
  devices = jax.devices()
  print(f'{population.config_name} in {population.workdir}')
  split = population.recipe.task.recipe.split_name(config)
  print(f'data       {population.dataset.origin}, split {split}: {sizes}')
  print(f'{_inputs(population)}, augmented: {config.augment.space}')
  print(
    f'network    {config.model.name}, {count_parameters(state):,} parameters, {config.precision}'
  )
  print(
    f'recipe     {config.optimizer.name} {config.optimizer.learning_rate:g}, '
    f'{config.schedule.name}, batch {config.batch_size}, at most {config.epochs} epochs of '
    f'{population.steps_per_epoch} steps, seed {", ".join(map(str, seeds))}'
  )
  if len(population.members) > 1:
    names = ' '.join(member.name for member in population.members)
    print(f'population {len(population.members)} runs: {names}')
  shared = [f'{population.mesh.shape[axis]} by {axis}' for axis in (MEMBER_AXIS, BATCH_AXIS)]
  print(f'devices    {len(devices)} x {devices[0].device_kind}, {" and ".join(shared)}')
  feed = 'streamed from the disk' if population.is_streamed else 'held on the devices'
  print(f'feed       {feed}')
  if step:
    print(f'resuming   after step {step}, epoch {epoch}')
  print(flush=True)


def _inputs(population: Population) -> str:
  height, width, _ = population.recipe.shape
  found = {
    'image': f'pictures   {height}x{width}',
    'pen': f'strokes    {pen_path.POINTS} points',
    'window': f'windows    {height}x{width}',
  }
  return ', '.join(found[name] for name in population.recipe.module.inputs if name in found)


def epoch_line(population: Population, lines: Sequence[dict], left: float) -> str:
  """The line that is printed after an epoch: means over the runs, and the range in validation.

  Args:
    population: The population.
    lines: Metrics of the members that took part in the epoch.
    left: Seconds until the end of the last epoch at the present pace.
  """
  epochs = population.config.epochs
  reached = [100 * line[population.recipe.task.validated] for line in lines]
  several = f' ({min(reached):.2f}-{max(reached):.2f}, {len(lines)} runs)'
  return (
    f'epoch {lines[0]["epoch"]:3d}/{epochs}  loss {mean(line["loss"] for line in lines):.4f}  '
    f'validation {mean(reached):.2f} %{several if len(lines) > 1 else ""}  '
    f'rate {mean(line["learning_rate"] for line in lines):.2e}  '
    f'{sum(line["images_per_s"] for line in lines):.0f} images/s  {duration(left)} left'
  )


def results(task: Task, summaries: Mapping[str, dict], workdir: Path) -> None:
  """Prints the results of runs, given by name, and where their reports are."""
  for name, summary in summaries.items():
    print(
      f'{f"{name}: " if name else ""}test {task.report.in_words(summary)}, '
      f'epoch {summary["tested_epoch"]}, {duration(summary["seconds"])}'
    )
  if len(summaries) > 1:
    reached = [100 * summary[task.measure] for summary in summaries.values()]
    folder = shlex.quote(str(workdir))
    print(
      f'mean of {len(reached)} runs {mean(reached):.2f} %, standard deviation '
      f'{stdev(reached):.2f}; python -m omr_jax.report {folder}/*/ compares them.'
    )
  for name in summaries:
    print(f'report: {workdir / name / "report" / "report.html"}')
