"""The page of a report: a finished run's numbers as one self-contained HTML text."""

import csv
import math
from pathlib import Path

import numpy as np

from omr_jax import evaluate, figures, gate_page, page_parts
from omr_jax.page_parts import DASH, percent, row, scroll, table
from omr_jax.strokes import OFFICIAL

HERE = Path(__file__).parent
MOST_CONFUSED = 15


def page(run, numbers: dict, predictions: dict) -> str:
  """The report of a `FinishedRun`; `numbers` and `predictions` as `report` computes them."""
  paper = paper_table(run)
  bins = evaluate.reliability(predictions['confidence'], predictions['correct'])
  sections = {
    **({'Learning curves': _curves(run)} if run.history else {}),
    **_gate(run, predictions),
    f'Misclassified {_noun(run)}s': _misclassified(run, predictions),
    'Confusions': _confusions(run.classes, predictions['confusion']),
    'Classes': _per_class(run.classes, predictions['confusion'], paper),
    'Confidence': _confidence(numbers, bins),
    'Run': _run_facts(run),
  }
  noun = _noun(run)
  return page_parts.fill(
    f'{percent(numbers["accuracy"])} of {numbers["n"]} test {noun}s right',
    f'{run.facts["config_name"]}, split {run.facts["protocol"]}',
    _context(run, paper),
    _tiles(run, numbers),
    sections,
    len(run.classes),
  )


def _noun(run) -> str:
  """What is classified."""
  return 'picture' if len(run.test_sources) else 'symbol'


def paper_table(run) -> dict[str, dict[str, float]] | None:
  """Table II of the paper by class, or None for other classes and symbols that nobody wrote."""
  with (HERE / 'paper_table2.tsv').open(encoding='utf-8', newline='') as file:
    table = {row.pop('class'): row for row in csv.DictReader(file, delimiter='\t')}
  if list(table) != run.classes or run.facts['protocol'] == 'made_up':
    return None
  return {name: {key: float(value) for key, value in row.items()} for name, row in table.items()}


def _gate(run, predictions: dict) -> dict[str, str]:
  """The sections of a run that tells scores from other pictures."""
  if predictions['gate'] is None:
    return {}
  answers, probes, measured = predictions['gate']
  return gate_page.sections(answers, measured, probes, run.classes)


def _context(run, paper: dict | None) -> str:
  """What the accuracy may be compared with."""
  protocol, origin = run.facts['protocol'], run.facts['origin']
  if len(run.test_sources):
    words = f'No group of near-duplicates is both tested and trained on ({origin}).'
    paper_words = 'The paper’s network has 98.5 % at 128x128 pixels and 100 % at 256x256.'  # noqa: RUF001
    return f'{paper_words} This is its split.' if protocol == 'paper' else words
  if protocol == 'made_up':
    return (
      'These symbols are made up by a program. The accuracy shows that everything works; '
      'it says nothing about handwriting.'
    )
  if paper is None or origin != OFFICIAL:
    return f'Accuracy on the test symbols of the split {protocol} of {origin}.'
  published = (
    'The paper’s residual network has 98.02 % on its test symbols of HOMUS, '  # noqa: RUF001
    'and five people had about 95 % on 1520 symbols drawn at random.'
  )
  if protocol == 'original':
    return f'{published} This is the same split: the writers of test symbols also train.'
  if protocol.startswith('writers_'):
    return (
      f'No test symbol is by a writer seen in training. {published} '
      'That network had seen its test writers, which is easier.'
    )
  return f'{published} This split ({protocol}) is another one.'


def _tiles(run, numbers: dict) -> dict[str, str]:
  low, high = numbers['accuracy_wilson_95']
  return {
    'Accuracy': percent(numbers['accuracy']),
    '95 % interval': f'{100 * low:.2f}{DASH}{100 * high:.2f} %',
    'Errors': f'{numbers["n"] - numbers["correct"]} of {numbers["n"]}',
    'Calibration error': percent(numbers['ece']),
    'Epochs': f'{run.facts["epochs"]}, tested {run.facts["tested_epoch"]}',
    'Time': f'{run.facts["seconds"] / 60:.1f} min',
  }


