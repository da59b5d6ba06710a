"""What a trained network is, in words and numbers: `model.json`, and what a run knows of itself."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from omr_jax.errors import UserError
from omr_jax.predict.prepare import Rule
from omr_jax.tasks import task as tasks
from omr_jax.tasks.task import Task
from omr_jax.utils.files import read_json

FILE = 'model.json'
FORMAT = 1
_AGAIN = 'export the run again'


class Described(NamedTuple):
  """What a program must know to use a network.

  Attributes:
    task: What the network is asked.
    classes: Names, in the order of the probabilities.
    picture: How pictures are made, as the task has it.
    reads: Names of the inputs.
    threshold: The probability from which on a picture is called 'scores', or None where the class
      with the highest one is the answer.
    facts: All else that `model.json` tells: network, data, accuracy, versions.
  """

  task: Task
  classes: tuple[str, ...]
  picture: Any
  reads: tuple[str, ...]
  threshold: float | None
  facts: Mapping[str, Any]

  @property
  def rule(self) -> Rule:
    """How what people have becomes the network's inputs."""
    return Rule(self.task, self.picture, self.reads)


def to_json(model: Described) -> dict:
  """The content of `model.json`."""
  found = {
    'format': FORMAT,
    'task': model.task.name,
    'classes': list(model.classes),
    'picture': model.task.inputs.to_json(model.picture),
    'preparation': preparation(model),
    'inputs': {name: list(shape) for name, shape in inputs(model).items()},
    'output': {'probabilities': ['float32', ['batch', len(model.classes)]]},
    'threshold': model.threshold,
    **model.facts,
  }
  return _without_infinity(found)


def decide(model: Described, probabilities: np.ndarray) -> np.ndarray:
  """The classes that are answered: int [batch] of probabilities float [batch, classes]."""
  if model.threshold is None:
    return probabilities.argmax(1)
  return (probabilities[:, 1] >= model.threshold).astype(int)


def read(folder: Path) -> Described:
  """What `model.json` in a folder says.

  Raises:
    UserError: It is missing, damaged, or of another version of this package.
  """
  path = folder / FILE
  found = read_json(path, 'give the folder of an exported model')
  if found.get('format') != FORMAT:
    raise UserError(f'{path}: of another version of omr_jax, or no model; {_AGAIN}.')
  try:
    return _checked(found)
  except (KeyError, TypeError, ValueError) as error:
    raise UserError(f'{path}: damaged ({error!r}); {_AGAIN}.') from error


def inputs(model: Described) -> dict[str, tuple[str, list]]:
  """Type and shape of what it reads by name, `batch` for any number of pictures."""
  known = model.task.inputs.shapes(model.picture)
  return {name: known[name] for name in model.reads}


def preparation(model: Described) -> dict[str, Any]:
  """Further numbers of the rules that make the inputs, for programs without this package."""
  return model.task.inputs.preparation(model.picture, model.reads)


def _checked(found: Mapping[str, Any]) -> Described:
  task, threshold = tasks.named(found['task']), found['threshold']
  classes = tuple(found['classes'])
  if classes != task.inputs.CLASSES:
    raise ValueError(f'classes {classes}')
  picture = task.inputs.from_json(found['picture'])
  if threshold is not None and not (math.isfinite(threshold) and 0 <= threshold <= 1):
    raise ValueError(f'threshold {threshold}')
  facts = {k: v for k, v in found.items() if k not in _OWN}
  model = Described(task, classes, picture, tuple(found['inputs']), threshold, facts)
  inputs(model)  # A KeyError where it reads what no picture has.
  # Absent in folders of older versions, which prepared pictures by the same numbers.
  if found.get('preparation', preparation(model)) != preparation(model):
    raise ValueError(f'preparation {found["preparation"]}, here {preparation(model)}')
  return model


_OWN = frozenset(
  ('format', 'task', 'classes', 'picture', 'preparation', 'inputs', 'output', 'threshold')
)


def _without_infinity(value: Any) -> Any:
  """JSON has none: null stands for no bound."""
  if isinstance(value, Mapping):
    return {key: _without_infinity(each) for key, each in value.items()}
  if isinstance(value, list | tuple):
    return [_without_infinity(each) for each in value]
  return None if isinstance(value, float) and math.isinf(value) else value
