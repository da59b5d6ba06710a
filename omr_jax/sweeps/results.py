"""Reads the results of a sweep from its folder: a row for each run, and a table of all."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from omr_jax.errors import UserError
from omr_jax.report import write
from omr_jax.sweeps import folder, levels
from omr_jax.sweeps.folder import Pack
from omr_jax.tasks.task import Task
from omr_jax.utils import rules
from omr_jax.utils.files import read_json, write_file

# The columns of sweep.csv before and after those of the task.
_FIRST = ('run', 'state')
_LAST = (
  'epochs',
  'tested_epoch',
  'parameters',
  'seconds',
  'trained_together',
  'images_per_s',
  'peak_memory_gib',
  'devices',
  'starts',
  'error',
  'workdir',
  'log',
)
_INTERVAL = '_wilson_95'
_COUNT = rules.whole(0, 2**63)
# What the keys of summary.json must be that are read here and in the report, besides those of the
# task's `report.SUMMARY`.
_SUMMARY: Mapping[str, rules.Rule] = {
  **dict.fromkeys(('epochs', 'tested_epoch', 'parameters'), _COUNT),
  'trained_together': rules.whole(1, 2**63),
  **dict.fromkeys(('seconds', 'images_per_s', 'peak_memory_gib'), rules.AT_LEAST_0),
  'devices': (
    'a list of texts',
    lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
  ),
}


class Row(NamedTuple):
  """A run of a sweep.

  Attributes:
    run: The run's name.
    levels: The levels of the factors, as the name says them.
    overrides: The run's overrides of the config.
    summary: The summary of a finished run, else None.
    error: Why the run cannot be finished, else None.
    starts: How often the run's program was started.
    workdir: The run's folder relative to the sweep's; '' if the run's config is not valid.
    log: The file with the output of the run's programs, relative to the sweep's folder; or ''.
  """

  run: str
  levels: Mapping[str, str]
  overrides: Mapping
  summary: Mapping | None
  error: str | None
  starts: int
  workdir: str
  log: str


def rows(out: Path) -> list[Row]:
  """All runs of a sweep as they are now, in the page's order."""
  content = folder.read_content(out)
  packs = {run: Pack(out, name, runs) for name, runs in content['packs'].items() for run in runs}
  task = folder.task(out)
  return [
    _row(out, task, run, overrides, packs.get(run)) for run, overrides in content['runs'].items()
  ]


def write_csv(out: Path, runs: Sequence[Row]) -> None:
  """Writes sweep.csv: results, then a column for each factor and one for each overridden key."""
  columns = *_FIRST, *_of_task(folder.task(out)), *_LAST
  factors = list(dict.fromkeys(factor for row in runs for factor in row.levels))
  keys = list(dict.fromkeys(key for row in runs for key in row.overrides))
  lines = []
  for row in runs:
    values = _values(row)
    lines.append(
      [
        *(values.get(column, '') for column in columns),
        *(row.levels.get(factor, '') for factor in factors),
        *(row.overrides.get(key, '') for key in keys),
      ]
    )
  named = (f'factor.{factor}' if factor in columns else factor for factor in factors)
  header = *columns, *named, *(f'config.{key}' for key in keys)
  write_file(out / 'sweep.csv', write.csv_file(header, lines))


def state(row: Row) -> str:
  """The state of a run: finished, failed, begun or waiting."""
  if row.summary is not None:
    return 'finished'
  if row.error is not None:
    return 'failed'
  return 'begun' if row.starts else 'waiting'


def read_summary(workdir: Path, task: Task) -> dict:
  """The summary of a finished run of a task.

  Raises:
    UserError: It is damaged, or of a run of an earlier version.
  """
  path, remedy = workdir / 'summary.json', 'delete this file, and start the sweep again'
  found = read_json(path, remedy)
  for key, rule in {**task.report.SUMMARY, **_SUMMARY}.items():
    if not rules.holds(rule, found.get(key)):
      raise UserError(f'{path}: {key} is missing or not {rule[0]}; {remedy}.')
  return found


def _of_task(task: Task) -> list[str]:
  """The columns that only this task has: its SUMMARY, with two columns for an interval."""
  columns: list[str] = []
  for key in task.report.SUMMARY:
    name = key.removesuffix(_INTERVAL)
    columns += [key] if name == key else _ends(name)
  return columns


def _ends(name: str) -> tuple[str, str]:
  """The columns of the two ends of an interval."""
  return f'{name}_low', f'{name}_high'


def _row(out: Path, task: Task, run: str, overrides: Mapping, pack: Pack | None) -> Row:
  failed = folder.error(out, run)
  if pack is None:
    return Row(run, levels(run), overrides, None, failed, 0, '', '')
  workdir, summary = pack.workdirs[run], None
  if (workdir / 'summary.json').exists():
    try:
      # Another process may have finished it after the error, as when a machine was out of reach.
      summary, failed = read_summary(workdir, task), None
    except UserError as error:
      failed = str(error)
  return Row(
    run,
    levels(run),
    overrides,
    summary,
    failed,
    len(folder.starts(pack)),
    str(workdir.relative_to(out)),
    str(pack.log.relative_to(out)),
  )


def _values(row: Row) -> dict:
  values = {'run': row.run, 'state': state(row), 'starts': row.starts, 'error': row.error or ''}
  values |= {'workdir': row.workdir, 'log': row.log}
  if row.summary is not None:
    for key, value in row.summary.items():
      name = key.removesuffix(_INTERVAL)
      values |= {key: value} if name == key else dict(zip(_ends(name), value, strict=True))
    values['devices'] = ' '.join(row.summary['devices'])
  return {k: f'{v:.6g}' if isinstance(v, float) else v for k, v in values.items()}
