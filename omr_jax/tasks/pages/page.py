"""The page of a run's report, where a network finds symbols on pages: one HTML file."""

from collections.abc import Mapping

import numpy as np

from omr_jax.evaluation import boxes, metrics
from omr_jax.evaluation.boxes import Counted
from omr_jax.report import figures, of_training, templates
from omr_jax.report.parts import Table, percent, row, tables
from omr_jax.report.templates import Section
from omr_jax.tasks.pages import mistakes, overlays
from omr_jax.tasks.pages.matching import match
from omr_jax.tasks.pages.run import DetectedRun


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
    'Pages': overlays.section(run, matched),
    **mistakes.sections(run, matched),
    'Classes': tables([_classes(numbers, counts)]),
    **({'Groups': tables([_groups(numbers)])} if len(numbers['groups']) > 1 else {}),
    'Confidence': _confidence(run),
    'Run': of_training.facts(run),
  }
  return templates.page(
    f'AP50 {percent(numbers["ap50"])} on {numbers["pages"]} test pages',
    f'{run.facts["config_name"]}, split {run.facts["protocol"]}',
    'Average precision as COCO defines it, with up to 2000 boxes a page. Unless another average is '
    'named, classes are weighted by their numbers of symbols.',
    _tiles(run, numbers),
    sections,
  )


def _tiles(run: DetectedRun, numbers: Mapping) -> dict[str, str]:
  return {
    'AP50': percent(numbers['ap50']),
    'AP': percent(numbers['ap']),
    f'AP50, {boxes.FREQUENT} frequent': percent(numbers['frequent_ap50']),
    f'AP50, {boxes.ENOUGH} or more': percent(numbers['macro_ap50']),
    'F1': percent(numbers['f']),
    'Epochs': run.epochs,
    'Time': f'{run.facts["seconds"] / 60:.1f} min',
  }


def _classes(numbers: Mapping, counts: Mapping[str, Counted]) -> Table:
  ordered = sorted(counts.items(), key=lambda item: (-item[1].true, item[0]))
  rows = [
    row(
      name,
      [counted.true],
      [numbers['classes'].get(name, {}).get(key) for key in ('ap50', 'ap75', 'ap')],
      [counted.precision, counted.recall, counted.f],
      [counted.found],
    )
    for name, counted in ordered
  ]
  averages = {
    'weighted by symbols': [numbers[key] for key in ('ap50', 'ap75', 'ap')],
    f'mean of classes with {boxes.ENOUGH} or more': [numbers['macro_ap50'], '', ''],
    f'mean of the {boxes.FREQUENT} most frequent': [numbers['frequent_ap50'], '', ''],
  }
  return Table(
    'Average precision, and boxes at the threshold',
    ('class', 'symbols', 'AP50', 'AP75', 'AP', 'precision', 'recall', 'F1', 'found'),
    rows,
    [row(name, [''], values, [''] * 4) for name, values in averages.items()],
  )


def _groups(numbers: Mapping) -> Table:
  rows = [
    row(
      group['group'],
      [group['pages'], group['n']],
      [group[key] for key in ('ap50', 'ap')],
      [group[key] for key in ('precision', 'recall', 'f')],
    )
    for group in numbers['groups']
  ]
  return Table(
    'Results by writer, composer or the like',
    ('group', 'pages', 'symbols', 'AP50', 'AP', 'precision', 'recall', 'F1'),
    rows,
  )


def _confidence(run: DetectedRun) -> Section:
  everything = [match(each, 0.0) for each in run.pages]
  sure = np.concatenate(
    [run.pages[number].scores[each.found] for number, each in enumerate(everything)]
  )
  right = np.concatenate([each.right for each in everything])
  if not len(sure):
    return tables([], 'Nothing was found.')
  bins = metrics.reliability(sure, right)
  _, temperature, bias = run.decision
  how = f'(log-odds - {bias:.3f}) / {temperature:.3f}, which fits the validation pages best'
  if run.is_joined:
    how = 'its log-odds, which each run has calibrated on its own validation pages'
  words = (
    f'The confidence of a symbol is the sigmoid of {how}. Expected calibration error of the boxes '
    f'on the test pages ({metrics.BINS} bins): '
    f'{percent(metrics.expected_calibration_error(bins))}.'
  )
  caption = (
    'Bars: share of right boxes among those with that confidence; points: their mean confidence; '
    'dotted: perfect calibration. Below: the number of boxes.'
  )
  drawn = figures.reliability(bins, 'boxes')
  return Section('report/confidence.html', {'words': words, 'figure': drawn, 'caption': caption})
