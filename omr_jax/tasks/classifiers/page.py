"""The page of a run's report, where a network gives one class to each example.

The module `report` of such a task has these functions besides those of `classifiers.report`:

`context(run)`: what the accuracy may be compared with, in a sentence or two.
`sections(run, numbers)`: further sections, as HTML by title; `numbers` are those of `summary.json`.
`reference(run)`: published precision and recall by class, or None.
"""

import math
from collections.abc import Mapping

import numpy as np

from omr_jax.evaluation import metrics
from omr_jax.report import figures, of_training, parts
from omr_jax.report.parts import DASH, percent, row, scroll, table
from omr_jax.tasks.classifiers.run import ClassifiedRun

_MOST_CONFUSED = 15  # The most pairs of classes in the table of confusions.


def page(
  run: ClassifiedRun, numbers: Mapping, confidence: np.ndarray, confusion: np.ndarray
) -> str:
  """The report of a run as HTML.

  Args:
    run: The run.
    numbers: The measured numbers of its summary.
    confidence: The calibrated probability of each answer, float [test examples].
    confusion: Counts, int [true class, predicted class].
  """
  paper = run.task.report.reference(run)
  bins = metrics.reliability(confidence, run.correct)
  sections = {
    **({'Learning curves': of_training.curves(run)} if run.history else {}),
    **run.task.report.sections(run, numbers),
    f'Misclassified {run.task.noun}s': _misclassified(run, confidence),
    'Confusions': _confusions(run, confusion),
    'Classes': _per_class(run, confusion, paper),
    'Confidence': _confidence(run, numbers, bins),
    'Run': of_training.facts(run),
  }
  noun = run.task.noun
  return parts.fill(
    f'{percent(numbers["accuracy"])} of {numbers["n"]} test {noun}s right',
    f'{run.facts["config_name"]}, split {run.facts["protocol"]}',
    run.task.report.context(run),
    _tiles(run, numbers),
    sections,
    len(run.classes),
  )


def _tiles(run: ClassifiedRun, numbers: Mapping) -> dict[str, str]:
  low, high = numbers['accuracy_wilson_95']
  return {
    'Accuracy': percent(numbers['accuracy']),
    '95 % interval': f'{100 * low:.2f}{DASH}{100 * high:.2f} %',
    'Errors': f'{numbers["n"] - numbers["correct"]} of {numbers["n"]}',
    'Calibration error': percent(numbers['ece']),
    'Epochs': f'{run.facts["epochs"]}, tested {run.facts["tested_epoch"]}',
    'Time': f'{run.facts["seconds"] / 60:.1f} min',
  }


def _misclassified(run: ClassifiedRun, confidence: np.ndarray) -> str:
  wrong = np.flatnonzero(~run.correct)
  if not len(wrong):
    return '<p>None.</p>'
  noun = run.task.noun
  mistakes = [
    parts.Mistake(
      str(run.test_ids[i]),
      run.classes[run.test_labels[i]],
      run.classes[run.test_predicted[i]],
      confidence[i],
      picture,
    )
    for i, picture in zip(wrong, run.pictures, strict=True)
  ]
  return (
    f'<p class="soft">The {noun}s as the network sees them, the most confident mistake first, with '
    f'the true class, the predicted class and the id of the {noun}.</p>\n'
    + parts.gallery(mistakes, noun.capitalize())
  )


def _confusions(run: ClassifiedRun, confusion: np.ndarray) -> str:
  classes = run.classes
  pairs = [(confusion[i, j], i, j) for i, j in np.argwhere(confusion) if i != j]
  pairs.sort(key=lambda pair: (-pair[0], pair[1:]))
  rows = [
    [classes[i], classes[j], count, f'{100 * count / confusion[i].sum():.1f} %']
    for count, i, j in pairs[:_MOST_CONFUSED]
  ]
  head = (
    f'<tr><th>true</th><th>predicted</th><th>{run.task.noun}s</th><th>share of true class</th></tr>'
  )
  body = ''.join(row(name, cells) for name, *cells in rows)
  matrix = figures.confusion(confusion, classes)
  most = table(f'Most frequent confusions, {len(rows)} of {len(pairs)}', head, body)
  return (
    (most if rows else '')
    + '<p class="soft">Rows are true classes, columns are predicted classes. Errors are orange.</p>'
    + scroll('Confusion matrix', f'<figure class="matrix">{matrix}</figure>')
  )


def _per_class(run: ClassifiedRun, confusion: np.ndarray, paper: dict | None) -> str:
  """A table of recall and precision per class and their averages, beside those of the paper."""
  classes = run.classes
  precision, recall = metrics.precision_recall(confusion)
  counts = confusion.sum(axis=1)
  keys = ('network', 'people') if paper else ()
  known = paper or {}
  body = ''.join(
    row(
      name,
      [counts[i]],
      [recall[i], *(known[name][f'{key}_recall'] for key in keys)],
      [precision[i], *(known[name][f'{key}_precision'] for key in keys)],
    )
    for i, name in enumerate(classes)
  )
  shown = {f'{key} average': pair for key, pair in metrics.averages(confusion).items()}
  theirs = (
    [
      [np.mean([paper[c][f'{k}_{m}'] for c in classes]) for k in keys]
      for m in ('recall', 'precision')
    ]
    if paper
    else [[], []]
  )
  foot = ''
  for name, (p, r) in shown.items():
    others = theirs if name == 'macro average' else [[math.nan] * len(keys)] * 2
    foot += row(name, [counts.sum()], [r, *others[0]], [p, *others[1]])
  columns = ''.join(f'<th>{name}</th>' for name in ('this run', *keys))
  span = 1 + len(keys)
  head = (
    f'<tr><th rowspan="2">class</th><th rowspan="2">{run.task.noun}s</th>'
    f'<th colspan="{span}">recall</th><th colspan="{span}">precision</th></tr>'
    f'<tr>{columns}{columns}</tr>'
  )
  source = '; network and people: Table II of the paper, on its own test symbols' if paper else ''
  return table(f'Recall and precision per class{source}', head, body, foot)


def _confidence(run: ClassifiedRun, numbers: Mapping, bins: metrics.Reliability) -> str:
  nouns = f'{run.task.noun}s'
  return (
    f'<p>The logits are divided by the temperature {numbers["temperature"]:.3f}, which fits the '
    f'validation {nouns} best. Expected calibration error on the test {nouns} ({metrics.BINS} '
    f'bins): {percent(numbers["ece"])}, without the temperature '
    f'{percent(numbers["ece_uncalibrated"])}. Negative log-likelihood: {numbers["nll"]:.4f}, '
    f'without the temperature {numbers["nll_uncalibrated"]:.4f}.</p>'
    f'<figure class="reliability">{figures.reliability(bins, nouns)}<figcaption>Bars: accuracy of '
    f'the {nouns} with that confidence; points: their mean confidence; dotted: perfect '
    f'calibration. Below: the number of {nouns}.</figcaption></figure>'
  )
