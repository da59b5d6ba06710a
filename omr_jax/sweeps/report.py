"""Writes the results of a sweep as a page in the style of a run's report, and as a table."""

import math
import urllib.parse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omr_jax.report import figures, templates
from omr_jax.report.parts import DASH, Cell, Table, interval, percent, tables
from omr_jax.report.templates import Section
from omr_jax.sweeps import analysis, folder, results
from omr_jax.sweeps.analysis import Effect, Setting
from omr_jax.sweeps.results import Row
from omr_jax.tasks.task import Task
from omr_jax.utils.files import write_file
from omr_jax.utils.words import duration

_CURVES = 12  # Learning curves are drawn for so many settings, the best ones.
_STARTS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99)  # Where the bars of the ranking may begin.


def write(out: Path) -> list[Row]:
  """Writes sweep.csv and sweep.html with the results so far; returns a row for each run.

  Raises:
    UserError: A file cannot be written.
  """
  runs = results.rows(out)
  results.write_csv(out, runs)
  page = _page(out, folder.read_content(out), runs)
  write_file(out / 'sweep.html', page.encode(errors='backslashreplace'))
  return runs


def _page(out: Path, content: dict, runs: Sequence[Row]) -> str:
  task = folder.task(out)
  finished = [row.summary for row in runs if row.summary is not None]
  failed = [row for row in runs if row.error is not None]
  seconds = sum(summary['seconds'] / summary['trained_together'] for summary in finished)
  sections, settings = {}, analysis.ranking(runs, task)
  done = f'{len(finished)} of {len(runs)} runs finished'
  title = done
  if settings:
    best = settings[0]
    title = (
      f'Best is {_words(best.name)}: {percent(best.validation)} in validation, '
      f'{percent(best.test)} in the test'
    )
    sections['Ranking'] = _ranking(runs, settings)
    if effects := analysis.effects(runs, task):
      sections['Effects'] = tables([_effects(effects)])
    if correlations := analysis.correlations(runs, task):
      sections['Random draws'] = tables([_correlations(correlations, task)])
    sections['Learning curves'] = _curves(out, runs, settings, task)
  sections['Runs'] = tables([_runs(runs, task)])
  if failed:
    sections['Errors'] = tables([_errors(failed)])
  tiles = {
    'Finished': f'{len(finished)} of {len(runs)}',
    'Failed': str(len(failed)),
    'Programs': str(len(content['packs'])),
    'Total time': duration(seconds),
  }
  return templates.page(
    title,
    f'sweep {content["name"]}, {content["config"]}',
    f'{done}. Settings are ranked by validation {task.measure_name}, because the test split must '
    'not decide a choice. The time of a program that trains several runs is divided among them.',
    tiles,
    sections,
  )


def _words(name: str) -> str:
  """The name of a setting or run with spaces, where a line may be broken."""
  return name.replace(',', ', ')


def _ranking(runs: Sequence[Row], settings: Sequence[Setting]) -> Section:
  known = [each.test if math.isnan(each.low) else each.low for each in settings]
  start = max(start for start in _STARTS if start == 0 or start < min(known))
  rows = [
    [
      _words(each.name),
      each.runs,
      percent(each.validation),
      _points(each.validation_deviation),
      percent(each.test),
      _points(each.deviation),
      _bar(each, start),
      DASH if math.isnan(each.low) else interval(each.low, each.high),
      Cell(duration(each.seconds), each.seconds),
    ]
    for each in settings
  ]
  bars = f'test, {100 * start:g} to 100 %'
  table = Table(
    'Means over seeds ± standard deviations; bars: the test, with the Wilson interval of one run '
    'with this mean',
    (*('setting', 'runs', 'validation', '±', 'test', '±'), bars, '95 % interval', 'time'),
    rows,
  )
  best = [row for row in runs if analysis.setting_of(row.run) == settings[0].name]
  links = [(_words(row.run), _report(row)) for row in best if row.summary is not None]
  return Section('sweeps/ranking.html', {'table': table, 'best': links})


