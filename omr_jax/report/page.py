"""The page of a run's report: one HTML file that needs no other files."""

import math

import numpy as np

from omr_jax.evaluation import metrics
from omr_jax.evaluation.finished_run import FinishedRun
from omr_jax.report import figures, parts
from omr_jax.report.parts import DASH, percent, row, scroll, table

_MOST_CONFUSED = 15  # The most pairs of classes in the table of confusions.


def page(run: FinishedRun, numbers: dict, predictions: dict) -> str:
  """The report of a run as HTML.

  Args:
    run: The run.
    numbers: The measured numbers of its summary.
    predictions: By name `predicted`, `confidence` and `correct` [test examples], and the matrix
      `confusion`.
  """
  paper = run.task.report.reference(run)
  bins = metrics.reliability(predictions['confidence'], predictions['correct'])
  sections = {
    **({'Learning curves': _curves(run)} if run.history else {}),
    **run.task.report.sections(run, numbers),
    f'Misclassified {run.task.noun}s': _misclassified(run, predictions),
    'Confusions': _confusions(run, predictions['confusion']),
    'Classes': _per_class(run, predictions['confusion'], paper),
    'Confidence': _confidence(run, numbers, bins),
    'Run': _run_facts(run),
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


def _tiles(run: FinishedRun, numbers: dict) -> dict[str, str]:
  low, high = numbers['accuracy_wilson_95']
  return {
    'Accuracy': percent(numbers['accuracy']),
    '95 % interval': f'{100 * low:.2f}{DASH}{100 * high:.2f} %',
    'Errors': f'{numbers["n"] - numbers["correct"]} of {numbers["n"]}',
    'Calibration error': percent(numbers['ece']),
    'Epochs': f'{run.facts["epochs"]}, tested {run.facts["tested_epoch"]}',
    'Time': f'{run.facts["seconds"] / 60:.1f} min',
  }


def _curves(run: FinishedRun) -> str:
  def series(key):
    rows = [row for row in run.history if math.isfinite(row[key])]
    return [row['epoch'] for row in rows], [row[key] for row in rows]

  losses = {'training': series('loss'), 'validation': series('validation_loss')}
  tested = run.facts['tested_epoch']
  drawn = [
    figures.curve(losses, 'loss', tested, log=True),
    figures.curve({'validation': series('validation_accuracy')}, 'validation accuracy', tested),
    figures.curve({'learning rate': series('learning_rate')}, 'learning rate', tested),
  ]
  return (
    f'<p class="soft">The dotted line is the tested epoch, {tested}.</p>\n<div class="curves">'
    + ''.join(f'<figure>{figure}</figure>' for figure in drawn)
    + '</div>'
  )


def _misclassified(run: FinishedRun, predictions: dict) -> str:
  wrong = np.flatnonzero(~predictions['correct'])
  if not len(wrong):
    return '<p>None.</p>'
  noun = run.task.noun
  mistakes = [
    parts.Mistake(
      str(run.test_ids[i]),
      run.classes[run.test_labels[i]],
      run.classes[predictions['predicted'][i]],
      predictions['confidence'][i],
      picture,
    )
    for i, picture in zip(wrong, run.pictures, strict=True)
  ]
  return (
    f'<p class="soft">The {noun}s as the network sees them, the most confident mistake first, with '
    f'the true class, the predicted class and the id of the {noun}.</p>\n'
    + parts.gallery(mistakes, noun.capitalize())
  )


def _confusions(run: FinishedRun, confusion: np.ndarray) -> str:
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


def _per_class(run: FinishedRun, confusion: np.ndarray, paper: dict | None) -> str:
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


def _confidence(run: FinishedRun, numbers: dict, bins: metrics.Reliability) -> str:
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


def _run_facts(run: FinishedRun) -> str:
  def words(caption, values):
    body = ''.join(row(key, [value]) for key, value in _flat(values))
    return table(caption, '', body, kind='words')

  return (
    words('What ran', run.facts)
    + f'<details><summary>Configuration</summary>{words("", run.config)}</details>'
  )


def _flat(values: dict, prefix: str = ''):
  """(dotted key, text) of every leaf of a nested dict."""
  for key, value in values.items():
    if isinstance(value, dict):
      yield from _flat(value, f'{prefix}{key}.')
    else:
      yield prefix + str(key), DASH if value is None else str(value)
