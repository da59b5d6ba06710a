"""What became of the boxes of a page: found ones are right or made up, true ones may be missed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from omr_jax.evaluation import box_matching
from omr_jax.evaluation.box_matching import Page
from omr_jax.inputs.overlap import iou
from omr_jax.tasks.pages.decide import OVERLAP


class Matching(NamedTuple):
  """The boxes of a page that reach the threshold, and the true ones.

  Attributes:
    found: Places in `Page.found` of the boxes that count, the most confident first, int [counted].
    right: Which of them are right, bool [counted].
    others: For each box that is not right, the class of the missed symbol in its place, '' if
      there is none; '' also for those that are right. The list is as long as `found`.
    missed: Which true boxes were not found, bool [true].
  """

  found: NDArray[np.intp]
  right: NDArray[np.bool_]
  others: list[str]
  missed: NDArray[np.bool_]


def match(page: Page, threshold: float) -> Matching:
  """Matches the found boxes of a page of at least this confidence to the true ones.

  Each symbol that was missed is in the place of at most one box of another class.
  """
  order = np.argsort(-page.scores, kind='stable')
  order = order[page.scores[order] >= threshold]
  found_labels = np.array(page.found_labels, object)[order]
  true_labels = np.array(page.true_labels, object)
  right, missed = np.zeros(len(order), bool), np.ones(len(page.true), bool)
  for label in set(found_labels):
    mine, wanted = np.flatnonzero(found_labels == label), np.flatnonzero(true_labels == label)
    taken = box_matching.taken(iou(page.found[order[mine]], page.true[wanted]), OVERLAP)
    right[mine] = taken >= 0
    missed[wanted[taken[taken >= 0]]] = False
  wrong, left = np.flatnonzero(~right), np.flatnonzero(missed)
  others = [''] * len(order)
  taken = box_matching.taken(iou(page.found[order[wrong]], page.true[left]), OVERLAP)
  for place, which in zip(wrong, taken, strict=True):
    if which >= 0:
      others[place] = str(true_labels[left[which]])
  return Matching(order, right, others, missed)
