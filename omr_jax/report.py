"""A finished run's numbers and report, written, rebuilt and compared.

  python -m omr_jax.report RUN [RUN ...]

rebuilds the report of each run from what its folder holds and compares several runs.
"""

import argparse
import csv
import io
import itertools
import json
import os
import statistics
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from omr_jax import decision, evaluate, gate_report, report_page
from omr_jax.errors import answered
from omr_jax.files import write_file
from omr_jax.finished_run import (
  FACTS,
  FinishedRun,
  Tested,
  read,
  read_with_facts,
  save_evaluation,
)

__all__ = [
  'FACTS',
  'Tested',
  'compare',
  'csv_file',
  'main',
  'read',
  'rebuild',
  'save_evaluation',
  'write',
  'write_pages',
]


def write(workdir: str | os.PathLike, facts: dict) -> dict:
  """Write `report/` and then `summary.json`, which ends a run; returns the summary.

  Args:
    workdir: the run's folder with config.json, metrics.jsonl and evaluation.npz.
    facts: what the training tells about itself, as JSON can hold it: at least `FACTS`; the report
      shows all of it. A name of the measured numbers in it (accuracy, ...) is ignored.

  Raises:
    UserError: a file is missing, damaged or cannot be written.
  """
  return write_pages(read_with_facts(Path(workdir), facts))


def rebuild(workdir: str | os.PathLike) -> dict:
  """Write the report of a finished run again from its own files; returns the summary."""
  return write_pages(read(workdir))


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  parser = argparse.ArgumentParser(
    prog='python -m omr_jax.report',
    description='Rebuild the report (RUN/report/, RUN/summary.json) of each finished run from its '
    'own files. Several runs are also compared: a table, the exact McNemar test for each pair '
    'with the same test symbols, and mean and standard deviation of runs that differ only in seed.',
  )
  parser.add_argument('runs', nargs='+', metavar='RUN', help='the workdir of a finished run')
  options = parser.parse_args(arguments)
  return answered(lambda: _rebuild_all(options.runs))


def _rebuild_all(paths: list[str]) -> None:
  runs = [read(path) for path in paths]
  summaries = [write_pages(run) for run in runs]
  for run in runs:
    print(run.workdir / 'report' / 'report.html')
  print()
  print(compare(runs, summaries))


def compare(runs: list[FinishedRun], summaries: list[dict]) -> str:
  """The runs as a table, then each pair and each group that differs only in seed, as text."""
  rows = [('run', 'accuracy', '95 % interval', 'errors', 'ECE', 'epochs', 'minutes')]
  for run, summary in zip(runs, summaries, strict=True):
    rows.append(
      (
        str(run.workdir),
        f'{100 * summary["accuracy"]:.2f} %',
        f'{evaluate.percent_range(*summary["accuracy_wilson_95"])} %',
        f'{summary["n"] - summary["correct"]}/{summary["n"]}',
        f'{100 * summary["ece"]:.2f} %',
        str(summary['epochs']),
        f'{summary["seconds"] / 60:.1f}',
      )
    )
  widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
  lines = ['  '.join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
  for a, b in itertools.combinations(runs, 2):
    lines += ['', f'{a.workdir} against {b.workdir}: {_compare_pair(a, b)}']
  groups = {}
  for run, summary in zip(runs, summaries, strict=True):
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
  if not np.array_equal(a.test_ids[order_a], b.test_ids[order_b]):
    return 'not comparable, different test symbols'
  only_a, only_b, p = evaluate.mcnemar(a.correct[order_a], b.correct[order_b])
  return (
    f'only the first is right on {only_a} symbols, only the second on {only_b}; '
    f'exact McNemar test p = {p:.3g}'
  )


def _all_but_seed(run: FinishedRun) -> str:
  """Equal for runs that differ in nothing but the seed."""
  config = {key: value for key, value in run.config.items() if key != 'seed'}
  return json.dumps([config, run.facts['data_digest'], sorted(run.test_ids)], sort_keys=True)


def _measure(run: FinishedRun) -> tuple[dict, dict]:
  """The numbers for the summary, and the calibrated predictions behind them."""
  labels, logits, predicted = run.test_labels, run.test_logits, run.test_predicted
  temperature = run.temperature
  right = run.correct

  def ece(temperature):
    bins = evaluate.reliability(decision.confidence(logits, predicted, temperature), right)
    return evaluate.expected_calibration_error(bins)

  confusion = evaluate.confusion_matrix(labels, predicted, len(run.classes))
  correct, n = int(right.sum()), len(right)
  numbers = {
    'accuracy': correct / n,
    'correct': correct,
    'n': n,
    'accuracy_wilson_95': list(evaluate.wilson_interval(correct, n)),
    'validation_accuracy': _validation_accuracy(run),
    'temperature': temperature,
    'nll': evaluate.negative_log_likelihood(logits, labels, temperature),
    'nll_uncalibrated': evaluate.negative_log_likelihood(logits, labels),
    'ece': ece(temperature),
    'ece_uncalibrated': ece(1.0),
    'averages': {
      name: {'precision': precision, 'recall': recall}
      for name, (precision, recall) in evaluate.averages(confusion).items()
    },
  }
  gate = gate_report.of_run(run) if len(run.test_sources) else None
  if gate is not None:
    numbers['gate'] = gate[2]
  return numbers, {
    'gate': gate,
    'predicted': predicted,
    'confidence': decision.confidence(logits, predicted, temperature),
    'correct': right,
    'confusion': confusion,
  }


def _validation_accuracy(run: FinishedRun) -> float:
  correct, n = evaluate.accuracy(run.validation_logits, run.validation_labels)
  return correct / n


def write_pages(run: FinishedRun) -> dict:
  """Write `report/` and `summary.json` into a run's folder; returns the summary."""
  numbers, predictions = _measure(run)
  facts = {key: value for key, value in run.facts.items() if key not in numbers}
  run = run._replace(facts=facts)
  named = [run.classes[i] for i in predictions['predicted']]
  symbols = zip(
    run.test_ids,
    [run.classes[i] for i in run.test_labels],
    named,
    [f'{value:.6f}' for value in predictions['confidence']],
    strict=True,
  )
  confusion = predictions['confusion']
  shares = [
    ['' if np.isnan(value) else f'{value:.6f}' for value in values]
    for values in evaluate.precision_recall(confusion)
  ]
  counts = (confusion.sum(axis=1), confusion.sum(axis=0), np.diag(confusion))
  per_class = zip(run.classes, *counts, *shares, strict=True)
  summary = {**numbers, **facts}
  folder = run.workdir / 'report'
  write_file(
    folder / 'test_predictions.csv', csv_file(('id', 'true', 'predicted', 'confidence'), symbols)
  )
  write_file(
    folder / 'per_class.csv',
    csv_file(('class', 'symbols', 'predicted', 'correct', 'precision', 'recall'), per_class),
  )
  write_file(folder / 'report.html', report_page.page(run, numbers, predictions).encode('utf-8'))
  write_file(run.workdir / 'summary.json', (json.dumps(summary, indent=2) + '\n').encode())
  return summary


def csv_file(header: tuple[str, ...], rows: Iterable[Iterable]) -> bytes:
  """The content of a CSV file."""
  text = io.StringIO()
  writer = csv.writer(text, lineterminator='\n')
  writer.writerow(header)
  writer.writerows(rows)
  return text.getvalue().encode('utf-8')


if __name__ == '__main__':
  sys.exit(main())
