"""A finished run of a network that gives one class to each example: its arrays and its answers."""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from omr_jax.errors import UserError
from omr_jax.evaluation import decision as decisions
from omr_jax.evaluation import evaluation_file, finished_run, metrics
from omr_jax.evaluation.confidence import SURE
from omr_jax.evaluation.decision import Decision
from omr_jax.evaluation.evaluated import Evaluated
from omr_jax.evaluation.finished_run import REMEDY, FinishedRun
from omr_jax.tasks import task as tasks
from omr_jax.utils import rules

# The arrays in evaluation.npz: kind of the dtype and number of axes. A task may have more.
ARRAYS = {
  'classes': ('U', 1),
  'validation_labels': ('i', 1),
  'validation_logits': ('f', 2),
  'test_ids': ('U', 1),
  'test_labels': ('i', 1),
  'test_logits': ('f', 2),
  'test_predicted': ('i', 1),
  'pictures': ('u', 4),
  'example_rows': ('i', 1),
  'example_pictures': ('u', 4),
}
LATER = ('example_rows', 'example_pictures')  # Those that the runs of earlier versions lack.


@dataclasses.dataclass(frozen=True)
class ClassifiedRun(FinishedRun):
  """A finished run whose network gives one class to each example.

  Attributes:
    validation_labels: int [examples].
    validation_logits: float32 [examples, classes].
    test_labels: int [examples].
    test_logits: float32 [examples, classes].
    test_predicted: The answers, int [examples].
    pictures: uint8 [misclassified test examples, height, width, channels].
    example_rows: Test examples with right answers, which reports show beside mistakes, int [kept].
    example_pictures: Their pictures, uint8 [kept, height, width, channels].
    further: The task's own arrays, by name.
    decision: How the logits became answers.
  """

  validation_labels: np.ndarray
  validation_logits: np.ndarray
  test_labels: np.ndarray
  test_logits: np.ndarray
  test_predicted: np.ndarray
  pictures: np.ndarray
  example_rows: np.ndarray
  example_pictures: np.ndarray
  further: dict[str, np.ndarray]
  decision: Decision

  @property
  def correct(self) -> np.ndarray:
    """Which answers are right, bool [examples]."""
    return self.test_predicted == self.test_labels

  @property
  def confidence(self) -> np.ndarray:
    """The calibrated probability of each answer, float64 [examples]."""
    return decisions.confidence(self.test_logits, self.test_predicted, self.decision)

  @property
  def confusion(self) -> np.ndarray:
    """Counts of the test examples, int64 [true class, predicted class]."""
    return metrics.confusion_matrix(self.test_labels, self.test_predicted, len(self.classes))


def read(workdir: str | os.PathLike) -> ClassifiedRun:
  """Reads a finished run.

  Raises:
    UserError: It is no such run (`finished_run.read`), or one of a task with other answers.
  """
  run = finished_run.read(workdir)
  if not isinstance(run, ClassifiedRun):
    raise UserError(
      f'{workdir}: is a run on {run.task.noun}s, on which a network finds many things; give a run '
      'whose network gives one class to each example, such as one on symbols.'
    )
  return run


def run_of(
  workdir: Path, config: dict, history: list[dict], facts: dict, arrays: Mapping[str, np.ndarray]
) -> ClassifiedRun:
  """The run in a folder, with the arrays of its evaluation, which `problem` has accepted.

  Raises:
    UserError: The decision is damaged, or does not fit the task.
  """
  task = tasks.of_config(config)
  none = {'example_rows': np.zeros(0, np.int32), 'example_pictures': arrays['pictures'][:0]}
  own: dict[str, Any] = {name: (none | dict(arrays))[name] for name in ARRAYS}
  own['classes'] = own['classes'].tolist()
  further = {name: array for name, array in arrays.items() if name not in ARRAYS}
  has_threshold = not rules.holds(task.limits.THRESHOLD, None)
  if has_threshold and len(own['classes']) != 2:
    count = len(own['classes'])
    raise UserError(
      f'{workdir / evaluation_file.FILE}: damaged ({count} classes, where a threshold parts two); '
      f'{REMEDY}.'
    )
  decision = decisions.read(workdir, REMEDY) or decisions.fit(
    config, own['validation_labels'], own['validation_logits']
  )
  if has_threshold != (decision.threshold is not None):
    raise UserError(
      f'{workdir}/{decisions.FILE}: threshold is {decision.threshold}, which does not fit the task '
      f'of the run; {REMEDY}.'
    )
  return ClassifiedRun(workdir, config, history, facts, **own, further=further, decision=decision)