def _curves(run) -> str:
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


def _misclassified(run, predictions: dict) -> str:
  wrong = np.flatnonzero(~predictions['correct'])
  if not len(wrong):
    return '<p>None.</p>'
  noun = _noun(run)
  mistakes = [
    page_parts.Mistake(
      str(run.test_ids[i]),
      run.classes[run.test_labels[i]],
      run.classes[predictions['predicted'][i]],
      predictions['confidence'][i],
      picture,
    )
    for i, picture in zip(wrong, run.pictures, strict=True)
  ]
  return (
    '<p class="soft">As the network sees them, most confident mistake first: the true class, the '
    f'predicted one, the {noun}’s id.</p>\n' + page_parts.gallery(mistakes, noun.capitalize())  # noqa: RUF001
  )


def _confusions(classes: list[str], confusion: np.ndarray) -> str:
  pairs = [(confusion[i, j], i, j) for i, j in np.argwhere(confusion) if i != j]
  pairs.sort(key=lambda pair: (-pair[0], pair[1:]))
  rows = [
    [classes[i], classes[j], count, f'{100 * count / confusion[i].sum():.1f} %']
    for count, i, j in pairs[:MOST_CONFUSED]
  ]
  head = '<tr><th>true</th><th>predicted</th><th>symbols</th><th>of class</th></tr>'
  body = ''.join(row(name, cells) for name, *cells in rows)
  matrix = figures.confusion(confusion, classes)
  most = table(f'Most frequent confusions, {len(rows)} of {len(pairs)}', head, body)
  return (
    (most if rows else '')
    + '<p class="soft">Rows are true classes, columns predicted ones; errors in orange.</p>'
    + scroll('Confusion matrix', f'<figure class="matrix">{matrix}</figure>')
  )


def _per_class(classes: list[str], confusion: np.ndarray, paper: dict | None) -> str:
  """Precision and recall per class, beside Table II's where it applies; averages below."""
  precision, recall = evaluate.precision_recall(confusion)
  symbols = confusion.sum(axis=1)
  keys = ('network', 'people') if paper else ()
  body = ''.join(
    row(
      name,
      [symbols[i]],
      [recall[i], *(paper[name][f'{key}_recall'] for key in keys)],
      [precision[i], *(paper[name][f'{key}_precision'] for key in keys)],
    )
    for i, name in enumerate(classes)
  )
  shown = {f'{key} average': pair for key, pair in evaluate.averages(confusion).items()}
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
    foot += row(name, [symbols.sum()], [r, *others[0]], [p, *others[1]])
  columns = ''.join(f'<th>{name}</th>' for name in ('this run', *keys))
  span = 1 + len(keys)
  head = (
    f'<tr><th rowspan="2">class</th><th rowspan="2">symbols</th><th colspan="{span}">recall</th>'
    f'<th colspan="{span}">precision</th></tr><tr>{columns}{columns}</tr>'
  )
  source = '; network and people: Table II of the paper, on its own test symbols' if paper else ''
  return table(f'Recall and precision per class{source}', head, body, foot)


def _confidence(numbers: dict, bins: evaluate.Reliability) -> str:
  return (
    f'<p>Logits are divided by {numbers["temperature"]:.3f}, the temperature that fits the '
    f'validation symbols best. Expected calibration error on the test symbols ({evaluate.BINS} '
    f'bins): {percent(numbers["ece"])}, without the temperature '
    f'{percent(numbers["ece_uncalibrated"])}. Negative log-likelihood: {numbers["nll"]:.4f}, '
    f'without it {numbers["nll_uncalibrated"]:.4f}.</p>'
    f'<figure class="reliability">{figures.reliability(bins)}<figcaption>Bars: accuracy of the '
    'symbols of that confidence; points: their mean confidence; dotted: perfect calibration. '
    'Below: how many symbols.</figcaption></figure>'
  )


def _run_facts(run) -> str:
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
