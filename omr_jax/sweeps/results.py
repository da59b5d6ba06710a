"""What came of a sweep, read from its folder: a row for each run, and the table of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from omr_jax.errors import UserError
from omr_jax.report import write
from omr_jax.sweeps import folder, levels
from omr_jax.sweeps.folder import Pack
from omr_jax.utils.files import read_json, write_file

COLUMNS = (
  'run',
  'state',
  'validation_accuracy',
  'accuracy',
  'accuracy_low',
  'accuracy_high',
  'correct',
  'n',
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


class Row(NamedTuple):
  """A run.

  Attributes:
    run: Its name.
    levels: Of the factors, as its name says.
    overrides: Of the config.
    summary: Of a finished run, else None.
    error: Why it can't be finished, else None.
    starts: How often its program was started.
    workdir: Its folder, from the sweep's; '' where it can't be run.
    log: What its programs have said, likewise.
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
  said = read_json(out / 'sweep.json', 'start the sweep again')
  packs = {run: Pack(out, name, runs) for name, runs in said['packs'].items() for run in runs}
  return [_row(out, run, overrides, packs.get(run)) for run, overrides in said['runs'].items()]


def write_csv(out: Path, runs: Sequence[Row]) -> None:
  """Writes sweep.csv: the columns, then each factor and each override, `config.` and its key."""
  factors = list(dict.fromkeys(factor for row in runs for factor in row.levels))
  keys = list(dict.fromkeys(key for row in runs for key in row.overrides))
  lines = []
  for row in runs:
    values = _values(row)
    lines.append(
      [
        *(values.get(column, '') for column in COLUMNS),
        *(row.levels.get(factor, '') for factor in factors),
        *(row.overrides.get(key, '') for key in keys),
      ]
    )
  header = *COLUMNS, *factors, *(f'config.{key}' for key in keys)
  write_file(out / 'sweep.csv', write.csv_file(header, lines))


def state(row: Row) -> str:
  """finished, failed, begun or waiting."""
  if row.summary is not None:
    return 'finished'
  if row.error is not None:
    return 'failed'
  return 'begun' if row.starts else 'waiting'


def _row(out: Path, run: str, overrides: Mapping, pack: Pack | None) -> Row:
  failed = folder.error(out, run)
  if pack is None:
    return Row(run, levels(run), overrides, None, failed, 0, '', '')
  workdir, summary = pack.workdirs[run], None
  if (workdir / 'summary.json').exists():
    try:
      summary = read_json(workdir / 'summary.json', 'start the sweep again')
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
    low, high = row.summary['accuracy_wilson_95']
    values |= {key: row.summary[key] for key in COLUMNS if key in row.summary}
    values |= {'accuracy_low': low, 'accuracy_high': high}
    values['devices'] = ' '.join(row.summary['devices'])
  return {k: f'{v:.6g}' if isinstance(v, float) else v for k, v in values.items()}
