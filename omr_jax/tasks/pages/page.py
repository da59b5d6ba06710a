"""The page of a run's report, where a network finds symbols on pages: one HTML file."""

import html
import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from omr_jax.evaluation import boxes, metrics
from omr_jax.evaluation.boxes import Counted
from omr_jax.report import figures, of_training, parts
from omr_jax.report.parts import DASH, percent, row, table
from omr_jax.tasks.pages import drawn
from omr_jax.tasks.pages.decide import OVERLAP
from omr_jax.tasks.pages.matching import Matching, match
from omr_jax.tasks.pages.run import DetectedRun

_MISTAKES = 60  # The most mistakes that are shown.
_CONFUSED = 20  # The most pairs of classes in the table of confusions.


def page(run: DetectedRun, numbers: Mapping, counts: Mapping[str, Counted]) -> str:
  """The report of a run as HTML.

  Args:
    run: The run.
    numbers: The measured numbers of its summary.
    counts: The counts of boxes that reach the threshold, by class.
  """
  matched = [match(each, run.decision.threshold) for each in run.pages]
  sections = {
    **({'Learning curves': of_training.curves(run)} if run.history else {}),
    'Pages': _pages(run, matched),
    'Mistakes': _mistakes(run, matched),
    'Confusions': _confusions(run, matched),
    'Classes': _classes(numbers, counts),
    **({'Groups': _groups(numbers)} if len(numbers['groups']) > 1 else {}),
    'Confidence': _confidence(run),
    'Run': of_training.facts(run),
  }
  return parts.fill(
    f'AP50 {percent(numbers["ap50"])} on {numbers["pages"]} test pages',
    f'{run.facts["config_name"]}, split {run.facts["protocol"]}',
    'Average precision as COCO defines it, with up to 2000 boxes a page. Unless another average is '
    'named, classes are weighted by their numbers of symbols.',
    _tiles(run, numbers),
    sections,
    2,
  )


def _tiles(run: DetectedRun, numbers: Mapping) -> dict[str, str]:
  return {
    'AP50': percent(numbers['ap50']),
    'AP': percent(numbers['ap']),
    f'AP50, {boxes.FREQUENT} frequent': _percent(numbers['frequent_ap50']),
    f'AP50, {boxes.ENOUGH} or more': _percent(numbers['macro_ap50']),
    'F': _percent(numbers['f']),
    'Epochs': f'{run.facts["epochs"]}, tested {run.facts["tested_epoch"]}',
    'Time': f'{run.facts["seconds"] / 60:.1f} min',
  }


def _percent(share: float | None) -> str:
  return DASH if share is None else percent(share)


def _pages(run: DetectedRun, matched: Sequence[Matching]) -> str:
  """All test pages with their boxes. The first is open, the others open when they are asked for."""
  legend = ', '.join(
    f'<b style="color:{colour}">{kind}</b>' for kind, colour in drawn.COLOURS.items()
  )
  shown = ''.join(
    f'<details{" open" if number == 0 else ""}><summary>{html.escape(_title(run, number, each))}'
    f'</summary><figure>{drawn.page(run, number, each)}</figure></details>'
    for number, each in enumerate(matched)
  )
  return (
    f'<p>Boxes with a confidence of at least {run.decision.threshold:.2f}: {legend}. A box is '
    'right if it overlaps a true one of its class with an intersection over union of at least '
    f'{OVERLAP:g}.</p>\n{shown}'
  )


def _title(run: DetectedRun, number: int, matched: Matching) -> str:
  group = run.pages[number].group
  named = f'{run.test_ids[number]}, {group}' if group else str(run.test_ids[number])
  return (
    f'{named}: {matched.right.sum()} found, {matched.missed.sum()} missed, '
    f'{(~matched.right).sum()} made up'
  )


