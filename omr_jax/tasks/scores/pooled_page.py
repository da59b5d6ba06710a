"""The page of pooled runs, in the look of a single run's report."""

from collections.abc import Mapping

import numpy as np

from omr_jax.inputs.pictures import CLASSES
from omr_jax.report import parts
from omr_jax.report.parts import percent
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
    words = '<p class="soft">Log-odds are counted from the threshold of the picture’s run.</p>\n'  # noqa: RUF001
    sections = {
      'Decision': words + report.decision(pooled.answers, measured, CLASSES),
      **sections,
    }
  return parts.fill(
    title,
    f'{numbers["config_name"]}, {len(numbers["runs"])} runs over {over}',
    f'{_CONTEXT[over]} Data: {numbers["origin"]}.',
    _tiles(numbers),
    sections,
    len(CLASSES),
  )


def _tiles(numbers: Mapping) -> dict[str, str]:
  measured = numbers['gate']
  lowest = min(row['share'] for row in measured['sources'])
  at_99 = measured['at_recall']['0.99']
  tiles = {
    'Accuracy': percent(measured['accuracy']),
    '95 % interval': report.interval(*measured['accuracy_wilson_95']),
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


def _wrong(pooled: Pool) -> str:
  answers = pooled.answers
  predicted, confidence = answers.predicted, answers.confidence
  wrong = np.flatnonzero(predicted != answers.labels)
  if not len(wrong):
    return '<p>None.</p>'
  mistakes = [
    parts.Mistake(
      str(pooled.ids[i]),
      CLASSES[answers.labels[i]],
      CLASSES[predicted[i]],
      confidence[i],
      pooled.pictures.get(str(pooled.ids[i])),
    )
    for i in wrong
  ]
  return (
    f'<p class="soft">{len(wrong)} pictures as the network sees them, most confident mistake '
    'first: the true class, the predicted one, the picture’s name.</p>\n'  # noqa: RUF001
    + parts.gallery(mistakes, 'Picture')
  )


def _runs(runs: Mapping[str, Mapping]) -> str:
  body = ''.join(
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
  )
  columns = report.head(
    (
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
  )
  return parts.table('The runs: what each one tested, and its results', columns, body)


def _probes(runs: Mapping[str, Mapping]) -> str:
  """A table of the probes that are answered wrong, and by how many of the runs."""
  wrong = [name for run in runs.values() for name in run['probes']['wrong']]
  if not wrong:
    return '<p>All runs answer all probes as expected.</p>'
  names, counts = np.unique(wrong, return_counts=True)
  body = ''.join(
    parts.row(str(names[i]), [f'{counts[i]} of {len(runs)}'])
    for i in np.argsort(-counts, kind='stable')
  )
  columns = report.head(('probe', 'wrong in runs'))
  return parts.table('Probes that are answered wrong', columns, body)
