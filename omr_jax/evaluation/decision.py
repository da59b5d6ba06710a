"""How logits become an answer: chosen once, at the end of a run, and kept in the run's folder.

`decision.json` in the workdir has the threshold and the temperature. Reports, predictions and
exports read them from there; an export writes them to `model.json` for the page in the browser.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from omr_jax.errors import UserError
from omr_jax.evaluation import binary, history, metrics
from omr_jax.evaluation import confidence as confidences
from omr_jax.tasks import task as tasks
from omr_jax.utils.files import read_json, write_file

FILE = 'decision.json'


class Decision(NamedTuple):
  """How logits become an answer and a confidence.

  Attributes:
    threshold: Of two classes, the second is the answer if its log-odds are at least this. None
      where the class with the largest logit is the answer.
    temperature: Divides the logits so that their softmax is calibrated; it changes no answer. With
      a threshold it divides the distance of the log-odds to the threshold.
  """

  threshold: float | None
  temperature: float


def fit(config: Mapping[str, Any], labels: np.ndarray, logits: np.ndarray) -> Decision:
  """Chooses threshold and temperature on validation examples.

  Args:
    config: The run's config.
    labels: int [examples].
    logits: float [examples, classes].
  """
  threshold = tasks.of_config(config).evaluation.threshold(config, labels, logits)
  weights = None
  if threshold is not None:
    # Both classes weigh the same, however many pictures of each happen to validate.
    counts = np.maximum(1, np.bincount(labels, minlength=2))
    weights = 1 / counts[labels]
  return Decision(
    threshold, metrics.fit_temperature(from_threshold(logits, threshold), labels, weights)
  )


def write(workdir: Path, decision: Any) -> None:
  """Writes `decision.json` into the folder of a run. UserError where it cannot be written.

  Args:
    workdir: The folder.
    decision: A NamedTuple of numbers, of the task's own type, such as `Decision`.
  """
  write_file(workdir / FILE, (json.dumps(decision._asdict(), indent=2) + '\n').encode())


def read(workdir: Path, remedy: str) -> Decision | None:
  """Reads `decision.json`; None where it is missing because an earlier version trained the run.

  Args:
    workdir: The run's folder.
    remedy: What the user should do where the file is damaged, as the end of a message.

  Raises:
    UserError: The file is damaged.
  """
  path = workdir / FILE
  if not path.exists():
    return None
  found = read_json(path, remedy)
  threshold, temperature = map(found.get, Decision._fields)
  known = 'threshold' in found and (threshold is None or history.is_number(threshold))
  if not (known and history.is_number(temperature) and temperature > 0):
    raise UserError(f'{path}: threshold or temperature missing or wrong; {remedy}.')
  return Decision(threshold, temperature)


def decide(logits: np.ndarray, threshold: float | None) -> np.ndarray:
  """The class of each example: logits float [n, classes] to int [n]."""
  if threshold is None:
    return np.argmax(logits, axis=1)
  return (binary.log_odds(logits) >= threshold).astype(int)


def from_threshold(logits: np.ndarray, threshold: float | None) -> np.ndarray:
  """Moves the logits of two classes so that the larger one is the answer: float [n, classes].

  At the threshold their log-odds are then 0. The temperature is fitted to these logits, so that the
  answer always has the highest confidence.
  """
  if threshold is None:
    return logits
  return np.asarray(logits, np.float64) - [0, threshold]


def confidence(logits: np.ndarray, predicted: np.ndarray, decision: Decision) -> np.ndarray:
  """The calibrated probability of the answer to each example, float64 [n]."""
  if decision.threshold is not None:
    log_odds = binary.log_odds(logits)
    return confidences.of_threshold(log_odds, decision.threshold, decision.temperature)
  log_probabilities = metrics.log_probabilities(logits, decision.temperature)
  return np.exp(log_probabilities[np.arange(len(predicted)), predicted])
