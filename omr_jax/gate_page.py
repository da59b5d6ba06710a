"""The sections of a report on a gate: its decision, its answers by source, the probes."""

import collections
import html
import math
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from omr_jax import evaluate, gate, gate_curves, gate_figures, gate_report, page_parts
from omr_jax.gate_report import Answers, Probes
from omr_jax.page_parts import DASH, percent


class _Kind(NamedTuple):
  """All probes of a kind, and the answers to them."""

  name: str
  expected: str
  answers: list[str]
  confidence: list[float]

  @property
  def wrong(self) -> int:
    """Answers that are not the expected one; none where either can be defended."""
    return sum(answer != self.expected for answer in self.answers) if self.expected else 0


def sections(
  answers: Answers, measured: Mapping, probes: Probes, classes: Sequence[str]
) -> dict[str, str]:
  """HTML by title, for the page of one run.

  Args:
    answers: On the tested pictures.
    measured: What `gate_report.measure` gives for them.
    probes: The same run's.
    classes: Names of class 0 and 1.
  """
  return {
    'Decision': f'<p>{html.escape(_origin(measured, classes))}</p>\n'
    + decision(answers, measured, classes),
    'Sources': sources(measured, classes),
    'Probes': _probes(_kinds(probes, answers, classes), measured['probes']),
  }


def decision(answers: Answers, measured: Mapping, classes: Sequence[str]) -> str:
  """The wrong answers at the threshold and at others, with curves where there are two classes."""
  table = _errors(measured, classes)
  points = gate_curves.curve(answers.margins, answers.labels)
  if points is None:
    return table + '<p class="soft">No curves: all tested pictures are of one class.</p>'
  chosen = gate.decisions(answers.log_odds, answers.labels, answers.threshold)
  threshold = 0.0 if measured['threshold'] is None else measured['threshold']
  drawn = [
    gate_figures.roc(points, chosen),
    gate_figures.precision_recall(points, chosen),
    gate_figures.histogram(answers.margins, answers.labels, threshold, classes),
  ]
  return (
    f'{table}<p class="soft">Area under the ROC {measured["auc"]:.5f}, average precision '
    f'{measured["average_precision"]:.5f}. The orange dot and the dotted line are the threshold.'
    '</p>\n<div class="curves">'
    + ''.join(f'<figure>{figure}</figure>' for figure in drawn)
    + '</div>'
  )


def sources(measured: Mapping, classes: Sequence[str]) -> str:
  """The table of right answers by source."""

  def row(name, cells, share, ends, confidence=''):
    return page_parts.row(name, cells, [share], [interval(*ends), confidence], form=percent)

  body = ''.join(
    row(
      source['source'],
      [classes[source['label']], source['n'], source['right']],
      source['share'],
      (source['low'], source['high']),
      percent(source['confidence']),
    )
    for source in measured['sources']
  )
  foot = page_parts.row(
    'mean, each source alike', [''] * 3, [measured['mean_share']], [''] * 2, form=percent
  )
  pooled = ['', measured['n'], measured['correct']]
  foot += row('all pictures', pooled, measured['accuracy'], measured['accuracy_wilson_95'])
  names = ('source', 'class', 'pictures', 'right', 'share', '95 % interval', 'mean confidence')
  return page_parts.table('Right answers by source', head(names), body, foot)


def interval(low: float, high: float) -> str:
  """Two ends in percent."""
  return f'{100 * low:.2f}{DASH}{100 * high:.2f} %'


def _origin(measured: Mapping, classes: Sequence[str]) -> str:
  """Where the threshold of a run comes from."""
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
    f'{rule} This was chosen on validation pictures, for at most '
    f'{100 * measured["asked_false_positive_rate"]:g} % of {other} called {scores}, and never '
    f'below even odds. There it lets {point["false_positives"]} of {point["negatives"]} pass, '
    f'{percent(point["false_positive_rate"])} (95 % interval '
    f'{interval(*point["false_positive_rate_wilson_95"])}), and finds {found} of {scores}.'
  )


def _errors(measured: Mapping, classes: Sequence[str]) -> str:
  """Exact counts of both kinds of errors, each with its share."""
  other, scores = classes
  counts = [
    (f'{scores} called {other}', measured['false_negatives'], measured['positives']),
    (f'{other} called {scores}', measured['false_positives'], measured['negatives']),
  ]
  for recall, point in measured['at_recall'].items():
    if point is not None:
      name = f'{other} called {scores}, with a threshold that finds {100 * float(recall):g} %'
      counts.append((name, point['false_positives'], point['negatives']))
  body = ''.join(
    page_parts.row(
      name,
      [count, n, percent(count / n), interval(*evaluate.wilson_interval(count, n))]
      if n
      else [count, n, DASH, DASH],
    )
    for name, count, n in counts
  )
  columns = head(('error', 'pictures', 'of', 'share', '95 % interval'))
  return page_parts.table('Wrong answers on the tested pictures', columns, body)


def _kinds(probes: Probes, answers: Answers, classes: Sequence[str]) -> list[_Kind]:
  """The probes by kind, in their order."""
  asked = gate_report.answered(probes, answers)
  found: dict[tuple[str, str], _Kind] = {}
  for name, expected, called, confidence in zip(
    probes.names, probes.expected, asked.predicted, asked.confidence, strict=True
  ):
    key = re.sub(r' \d+$', '', str(name)), str(expected)
    kind = found.setdefault(key, _Kind(*key, [], []))
    kind.answers.append(classes[called])
    kind.confidence.append(float(confidence))
  return list(found.values())


def _probes(kinds: Sequence[_Kind], numbers: Mapping) -> str:
  """Each kind of probe with the answers to it."""
  stated = '; '.join(f'{kind.name}: {_given(kind)}' for kind in kinds if not kind.expected)
  body = ''.join(
    page_parts.row(
      kind.name,
      [kind.expected or 'either', _given(kind), _range(kind.confidence)],
      [1 - kind.wrong / len(kind.answers) if kind.expected else math.nan],
      form=lambda share: f'{100 * share:.0f} %',
    )
    for kind in kinds
  )
  intro = (
    'Pictures made by code: each is a question with a known answer. Other drawings of the kinds '
    'without music may have trained (config.picture.papers), music made by code never has. '
    f'{numbers["right"]} of {numbers["n"]} are answered as expected.'
  )
  if stated:
    intro += f' Where either answer can be defended, the answers are: {stated}.'
  columns = head(('kind', 'expected', 'called', 'confidence', 'right'))
  table = page_parts.table('Probes', columns, body)
  return f'<p>{html.escape(intro)}</p>\n{table}'


def _given(kind: _Kind) -> str:
  """Like 'scores', or '3 scores, 1 other' where a kind's answers differ."""
  counts = collections.Counter(kind.answers).most_common()
  return counts[0][0] if len(counts) == 1 else ', '.join(f'{n} {name}' for name, n in counts)


def _range(confidence: Sequence[float]) -> str:
  low, high = (f'{100 * end(confidence):.1f}' for end in (min, max))
  return f'{low} %' if low == high else f'{low}{DASH}{high} %'


def head(names: Sequence[str]) -> str:
  """The row of a table's head."""
  return f'<tr>{"".join(f"<th>{name}</th>" for name in names)}</tr>'
