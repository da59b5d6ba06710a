"""The parts of a report that only handwritten symbols have: a comparison with the paper."""

import csv
from collections.abc import Mapping
from pathlib import Path

from omr_jax.inputs.strokes import OFFICIAL
from omr_jax.tasks.classifiers.report import SUMMARY as SUMMARY
from omr_jax.tasks.classifiers.report import columns as columns
from omr_jax.tasks.classifiers.report import files as files
from omr_jax.tasks.classifiers.report import in_words as in_words
from omr_jax.tasks.classifiers.report import numbers as numbers
from omr_jax.tasks.classifiers.report import pair as pair
from omr_jax.tasks.classifiers.run import ClassifiedRun

_TABLE = Path(__file__).parent / 'paper_table2.tsv'


def reference(run: ClassifiedRun) -> dict[str, dict[str, float]] | None:
  """Precision and recall by class in Table II of the paper.

  None if the run has other classes, or made-up symbols.
  """
  with _TABLE.open(encoding='utf-8', newline='') as file:
    table = {row.pop('class'): row for row in csv.DictReader(file, delimiter='\t')}
  if list(table) != run.classes or run.facts['protocol'] == 'made_up':
    return None
  return {name: {key: float(value) for key, value in row.items()} for name, row in table.items()}


def context(run: ClassifiedRun) -> str:
  """What the accuracy may be compared with."""
  protocol, origin = run.facts['protocol'], run.facts['origin']
  if protocol == 'made_up':
    return (
      'These symbols are made up by a program. The accuracy shows that everything works; '
      'it says nothing about handwriting.'
    )
  if reference(run) is None or origin != OFFICIAL:
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


def sections(run: ClassifiedRun, numbers: Mapping) -> dict[str, str]:
  """Empty: symbols need no sections besides those of every report."""
  del run, numbers
  return {}
