"""The parts of a report that only pictures have: the decision, accuracy by source, the probes."""

import collections
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from omr_jax.evaluation import binary, curves, metrics
from omr_jax.evaluation.confidence import SURE
from omr_jax.report import parts
from omr_jax.report.parts import DASH, Table, interval, percent, tables
from omr_jax.report.templates import Section
from omr_jax.tasks.classifiers.report import SUMMARY as SUMMARY
from omr_jax.tasks.classifiers.report import columns as columns
from omr_jax.tasks.classifiers.report import files as files
from omr_jax.tasks.classifiers.report import in_words as in_words
from omr_jax.tasks.classifiers.report import numbers as numbers
from omr_jax.tasks.classifiers.report import pair as pair
from omr_jax.tasks.classifiers.run import ClassifiedRun
from omr_jax.tasks.scores import answers, figures
from omr_jax.tasks.scores.answers import Answers, Probes


class _Kind(NamedTuple):
  """All probes of one kind, and the answers to them."""

  name: str
  expected: str
  answers: list[str]
  confidence: list[float]

  @property
  def wrong(self) -> int:
    """Number of answers that are not the expected one; 0 if either answer can be defended."""
    return sum(answer != self.expected for answer in self.answers) if self.expected else 0


def sections(run: ClassifiedRun, numbers: Mapping) -> dict[str, Section]:
  """The sections by title: the decision, the answers by source, the probes.

  Args:
    run: A finished run on pictures.
    numbers: Numbers of the run, among them those of `evaluation.measure`.
  """
  (tested, probed), measured, classes = answers.of_run(run), numbers['gate'], run.classes
  return {
    'Decision': decision(_origin(measured, classes), tested, measured, classes),
    'Sources': sources(measured, classes),
    **shapes(measured),
    'Probes': _probes(_kinds(probed, tested, classes), measured['probes']),
  }


def context(run: ClassifiedRun) -> str:
  """What the accuracy may be compared with."""
  if run.facts['protocol'] == 'paper':
    return (
      'The paper’s network has 98.5 % at 128x128 pixels and 100 % at 256x256. '  # noqa: RUF001
      'This is its split.'
    )
  origin = run.facts['origin']
  return f'No group of near-duplicates is both tested and trained on ({origin}).'


def reference(run: ClassifiedRun) -> None:
  """None: the paper has no numbers by class."""
  del run


def decision(origin: str, tested: Answers, measured: Mapping, classes: Sequence[str]) -> Section:
  """The wrong answers at this and other thresholds, and curves if both classes were tested.

  Args:
    origin: How the threshold was chosen, in words.
    tested: The answers.
    measured: Their numbers (`answers.measure`).
    classes: Names of class 0 and 1.
  """
  table = _errors(measured, classes)
  values: dict[str, Any] = {'words': origin, 'table': table, 'areas': None, 'figures': ()}
  points = curves.curve(tested.margins, tested.labels)
  if points is not None:
    chosen = binary.decisions(tested.log_odds, tested.labels, tested.threshold)
    threshold = 0.0 if measured['threshold'] is None else measured['threshold']
    values['areas'] = measured['auc'], measured['average_precision']
    values['figures'] = [
      figures.roc(points, chosen),
      figures.precision_recall(points, chosen),
      figures.histogram(tested.margins, tested.labels, threshold, classes),
    ]
  return Section('tasks/scores/decision.html', values)


def sources(measured: Mapping, classes: Sequence[str]) -> Section:
  """The table of right answers by source."""

  def row(name, cells, share, ends, confidence=''):
    return parts.row(name, cells, [share], [interval(*ends), confidence], form=percent)

  rows = [
    row(
      source['source'],
      [classes[source['label']], source['n'], source['right']],
      source['share'],
      (source['low'], source['high']),
      percent(source['confidence']),
    )
    for source in measured['sources']
  ]
  mean = [measured['mean_share']]
  pooled = ['', measured['n'], measured['correct']]
  foot = [
    parts.row('mean, each source alike', [''] * 3, mean, [''] * 2, form=percent),
    row('all pictures', pooled, measured['accuracy'], measured['accuracy_wilson_95']),
  ]
  names = ('source', 'class', 'pictures', 'right', 'share', '95 % interval', 'mean confidence')
  return tables([Table('Right answers by source', names, rows, foot)])


def shapes(measured: Mapping) -> dict[str, Section]:
  """The section on right answers by kind and by shape; none for runs of earlier versions."""
  if 'kinds' not in measured:
    return {}

  def table(title: str, rows: Sequence[Mapping]) -> Table:
    written = [
      parts.row(
        row['name'],
        [row['label'], row['n'], row['right']],
        [row['share']],
        [interval(row['low'], row['high'])],
        form=percent,
      )
      for row in rows
    ]
    return Table(title, ('pictures', 'class', 'number', 'right', 'share', '95 % interval'), written)

  words = (
    'All kinds but the whole picture are cut out of the tested pictures, as people cut, turn and '
    'photograph music; so nothing in them was trained on. Cuts do not count in the other numbers.'
  )
  by_kind = table('Right answers by kind', measured['kinds'])
  by_shape = table('Right answers by shape, the long side to the short one', measured['shapes'])
  return {'Kinds and shapes': tables([by_kind, by_shape], words)}


