"""From logits to a symbol's class: the largest logit decides, and nothing else is kept."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from omr_jax.data.dataset import Dataset, Split
from omr_jax.evaluation.finished_run import FinishedRun

ARRAYS: Mapping[str, tuple[str, int]] = {}
LATER: tuple[str, ...] = ()


def threshold(config: Mapping[str, Any], labels: np.ndarray, logits: np.ndarray) -> None:
  """There is none: the class with the largest logit is the answer."""
  del config, labels, logits


def arrays(
  config: Mapping[str, Any],
  dataset: Dataset,
  predict: Callable[[Split], np.ndarray],
) -> None:
  """None: symbols need no arrays besides those that every evaluation keeps."""
  del config, dataset, predict


def problem(further: Mapping[str, np.ndarray], examples: int) -> None:
  """None: there are no further arrays in which something could be wrong."""
  del further, examples


def measure(run: FinishedRun) -> dict:
  """Empty: symbols need no numbers besides those of every run."""
  del run
  return {}
