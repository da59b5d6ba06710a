"""Accuracy, intervals, calibration and comparisons from logits and labels, with exact counts."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy  # It loads `scipy.stats`, which takes long, when that is first used.

BINS = 15  # Bins of confidence in a reliability diagram.


def log_probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
  """Log-softmax of `logits / temperature` over the last axis, float64 [examples, classes]."""
  return scipy.special.log_softmax(np.asarray(logits, np.float64) / temperature, axis=-1)


def negative_log_likelihood(
  logits: np.ndarray,
  labels: np.ndarray,
  temperature: float = 1.0,
  weights: np.ndarray | None = None,
) -> float:
  """Mean over the examples, weighted if there are weights, of -log p(label), in nats."""
  chosen = log_probabilities(logits, temperature)[np.arange(len(labels)), labels]
  return float(-np.average(chosen, weights=weights))


def fit_temperature(
  logits: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> float:
  """The temperature T from 0.05 to 20 that minimizes the negative log-likelihood of logits / T.

  From Guo et al. 2017, section 4.2. The function is convex in 1/T. It has no minimum at a finite T
  if no example is misclassified (T -> 0), or if the logits of the true classes are no higher than
  the average logit (T -> infinity). Such labels tell nothing about confidence; T is then 1.

  Args:
    logits: float [examples, classes].
    labels: int [examples].
    weights: How much each example counts, float [examples]; all the same by default.
  """
  logits = np.asarray(logits, np.float64)
  chosen = logits[np.arange(len(labels)), labels]
  if (
    np.all(chosen >= logits.max(axis=1))
    or np.average(chosen - logits.mean(axis=1), weights=weights) <= 0
  ):
    return 1.0
  found = scipy.optimize.minimize_scalar(
    lambda log_t: negative_log_likelihood(logits, labels, math.exp(log_t), weights),
    bounds=(math.log(0.05), math.log(20)),
    method='bounded',
    options={'xatol': 1e-8},
  )
  return math.exp(found.x)


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
  """The 95 % interval of the mean of two independent values or more (Student's t)."""
  half = scipy.stats.t.ppf(0.975, len(values) - 1) * scipy.stats.sem(values)
  return float(np.mean(values) - half), float(np.mean(values) + half)


def accuracy(logits: np.ndarray, labels: np.ndarray) -> tuple[int, int]:
  """The number of correct examples and the number of examples."""
  return int(np.sum(np.argmax(logits, axis=1) == labels)), len(labels)


def wilson_interval(correct: int, n: int) -> tuple[float, float]:
  """95 % Wilson interval of the accuracy `correct / n`, n > 0."""
  interval = scipy.stats.binomtest(correct, n).proportion_ci(0.95, method='wilson')
  return float(interval.low), float(interval.high)


def percent_range(low: float, high: float) -> str:
  """Both ends of an interval in percent, in the form 97.71-98.33."""
  return f'{100 * low:.2f}-{100 * high:.2f}'


def confusion_matrix(labels: np.ndarray, predictions: np.ndarray, num_classes: int) -> np.ndarray:
  """Counts, int64 [true class, predicted class]."""
  matrix = np.zeros((num_classes, num_classes), np.int64)
  np.add.at(matrix, (labels, predictions), 1)
  return matrix


def precision_recall(confusion: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Precision and recall per class, float64 [classes] each.

  Precision is NaN for a class that is never predicted, recall for a class without examples.
  """
  right = np.diag(confusion).astype(np.float64)
  nothing = np.full(len(right), np.nan)
  predicted, true = confusion.sum(axis=0), confusion.sum(axis=1)
  precision = np.divide(right, predicted, out=nothing.copy(), where=predicted > 0)
  recall = np.divide(right, true, out=nothing.copy(), where=true > 0)
  return precision, recall


def f1(confusion: np.ndarray) -> np.ndarray:
  """F1 per class, the harmonic mean of precision and recall, float64 [classes].

  It is 0 for a class that has examples and is never predicted, NaN for a class without examples.
  """
  predicted, true = confusion.sum(axis=0), confusion.sum(axis=1)
  nothing = np.full(len(true), np.nan)
  return np.divide(2.0 * np.diag(confusion), predicted + true, out=nothing, where=true > 0)


def averages(confusion: np.ndarray) -> dict[str, tuple[float, float, float]]:
  """Averages of (precision, recall, F1) over the classes that have examples.

  micro: over all examples, where all three equal the accuracy. macro: every class has the same
  weight. weighted: a class has its number of examples as weight. Here a class that has examples and
  is never predicted has precision 0; to leave it out would reward a network for ignoring the class.
  """
  symbols = confusion.sum(axis=1)
  present = symbols > 0
  of_classes = (*precision_recall(confusion), f1(confusion))
  by_class = [np.nan_to_num(each[present]) for each in of_classes]
  micro = [np.trace(confusion) / confusion.sum()] * 3
  macro = [each.mean() for each in by_class]
  weighted = [np.average(each, weights=symbols[present]) for each in by_class]
  named = {'micro': micro, 'macro': macro, 'weighted': weighted}
  return {name: (float(p), float(r), float(f)) for name, (p, r, f) in named.items()}


class Reliability(NamedTuple):
  """Examples by confidence, in BINS bins of equal width; a bin includes its upper end only."""

  n: np.ndarray  # int64 [bins], number of examples
  confidence: np.ndarray  # float64 [bins], mean confidence, NaN in an empty bin
  accuracy: np.ndarray  # float64 [bins], share of correct examples, NaN in an empty bin


def reliability(confidence: np.ndarray, correct: np.ndarray) -> Reliability:
  """Mean confidence and accuracy in each bin.

  Args:
    confidence: float [examples] in (0, 1], probability of the predicted class.
    correct: bool [examples].
  """
  place = np.clip(np.ceil(np.asarray(confidence) * BINS).astype(int) - 1, 0, BINS - 1)
  count = np.bincount(place, minlength=BINS)

  def mean(values):
    sums = np.bincount(place, weights=values, minlength=BINS)
    return np.divide(sums, count, out=np.full(BINS, np.nan), where=count > 0)

  return Reliability(count, mean(confidence), mean(correct))


def expected_calibration_error(bins: Reliability) -> float:
  """Mean over the examples of |accuracy - confidence| of their bin (Naeini et al. 2015)."""
  gaps = np.abs(bins.accuracy - bins.confidence)
  return float(np.nansum(gaps * bins.n) / bins.n.sum())


def mcnemar(correct_a: np.ndarray, correct_b: np.ndarray) -> tuple[int, int, float]:
  """Exact two-sided McNemar test of two classifiers on the same examples.

  Args:
    correct_a: bool [examples], which answers of classifier a are right.
    correct_b: The same of classifier b.

  Returns:
    The number of examples that only a has right, the number that only b has right, the p-value.
  """
  only_a = int(np.sum(correct_a & ~correct_b))
  only_b = int(np.sum(correct_b & ~correct_a))
  if only_a + only_b == 0:
    return 0, 0, 1.0
  return only_a, only_b, float(scipy.stats.binomtest(only_a, only_a + only_b, 0.5).pvalue)
