"""From logits to the answer that is given, and how sure it is: report, predict and export alike.

Symbols are of the class with the largest logit. A picture is called 'scores' from a threshold on,
which is chosen on validation pictures for a stated rate of false positives.
"""

import math
from collections.abc import Mapping

import numpy as np

from omr_jax import evaluate, gate, gate_curves

# With every source held out in turn, and in five folds: up to 0.2 two or three everyday photos pass
# in the folds; at 0.25 and 0.3 none does; beyond that handwriting and print are lost.
_MARGIN = 0.25


def threshold(config: Mapping, labels: np.ndarray, logits: np.ndarray) -> float | None:
  """The log-odds from which on a picture is called 'scores', or None where classes are not two.

  Args:
    config: Of the run; its `decision.false_positive_rate` is kept to on these pictures.
    labels: int [validation pictures].
    logits: float [validation pictures, 2].
  """
  if 'decision' not in config:
    return None
  return choose(gate.log_odds(logits), labels, config['decision']['false_positive_rate'])


def choose(log_odds: np.ndarray, labels: np.ndarray, false_positive_rate: float) -> float:
  """The threshold that keeps to the rate, with some room for what nobody has seen yet.

  It stands in the gap between the highest score that must not pass and the next one above it (or
  one unit above), by _MARGIN of the gap from the lower end, and never below even odds.

  Args:
    log_odds: float [pictures], ln(p / (1 - p)) for p the probability of 'scores'.
    labels: int [pictures].
    false_positive_rate: Of these pictures' others, at most.
  """
  point = gate_curves.threshold_for_fpr(log_odds, labels, false_positive_rate)
  if point is None or math.isinf(point.below):
    return 0.0  # Every picture may pass.
  above = point.below + 1 if math.isinf(point.threshold) else point.threshold
  return max(0.0, point.below + _MARGIN * (above - point.below))


def decide(logits: np.ndarray, threshold: float | None) -> np.ndarray:
  """The class of each example: int [n] of logits float [n, classes]."""
  if threshold is None:
    return np.argmax(logits, axis=1)
  return (gate.log_odds(logits) >= threshold).astype(int)


def confidence(logits: np.ndarray, predicted: np.ndarray, temperature: float) -> np.ndarray:
  """Calibrated probability of the classes given, float64 [n]."""
  chosen = evaluate.log_probabilities(logits, temperature)[np.arange(len(predicted)), predicted]
  return np.exp(chosen)
