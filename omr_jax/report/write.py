"""Measures a finished run and writes its report and summary."""

import csv
import errno
import io
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from omr_jax.errors import UserError
from omr_jax.evaluation import decision, metrics
from omr_jax.evaluation.finished_run import FinishedRun, read_with_facts
from omr_jax.report import page as report_page
from omr_jax.utils.files import write_file

_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


def write(workdir: str | os.PathLike, facts: dict) -> dict:
  """Writes `report/` and then `summary.json`, with which a run is finished; returns the summary.

  Args:
    workdir: The run's folder with config.json, metrics.jsonl and evaluation.npz.
    facts: What the training notes about itself, in types that JSON can hold: at least the keys of
      `finished_run.FACTS`. The report shows all of them. A key that is also the name of a measured
      number, such as accuracy, is ignored.

  Raises:
    UserError: A file is missing, damaged or cannot be written.
  """
  return write_pages(read_with_facts(Path(workdir), facts))


def rebuild(run: FinishedRun) -> dict:
  """Writes the report of a finished run again from its own files; returns the summary.

  A folder that this user may not write to, such as another user's, stays as it is. A line on stderr
  says so.
  """
  try:
    return write_pages(run)
  except UserError as error:
    cause = error.__cause__
    if not isinstance(cause, OSError) or cause.errno not in _READ_ONLY:
      raise
    print(f'{run.workdir}: {cause.strerror}, so its report is not written.', file=sys.stderr)
  return _summary(run)[0]


def _measure(run: FinishedRun) -> tuple[dict, dict]:
  """The numbers for the summary, and the predictions from which they are computed."""
  labels, logits, predicted = run.test_labels, run.test_logits, run.test_predicted
  calibrated, right = run.decision, run.correct
  temperature = calibrated.temperature
  uncalibrated = calibrated._replace(temperature=1.0)
  counted = decision.from_threshold(logits, calibrated.threshold)

  def ece(of_run):
    bins = metrics.reliability(decision.confidence(logits, predicted, of_run), right)
    return metrics.expected_calibration_error(bins)

  confusion = metrics.confusion_matrix(labels, predicted, len(run.classes))
  correct, n = int(right.sum()), len(right)
  numbers = {
    'accuracy': correct / n,
    'correct': correct,
    'n': n,
    'accuracy_wilson_95': list(metrics.wilson_interval(correct, n)),
    'validation_accuracy': _validation_accuracy(run),
    'temperature': temperature,
    'nll': metrics.negative_log_likelihood(counted, labels, temperature),
    'nll_uncalibrated': metrics.negative_log_likelihood(counted, labels),
    'ece': ece(calibrated),
    'ece_uncalibrated': ece(uncalibrated),
    'averages': {
      name: {'precision': precision, 'recall': recall}
      for name, (precision, recall) in metrics.averages(confusion).items()
    },
  }
  numbers |= run.task.evaluation.measure(run)
  return numbers, {
    'predicted': predicted,
    'confidence': decision.confidence(logits, predicted, calibrated),
    'correct': right,
    'confusion': confusion,
  }


def _validation_accuracy(run: FinishedRun) -> float:
  correct, n = metrics.accuracy(run.validation_logits, run.validation_labels)
  return correct / n


def _summary(run: FinishedRun) -> tuple[dict, dict, dict]:
  """The summary, and the two parts of `_measure`."""
  numbers, predictions = _measure(run)
  facts = {key: value for key, value in run.facts.items() if key not in numbers}
  return {**numbers, **facts}, numbers, predictions


def write_pages(run: FinishedRun) -> dict:
  """Writes `report/` and `summary.json` into a run's folder; returns the summary."""
  summary, numbers, predictions = _summary(run)
  run = run._replace(facts={key: summary[key] for key in run.facts if key not in numbers})
  named = [run.classes[i] for i in predictions['predicted']]
  answers = zip(
    run.test_ids,
    [run.classes[i] for i in run.test_labels],
    named,
    [f'{value:.6f}' for value in predictions['confidence']],
    strict=True,
  )
  confusion = predictions['confusion']
  shares = [
    ['' if np.isnan(value) else f'{value:.6f}' for value in values]
    for values in metrics.precision_recall(confusion)
  ]
  counts = (confusion.sum(axis=1), confusion.sum(axis=0), np.diag(confusion))
  per_class = zip(run.classes, *counts, *shares, strict=True)
  folder = run.workdir / 'report'
  write_file(
    folder / 'test_predictions.csv', csv_file(('id', 'true', 'predicted', 'confidence'), answers)
  )
  write_file(
    folder / 'per_class.csv',
    csv_file(('class', 'symbols', 'predicted', 'correct', 'precision', 'recall'), per_class),
  )
  write_file(
    folder / 'report.html',
    report_page.page(run, numbers, predictions).encode(errors='backslashreplace'),
  )
  write_file(run.workdir / 'summary.json', (json.dumps(summary, indent=2) + '\n').encode())
  return summary


def csv_file(header: tuple[str, ...], rows: Iterable[Iterable]) -> bytes:
  """The content of a CSV file."""
  text = io.StringIO()
  writer = csv.writer(text, lineterminator='\n')
  writer.writerow(header)
  writer.writerows(rows)
  # A name read from JSON may hold half of a surrogate pair, which has no UTF-8.
  return text.getvalue().encode(errors='backslashreplace')