def _mistakes(run: DetectedRun, matched: Sequence[Matching]) -> str:
  """The most confident boxes that are not right."""
  wrong = [
    (run.pages[number].scores[each.found[place]], number, place)
    for number, each in enumerate(matched)
    for place in np.flatnonzero(~each.right)
  ]
  if not wrong:
    return '<p>None.</p>'
  shown = []
  for score, number, place in sorted(wrong, reverse=True)[:_MISTAKES]:
    each, which = run.pages[number], matched[number].found[place]
    shown.append(
      parts.Mistake(
        str(run.test_ids[number]),
        matched[number].others[place] or 'nothing',
        each.found_labels[which],
        float(score),
        drawn.mistake(run, number, each.found[which]),
      )
    )
  return (
    f'<p class="soft">The {len(shown)} most confident of {len(wrong)} boxes that are not right, '
    'with the true class of the symbol in the same place, if there is one.</p>\n'
    + parts.gallery(shown, 'On page')
  )


def _confusions(run: DetectedRun, matched: Sequence[Matching]) -> str:
  counts = Counter(
    (other, run.pages[number].found_labels[place])
    for number, each in enumerate(matched)
    for place, other in zip(each.found, each.others, strict=True)
    if other
  )
  if not counts:
    return '<p>None.</p>'
  ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
  body = ''.join(row(true, [called, count]) for (true, called), count in ordered[:_CONFUSED])
  head = '<tr><th>true</th><th>called</th><th>symbols</th></tr>'
  title = f'Most frequent confusions, {min(len(ordered), _CONFUSED)} of {len(ordered)}'
  return table(f'{title}: a found box in the place of a missed symbol', head, body)


def _classes(numbers: Mapping, counts: Mapping[str, Counted]) -> str:
  head = ''.join(
    f'<th>{name}</th>'
    for name in ('class', 'symbols', 'AP50', 'AP75', 'AP', 'precision', 'recall', 'found')
  )
  ordered = sorted(counts.items(), key=lambda item: (-item[1].true, item[0]))
  body = ''.join(
    row(
      name,
      [counted.true],
      [numbers['classes'].get(name, {}).get(key, math.nan) for key in ('ap50', 'ap75', 'ap')],
      [_share(counted.precision), _share(counted.recall), counted.found],
    )
    for name, counted in ordered
  )
  averages = {
    'weighted by symbols': [numbers[key] for key in ('ap50', 'ap75', 'ap')],
    f'mean of classes with {boxes.ENOUGH} or more': [_share(numbers['macro_ap50']), '', ''],
    f'mean of the {boxes.FREQUENT} most frequent': [_share(numbers['frequent_ap50']), '', ''],
  }
  foot = ''.join(row(name, [''], values, ['', '', '']) for name, values in averages.items())
  return table('Average precision, and boxes at the threshold', f'<tr>{head}</tr>', body, foot)


def _groups(numbers: Mapping) -> str:
  head = ''.join(
    f'<th>{name}</th>'
    for name in ('group', 'pages', 'symbols', 'AP50', 'AP', 'precision', 'recall', 'F')
  )
  body = ''.join(
    row(
      group['group'],
      [group['pages'], group['n']],
      [_share(group[key]) for key in ('ap50', 'ap')],
      [_share(group[key]) for key in ('precision', 'recall', 'f')],
    )
    for group in numbers['groups']
  )
  return table('Results by writer, composer or the like', f'<tr>{head}</tr>', body)


def _share(value: float | None) -> float:
  return math.nan if value is None else value


def _confidence(run: DetectedRun) -> str:
  everything = [match(each, 0.0) for each in run.pages]
  sure = np.concatenate(
    [run.pages[number].scores[each.found] for number, each in enumerate(everything)]
  )
  right = np.concatenate([each.right for each in everything])
  if not len(sure):
    return '<p>Nothing was found.</p>'
  bins = metrics.reliability(sure, right)
  _, temperature, bias = run.decision
  return (
    f'<p>The confidence of a symbol is the sigmoid of (log-odds - {bias:.3f}) / {temperature:.3f}, '
    'which fits the validation pages best. Expected calibration error of the boxes on the test '
    f'pages ({metrics.BINS} bins): {percent(metrics.expected_calibration_error(bins))}.</p>'
    f'<figure class="reliability">{figures.reliability(bins, "boxes")}<figcaption>Bars: share of '
    'right boxes among those with that confidence; points: their mean confidence; dotted: perfect '
    'calibration. Below: the number of boxes.</figcaption></figure>'
  )
