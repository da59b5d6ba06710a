"""The numbers of an evaluation, from logits and labels: plain NumPy and SciPy, exact counts."""

import math
from typing import NamedTuple

import numpy as np
import scipy  # Whose modules are loaded when they are used; `stats` takes long.

BINS = 15


def log_probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
  """Log-softmax of `logits / temperature` over the last axis, float64 [symbols, classes]."""
  return scipy.special.log_softmax(np.asarray(logits, np.float64) / temperature, axis=-1)


def negative_log_likelihood(
  logits: np.ndarray, labels: np.ndarray, temperature: float = 1.0
) -> float:
  """Mean over the symbols of -log p(label), in nats."""
  chosen = log_probabilities(logits, temperature)[np.arange(len(labels)), labels]
  return float(-chosen.mean())


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
  """Temperature (0.05 to 20) that minimises the NLL (Guo et al. 2017, section 4.2).

  The NLL is convex in 1/T. It has no minimum at a finite T if no symbol is misclassified (T -> 0)
  or if the true classes' logits are no higher than the average logit (T -> infinity); such
  labels tell nothing about confidence, so the logits stay as they are: T = 1.
  """
  logits = np.asarray(logits, np.float64)
  chosen = logits[np.arange(len(labels)), labels]
  if np.all(chosen >= logits.max(axis=1)) or np.mean(chosen - logits.mean(axis=1)) <= 0:
    return 1.0
  found = scipy.optimize.minimize_scalar(
    lambda log_t: negative_log_likelihood(logits, labels, math.exp(log_t)),
    bounds=(math.log(0.05), math.log(20)),
    method='bounded',
    options={'xatol': 1e-8},
  )
  return math.exp(found.x)


def accuracy(logits: np.ndarray, labels: np.ndarray) -> tuple[int, int]:
  """Exact (number of correct symbols, number of symbols)."""
  return int(np.sum(np.argmax(logits, axis=1) == labels)), len(labels)


def wilson_interval(correct: int, n: int) -> tuple[float, float]:
  """95 % Wilson interval of the accuracy `correct / n`, n > 0."""
  interval = scipy.stats.binomtest(correct, n).proportion_ci(0.95, method='wilson')
  return float(interval.low), float(interval.high)


def percent_range(low: float, high: float) -> str:
  """Both ends of an interval in percent, as in 97.71-98.33."""
  return f'{100 * low:.2f}-{100 * high:.2f}'


def confusion_matrix(labels: np.ndarray, predictions: np.ndarray, num_classes: int) -> np.ndarray:
  """Counts, int64 [true class, predicted class]."""
  matrix = np.zeros((num_classes, num_classes), np.int64)
  np.add.at(matrix, (labels, predictions), 1)
  return matrix


def precision_recall(confusion: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Precision and recall per class, float64 [classes] each.

  Precision is NaN for a class that is never predicted, recall for one without symbols.
  """
  right = np.diag(confusion).astype(np.float64)
  nothing = np.full(len(right), np.nan)
  predicted, true = confusion.sum(axis=0), confusion.sum(axis=1)
  precision = np.divide(right, predicted, out=nothing.copy(), where=predicted > 0)
  recall = np.divide(right, true, out=nothing.copy(), where=true > 0)
  return precision, recall


def averages(confusion: np.ndarray) -> dict[str, tuple[float, float]]:
  """(precision, recall) averaged over the classes that have symbols.

  micro: over all symbols (both are the accuracy); macro: each class counts alike; weighted: each
  by its number of symbols. A class with symbols that is never predicted has precision 0 here:
  leaving it out would reward ignoring it.
  """
  precision, recall = precision_recall(confusion)
  symbols = confusion.sum(axis=1)
  present = symbols > 0
  precision, recall = np.nan_to_num(precision[present]), recall[present]
  micro = float(np.trace(confusion) / confusion.sum())
  weights = symbols[present]
  return {
    'micro': (micro, micro),
    'macro': (float(precision.mean()), float(recall.mean())),
    'weighted': (
      float(np.average(precision, weights=weights)),
      float(np.average(recall, weights=weights)),
    ),
  }


class Reliability(NamedTuple):
  """Symbols by confidence, in `BINS` bins of equal width, each open below and closed above."""

  count: np.ndarray  # int64 [bins]
  confidence: np.ndarray  # float64 [bins], mean in the bin, NaN where it is empty
  accuracy: np.ndarray  # float64 [bins], NaN where it is empty


def reliability(confidence: np.ndarray, correct: np.ndarray) -> Reliability:
  """Mean confidence and accuracy per bin; `confidence` in (0, 1] and bool `correct`, [symbols]."""
  place = np.clip(np.ceil(np.asarray(confidence) * BINS).astype(int) - 1, 0, BINS - 1)
  count = np.bincount(place, minlength=BINS)

  def mean(values):
    sums = np.bincount(place, weights=values, minlength=BINS)
    return np.divide(sums, count, out=np.full(BINS, np.nan), where=count > 0)

  return Reliability(count, mean(confidence), mean(correct))


def expected_calibration_error(bins: Reliability) -> float:
  """Mean over the symbols of |accuracy - confidence| of their bin (Naeini et al. 2015)."""
  gaps = np.abs(bins.accuracy - bins.confidence)
  return float(np.nansum(gaps * bins.count) / bins.count.sum())


def mcnemar(correct_a: np.ndarray, correct_b: np.ndarray) -> tuple[int, int, float]:
  """Exact two-sided McNemar test of two classifiers on the same symbols, bool [symbols] each.

  Returns (symbols only a has right, symbols only b has right, p-value).
  """
  only_a = int(np.sum(correct_a & ~correct_b))
  only_b = int(np.sum(correct_b & ~correct_a))
  if only_a + only_b == 0:
    return 0, 0, 1.0
  return only_a, only_b, float(scipy.stats.binomtest(only_a, only_a + only_b, 0.5).pvalue)
