"""Compares finished runs: a table, a test of each pair, means over seeds."""

import itertools
import json
import statistics

import numpy as np

from omr_jax.evaluation.finished_run import FinishedRun
from omr_jax.utils.words import one_line

_LAST = ('epochs', 'minutes')  # The last columns of the table.


def compare(runs: list[FinishedRun], summaries: list[dict]) -> str:
  """The comparison as text: all runs in a table, each pair, each group that differs only in seed.

  Args:
    runs: The runs.
    summaries: The summary of each run, as `write.write_pages` returns it.
  """
  cells = [
    {
      'run': one_line(str(run.workdir)),
      **run.task.report.columns(summary),
      'epochs': str(summary['epochs']),
      'minutes': f'{summary["seconds"] / 60:.1f}',
    }
    for run, summary in zip(runs, summaries, strict=True)
  ]
  # Runs of different tasks have different columns.
  names = sorted(dict.fromkeys(itertools.chain(*cells)), key=lambda name: name in _LAST)
  rows = [names, *([each.get(name, '') for name in names] for each in cells)]
  widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
  lines = ['  '.join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
  for a, b in itertools.combinations(runs, 2):
    names_of_both = ' against '.join(one_line(str(run.workdir)) for run in (a, b))
    lines += ['', f'{names_of_both}: {_compare_pair(a, b)}']
  groups: dict[str, list[tuple[int, float]]] = {}
  for run, summary in zip(runs, summaries, strict=True) if len(runs) > 1 else ():
    reached = summary[run.task.measure]
    groups.setdefault(_all_but_seed(run), []).append((run.facts['seed'], reached))
  for group in groups.values():
    seeds, reached_by = zip(*group, strict=True)
    if len(group) > 1 and len(set(seeds)) == len(seeds):
      mean, deviation = statistics.mean(reached_by), statistics.stdev(reached_by)
      lines += [
        '',
        f'{len(group)} runs that differ only in seed ({", ".join(map(str, seeds))}): '
        f'mean {100 * mean:.2f} %, standard deviation {100 * deviation:.2f} %',
      ]
  return '\n'.join(lines)


def _compare_pair(a: FinishedRun, b: FinishedRun) -> str:
  if a.facts['data_digest'] != b.facts['data_digest'] or a.classes != b.classes:
    return 'not comparable, different data'
  if not np.array_equal(np.sort(a.test_ids), np.sort(b.test_ids)):
    return f'not comparable, different test {a.task.noun}s'
  words: str = a.task.report.pair(a, b)
  return words


def _all_but_seed(run: FinishedRun) -> str:
  """A text that is equal for two runs if they differ only in their seed."""
  # Not at the top: it imports JAX, which the report of a single run does not need.
  from omr_jax.recipe import config_keys

  config = config_keys.read_values(run.config, but=('seed',))
  return json.dumps([config, run.facts['data_digest'], sorted(run.test_ids)], sort_keys=True)
