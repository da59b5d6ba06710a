"""Validates networks that give one class to each example, and tests them at the end of a run.

The module `evaluation` of such a task has these functions besides those that it imports from here:

`threshold(config, labels, logits)`: the threshold chosen on these validation examples: the answer
is the second class if its log-odds are at least this; None if the largest logit decides.
`further(config, dataset, predict)`: for each member of a population, further arrays that an
evaluation keeps, by name; None if there are none. `predict` is a function from arrays to logits.
`measure(run)`: further numbers for `summary.json`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from ml_collections import ConfigDict

from omr_jax.data.dataset import Dataset, Split
from omr_jax.evaluation import decision, metrics
from omr_jax.evaluation.evaluated import Evaluated
from omr_jax.tasks import task as tasks

# From the arrays of examples to their logits, [members, batch, classes], batch by batch.
Predict = Callable[[Split], Iterator[np.ndarray]]


def validate(config: ConfigDict, dataset: Dataset, predict: Predict) -> list[dict[str, float]]:
  """The accuracy and the loss of each member on the validation examples."""
  del config
  split = dataset.splits['validation']
  labels = np.asarray(split['label'])
  return [
    {
      'validation_accuracy': float(np.divide(*metrics.accuracy(logits, labels))),
      'validation_loss': float(metrics.negative_log_likelihood(logits, labels)),
    }
    for logits in _logits(predict, split)
  ]


def evaluate(configs: Sequence[ConfigDict], dataset: Dataset, predict: Predict) -> list[Evaluated]:
  """Tests each member of a population, and chooses on the validation examples how it decides."""
  splits, of_task = dataset.splits, tasks.of_config(configs[0])
  validation, test = (_logits(predict, splits[name]) for name in ('validation', 'test'))
  further = of_task.evaluation.further(
    configs[0], dataset, lambda arrays: _logits(predict, arrays)
  ) or [{}] * len(configs)
  classes, known = of_task.inputs.classes(configs[0]), np.asarray(splits['validation']['label'])
  ids, labels, pictures = (np.asarray(splits['test'][name]) for name in ('id', 'label', 'image'))
  return [
    evaluated(
      classes,
      (known, validated),
      (ids, labels, tested, pictures),
      of_member,
      decision.fit(config, known, validated),
    )
    for config, validated, tested, of_member in zip(configs, validation, test, further, strict=True)
  ]


def evaluated(
  classes: Sequence[str],
  validation: tuple[np.ndarray, np.ndarray],
  test: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
  further: Mapping[str, np.ndarray],
  chosen: decision.Decision,
) -> Evaluated:
  """The arrays of an evaluation.

  Args:
    classes: Names of the classes, in the order of the logits.
    validation: Labels, int [examples], and logits, float [examples, classes].
    test: Ids, str [examples]; labels, int [examples]; logits, float [examples, classes]; and
      pictures as the network sees them, uint8 [examples, height, width, channels]. Only the
      pictures of misclassified examples are kept, and of each class that of one right answer.
    further: The arrays of the task's own evaluation.
    chosen: The threshold and the temperature.
  """
  ids, labels, logits, pictures = test
  predicted = decision.decide(logits, chosen.threshold)
  rows = _clearest(logits, labels, predicted)
  arrays: dict[str, Any] = {
    'classes': np.asarray(classes, str),
    'validation_labels': np.asarray(validation[0], np.int32),
    'validation_logits': np.asarray(validation[1], np.float32),
    'test_ids': np.asarray(ids, str),
    'test_labels': np.asarray(labels, np.int32),
    'test_logits': np.asarray(logits, np.float32),
    'test_predicted': np.asarray(predicted, np.int32),
    'pictures': pictures[predicted != labels],
    'example_rows': np.asarray(rows, np.int32),
    'example_pictures': pictures[rows],
  }
  return Evaluated({**arrays, **further}, chosen)


def _clearest(logits: np.ndarray, labels: np.ndarray, predicted: np.ndarray) -> list[int]:
  """For each class with right answers, the example whose right answer has most probability."""
  sure = metrics.log_probabilities(logits)[np.arange(len(labels)), labels]
  right = [np.flatnonzero((labels == label) & (predicted == label)) for label in np.unique(labels)]
  return [int(rows[sure[rows].argmax()]) for rows in right if len(rows)]


def _logits(predict: Predict, arrays: Split) -> np.ndarray:
  """The logits of all examples, float32 [members, examples, classes]."""
  return np.concatenate([*predict(arrays)], axis=-2)
