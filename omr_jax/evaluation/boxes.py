"""How well boxes were found: average precision as COCO defines it, and precision and recall.

Boxes are float [boxes, 4]: left, top, right and bottom edge. A found box is right if its overlap
with a true box of its class, their intersection over union (IoU), is at least a threshold. Each
true box can be found once: found boxes are matched in turn, the most confident first. A crowd is a
box around many symbols of a class that are not annotated one by one. A found box of which a share,
at least the same threshold, lies in a crowd of its class is neither right nor wrong.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from omr_jax.inputs.overlap import inside
from omr_jax.inputs.overlap import iou as iou

IOUS = tuple(round(0.5 + 0.05 * n, 2) for n in range(10))  # COCO's AP is the mean over these.
# Average precision is that of the most confident boxes of a page, all classes together. COCO's 100
# are too few.
MOST = 2000
# Detectors of music are compared by the mean of the 20 most frequent classes, and by that of all
# classes with 10 or more true boxes: averages of fewer boxes are mostly chance.
FREQUENT, ENOUGH = 20, 10
# Rounding may leave an overlap of 1 just below it; COCO's evaluator has the same bound.
_WHOLE = 1 - 1e-10
_RECALLS = np.linspace(0, 1, 101)  # COCO takes the mean of the precision at these recalls.

Boxes = NDArray[np.float64]


class Page(NamedTuple):
  """The true boxes of a page, and the boxes that were found on it.

  Attributes:
    true: The true boxes, [n, 4].
    true_labels: The class of each true box, [n].
    found: The found boxes, [m, 4].
    found_labels: The class of each found box, [m].
    scores: The confidence of each found box, [m].
    group: A name for pages that are averaged together, such as their writer.
    crowds: The crowds, [k, 4], which are not among the true boxes.
    crowd_labels: The class of each crowd, [k].
  """

  true: Boxes
  true_labels: Sequence[str]
  found: Boxes
  found_labels: Sequence[str]
  scores: NDArray[np.float64]
  group: str = ''
  crowds: Boxes = np.empty((0, 4))
  crowd_labels: Sequence[str] = ()


class Matched(NamedTuple):
  """The found boxes of one class, the most confident first.

  Attributes:
    scores: The confidence of each box, [found].
    right: Whether each box is right, at each of several IoUs: bool [ious, found].
    counts: Whether each box is right or wrong, and not one in a crowd: bool [ious, found].
    true: The number of true boxes of the class.
  """

  scores: NDArray[np.float64]
  right: NDArray[np.bool_]
  counts: NDArray[np.bool_]
  true: int


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


def matched(
  pages: Sequence[Page], label: str, ious: Sequence[float] = IOUS, most: int | None = MOST
) -> Matched:
  """Which boxes of a class are right, at each of several IoUs.

  Args:
    pages: The pages.
    label: The class.
    ious: The IoUs from which a box is right.
    most: How many of a page's boxes count, the most confident ones of all classes; None for all.
  """
  nothing = np.empty((len(ious), 0), bool)
  scores, right, counts, true = [np.empty(0)], [nothing], [nothing], 0
  for page in pages:
    wanted = page.true[_are(page.true_labels, label)]
    first = np.argsort(-page.scores, kind='stable')[:most]
    mine = first[_are(page.found_labels, label)[first]]
    overlaps = iou(page.found[mine], wanted)
    right.append(np.stack([taken(overlaps, threshold) >= 0 for threshold in ious]))
    crowds = page.crowds[_are(page.crowd_labels, label)]
    crowded = inside(page.found[mine], crowds).max(1, initial=0)
    counts.append(right[-1] | (crowded < np.minimum(ious, _WHOLE)[:, None]))
    scores.append(page.scores[mine])
    true += len(wanted)
  whole = np.concatenate(scores)
  order = np.argsort(-whole, kind='stable')
  hits, counting = (np.concatenate(each, 1)[:, order] for each in (right, counts))
  return Matched(whole[order], hits, counting, true)


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
  for label in labels(pages):
    found = matched(pages, label, [overlap], most=None)
    sure = found.counts[0] & (found.scores >= threshold)
    counts[label] = Counted(int(found.right[0, sure].sum()), int(sure.sum()), found.true)
  return counts


def total(counts: Mapping[str, Counted]) -> Counted:
  """The counts of all classes together."""
  columns = zip(*counts.values(), strict=True)
  return Counted(*map(sum, columns)) if counts else Counted(0, 0, 0)


def labels(pages: Iterable[Page]) -> list[str]:
  """The classes of all boxes, there or found, sorted by name."""
  return sorted({label for page in pages for label in (*page.true_labels, *page.found_labels)})


def _true_labels(pages: Iterable[Page]) -> list[str]:
  return sorted({label for page in pages for label in page.true_labels})


def _are(labels: Sequence[str], label: str) -> NDArray[np.bool_]:
  return np.array([each == label for each in labels], bool)


def taken(overlaps: NDArray[np.float64], threshold: float) -> NDArray[np.intp]:
  """The true box that each found box takes, or -1; a found box that takes one is right.

  In turn, each found box takes the free true box that it overlaps most.

  Args:
    overlaps: The IoU of each found box with each true one, [found, true].
    threshold: The least IoU.
  """
  free = overlaps.copy()
  found = np.full(len(free), -1)
  if not free.shape[1]:
    return found
  for row, values in enumerate(free):
    best = int(values.argmax())
    if values[best] >= min(threshold, _WHOLE):
      found[row] = best
      free[:, best] = -1
  return found


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
