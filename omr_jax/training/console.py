"""What a run tells the person who waits for it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev

import jax
import numpy as np

from omr_jax.data import dataset
from omr_jax.evaluation import metrics
from omr_jax.inputs import pen_path
from omr_jax.training.devices import BATCH_AXIS, MEMBER_AXIS
from omr_jax.training.runs import Runs, is_streamed
from omr_jax.training.state import TrainState, count_parameters
from omr_jax.utils.words import duration


def plan(run: Runs, state: TrainState) -> None:
  """Says what is going to happen."""
  config, splits = run.config, run.dataset.splits
  step, epoch = (int(np.asarray(value).max()) for value in (state.step, state.epoch))
  seeds = sorted({member.config.seed for member in run.members})
  sizes = ', '.join(f'{len(splits[s]["label"])} {s}' for s in dataset.SPLITS)
  devices = jax.devices()
  print(f'{run.config_name} in {run.workdir}')
  print(
    f'data       {run.dataset.origin}, split {run.parts.task.recipe.split_name(config)}: {sizes}'
  )
  print(f'{_inputs(run)}, augmented: {config.augment.space}')
  print(
    f'network    {config.model.name}, {count_parameters(state):,} parameters, {config.precision}'
  )
  print(
    f'recipe     {config.optimizer.name} {config.optimizer.learning_rate:g}, '
    f'{config.schedule.name}, batch {config.batch_size}, at most {config.epochs} epochs of '
    f'{run.steps_per_epoch} steps, seed {", ".join(map(str, seeds))}'
  )
  if len(run.members) > 1:
    print(f'together   {len(run.members)} runs: {" ".join(member.name for member in run.members)}')
  shared = [f'{run.mesh.shape[axis]} by {axis}' for axis in (MEMBER_AXIS, BATCH_AXIS)]
  print(f'devices    {len(devices)} x {devices[0].device_kind}, {" and ".join(shared)}')
  print(f'feed       {"streamed from the disk" if is_streamed(run) else "held on the devices"}')
  if step:
    print(f'resuming   after step {step}, epoch {epoch}')
  print(flush=True)


def _inputs(run: Runs) -> str:
  height, width, _ = run.parts.shape
  found = {
    'image': f'pictures   {height}x{width}',
    'pen': f'strokes    {pen_path.POINTS} points',
  }
  return ', '.join(found[name] for name in run.parts.module.inputs if name in found)


def epoch_line(lines: Sequence[dict], epochs: int, left: float) -> str:
  """An epoch's numbers for people: means over the runs, and the range of their accuracies.

  Args:
    lines: Metrics of each run that goes on.
    epochs: Of the whole run.
    left: Seconds until the last epoch at this pace.
  """
  accuracies = [100 * line['validation_accuracy'] for line in lines]
  several = f' ({min(accuracies):.2f}-{max(accuracies):.2f}, {len(lines)} runs)'
  return (
    f'epoch {lines[0]["epoch"]:3d}/{epochs}  loss {mean(line["loss"] for line in lines):.4f}  '
    f'validation {mean(accuracies):.2f} %{several if len(lines) > 1 else ""}  '
    f'rate {mean(line["learning_rate"] for line in lines):.2e}  '
    f'{sum(line["images_per_s"] for line in lines):.0f} images/s  {duration(left)} left'
  )


def results(summaries: Mapping[str, dict], workdir: Path) -> None:
  """Says what came of the runs, given by name, and where to read more."""
  for name, summary in summaries.items():
    interval = metrics.percent_range(*summary['accuracy_wilson_95'])
    print(
      f'{f"{name}: " if name else ""}test accuracy {100 * summary["accuracy"]:.2f} % '
      f'({summary["correct"]} of {summary["n"]}, 95 % interval {interval}), '
      f'epoch {summary["tested_epoch"]}, {duration(summary["seconds"])}'
    )
  if len(summaries) > 1:
    accuracies = [100 * summary['accuracy'] for summary in summaries.values()]
    print(
      f'mean of {len(accuracies)} runs {mean(accuracies):.2f} %, standard deviation '
      f'{stdev(accuracies):.2f}; python -m omr_jax.report {workdir}/*/ compares them.'
    )
  for name in summaries:
    print(f'report: {workdir / name / "report" / "report.html"}')
