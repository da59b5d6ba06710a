"""How well boxes were found: average precision as COCO defines it, and precision and recall."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from omr_jax.evaluation import box_matching
from omr_jax.evaluation.box_matching import IOUS, Matched, Page, matched

# Detectors of music are compared by the mean of the 20 most frequent classes, and by that of all
# classes with 10 or more true boxes: averages of fewer boxes are mostly chance.
FREQUENT, ENOUGH = 20, 10
_RECALLS = np.linspace(0, 1, 101)  # COCO takes the mean of the precision at these recalls.


class Average(NamedTuple):
  """Average precision, from 0 to 1.

  Attributes:
    ap50: At IoU 0.5.
    ap75: At IoU 0.75.
    ap: The mean at IoU 0.50, 0.55 ... 0.95.
    true: The number of true boxes.
  """

  ap50: float
  ap75: float
  ap: float
  true: int


class Counted(NamedTuple):
  """Boxes found at a confidence threshold.

  Attributes:
    right: The number of found boxes that are right.
    found: The number of found boxes.
    true: The number of true boxes.
  """

  right: int
  found: int
  true: int

  @property
  def precision(self) -> float | None:
    """The share of the found boxes that are right; None if nothing was found."""
    return self.right / self.found if self.found else None

  @property
  def recall(self) -> float | None:
    """The share of the true boxes that were found; None if there are none."""
    return self.right / self.true if self.true else None

  @property
  def f(self) -> float | None:
    """F1, the harmonic mean of both; None if nothing is there and nothing was found."""
    whole = self.found + self.true
    return 2 * self.right / whole if whole else None


def by_class(pages: Sequence[Page]) -> dict[str, Average]:
  """The average precision of every class that is on the pages, by name."""
  return {label: average(matched(pages, label)) for label in _true_labels(pages)}


def groups(pages: Sequence[Page]) -> dict[str, list[Page]]:
  """The pages of each group, sorted by its name."""
  names = sorted({page.group for page in pages})
  return {name: [page for page in pages if page.group == name] for name in names}


def macro(classes: Mapping[str, Average]) -> Average:
  """The mean of the classes, all with equal weight; NaN if there are none."""
  return _mean(classes.values(), [1] * len(classes))


def weighted(classes: Mapping[str, Average]) -> Average:
  """The mean of the classes, weighted by their numbers of true boxes; NaN if there are none."""
  return _mean(classes.values(), [each.true for each in classes.values()])


def most_frequent(classes: Mapping[str, Average]) -> dict[str, Average]:
  """The FREQUENT classes with the most true boxes; of equal ones the first by name."""
  first = sorted(classes.items(), key=lambda item: (-item[1].true, item[0]))
  return dict(first[:FREQUENT])


def with_enough(classes: Mapping[str, Average]) -> dict[str, Average]:
  """The classes with at least ENOUGH true boxes."""
  return {name: each for name, each in classes.items() if each.true >= ENOUGH}


def average(found: Matched) -> Average:
  """The average precision of a class whose boxes are matched at IOUS; NaN if there are none."""
  values = [_average_precision(found, n) for n in range(len(IOUS))]
  at = dict(zip(IOUS, values, strict=True))
  return Average(at[0.5], at[0.75], math.fsum(values) / len(values), found.true)


def weighted_ap50(pages: Sequence[Page]) -> float:
  """The average precision at IoU 0.5 alone, as `weighted` has it; 0 if there are no true boxes."""
  classes = [matched(pages, label, [0.5]) for label in _true_labels(pages)]
  total = sum(found.true for found in classes)
  values = [found.true * _average_precision(found, 0) for found in classes]
  return math.fsum(values) / total if total else 0.0


def counted(pages: Sequence[Page], threshold: float, overlap: float) -> dict[str, Counted]:
  """Counts of every class, by name.

  Args:
    pages: The pages.
    threshold: Boxes of this confidence or more are counted as found.
    overlap: The IoU from which a box is right.
  """
  counts = {}
  for label in box_matching.labels(pages):
    found = matched(pages, label, [overlap], most=None)
    sure = found.counts[0] & (found.scores >= threshold)
    counts[label] = Counted(int(found.right[0, sure].sum()), int(sure.sum()), found.true)
  return counts


def total(counts: Mapping[str, Counted]) -> Counted:
  """The counts of all classes together."""
  columns = zip(*counts.values(), strict=True)
  return Counted(*map(sum, columns)) if counts else Counted(0, 0, 0)


def _true_labels(pages: Iterable[Page]) -> list[str]:
  return sorted({label for page in pages for label in page.true_labels})


def _average_precision(found: Matched, number: int) -> float:
  """The area under the curve of precision over recall at an IoU, read at 101 recalls."""
  if not found.true:
    return math.nan
  right = found.right[number, found.counts[number]]
  hits = np.cumsum(right)
  precision = hits / np.arange(1, len(right) + 1)
  # At each recall the best precision of any lower threshold.
  best = np.maximum.accumulate(precision[::-1])[::-1]
  places = np.searchsorted(hits / found.true, _RECALLS)
  return float(np.append(best, 0)[places].mean())


def _mean(classes: Iterable[Average], weights: Sequence[int]) -> Average:
  pairs = [(each, weight) for each, weight in zip(classes, weights, strict=True) if each.true]
  total = sum(weight for _, weight in pairs)

  def mean(name: str) -> float:
    values = [getattr(each, name) * weight for each, weight in pairs]
    return math.fsum(values) / total if total else math.nan

  return Average(mean('ap50'), mean('ap75'), mean('ap'), sum(each.true for each, _ in pairs))
