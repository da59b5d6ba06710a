"""How sure an answer by a threshold is: the formula of reports, predictions and exports.

It needs neither SciPy nor JAX, so that a program which only asks a network starts quickly.
"""

import numpy as np

# An answer with a lower confidence is shown to people as "not sure".
SURE = 0.8
_CLOSEST = 1e-12  # Probabilities nearer to 0 or 1 are those of a float32 that was rounded.


def of_threshold(
  log_odds: np.ndarray, threshold: float | np.ndarray, temperature: float | np.ndarray = 1.0
) -> np.ndarray:
  """The calibrated probability of the class that is the answer, float64, 1/2 or more.

  The second class is the answer if its log-odds are at least the threshold. Its confidence is
  sigmoid((log_odds - threshold) / temperature), and that of the first class the rest to 1: at the
  threshold, where the answer changes, both have 1/2.

  Args:
    log_odds: Log-odds of the second class, float [...].
    threshold: In log-odds; one, or one for each.
    temperature: Divides the distance to the threshold; one, or one for each.
  """
  distance = np.abs(np.asarray(log_odds, np.float64) - threshold) / temperature
  return 1 / (1 + np.exp(-distance))


def log_odds(probability: np.ndarray | float) -> np.ndarray:
  """ln(p / (1 - p)) of probabilities, finite float64 [...]."""
  probability = np.clip(np.asarray(probability, np.float64), _CLOSEST, 1 - _CLOSEST)
  return np.log(probability / (1 - probability))
