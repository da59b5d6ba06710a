"""What a run tells the person who waits for it."""

from collections.abc import Mapping
from pathlib import Path

import jax

from omr_jax import data
from omr_jax.runs import Run
from omr_jax.state import TrainState, count_parameters


def plan(run: Run, state: TrainState) -> None:
  """Says what is going to happen."""
  config, splits = run.config, run.dataset.splits
  sizes = ', '.join(f'{len(splits[s]["label"])} {s}' for s in data.SPLITS)
  devices = jax.devices()
  print(f'{run.config_name} in {run.workdir}')
  print(f'data       {run.dataset.origin}, split {split_name(config)}: {sizes}')
  height, width, _ = run.parts.shape
  layout = f' {run.parts.drawing.layout}' if run.parts.drawing else ''
  print(f'pictures   {height}x{width}{layout}, augmented: {config.augment.space}')
  print(
    f'network    {config.model.name}, {count_parameters(state):,} parameters, {config.precision}'
  )
  print(
    f'recipe     {config.optimizer.name} {config.optimizer.learning_rate:g}, '
    f'{config.schedule.name}, batch {config.batch_size}, at most {config.epochs} epochs of '
    f'{run.steps_per_epoch} steps, seed {config.seed}'
  )
  print(f'devices    {len(devices)} x {devices[0].device_kind}')
  if int(state.step):
    print(f'resuming   after step {int(state.step)}, epoch {int(state.epoch)}')
  print(flush=True)


def split_name(config: Mapping) -> str:
  """How the data is split, in words."""
  chosen = config['data']
  if chosen.get('hold_out'):
    return f'{chosen["hold_out"]} held out'
  return f'fold {chosen["fold"]}' if chosen['protocol'] == 'folders' else chosen['protocol']


def epoch_line(line: dict, epochs: int, left: float) -> str:
  """An epoch's numbers for people; `left` are the seconds until the last epoch at this pace."""
  return (
    f'epoch {line["epoch"]:3d}/{epochs}  loss {line["loss"]:.4f}  '
    f'validation {100 * line["validation_accuracy"]:.2f} %  '
    f'rate {line["learning_rate"]:.2e}  {line["images_per_s"]:.0f} images/s  '
    f'{duration(left)} left'
  )


def duration(seconds: float) -> str:
  """Like 1 h 02 min, 3 min 20 s or 12 s."""
  minutes, rest = divmod(round(seconds), 60)
  if minutes >= 60:
    return f'{minutes // 60} h {minutes % 60:02d} min'
  return f'{minutes} min {rest:02d} s' if minutes else f'{rest} s'


def result(summary: dict, workdir: Path) -> None:
  """Says what came of it and where to read more."""
  low, high = summary['accuracy_wilson_95']
  print(
    f'test accuracy {100 * summary["accuracy"]:.2f} % ({summary["correct"]} of {summary["n"]}, '
    f'95 % interval {100 * low:.2f}-{100 * high:.2f}), epoch {summary["tested_epoch"]}, '
    f'{duration(summary["seconds"])}'
  )
  print(f'report: {workdir / "report" / "report.html"}')
