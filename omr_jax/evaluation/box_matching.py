"""Which boxes found on pages are right.

Boxes are float [boxes, 4]: left, top, right and bottom edge. A found box is right if its overlap
with a true box of its class, their intersection over union (IoU), is at least a threshold. Each
true box can be found once: found boxes are matched in turn, the most confident first. A crowd is a
box around many symbols of a class that are not annotated one by one. A found box of which a share,
at least the same threshold, lies in a crowd of its class is neither right nor wrong.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from omr_jax.inputs.overlap import inside, iou

IOUS = tuple(round(0.5 + 0.05 * n, 2) for n in range(10))  # COCO's AP is the mean over these.
# Average precision is that of the most confident boxes of a page, all classes together. COCO's 100
# are too few.
MOST = 2000
# Rounding may leave an overlap of 1 just below it; COCO's evaluator has the same bound.
_WHOLE = 1 - 1e-10

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


def labels(pages: Iterable[Page]) -> list[str]:
  """The classes of all boxes, there or found, sorted by name."""
  return sorted({label for page in pages for label in (*page.true_labels, *page.found_labels)})


def _are(labels: Sequence[str], label: str) -> NDArray[np.bool_]:
  return np.array([each == label for each in labels], bool)
