"""ROC and precision-recall curves of a decision between two classes.

Labels and values are as in `binary`: class 1 is 'scores', pages of music, and a picture is called
'scores' if its value is at least the threshold. For pictures of several folds, each with its own
threshold, subtract the threshold of a picture's fold from its value.
"""

import math
from typing import NamedTuple

import numpy as np


class Curve(NamedTuple):
  """Exact counts for every threshold that makes a difference, from high to low.

  Attributes:
    threshold: float64 [points], first infinity (nothing is called 'scores'), then each distinct
      value.
    true_positives: int64 [points], number of positives at or above the threshold.
    false_positives: int64 [points], number of negatives at or above the threshold.
  """

  threshold: np.ndarray
  true_positives: np.ndarray
  false_positives: np.ndarray

  @property
  def positives(self) -> int:
    """Number of pictures of class 'scores'."""
    return int(self.true_positives[-1])

  @property
  def negatives(self) -> int:
    """Number of pictures of class 'other'."""
    return int(self.false_positives[-1])

  @property
  def recall(self) -> np.ndarray:
    """float64 [points], the true-positive rate."""
    return self.true_positives / self.positives

  @property
  def false_positive_rate(self) -> np.ndarray:
    """float64 [points]."""
    return self.false_positives / self.negatives

  @property
  def precision(self) -> np.ndarray:
    """float64 [points]; by the usual convention 1 where nothing is called 'scores'."""
    called = self.true_positives + self.false_positives
    return np.divide(self.true_positives, called, out=np.ones(len(called)), where=called > 0)


def curve(values: np.ndarray, labels: np.ndarray) -> Curve | None:
  """The counts from which both the ROC and the precision-recall curve are drawn.

  Args:
    values: float [pictures].
    labels: int or bool [pictures].

  Returns:
    The curve, or None if a class has no pictures, for example when one source is held out.
  """
  values, labels = np.asarray(values, np.float64), np.asarray(labels, bool)
  if labels.all() or not labels.any():
    return None
  order = np.argsort(-values, kind='stable')
  values, labels = values[order], labels[order]
  # Pictures with equal values cross the threshold together: only the last of them gives a point.
  last = np.flatnonzero(np.append(values[1:] != values[:-1], True))
  true_positives = np.append(0, np.cumsum(labels)[last])
  false_positives = np.append(0, np.cumsum(~labels)[last])
  return Curve(np.append(np.inf, values[last]), true_positives, false_positives)


def auc(points: Curve) -> float:
  """Area under the ROC curve.

  It is the probability that a positive has a higher value than a negative; ties count half.
  """
  return float(np.trapezoid(points.recall, points.false_positive_rate))


def average_precision(points: Curve) -> float:
  """Average precision: the mean over the positives of the precision at the value of each.

  There is no interpolation between points.
  """
  return float(np.sum(np.diff(points.recall) * points.precision[1:]))


def threshold_at_recall(points: Curve, recall: float) -> float:
  """The highest threshold with at least this recall."""
  # Without the subtraction 0.07 of 100 would be 8: in floating point it is 7.000000000000001.
  wanted = math.ceil(recall * points.positives - 1e-9)
  return float(points.threshold[np.argmax(points.true_positives >= wanted)])
