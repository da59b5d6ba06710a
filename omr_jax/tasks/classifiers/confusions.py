"""The section of a report on what is taken for what: the most frequent pairs, and the matrix."""

from collections.abc import Mapping, Sequence

import numpy as np

from omr_jax.report import gallery
from omr_jax.report.parts import Table
from omr_jax.report.templates import Section

_MOST = 15  # The most pairs of classes in the table.


def section(
  confusion: np.ndarray, classes: Sequence[str], noun: str, anchors: Mapping[tuple[str, str], str]
) -> Section:
  """The section.

  Args:
    confusion: Counts, int [true class, predicted class].
    classes: Names of the classes.
    noun: What an example is called, such as 'symbol'.
    anchors: Where the pictures of a pair of classes, true and predicted, begin on the page.
  """
  pairs = [(confusion[i, j], i, j) for i, j in np.argwhere(confusion) if i != j]
  pairs.sort(key=lambda pair: (-pair[0], pair[1:]))
  rows = [
    [
      classes[i],
      classes[j],
      gallery.opening(count, (classes[i], classes[j]), anchors),
      f'{100 * count / confusion[i].sum():.1f} %',
    ]
    for count, i, j in pairs[:_MOST]
  ]
  title = f'Most frequent confusions, {len(rows)} of {len(pairs)}'
  columns = ('true', 'predicted', f'{noun}s', 'share of true class')
  most = max((count for count, *_ in pairs), default=1)
  matrix = [
    [
      {
        'count': count,
        'right': i == j,
        'tint': 0.3 + 0.6 * count / most,
        'cell': gallery.opening(count, (classes[i], classes[j]), anchors),
      }
      for j, count in enumerate(of_class)
    ]
    for i, of_class in enumerate(confusion.tolist())
  ]
  return Section(
    'tasks/classifiers/confusions.html',
    {
      'noun': noun,
      'classes': classes,
      'matrix': matrix,
      'errors': sum(count for count, *_ in pairs),
      'most': Table(title, columns, rows) if rows else None,
    },
  )
