"""The page of a run's report, where a network gives one class to each example.

The module `report` of such a task has these functions besides those of `classifiers.report`:

`context(run)`: what the accuracy may be compared with, in a sentence or two.
`sections(run, numbers)`: further sections by title; `numbers` are those of `summary.json`.
`reference(run)`: published precision and recall by class, or None.
"""

from collections.abc import Mapping

import numpy as np

from omr_jax.evaluation import decision, metrics
from omr_jax.report import figures, gallery, of_training, templates
from omr_jax.report.gallery import Example, Mistake
from omr_jax.report.parts import Table, interval, percent, row, tables
from omr_jax.report.templates import Section
from omr_jax.tasks.classifiers import confusions
from omr_jax.tasks.classifiers.run import ClassifiedRun


def page(run: ClassifiedRun, numbers: Mapping) -> str:
  """The report of a run as HTML; `numbers` are the measured ones of its summary."""
  mistakes, noun = _mistakes(run), run.task.noun
  sections = {
    **({'Learning curves': of_training.curves(run)} if run.history else {}),
    **run.task.report.sections(run, numbers),
    f'Misclassified {noun}s': mistakes,
    'Confusions': confusions.section(run.confusion, run.classes, noun, gallery.anchors(mistakes)),
    'Classes': tables([_per_class(run)]),
    'Confidence': _confidence(run, numbers),
    'Run': of_training.facts(run),
  }
  return templates.page(
    f'{percent(numbers["accuracy"])} of {numbers["n"]} test {noun}s right',
    f'{run.facts["config_name"]}, split {run.facts["protocol"]}',
    run.task.report.context(run),
    _tiles(run, numbers),
    sections,
  )


def _tiles(run: ClassifiedRun, numbers: Mapping) -> dict[str, str]:
  by_writer = {}
  if 'accuracy_by_writer_95' in run.facts:
    by_writer = {'95 % interval by writer': interval(*run.facts['accuracy_by_writer_95'])}
  return {
    'Accuracy': percent(numbers['accuracy']),
    '95 % interval': interval(*numbers['accuracy_wilson_95']),
    **by_writer,
    'Errors': f'{numbers["n"] - numbers["correct"]} of {numbers["n"]}',
    'Calibration error': percent(numbers['ece']),
    'Epochs': run.epochs,
    'Time': f'{run.facts["seconds"] / 60:.1f} min',
  }


def _mistakes(run: ClassifiedRun) -> Section:
  wrong, noun = np.flatnonzero(~run.correct), run.task.noun
  confidence, of_true = run.confidence, _true_confidence(run)
  mistakes = [
    Mistake(
      str(run.test_ids[i]),
      run.classes[run.test_labels[i]],
      run.classes[run.test_predicted[i]],
      confidence[i],
      of_true[i],
      picture,
    )
    for i, picture in zip(wrong, run.pictures, strict=True)
  ]
  examples: dict[str, Example] = {}
  for i, picture in zip(run.example_rows, run.example_pictures, strict=True):
    examples.setdefault(
      run.classes[run.test_labels[i]], Example(f'{noun} {run.test_ids[i]}', picture)
    )
  words = (
    f'The {noun}s as the network sees them, the most confident mistake first, with the true class, '
    f'the predicted class, their probabilities and the id of the {noun}. Small: {noun}s of both '
    'classes with right answers.'
  )
  return gallery.section(mistakes, noun, words, examples, 'test_predictions.csv')


def _true_confidence(run: ClassifiedRun) -> np.ndarray:
  """The calibrated probability of the class that a misclassified example has: float [examples]."""
  if run.decision.threshold is not None:
    return 1 - run.confidence  # There are two classes.
  return decision.confidence(run.test_logits, run.test_labels, run.decision)


def _per_class(run: ClassifiedRun) -> Table:
  """Recall, precision and F1 by class, and their averages, beside those of the paper."""
  classes, confusion = run.classes, run.confusion
  paper = run.task.report.reference(run) or {}
  precision, recall = metrics.precision_recall(confusion)
  f1, counts = metrics.f1(confusion), confusion.sum(axis=1)
  keys = ('network', 'people') if paper else ()
  rows = [
    row(
      name,
      [counts[i]],
      [recall[i], *(paper[name][f'{key}_recall'] for key in keys)],
      [precision[i], *(paper[name][f'{key}_precision'] for key in keys)],
      [f1[i]],
    )
    for i, name in enumerate(classes)
  ]
  theirs = [
    [float(np.mean([paper[c][f'{k}_{m}'] for c in classes])) for k in keys]
    for m in ('recall', 'precision')
  ]
  foot = []
  for name, (p, r, f) in metrics.averages(confusion).items():
    others = theirs if name == 'macro' else [[None] * len(keys)] * 2
    groups = [r, *others[0]], [p, *others[1]], [f]
    foot.append(row(f'{name} average', [counts.sum()], *groups))
  names, span = ('this run', *keys), 1 + len(keys)
  source = '; network and people: Table II of the paper, on its own test symbols' if paper else ''
  return Table(
    f'Recall, precision and F1 per class{source}',
    ('class', f'{run.task.noun}s', *names, *names, 'this run'),
    rows,
    foot,
    (('recall', span), ('precision', span), ('F1', 1)),
  )


def _confidence(run: ClassifiedRun, numbers: Mapping) -> Section:
  nouns = f'{run.task.noun}s'
  divided, best = 'The logits are', 'best'
  if run.is_joined:
    divided = 'The logits of each run are divided by a temperature of its own, and then all are'
  if run.decision.threshold is not None:
    divided, best = 'The distances of the log-odds to the threshold are', 'best, both classes alike'
  before, loss_before = '', ''
  if not run.is_joined:
    before = f', without the temperature {percent(numbers["ece_uncalibrated"])}'
    loss_before = f', without the temperature {numbers["nll_uncalibrated"]:.4f}'
  words = (
    f'{divided} divided by the temperature {numbers["temperature"]:.3f}, which fits the '
    f'validation {nouns} {best}. Expected calibration error on the test {nouns} ({metrics.BINS} '
    f'bins): {percent(numbers["ece"])}{before}. Negative log-likelihood: '
    f'{numbers["nll"]:.4f}{loss_before}.'
  )
  caption = (
    f'Bars: accuracy of the {nouns} with that confidence; points: their mean confidence; dotted: '
    f'perfect calibration. Below: the number of {nouns}.'
  )
  drawn = figures.reliability(metrics.reliability(run.confidence, run.correct), nouns)
  return Section('report/confidence.html', {'words': words, 'figure': drawn, 'caption': caption})
