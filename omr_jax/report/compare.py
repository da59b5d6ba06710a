"""Compares finished runs: a table, exact McNemar tests, means over seeds."""

import itertools
import json
import statistics

import numpy as np

from omr_jax.evaluation import metrics
from omr_jax.evaluation.finished_run import FinishedRun
from omr_jax.utils.words import one_line


def compare(runs: list[FinishedRun], summaries: list[dict]) -> str:
  """The comparison as text: all runs in a table, each pair, each group that differs only in seed.

  Args:
    runs: The runs.
    summaries: The summary of each run, as `write.write_pages` returns it.
  """
  rows = [('run', 'accuracy', '95 % interval', 'errors', 'ECE', 'epochs', 'minutes')]
  for run, summary in zip(runs, summaries, strict=True):
    rows.append(
      (
        one_line(str(run.workdir)),
        f'{100 * summary["accuracy"]:.2f} %',
        f'{metrics.percent_range(*summary["accuracy_wilson_95"])} %',
        f'{summary["n"] - summary["correct"]}/{summary["n"]}',
        f'{100 * summary["ece"]:.2f} %',
        str(summary['epochs']),
        f'{summary["seconds"] / 60:.1f}',
      )
    )
  widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
  lines = ['  '.join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
  for a, b in itertools.combinations(runs, 2):
    names = ' against '.join(one_line(str(run.workdir)) for run in (a, b))
    lines += ['', f'{names}: {_compare_pair(a, b)}']
  groups: dict[str, list[tuple[int, float]]] = {}
  for run, summary in zip(runs, summaries, strict=True) if len(runs) > 1 else ():
    groups.setdefault(_all_but_seed(run), []).append((run.facts['seed'], summary['accuracy']))
  for group in groups.values():
    seeds, accuracies = zip(*group, strict=True)
    if len(group) > 1 and len(set(seeds)) == len(seeds):
      mean, deviation = statistics.mean(accuracies), statistics.stdev(accuracies)
      lines += [
        '',
        f'{len(group)} runs that differ only in seed ({", ".join(map(str, seeds))}): '
        f'mean {100 * mean:.2f} %, standard deviation {100 * deviation:.2f} %',
      ]
  return '\n'.join(lines)


def _compare_pair(a: FinishedRun, b: FinishedRun) -> str:
  if a.facts['data_digest'] != b.facts['data_digest'] or a.classes != b.classes:
    return 'not comparable, different data'
  order_a, order_b = np.argsort(a.test_ids), np.argsort(b.test_ids)
  nouns = f'{a.task.noun}s'
  if not np.array_equal(a.test_ids[order_a], b.test_ids[order_b]):
    return f'not comparable, different test {nouns}'
  only_a, only_b, p = metrics.mcnemar(a.correct[order_a], b.correct[order_b])
  return (
    f'only the first is right on {only_a} {nouns}, only the second on {only_b}; '
    f'exact McNemar test p = {p:.3g}'
  )


def _all_but_seed(run: FinishedRun) -> str:
  """A text that is equal for two runs if they differ only in their seed."""
  from omr_jax.recipe import (
    config_keys,
  )  # It imports JAX, which the report of a single run does not need.

  config = config_keys.read_values(run.config, but=('seed',))
  return json.dumps([config, run.facts['data_digest'], sorted(run.test_ids)], sort_keys=True)