def _bar(setting: Setting, start: float) -> Cell:
  """A bar of the test result that begins at `start`, with its interval."""
  ends = (setting.test,) * 2 if math.isnan(setting.low) else (setting.low, setting.high)
  at, low, high = ((share - start) / (1 - start) for share in (setting.test, *ends))
  return Cell('', setting.test, bar=(at, low, high))


def _report(row: Row) -> str:
  """The address of the report of a finished run."""
  return urllib.parse.quote(f'{row.workdir}/report/report.html')


def _effects(effects: Sequence[Effect]) -> Table:
  rows = [
    [
      f'{each.factor}: {each.level} against {each.against}',
      each.pairs,
      _points(each.validation, sign=True),
      _points(each.test, sign=True),
      DASH
      if math.isnan(each.low)
      else f'{_points(each.low, sign=True)} to {_points(each.high, sign=True)}',
    ]
    for each in effects
  ]
  return Table(
    'Mean difference, in percentage points, of pairs of runs that differ in this factor only; '
    't interval over the settings of the other factors, or over the seeds of a single one',
    ('factor', 'pairs', 'validation', 'test', '95 % interval of the test'),
    rows,
  )


def _correlations(found: Sequence[tuple[str, int, float, float]], task: Task) -> Table:
  rows = [[key, n, f'{rho:+.2f}', f'{p:.2g}'] for key, n, rho, p in found]
  return Table(
    'Rank correlation (Spearman) of randomly drawn numbers with the validation '
    f'{task.measure_name}',
    ('key', 'draws', 'rank correlation', 'p'),
    rows,
  )


def _curves(out: Path, runs: Sequence[Row], settings: Sequence[Setting], task: Task) -> Section:
  best = [setting.name for setting in settings[:_CURVES]]
  shown = {}
  for row in runs:
    name = analysis.setting_of(row.run)
    if row.summary is not None and name in best and name not in shown:
      lines = folder.history(out / row.workdir)
      shown[name] = {
        key: ([line['epoch'] for line in lines], [line[key] for line in lines])
        for key in ('loss', task.validated)
      }
  shown = {name: shown[name] for name in best if name in shown}
  drawn = [
    figures.curves({name: each['loss'] for name, each in shown.items()}, 'training loss', log=True),
    figures.curves(
      {name: each[task.validated] for name, each in shown.items()},
      f'validation {task.measure_name}',
    ),
  ]
  words = (
    f'The first run of each of the {len(shown)} best settings. Pointing at a curve, or the arrow '
    'keys, say which it is.'
  )
  return Section('report/curves.html', {'words': words, 'figures': drawn})


def _runs(runs: Sequence[Row], task: Task) -> Table:
  columns = (
    *('run', 'state', 'validation', 'test', 'epochs', 'time', 'runs in program', 'images/s'),
    *('memory', 'starts', 'log'),
  )
  return Table('All runs and their costs', columns, [_run(row, task) for row in runs])


def _run(row: Row, task: Task) -> list:
  name, summary = _words(row.run), row.summary
  cells: list[Any] = [DASH] * 7
  if summary is not None:
    cells = [
      percent(summary[task.validated]),
      percent(summary[task.measure]),
      summary['epochs'],
      Cell(duration(summary['seconds']), summary['seconds']),
      summary['trained_together'],
      f'{summary["images_per_s"]:.0f}',
      f'{summary["peak_memory_gib"]:.2f} GiB',
    ]
  first = name if summary is None else Cell(name, link=_report(row))
  log = Cell(row.log, link=urllib.parse.quote(row.log)) if row.starts else row.log
  return [first, results.state(row), *cells, row.starts, log]


def _errors(failed: Sequence[Row]) -> Table:
  rows = [[row.run, str(row.error)] for row in failed]
  return Table('Runs that cannot be finished', ('run', 'reason'), rows, words=True)


def _points(share: float, sign: bool = False) -> str:
  """A difference of shares in percentage points, NaN as a dash."""
  if math.isnan(share):
    return DASH
  return f'{100 * share:+.2f}' if sign else f'{100 * share:.2f}'
