"""From logits to a symbol's class: the largest logit decides, and nothing else is kept."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from omr_jax.data.dataset import Dataset, Split
from omr_jax.tasks.classifiers.evaluation import evaluate as evaluate
from omr_jax.tasks.classifiers.evaluation import validate as validate
from omr_jax.tasks.classifiers.run import ARRAYS as ARRAYS
from omr_jax.tasks.classifiers.run import LATER as LATER
from omr_jax.tasks.classifiers.run import ClassifiedRun
from omr_jax.tasks.classifiers.run import described as described
from omr_jax.tasks.classifiers.run import problem as problem
from omr_jax.tasks.classifiers.run import run_of as run_of


def threshold(config: Mapping[str, Any], labels: np.ndarray, logits: np.ndarray) -> None:
  """There is none: the class with the largest logit is the answer."""
  del config, labels, logits


def further(
  config: Mapping[str, Any],
  dataset: Dataset,
  predict: Callable[[Split], np.ndarray],
) -> None:
  """None: symbols need no arrays besides those that every evaluation keeps."""
  del config, dataset, predict


def measure(run: ClassifiedRun) -> dict:
  """Empty: symbols need no numbers besides those of every run."""
  del run
  return {}
