"""Tests exported networks that give one class to each example."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from omr_jax.data.dataset import Splits
from omr_jax.tasks.classifiers.outputs import PROBABILITIES, decide

FORMS = ('model.onnx', 'model_int8.onnx', 'model.jax', 'weights.safetensors', 'model.tflite')
COMPUTES_IN_INT8 = True
MOST_OFF = 1e-4  # Of probabilities.


def of_splits(splits: Splits) -> Splits:
  """The splits of a run's data as exported networks are tested on them: unchanged."""
  return splits


def answers(model: Any, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
  """The class that is the answer to each example, int [examples].

  Args:
    model: What `model.json` says of the network.
    outputs: The outputs of the network by name.
  """
  return decide(outputs[PROBABILITIES], model.threshold)
