"""What all thresholds of a two-class decision tell, and which one to choose: see `gate`.

Of folds whose pictures are pooled, subtract each fold's threshold from its scores.
"""

import math
from typing import NamedTuple

import numpy as np

from omr_jax.evaluation import metrics
from omr_jax.evaluation.binary import decisions


class Curve(NamedTuple):
  """Exact counts for every threshold that makes a difference, from high to low.

  Attributes:
    threshold: float64 [points], first infinity (nothing is called 'scores'), then each distinct
      score.
    true_positives: int64 [points], pictures of scores at or above it; the last is all of them.
    false_positives: int64 [points], other pictures at or above it; the last is all of them.
  """

  threshold: np.ndarray
  true_positives: np.ndarray
  false_positives: np.ndarray

  @property
  def positives(self) -> int:
    """Pictures of scores."""
    return int(self.true_positives[-1])

  @property
  def negatives(self) -> int:
    """Other pictures."""
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
    """float64 [points]; 1 where nothing is called 'scores' yet, the usual convention."""
    called = self.true_positives + self.false_positives
    return np.divide(self.true_positives, called, out=np.ones(len(called)), where=called > 0)


def curve(scores: np.ndarray, labels: np.ndarray) -> Curve | None:
  """What both the ROC and the precision-recall curve are drawn from.

  Args:
    scores: float [pictures].
    labels: int or bool [pictures].

  Returns:
    None if a class has no pictures, as in a held-out source: then there is no such curve.
  """
  scores, labels = np.asarray(scores, np.float64), np.asarray(labels, bool)
  if labels.all() or not labels.any():
    return None
  order = np.argsort(-scores, kind='stable')
  scores, labels = scores[order], labels[order]
  # Tied pictures are called together: only the last of them is a point.
  last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))
  true_positives = np.append(0, np.cumsum(labels)[last])
  false_positives = np.append(0, np.cumsum(~labels)[last])
  return Curve(np.append(np.inf, scores[last]), true_positives, false_positives)


def auc(points: Curve) -> float:
  """Area under the ROC: P(a page of music scores above another picture), ties count half."""
  return float(np.trapezoid(points.recall, points.false_positive_rate))


def average_precision(points: Curve) -> float:
  """Mean over the pages of music of the precision at which each is found, without interpolation."""
  return float(np.sum(np.diff(points.recall) * points.precision[1:]))


class OperatingPoint(NamedTuple):
  """A threshold and what it does to the pictures that it was chosen on.

  Attributes:
    threshold: The score of a picture; infinity if not even the highest may be called 'scores'.
    below: The next lower score, minus infinity if there is none: every threshold above it, up to
      and with `threshold`, decides these pictures alike.
    recall: Share of the scores that are found; None without any.
    false_positives: Exact count.
    negatives: Exact count; a false-positive rate can only be a multiple of 1 / negatives.
    false_positive_rate: Their quotient.
    low: Lower end of its 95 % Wilson interval.
    high: Upper end.
  """

  threshold: float
  below: float
  recall: float | None
  false_positives: int
  negatives: int
  false_positive_rate: float
  low: float
  high: float


def false_positives_at_recall(
  scores: np.ndarray, labels: np.ndarray, recall: float
) -> OperatingPoint | None:
  """The highest threshold that finds at least this share of the scores; None as in `curve`."""
  points = curve(scores, labels)
  if points is None:
    return None
  # 0.07 * 100 is 7.000000000000001, and 8 would be asked for.
  wanted = math.ceil(recall * points.positives - 1e-9)
  at = int(np.argmax(points.true_positives >= wanted))
  return operating_point(scores, labels, float(points.threshold[at]))


def threshold_for_fpr(scores: np.ndarray, labels: np.ndarray, fpr: float) -> OperatingPoint | None:
  """The smallest score that can be the threshold with a false-positive rate of at most `fpr`.

  Meant for validation pictures. With n other pictures the rate moves in steps of 1/n: below that,
  `fpr` asks for no false positive at all, which shows a rate below about 3.8/n (`high`), no less.

  Returns:
    None without other pictures, where there is no rate.
  """
  scores, labels = np.asarray(scores, np.float64), np.asarray(labels, bool)
  other = -np.sort(-scores[~labels])
  if len(other) == 0:
    return None
  allowed = math.floor(fpr * len(other) + 1e-9)
  # Not even its equals may be called 'scores'.
  refused = other[allowed] if allowed < len(other) else -np.inf
  above = scores[scores > refused]
  return operating_point(scores, labels, float(above.min()) if len(above) else math.inf)


def operating_point(scores: np.ndarray, labels: np.ndarray, threshold: float) -> OperatingPoint:
  """Counts at a threshold; there is at least one other picture."""
  scores, labels = np.asarray(scores, np.float64), np.asarray(labels, bool)
  found = decisions(scores, labels, threshold)
  below = scores[scores < threshold]
  return OperatingPoint(
    threshold,
    float(below.max()) if len(below) else -math.inf,
    found.recall,
    found.false_positives,
    found.negatives,
    found.false_positives / found.negatives,
    *metrics.wilson_interval(found.false_positives, found.negatives),
  )
