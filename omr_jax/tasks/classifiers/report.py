"""Measures a finished run whose network gives one class to each example, and writes its report."""

from collections.abc import Mapping

import numpy as np

from omr_jax.evaluation import decision, metrics
from omr_jax.report.write import csv_file
from omr_jax.tasks.classifiers import page
from omr_jax.tasks.classifiers.run import ClassifiedRun
from omr_jax.utils import rules

# What the keys of summary.json must be that tables of several runs show.
SUMMARY: Mapping[str, rules.Rule] = {
  'validation_accuracy': rules.CHANCE,
  'accuracy': rules.CHANCE,
  'accuracy_wilson_95': (
    'two shares from 0 to 1',
    lambda value: len(value) == 2 and all(rules.holds(rules.CHANCE, each) for each in value),
  ),
  'correct': rules.whole(0, 2**63),
  'n': rules.whole(1, 2**63),
}


def numbers(run: ClassifiedRun) -> dict:
  """The measured numbers of `summary.json`."""
  labels, right, (threshold, temperature) = run.test_labels, run.correct, run.decision
  counted = decision.from_threshold(run.test_logits, threshold)

  def ece(calibrated):
    sure = decision.confidence(run.test_logits, run.test_predicted, calibrated)
    return metrics.expected_calibration_error(metrics.reliability(sure, right))

  uncalibrated = {}
  if not run.is_joined:  # Else the logits have been divided by the temperatures of their runs.
    uncalibrated = {
      'nll_uncalibrated': metrics.negative_log_likelihood(counted, labels),
      'ece_uncalibrated': ece(run.decision._replace(temperature=1.0)),
    }
  correct, n = int(right.sum()), len(right)
  return {
    'accuracy': correct / n,
    'correct': correct,
    'n': n,
    'accuracy_wilson_95': list(metrics.wilson_interval(correct, n)),
    'validation_accuracy': float(
      np.divide(*metrics.accuracy(run.validation_logits, run.validation_labels))
    ),
    'temperature': temperature,
    'nll': metrics.negative_log_likelihood(counted, labels, temperature),
    'ece': ece(run.decision),
    **uncalibrated,
    'averages': {
      name: {'precision': precision, 'recall': recall}
      for name, (precision, recall, _) in metrics.averages(run.confusion).items()
    },
    **run.task.evaluation.measure(run),
  }


def files(run: ClassifiedRun, numbers: Mapping) -> dict[str, bytes]:
  """The files of the folder `report` by name, in the order in which they are to be written."""
  confusion = run.confusion
  answers = zip(
    run.test_ids,
    [run.classes[i] for i in run.test_labels],
    [run.classes[i] for i in run.test_predicted],
    [f'{value:.6f}' for value in run.confidence],
    strict=True,
  )
  shares = [
    ['' if np.isnan(value) else f'{value:.6f}' for value in values]
    for values in metrics.precision_recall(confusion)
  ]
  counts = (confusion.sum(axis=1), confusion.sum(axis=0), np.diag(confusion))
  per_class = zip(run.classes, *counts, *shares, strict=True)
  named = ('class', f'{run.task.noun}s', 'predicted', 'correct', 'precision', 'recall')
  return {
    'test_predictions.csv': csv_file(('id', 'true', 'predicted', 'confidence'), answers),
    'per_class.csv': csv_file(named, per_class),
    'report.html': page.page(run, numbers).encode(errors='backslashreplace'),
  }


def in_words(summary: Mapping) -> str:
  """The result of a run in a few words."""
  interval = metrics.percent_range(*summary['accuracy_wilson_95'])
  return (
    f'accuracy {100 * summary["accuracy"]:.2f} % ({summary["correct"]} of {summary["n"]}, 95 % '
    f'interval {interval})'
  )


def columns(summary: Mapping) -> dict[str, str]:
  """The cells of a run in the table of `report.compare` by the names of their columns."""
  return {
    'accuracy': f'{100 * summary["accuracy"]:.2f} %',
    '95 % interval': f'{metrics.percent_range(*summary["accuracy_wilson_95"])} %',
    'errors': f'{summary["n"] - summary["correct"]}/{summary["n"]}',
    'ECE': f'{100 * summary["ece"]:.2f} %',
  }


def pair(a: ClassifiedRun, b: ClassifiedRun) -> str:
  """Compares two runs that were tested on the same examples, by the exact McNemar test."""
  nouns, (right_a, right_b) = f'{a.task.noun}s', (r.correct[np.argsort(r.test_ids)] for r in (a, b))
  only_a, only_b, p = metrics.mcnemar(right_a, right_b)
  return (
    f'only the first is right on {only_a} {nouns}, only the second on {only_b}; '
    f'exact McNemar test p = {p:.3g}'
  )
