"""Counts and shares of a decision between two classes at one threshold.

The classes are 0 ('other') and 1 ('scores', pages of music). Each picture has a value: any number,
except NaN, that is larger the more likely class 1 is. A picture is called 'scores' if its value is
at least the threshold. Log-odds are better values than probabilities, which floating point rounds
to exactly 1, so that different pictures become equal. `curves` counts at all thresholds.

For pictures of several folds, each with its own threshold, pass one threshold per picture.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from omr_jax.evaluation import confidence, metrics


class Decisions(NamedTuple):
  """Exact counts at a threshold. A share is None if there are no pictures to take it of.

  Attributes:
    positives: Number of pictures of class 'scores'.
    negatives: Number of pictures of class 'other'.
    false_positives: Number of negatives called 'scores'.
    false_negatives: Number of positives called 'other'.
    accuracy: Share of right answers.
    low: Lower end of the accuracy's 95 % Wilson interval.
    high: Upper end of that interval.
    recall: Share of the positives that are called 'scores'.
    false_positive_rate: Share of the negatives that are called 'scores'.
  """

  positives: int
  negatives: int
  false_positives: int
  false_negatives: int
  accuracy: float | None
  low: float | None
  high: float | None
  recall: float | None
  false_positive_rate: float | None


def decisions(values: np.ndarray, labels: np.ndarray, threshold: float | np.ndarray) -> Decisions:
  """Counts the decisions at a threshold; pictures of one class only, or none, are allowed.

  Args:
    values: float [pictures].
    labels: int or bool [pictures].
    threshold: One for all pictures, or float [pictures].
  """
  labels = np.asarray(labels, bool)
  called = np.asarray(values, np.float64) >= threshold
  positives, negatives = int(labels.sum()), int((~labels).sum())
  false_positives = int((called & ~labels).sum())
  false_negatives = int((~called & labels).sum())
  n, right = len(labels), len(labels) - false_positives - false_negatives
  low, high = metrics.wilson_interval(right, n) if n else (None, None)
  return Decisions(
    positives,
    negatives,
    false_positives,
    false_negatives,
    accuracy=right / n if n else None,
    low=low,
    high=high,
    recall=1 - false_negatives / positives if positives else None,
    false_positive_rate=false_positives / negatives if negatives else None,
  )


def counted(right: np.ndarray) -> dict[str, Any]:
  """How many of some answers are right, in the form in which reports keep it.

  Args:
    right: Whether each answer is right, bool [answers], at least one.

  Returns:
    `n`, the number of answers, `right`, that of right ones, `share`, the share of right ones, and
    `low` and `high`, the ends of its 95 % Wilson interval.
  """
  n, count = len(right), int(right.sum())
  low, high = metrics.wilson_interval(count, n)
  return {'n': n, 'right': count, 'share': count / n, 'low': low, 'high': high}


def by_source(
  log_odds: np.ndarray,
  labels: np.ndarray,
  sources: Sequence[str],
  threshold: float | np.ndarray,
  temperature: float | np.ndarray = 1.0,
) -> list[dict[str, Any]]:
  """Counts the answers for each source folder; sorted by source, then by label.

  Args:
    log_odds: float [pictures], ln(p / (1 - p)) with p the probability of 'scores'.
    labels: int or bool [pictures].
    sources: Name of each picture's folder.
    threshold: A picture is called 'scores' if its log-odds are at least this; one for all pictures,
      or float [pictures].
    temperature: Divides the distance to the threshold for the confidence; it changes no answer. One
      for all pictures, or float [pictures].

  Returns:
    For each `source` and `label` the numbers of `counted`, and `confidence`, the mean confidence of
    the answers by `confidence.of_threshold`.
  """
  log_odds, labels = np.asarray(log_odds, np.float64), np.asarray(labels, int)
  called = log_odds >= threshold
  sure = confidence.of_threshold(log_odds, threshold, temperature)
  names = np.asarray(sources, object)
  rows = []
  for source, label in sorted(set(zip(sources, labels.tolist(), strict=True))):
    here = (names == source) & (labels == label)
    shares = counted(called[here] == label)
    rows.append(
      {'source': source, 'label': label, **shares, 'confidence': float(sure[here].mean())}
    )
  return rows


def mean_share(rows: Sequence[Mapping[str, Any]]) -> float | None:
  """Mean of the sources' shares of right answers, all with equal weight; None without sources."""
  return math.fsum(row['share'] for row in rows) / len(rows) if rows else None


def log_odds(logits: np.ndarray) -> np.ndarray:
  """ln(p / (1 - p)) with p the probability of 'scores': [pictures, 2] to float64 [pictures]."""
  logits = np.asarray(logits, np.float64)
  return logits[:, 1] - logits[:, 0]
