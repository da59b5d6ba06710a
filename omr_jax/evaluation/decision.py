"""What turns logits into an answer: chosen once, at the end of a run, and kept in its folder.

`decision.json` in the workdir has the threshold and the temperature. Report, predict, export and
the page in the browser read them from there, or from the `model.json` that an export makes of it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from omr_jax.errors import UserError
from omr_jax.evaluation import binary, history, metrics
from omr_jax.tasks import task as tasks
from omr_jax.utils.files import read_json, write_file

FILE = 'decision.json'


class Decision(NamedTuple):
  """How logits are read.

  Attributes:
    threshold: The log-odds from which on the second of two classes is the answer, or None where
      the class with the largest logit is.
    temperature: Divides logits so that their softmax is calibrated; it changes no answer.
  """

  threshold: float | None
  temperature: float


def fit(config: Mapping[str, Any], labels: np.ndarray, logits: np.ndarray) -> Decision:
  """Chooses both on validation examples.

  Args:
    config: Of the run.
    labels: int [examples].
    logits: float [examples, classes].
  """
  threshold = tasks.of_config(config).evaluation.threshold(config, labels, logits)
  return Decision(threshold, metrics.fit_temperature(logits, labels))


def write(workdir: Path, decision: Decision) -> None:
  """Keeps it in the folder of a run. UserError where that can not be written."""
  write_file(workdir / FILE, (json.dumps(decision._asdict(), indent=2) + '\n').encode())


def read(workdir: Path, remedy: str) -> Decision | None:
  """What is kept in the folder of a run; None where an earlier version has trained it.

  Args:
    workdir: Of the run.
    remedy: What to do where the file is damaged.

  Raises:
    UserError: The file is damaged.
  """
  path = workdir / FILE
  if not path.exists():
    return None
  found = read_json(path, remedy)
  threshold, temperature = (found.get(name) for name in Decision._fields)
  known = threshold is None or history.is_number(threshold)
  if not (known and history.is_number(temperature) and temperature > 0):
    raise UserError(f'{path}: threshold or temperature missing or wrong; {remedy}.')
  return Decision(threshold, temperature)


def decide(logits: np.ndarray, threshold: float | None) -> np.ndarray:
  """The class of each example: int [n] of logits float [n, classes]."""
  if threshold is None:
    return np.argmax(logits, axis=1)
  return (binary.log_odds(logits) >= threshold).astype(int)


def confidence(logits: np.ndarray, predicted: np.ndarray, temperature: float) -> np.ndarray:
  """Calibrated probability of the classes given, float64 [n]."""
  chosen = metrics.log_probabilities(logits, temperature)[np.arange(len(predicted)), predicted]
  return np.exp(chosen)
