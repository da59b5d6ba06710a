"""The parts of a report that show the training of a run, whatever its task: curves and facts."""

import math

from omr_jax.evaluation.finished_run import FinishedRun
from omr_jax.report import figures
from omr_jax.report.parts import DASH, Table
from omr_jax.report.templates import Section


def curves(run: FinishedRun) -> Section:
  """The loss, the measure of the task in validation and the learning rate over the epochs."""

  def series(key):
    rows = [row for row in run.history if math.isfinite(row[key])]
    return [row['epoch'] for row in rows], [row[key] for row in rows]

  losses, task = {'training': series('loss')}, run.task
  if all('validation_loss' in row for row in run.history):
    losses['validation'] = series('validation_loss')
  tested = run.facts['tested_epoch']
  drawn = [
    figures.curve(losses, 'loss', tested, log=True),
    figures.curve(
      {'validation': series(task.validated)}, f'validation {task.measure_name}', tested
    ),
    figures.curve({'learning rate': series('learning_rate')}, 'learning rate', tested),
  ]
  words = f'The dotted line is the tested epoch, {tested}.'
  return Section('report/curves.html', {'words': words, 'figures': drawn})


def facts(run: FinishedRun) -> Section:
  """Tables of what the training noted about itself, and of its config."""

  def words(caption, values):
    return Table(caption, (), [*_flat(values)], words=True)

  tables = {'ran': words('What ran', run.facts), 'config': words('Configuration', run.config)}
  return Section('report/facts.html', tables)


def _flat(values: dict, prefix: str = ''):
  """(dotted key, text) of every leaf of a nested dict."""
  for key, value in values.items():
    if isinstance(value, dict):
      yield from _flat(value, f'{prefix}{key}.')
    else:
      yield prefix + str(key), DASH if value is None else str(value)
