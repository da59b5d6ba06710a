"""Chooses on validation pages which of the found symbols count, and how sure each is.

Both are chosen once, at the end of a run, and kept in `decision.json`.
"""

from collections.abc import Sequence

import numpy as np
import scipy

from omr_jax.evaluation import box_matching, confidence
from omr_jax.evaluation.box_matching import Page
from omr_jax.tasks.pages.run import Decision

OVERLAP = 0.5  # The IoU from which a found symbol is right.
_LOWEST, _HIGHEST = 0.01, 0.99  # Bounds of the threshold.


def fit(pages: Sequence[Page], identity: Decision) -> Decision:
  """The decision that fits these pages best.

  Args:
    pages: Validation pages, with scores as `identity` gives them: sigmoids of log-odds.
    identity: What is kept where the pages tell nothing, as where nothing was found.
  """
  found = [
    box_matching.matched(pages, label, [OVERLAP], most=None) for label in box_matching.labels(pages)
  ]
  scores = np.concatenate([each.scores for each in found]) if found else np.empty(0)
  right = np.concatenate([each.right[0] for each in found]) if found else np.empty(0, bool)
  true = sum(each.true for each in found)
  log_odds = confidence.log_odds(scores)
  temperature, bias = _calibration(log_odds, right) or identity[1:]
  decision = Decision(identity.threshold, temperature, bias)
  return decision._replace(threshold=_threshold(decision.confidence(log_odds), right, true))


def _calibration(log_odds: np.ndarray, right: np.ndarray) -> tuple[float, float] | None:
  """Temperature and bias with which log-odds best say what is right (Platt, 1999).

  None where they say nothing: nothing or everything is right, or what is right has lower log-odds.
  """
  if right.all() or not right.any():
    return None

  def loss(numbers: np.ndarray) -> float:
    slope, shift = numbers
    signed = (slope * log_odds + shift) * np.where(right, 1, -1)
    return float(np.logaddexp(0, -signed).mean())

  slope, shift = scipy.optimize.minimize(loss, (1.0, 0.0), method='L-BFGS-B').x
  return (float(1 / slope), float(-shift / slope)) if slope > 1e-3 else None


def _threshold(scores: np.ndarray, right: np.ndarray, true: int) -> float:
  """The threshold with which F is highest, halfway between two confidences; the highest such one.

  F is the harmonic mean of precision and recall of all classes together.
  """
  order = np.argsort(-scores, kind='stable')
  scores, hits = scores[order], np.cumsum(right[order])
  if not len(scores):
    return 0.5
  # Symbols of equal confidence count together.
  last = np.flatnonzero(np.append(scores[1:] < scores[:-1], True))
  f = 2 * hits[last] / (last + 1 + true)
  best = int(np.argmax(f))
  below = scores[last[best] + 1] if best + 1 < len(last) else 0.0
  return float(np.clip((scores[last[best]] + below) / 2, _LOWEST, _HIGHEST))
