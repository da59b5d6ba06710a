"""What came of a sweep, read from its folder: a row for each run, rankings, effects of factors."""

import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import scipy

from omr_jax import evaluate, report
from omr_jax.errors import UserError
from omr_jax.files import read_json, write_file
from omr_jax.sweeps import folder, levels
from omr_jax.sweeps.folder import Pack

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


class Setting(NamedTuple):
  """The finished runs that differ in nothing but the seed.

  Attributes:
    name: Of the runs without the seed.
    runs: How many.
    validation: Mean accuracy.
    validation_deviation: Standard deviation over the runs, NaN of one.
    accuracy: Mean, on the test.
    deviation: As of validation.
    low: Of the 95 % Wilson interval of all test answers together.
    high: Likewise.
    seconds: Of all runs; those trained together share theirs.
  """

  name: str
  runs: int
  validation: float
  validation_deviation: float
  accuracy: float
  deviation: float
  low: float
  high: float
  seconds: float


class Effect(NamedTuple):
  """What one level of a factor is worth against another, all else being equal.

  Attributes:
    factor: Such as 'optimizer'.
    level: Such as 'adam'.
    against: The factor's first level on the page.
    pairs: Pairs of finished runs that differ in this factor only.
    validation: Mean difference of their accuracies.
    accuracy: Likewise on the test.
    low: Of its 95 % t interval over the pairs, NaN of one pair.
    high: Likewise.
  """

  factor: str
  level: str
  against: str
  pairs: int
  validation: float
  accuracy: float
  low: float
  high: float


def rows(out: Path) -> list[Row]:
  """All runs of a sweep as they are now, in the page's order."""
  said = read_json(out / 'sweep.json', 'start the sweep again')
  packs = {run: Pack(out, name, runs) for name, runs in said['packs'].items() for run in runs}
  return [_row(out, run, overrides, packs.get(run)) for run, overrides in said['runs'].items()]


def ranking(runs: Sequence[Row]) -> list[Setting]:
  """Settings by their validation accuracy, the best first: the test split is not for choices."""
  groups: dict[str, list[Row]] = {}
  for row in runs:
    if row.summary is not None:
      name = ','.join(part for part in row.run.split(',') if not part.startswith('seed='))
      groups.setdefault(name or row.run, []).append(row)
  found = [_setting(name, group) for name, group in groups.items()]
  return sorted(found, key=lambda setting: -setting.validation)


def effects(runs: Sequence[Row]) -> list[Effect]:
  """Main effects, with all other factors held equal within each pair of runs."""
  finished = {tuple(sorted(row.levels.items())): row for row in runs if row.summary is not None}
  seen: dict[str, dict[str, None]] = {}
  for row in runs:
    for factor, level in row.levels.items():
      seen.setdefault(factor, {})[level] = None
  found = []
  for factor, of_factor in seen.items():
    first, *others = of_factor
    for level in others if factor not in ('seed', 'draw') else ():
      pairs = []
      for row in finished.values():
        twin = tuple(sorted((dict(row.levels) | {factor: first}).items()))
        if row.levels.get(factor) == level and twin in finished:
          pairs.append((row.summary, finished[twin].summary))
      if pairs:
        found.append(_effect(factor, level, first, pairs))
  return found


def correlations(runs: Sequence[Row]) -> list[tuple[str, int, float, float]]:
  """Of numbers drawn at random: key, runs, Spearman's rho with validation accuracy, and its p."""
  drawn = [row for row in runs if 'draw' in row.levels and row.summary is not None]
  keys = dict.fromkeys(key for row in drawn for key in row.overrides)
  found = []
  for key in keys:
    pairs = [
      (row.overrides[key], row.summary['validation_accuracy'])
      for row in drawn
      if isinstance(row.overrides.get(key), int | float)
    ]
    if len({value for value, _ in pairs}) > 2 and len({value for _, value in pairs}) > 1:
      rho, p = scipy.stats.spearmanr(*zip(*pairs, strict=True))
      found.append((key, len(pairs), float(rho), float(p)))
  return found


def write_csv(out: Path, runs: Sequence[Row]) -> None:
  """Writes sweep.csv: the columns, then each factor and each override."""
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
  write_file(out / 'sweep.csv', report.csv_file((*COLUMNS, *factors, *keys), lines))


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


def _setting(name: str, group: Sequence[Row]) -> Setting:
  summaries = [row.summary for row in group]
  validation = [summary['validation_accuracy'] for summary in summaries]
  accuracies = [summary['accuracy'] for summary in summaries]
  counts = [sum(summary[key] for summary in summaries) for key in ('correct', 'n')]
  return Setting(
    name,
    len(group),
    statistics.mean(validation),
    statistics.stdev(validation) if len(group) > 1 else math.nan,
    statistics.mean(accuracies),
    statistics.stdev(accuracies) if len(group) > 1 else math.nan,
    *evaluate.wilson_interval(*counts),
    sum(summary['seconds'] / summary['trained_together'] for summary in summaries),
  )


def _effect(
  factor: str, level: str, first: str, pairs: Sequence[tuple[Mapping, Mapping]]
) -> Effect:
  differences = {
    key: [own[key] - other[key] for own, other in pairs]
    for key in ('validation_accuracy', 'accuracy')
  }
  mean, low, high = statistics.mean(differences['accuracy']), math.nan, math.nan
  if len(pairs) > 1:
    error = statistics.stdev(differences['accuracy']) / math.sqrt(len(pairs))
    half = float(scipy.stats.t.ppf(0.975, len(pairs) - 1)) * error
    low, high = mean - half, mean + half
  validation = statistics.mean(differences['validation_accuracy'])
  return Effect(factor, level, first, len(pairs), validation, mean, low, high)
