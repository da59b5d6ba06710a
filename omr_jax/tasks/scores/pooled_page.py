"""The page of pooled runs, in the look of a single run's report."""

from collections.abc import Mapping

import numpy as np

from omr_jax.inputs.pictures import CLASSES
from omr_jax.report import gallery, parts, templates
from omr_jax.report.gallery import Example, Mistake
from omr_jax.report.parts import Table, interval, percent, tables
from omr_jax.report.templates import Section
from omr_jax.tasks.scores import report
from omr_jax.tasks.scores.pool import Pool

_CONTEXT = {
  'folds': (
    'Every picture was answered by a network that was not trained on it or on a near-duplicate: '
    'one run tests each fold, and no group of near-duplicates is in two folds.'
  ),
  'sources': (
    'Every source was answered by a network that was trained on none of its pictures: one run '
    'tests each source, with the threshold chosen on its own validation pictures. The number that '
    'counts is the mean over the sources.'
  ),
}


def page(numbers: Mapping, pooled: Pool) -> str:
  """The page as one self-contained text.

  Args:
    numbers: Those of `pool.measure`, and `over`: 'folds' or 'sources'.
    pooled: The pictures that they were counted on.
  """
  over = numbers['over']
  measured = numbers['gate']
  title = f'{percent(measured["accuracy"])} of {measured["n"]} pictures right'
  if over == 'sources':
    title = f'Sources held out: {percent(measured["mean_share"])} right on average'
  sections = {
    'Sources': report.sources(measured, CLASSES),
    **report.shapes(measured),
    'Wrong pictures': _wrong(pooled),
    'Runs': _runs(numbers['runs']),
    'Probes': _probes(numbers['runs']),
  }
  if over == 'folds':
    # Runs with a source held out train on different data; their log-odds can't share one curve.
    words = 'Log-odds are counted from the threshold of the picture’s run.'  # noqa: RUF001
    sections = {
      'Decision': report.decision(words, pooled.answers, measured, CLASSES),
      **sections,
    }
  return templates.page(
    title,
    f'{numbers["config_name"]}, {len(numbers["runs"])} runs over {over}',
    f'{_CONTEXT[over]} Data: {numbers["origin"]}.',
    _tiles(numbers),
    sections,
  )


def _tiles(numbers: Mapping) -> dict[str, str]:
  measured = numbers['gate']
  lowest = min(row['share'] for row in measured['sources'])
  at_99 = measured['at_recall']['0.99']
  tiles = {
    'Accuracy': percent(measured['accuracy']),
    '95 % interval': interval(*measured['accuracy_wilson_95']),
    'Mean of the sources': percent(measured['mean_share']),
    'Lowest source': percent(lowest),
    'False positives': f'{measured["false_positives"]} of {measured["negatives"]}',
    'False negatives': f'{measured["false_negatives"]} of {measured["positives"]}',
    'Calibration error': percent(numbers['ece']),
    'Time': f'{numbers["seconds"] / 60:.1f} min',
  }
  if at_99 and numbers['over'] == 'folds':
    tiles['False positives at 99 % recall'] = percent(at_99['false_positive_rate'])
  return tiles


def _wrong(pooled: Pool) -> Section:
  answers = pooled.answers
  predicted, confidence = answers.predicted, answers.confidence
  mistakes = [
    Mistake(
      str(pooled.ids[i]),
      CLASSES[answers.labels[i]],
      CLASSES[predicted[i]],
      confidence[i],
      1 - confidence[i],
      pooled.pictures.get(str(pooled.ids[i])),
    )
    for i in np.flatnonzero(predicted != answers.labels)
  ]
  examples = {
    name: Example(f'picture {example}', picture)
    for name, (example, picture) in pooled.examples.items()
  }
  words = (
    f'{len(mistakes)} pictures as the network sees them, the most confident mistake first: the '
    'true class, the predicted one, their probabilities, the name of the picture. Small: pictures '
    'of both classes with right answers.'
  )
  return gallery.section(mistakes, 'picture', words, examples, 'pooled.csv')


def _runs(runs: Mapping[str, Mapping]) -> Section:
  rows = [
    parts.row(
      name,
      [run['tested'], run['n'], run['false_positives'], run['false_negatives']],
      [run['accuracy']],
      [
        f'{run["threshold"]:.2f}',
        f'{run["temperature"]:.2f}',
        f'{run["probes"]["right"]} of {run["probes"]["n"]}',
        run['epochs'],
        f'{run["seconds"] / 60:.1f} min',
      ],
      form=percent,
    )
    for name, run in runs.items()
  ]
  columns = (
    'run',
    'tested',
    'pictures',
    'false positives',
    'false negatives',
    'accuracy',
    'threshold',
    'temperature',
    'probes right',
    'epochs',
    'time',
  )
  return tables([Table('The runs: what each one tested, and its results', columns, rows)])


def _probes(runs: Mapping[str, Mapping]) -> Section:
  """A table of the probes that are answered wrong, and by how many of the runs."""
  wrong = [name for run in runs.values() for name in run['probes']['wrong']]
  if not wrong:
    return tables([], 'All runs answer all probes as expected.')
  names, counts = np.unique(wrong, return_counts=True)
  rows = [
    [str(names[i]), f'{counts[i]} of {len(runs)}'] for i in np.argsort(-counts, kind='stable')
  ]
  return tables([Table('Probes that are answered wrong', ('probe', 'wrong in runs'), rows)])
