"""How sure an answer by a threshold is. Reports, predictions and exports use the same formula.

This module imports neither SciPy nor JAX, so that programs which only predict start quickly.
"""

import numpy as np

# An answer with a lower confidence is shown to people as "not sure".
SURE = 0.8
_CLOSEST = 1e-12  # A float32 nearer to 0 or 1 than this was rounded; it is taken for this near.


def of_threshold(
  log_odds: np.ndarray, threshold: float | np.ndarray, temperature: float | np.ndarray = 1.0
) -> np.ndarray:
  """The calibrated probability of the class that is the answer, float64, 1/2 or more.

  The second class is the answer if its log-odds are at least the threshold. Its confidence is
  sigmoid((log_odds - threshold) / temperature), and that of the first class 1 minus this. At the
  threshold, where the answer changes, both are 1/2.

  Args:
    log_odds: Log-odds of the second class, float [...].
    threshold: Log-odds, one number for all or one for each.
    temperature: Divides the distance to the threshold; one number for all or one for each.
  """
  distance = np.abs(np.asarray(log_odds, np.float64) - threshold) / temperature
  return probability(distance)


def log_odds(probability: np.ndarray | float) -> np.ndarray:
  """ln(p / (1 - p)) of probabilities, float64 [...], finite also for 0 and 1."""
  probability = np.clip(np.asarray(probability, np.float64), _CLOSEST, 1 - _CLOSEST)
  return np.log(probability / (1 - probability))


def probability(log_odds: np.ndarray | float) -> np.ndarray:
  """The probability with these log-odds, float64 [...]: the inverse of `log_odds`."""
  return 1 / (1 + np.exp(-np.asarray(log_odds, np.float64)))