def _origin(measured: Mapping, classes: Sequence[str]) -> str:
  """How the threshold of a run was chosen, in words."""
  other, scores = classes
  threshold, point = measured['threshold'], measured['validation']
  if threshold == 0:
    rule = f'A picture is called {scores} from even odds on (log-odds of at least 0).'
  else:
    odds = f', odds of {math.exp(threshold):.3g} to 1' if threshold < 700 else ''
    rule = f'A picture is called {scores} from log-odds of {threshold:.3f} on{odds}.'
  if point is None:
    return f'{rule} There was no {other} picture among the validation pictures to choose it by.'
  found = 'none' if point['recall'] is None else percent(point['recall'])
  return (
    f'{rule} This was chosen on validation pictures, for a false positive that costs as much as '
    f'{measured["false_positive_cost"]:g} missed {scores}, and never below even odds. '
    f'There it lets {point["false_positives"]} of {point["negatives"]} pass, '
    f'{percent(point["false_positive_rate"])} (95 % interval '
    f'{interval(*point["false_positive_rate_wilson_95"])}), and finds {found} of {scores}.'
  )


def _errors(measured: Mapping, classes: Sequence[str]) -> Table:
  """A table of both kinds of errors: counts and shares."""
  other, scores = classes
  counts = [
    (f'{scores} called {other}', measured['false_negatives'], measured['positives']),
    (f'{other} called {scores}', measured['false_positives'], measured['negatives']),
  ]
  n, correct = measured['sure']['n'], measured['sure']['correct']
  counts.append((f'wrong with a confidence of at least {100 * SURE:g} %', n - correct, n))
  for recall, point in measured['at_recall'].items():
    if point is not None:
      name = f'{other} called {scores}, with a threshold that finds {100 * float(recall):g} %'
      counts.append((name, point['false_positives'], point['negatives']))
  rows = [
    [name, count, n, percent(count / n), interval(*metrics.wilson_interval(count, n))]
    if n
    else [name, count, n, DASH, DASH]
    for name, count, n in counts
  ]
  columns = ('error', 'pictures', 'of', 'share', '95 % interval')
  return Table('Wrong answers on the tested pictures', columns, rows)


def _kinds(probes: Probes, tested: Answers, classes: Sequence[str]) -> list[_Kind]:
  """The probes of each kind, in their order."""
  asked = answers.answered(probes, tested)
  found: dict[tuple[str, str], _Kind] = {}
  for name, expected, called, confidence in zip(
    probes.names, probes.expected, asked.predicted, asked.confidence, strict=True
  ):
    key = re.sub(r' \d+$', '', str(name)), str(expected)
    kind = found.setdefault(key, _Kind(*key, [], []))
    kind.answers.append(classes[called])
    kind.confidence.append(float(confidence))
  return list(found.values())


def _probes(kinds: Sequence[_Kind], numbers: Mapping) -> Section:
  """The section on the probes: a table of each kind and the answers to it."""
  stated = '; '.join(f'{kind.name}: {_given(kind)}' for kind in kinds if not kind.expected)
  rows = [
    parts.row(
      kind.name,
      [kind.expected or 'either', _given(kind), _range(kind.confidence)],
      [1 - kind.wrong / len(kind.answers) if kind.expected else None],
      form=lambda share: f'{100 * share:.0f} %',
    )
    for kind in kinds
  ]
  intro = (
    'These are pictures drawn by code, so that the right answer is known. Training may have used '
    'other drawings of most kinds (config.picture.papers and drawn), made of the same signs; but '
    'whole pages of music were drawn for this test alone. '
    f'{numbers["right"]} of {numbers["n"]} are answered as expected.'
  )
  if stated:
    intro += f' Where either answer can be defended, the answers are: {stated}.'
  columns = ('kind', 'expected', 'called', 'confidence', 'right')
  return tables([Table('Probes', columns, rows)], intro)


def _given(kind: _Kind) -> str:
  """The answers to a kind, such as 'scores', or '3 scores, 1 other' if they differ."""
  counts = collections.Counter(kind.answers).most_common()
  return counts[0][0] if len(counts) == 1 else ', '.join(f'{n} {name}' for name, n in counts)


def _range(confidence: Sequence[float]) -> str:
  low, high = (f'{100 * end(confidence):.1f}' for end in (min, max))
  return f'{low} %' if low == high else f'{low}{DASH}{high} %'
