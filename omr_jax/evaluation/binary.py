"""The numbers of a decision between two classes: is this a page of music or something else?

Labels are 0 (other) and 1 (scores); a score is any number that grows with the belief in class 1,
and a picture is called 'scores' if its score is at least the threshold. Take log-odds rather than
probabilities: those reach 1 exactly in floating point, and what ties can't be told apart. Scores
are not NaN. Temperature, Wilson intervals and reliability are in `evaluate`, what all thresholds
together tell in `gate_curves`.

Of folds whose pictures are pooled, pass one threshold per picture, that of its fold.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

from omr_jax.evaluation import metrics


class Decisions(NamedTuple):
  """Exact counts at a threshold; shares are None where nothing is counted.

  Attributes:
    positives: Pictures of scores.
    negatives: Other pictures.
    false_positives: Other pictures called 'scores'.
    false_negatives: Scores called 'other'.
    accuracy: Share of right answers.
    low: Lower end of its 95 % Wilson interval.
    high: Upper end.
    recall: Share of the scores that are found.
    false_positive_rate: Share of the others called 'scores'.
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


def decisions(scores: np.ndarray, labels: np.ndarray, threshold: float | np.ndarray) -> Decisions:
  """What a threshold decides; also on no pictures or on one class.

  Args:
    scores: float [pictures].
    labels: int or bool [pictures].
    threshold: One for all, or float [pictures].
  """
  labels = np.asarray(labels, bool)
  called = np.asarray(scores, np.float64) >= threshold
  positives, negatives = int(labels.sum()), int((~labels).sum())
  false_positives = int((called & ~labels).sum())
  false_negatives = int((~called & labels).sum())
  right = len(labels) - false_positives - false_negatives
  return Decisions(
    positives,
    negatives,
    false_positives,
    false_negatives,
    *_share(right, len(labels)),
    recall=1 - false_negatives / positives if positives else None,
    false_positive_rate=false_positives / negatives if negatives else None,
  )


class Source(NamedTuple):
  """A row of the table by source folder; the shares are None in a row without pictures.

  Attributes:
    source: Such as 'scores/engraved'.
    label: Of its pictures.
    n: Pictures.
    right: Right answers.
    share: Their share.
    low: Lower end of its 95 % Wilson interval.
    high: Upper end.
    confidence: Mean probability of the answers given.
  """

  source: str
  label: int
  n: int
  right: int
  share: float | None
  low: float | None
  high: float | None
  confidence: float | None


def by_source(
  log_odds: np.ndarray,
  labels: np.ndarray,
  sources: Sequence[str],
  threshold: float | np.ndarray,
  temperature: float = 1.0,
  known: Mapping[str, int] | None = None,
) -> list[Source]:
  """The table by source folder, sorted by name.

  Args:
    log_odds: float [pictures], ln(p / (1 - p)) for p the probability of 'scores'.
    labels: int or bool [pictures].
    sources: Name of each picture's folder.
    threshold: Log-odds from which on a picture is called 'scores': one for all, or [pictures].
    temperature: Divides the log-odds for the confidence; it changes no answer.
    known: Label of sources that get a row even if none of their pictures is here.
  """
  log_odds, labels = np.asarray(log_odds, np.float64), np.asarray(labels, int)
  called = log_odds >= threshold
  confidence = special.expit(np.where(called, log_odds, -log_odds) / temperature)
  names = np.asarray(sources, object)
  keys = set(zip(sources, labels.tolist(), strict=True)) | set((known or {}).items())
  rows = []
  for source, label in sorted(keys):
    here = (names == source) & (labels == label)
    n, right = int(here.sum()), int((called == label)[here].sum())
    mean = float(confidence[here].mean()) if n else None
    rows.append(Source(source, label, n, right, *_share(right, n), mean))
  return rows


def mean_share(rows: Iterable[Source]) -> float | None:
  """Mean of the sources' shares of right answers, each source alike; None if all are empty."""
  shares = [row.share for row in rows if row.share is not None]
  return math.fsum(shares) / len(shares) if shares else None


def _share(right: int, n: int) -> tuple[float | None, float | None, float | None]:
  """Share and its 95 % Wilson interval; Nones of nothing."""
  return (right / n, *metrics.wilson_interval(right, n)) if n else (None, None, None)


def log_odds(logits: np.ndarray) -> np.ndarray:
  """ln(p / (1 - p)) for p the probability of 'scores': float64 [pictures] of [pictures, 2]."""
  logits = np.asarray(logits, np.float64)
  return logits[:, 1] - logits[:, 0]