def described(run: ClassifiedRun) -> tuple[float | None, dict[str, Any]]:
  """The threshold of the exported network, a probability, and facts of its `model.json`."""
  threshold, temperature = run.decision
  correct, n = int(run.correct.sum()), len(run.test_labels)
  facts = {
    'temperature': temperature,
    'test': {'correct': correct, 'n': n, 'interval': metrics.wilson_interval(correct, n)},
  }
  if threshold is None:
    return None, facts
  return float(scipy.special.expit(threshold / temperature)), {**facts, 'sure': SURE}


def save_joined(run: ClassifiedRun) -> None:
  """Writes the joined results of several runs into a folder that can be read like that of a run.

  Raises:
    UserError: As `finished_run.save_joined`.
  """
  arrays = {name: np.asarray(getattr(run, name)) for name in ARRAYS}
  finished_run.save_joined(run, Evaluated(arrays, run.decision))


def problem(arrays: Mapping[str, np.ndarray]) -> str | None:
  """What is inconsistent in the arrays of an evaluation, in words, or None."""
  classes = len(arrays['classes'])
  if len(set(arrays['classes'])) != classes:
    return 'a class that is there twice'
  for split in ('validation', 'test'):
    labels, logits = arrays[f'{split}_labels'], arrays[f'{split}_logits']
    if logits.shape != (len(labels), classes):
      return f'{split} logits {logits.shape} for {len(labels)} labels of {classes} classes'
    if not np.isfinite(logits).all():
      return f'{split} logits that are not finite'
    if not ((labels >= 0) & (labels < classes)).all():
      return f'{split} labels outside the {classes} classes'
  if len(arrays['validation_labels']) == 0:
    return 'no validation examples'
  labels, logits, ids = arrays['test_labels'], arrays['test_logits'], arrays['test_ids']
  if len(labels) == 0 or len(ids) != len(labels) or len(set(ids)) != len(ids):
    return f'{len(set(ids))} distinct ids for {len(labels)} test examples'
  predicted = arrays['test_predicted']
  if len(predicted) != len(labels) or not ((predicted >= 0) & (predicted < classes)).all():
    return f'answers {predicted.shape} for {len(labels)} test examples'
  wrong = int((predicted != labels).sum())
  of_pictures = _problem_of_pictures(arrays['pictures'], wrong, 'misclassified examples')
  return of_pictures or _problem_of_examples(arrays)


def _problem_of_examples(arrays: Mapping[str, np.ndarray]) -> str | None:
  missing = [name for name in LATER if name not in arrays]
  if missing:
    return None if len(missing) == len(LATER) else f'no {", ".join(missing)}'
  rows, pictures = (arrays[name] for name in LATER)
  right = np.flatnonzero(arrays['test_predicted'] == arrays['test_labels'])
  if not np.isin(rows, right).all():
    return 'examples of right answers that are not right'
  return _problem_of_pictures(pictures, len(rows), 'examples')


def _problem_of_pictures(pictures: np.ndarray, count: int, nouns: str) -> str | None:
  if pictures.dtype != np.uint8 or len(pictures) != count or pictures.shape[3] not in (1, 3):
    return f'pictures {pictures.dtype} {pictures.shape} for {count} {nouns}'
  return f'pictures without pixels, {pictures.shape}' if count and 0 in pictures.shape else None
