"""Joins the answers of several runs, each of which has tested other pictures."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from omr_jax.errors import UserError
from omr_jax.evaluation import metrics
from omr_jax.inputs.pictures import CLASSES
from omr_jax.recipe.config_keys import read_values
from omr_jax.tasks.classifiers.run import ClassifiedRun
from omr_jax.tasks.scores import answers, evaluation, shapes
from omr_jax.tasks.scores.answers import Answers


class Pool(NamedTuple):
  """The tested pictures of all runs, one run after the other.

  Attributes:
    ids: str [pictures].
    answers: The answers; each picture has the threshold and the temperature of its run.
    run: str [pictures], the name of the run that tested the picture.
    pictures: The pictures with wrong answers by id, uint8 [height, width, channels].
    examples: By class the id of a picture with a right answer, and the picture.
  """

  ids: np.ndarray
  answers: Answers
  run: np.ndarray
  pictures: dict[str, np.ndarray]
  examples: dict[str, tuple[str, np.ndarray]]


def pool(runs: Mapping[str, ClassifiedRun]) -> Pool:
  """Pools runs, given by name.

  Raises:
    UserError: A run is of another task, other data or another config than the first one, or two
      runs have tested the same picture.
  """
  first = next(iter(runs.values()))
  tested_by: dict[str, ClassifiedRun] = {}
  for run in runs.values():
    _refuse_unlike(run, first)
    for name in run.test_ids.tolist():
      if name in tested_by:
        raise UserError(
          f'{run.workdir}: has tested {name}, as {tested_by[name].workdir} has; every picture '
          'counts once, so pool runs on other folds or sources.'
        )
      tested_by[name] = run
  parts = [answers.of_run(run)[0] for run in runs.values()]
  sizes = [len(part.labels) for part in parts]
  tested = Answers(
    log_odds=np.concatenate([part.log_odds for part in parts]),
    labels=np.concatenate([part.labels for part in parts]),
    sources=np.concatenate([part.sources for part in parts]),
    threshold=np.repeat([part.threshold for part in parts], sizes),
    temperature=np.repeat([part.temperature for part in parts], sizes),
  )
  pictures: dict[str, np.ndarray] = {}
  examples: dict[str, tuple[str, np.ndarray]] = {}
  for run in runs.values():
    pictures |= zip(run.test_ids[~run.correct].tolist(), run.pictures, strict=True)
    for row, picture in zip(run.example_rows, run.example_pictures, strict=True):
      examples.setdefault(CLASSES[run.test_labels[row]], (str(run.test_ids[row]), picture))
  ids = np.concatenate([run.test_ids for run in runs.values()])
  return Pool(ids, tested, np.repeat(list(runs), sizes), pictures, examples)


def measure(runs: Mapping[str, ClassifiedRun], pooled: Pool) -> dict:
  """The numbers for `pooled.json`; under 'gate' those of `answers.measure` for all pictures."""
  facts = next(iter(runs.values())).facts
  tested = pooled.answers
  bins = metrics.reliability(tested.confidence, tested.predicted == tested.labels)
  return {
    **{key: facts[key] for key in ('config_name', 'origin', 'data_digest', 'seed')},
    'gate': answers.measure(tested, None, None, None)
    | shapes.measure(shapes.joined([shapes.of_run(run) for run in runs.values()])),
    'ece': metrics.expected_calibration_error(bins),
    'seconds': sum(run.facts['seconds'] for run in runs.values()),
    'runs': {name: _numbers(run) for name, run in runs.items()},
  }


def _numbers(run: ClassifiedRun) -> dict:
  """The numbers of one run."""
  measured = evaluation.measure(run)['gate']
  kept = ('accuracy', 'correct', 'n', 'false_positives', 'false_negatives', 'threshold', 'probes')
  return {
    'tested': run.facts['protocol'],
    **{key: measured[key] for key in kept},
    'temperature': run.decision.temperature,
    'epochs': run.facts['epochs'],
    'seconds': run.facts['seconds'],
  }


def _refuse_unlike(run: ClassifiedRun, first: ClassifiedRun) -> None:
  if run.task != first.task:
    raise UserError(f'{run.workdir}: is no run on {first.task.noun}s; give another workdir.')
  if run.facts['data_digest'] != first.facts['data_digest']:
    raise UserError(
      f'{run.workdir}: was trained on other data than {first.workdir}; train it again, into an '
      'empty workdir.'
    )
  but = 'data.fold', 'data.hold_out'
  if read_values(run.config, but) != read_values(first.config, but):
    raise UserError(
      f'{run.workdir}: has another config than {first.workdir}, not only in what is tested; train '
      'it again, into an empty workdir.'
    )
