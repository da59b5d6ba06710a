"""Writes the results of a sweep as a page in the style of a run's report, and as a table."""

import html
import math
from collections.abc import Sequence
from pathlib import Path

from omr_jax.report import figures, parts
from omr_jax.report.parts import DASH, percent
from omr_jax.sweeps import analysis, folder, results
from omr_jax.sweeps.results import Row
from omr_jax.tasks.task import Task
from omr_jax.utils.files import read_json, write_file
from omr_jax.utils.words import duration

_CURVES = 12  # Learning curves are drawn for so many settings, the best ones.


def write(out: Path) -> list[Row]:
  """Writes sweep.csv and sweep.html with the results so far; returns a row for each run.

  Raises:
    UserError: A file cannot be written.
  """
  runs = results.rows(out)
  results.write_csv(out, runs)
  content = read_json(out / 'sweep.json', 'start the sweep again')
  write_file(out / 'sweep.html', _page(out, content, runs).encode(errors='backslashreplace'))
  return runs


def _page(out: Path, content: dict, runs: Sequence[Row]) -> str:
  task = folder.task(out)
  finished = [row.summary for row in runs if row.summary is not None]
  failed = [row for row in runs if row.error is not None]
  seconds = sum(summary['seconds'] / summary['trained_together'] for summary in finished)
  sections = {}
  if finished:
    sections['Ranking'] = _ranking(runs, task)
    if analysis.effects(runs, task):
      sections['Effects'] = _effects(runs, task)
    if analysis.correlations(runs, task):
      sections['Random draws'] = _correlations(runs, task)
    sections['Learning curves'] = _curves(out, runs, task)
  sections['Runs'] = _runs(runs, task)
  if failed:
    sections['Errors'] = _errors(failed)
  tiles = {
    'Finished': f'{len(finished)} of {len(runs)}',
    'Failed': str(len(failed)),
    'Programs': str(len(content['packs'])),
    'Total time': duration(seconds),
  }
  if finished:
    tiles['Best on validation'] = percent(analysis.ranking(runs, task)[0].validation)
  return parts.fill(
    f'{len(finished)} of {len(runs)} runs finished',
    f'sweep {content["name"]}, {content["config"]}',
    f'Settings are ranked by validation {task.measure_name}, because the test split must not '
    'decide a choice. The time of a program that trains several runs is divided among them.',
    tiles,
    sections,
    2,
  )


def _ranking(runs: Sequence[Row], task: Task) -> str:
  body = ''.join(
    _row(
      each.name,
      each.runs,
      percent(each.validation),
      _points(each.validation_deviation),
      percent(each.test),
      _points(each.deviation),
      DASH if math.isnan(each.low) else f'{percent(each.low)} to {percent(each.high)}',
      duration(each.seconds),
    )
    for each in analysis.ranking(runs, task)
  )
  head = _row(
    'setting', 'runs', 'validation', '±', 'test', '±', '95 % interval of the test', 'time', tag='th'
  )
  return parts.table(
    'Means over seeds ± standard deviations; Wilson interval of the test answers of all seeds',
    head,
    body,
  )


def _effects(runs: Sequence[Row], task: Task) -> str:
  body = ''.join(
    _row(
      f'{each.factor}: {each.level} against {each.against}',
      each.pairs,
      _points(each.validation, sign=True),
      _points(each.test, sign=True),
      DASH
      if math.isnan(each.low)
      else f'{_points(each.low, sign=True)} to {_points(each.high, sign=True)}',
    )
    for each in analysis.effects(runs, task)
  )
  head = _row('factor', 'pairs', 'validation', 'test', '95 % interval of the test', tag='th')
  return parts.table(
    'Mean difference, in percentage points, of pairs of runs that differ in this factor only; '
    't interval',
    head,
    body,
  )


def _correlations(runs: Sequence[Row], task: Task) -> str:
  body = ''.join(
    _row(key, n, f'{rho:+.2f}', f'{p:.2g}') for key, n, rho, p in analysis.correlations(runs, task)
  )
  head = _row('key', 'runs', 'rank correlation', 'p', tag='th')
  return parts.table(
    'Rank correlation (Spearman) of randomly drawn numbers with the validation '
    f'{task.measure_name}',
    head,
    body,
  )


def _curves(out: Path, runs: Sequence[Row], task: Task) -> str:
  best = [setting.name for setting in analysis.ranking(runs, task)[:_CURVES]]
  shown = {}
  for row in runs:
    name = ','.join(part for part in row.run.split(',') if not part.startswith('seed='))
    if row.summary is not None and (name or row.run) in best and name not in shown:
      lines = folder.history(out / row.workdir)
      shown[name or row.run] = {
        key: ([line['epoch'] for line in lines], [line[key] for line in lines])
        for key in ('loss', task.validated)
      }
  shown = {name: shown[name] for name in best if name in shown}
  drawn = (
    figures.curves({name: each['loss'] for name, each in shown.items()}, 'training loss', log=True),
    figures.curves(
      {name: each[task.validated] for name, each in shown.items()},
      f'validation {task.measure_name}',
    ),
  )
  return (
    f'<p class="soft">The first run of each of the {len(shown)} best settings.</p>\n'
    f'<div class="curves wide">{"".join(f"<figure>{each}</figure>" for each in drawn)}</div>'
  )


def _runs(runs: Sequence[Row], task: Task) -> str:
  body = ''.join(_run(row, task) for row in runs)
  head = _row(
    'run', 'state', 'validation', 'test', 'epochs', 'time', 'runs in program', 'images/s', 'memory',
    'starts', 'log', tag='th',
  )  # fmt: skip
  return parts.table('All runs and their costs', head, body)


def _run(row: Row, task: Task) -> str:
  cells = [results.state(row)]
  if row.summary is None:
    cells += [DASH] * 7
  else:
    summary = row.summary
    cells += [
      percent(summary[task.validated]),
      percent(summary[task.measure]),
      summary['epochs'],
      duration(summary['seconds']),
      summary['trained_together'],
      f'{summary["images_per_s"]:.0f}',
      f'{summary["peak_memory_gib"]:.2f} GiB',
    ]
  return _row(row.run, *cells, row.starts, row.log)


def _errors(failed: Sequence[Row]) -> str:
  body = ''.join(_row(row.run, row.error) for row in failed)
  return parts.table(
    'Runs that cannot be finished', _row('run', 'reason', tag='th'), body, kind='words'
  )


def _row(name: str, *cells: object, tag: str = 'td') -> str:
  kind = ' scope="col"' if tag == 'th' else ''
  first = f'<th scope="{"col" if tag == "th" else "row"}">{html.escape(name)}</th>'
  others = ''.join(f'<{tag}{kind}>{html.escape(str(cell))}</{tag}>' for cell in cells)
  return f'<tr>{first}{others}</tr>\n'


def _points(share: float, sign: bool = False) -> str:
  """A difference of shares in percentage points, NaN as a dash."""
  if math.isnan(share):
    return DASH
  return f'{100 * share:+.2f}' if sign else f'{100 * share:.2f}'
