"""The description of a trained network, and `model.json`, the file in which an export writes it."""

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from omr_jax.errors import UserError
from omr_jax.predict import model_schema
from omr_jax.predict.prepare import Rule
from omr_jax.tasks import earlier
from omr_jax.tasks import task as tasks
from omr_jax.tasks.task import Task
from omr_jax.utils import rules
from omr_jax.utils.files import read_json

FILE = 'model.json'
# What `to_json` writes. `read` also takes format 1, in which `preparation` is missing or has
# numbers alone, `exported_by` is a text, and `licence` is the only key of the model card.
FORMAT = 2
_AGAIN = 'export the run again'


class Described(NamedTuple):
  """What a program must know to use a network.

  Attributes:
    task: What the network is asked.
    classes: Names, in the order of the probabilities.
    picture: The picture settings, of the task's own type (`tasks.task`).
    reads: Names of the inputs.
    gives: Names of the outputs.
    threshold: The probability from which on a picture is called 'scores', or a symbol on a page
      counts as found; None where the most probable class is the answer.
    facts: All else that `model.json` has: network, data, accuracy, versions.
    file: The name of the ONNX file that computes it; None where that is a run.
  """

  task: Task
  classes: tuple[str, ...]
  picture: Any
  reads: tuple[str, ...]
  gives: tuple[str, ...]
  threshold: float | None
  facts: Mapping[str, Any]
  file: str | None = None

  @property
  def rule(self) -> Rule:
    """How the network's inputs are made from files, pictures and strokes."""
    return Rule(self.task, self.picture, self.reads)


def to_json(model: Described) -> dict[str, Any]:
  """The content of `model.json`; docs/export.md lists the keys."""
  found = {
    'format': FORMAT,
    'task': model.task.name,
    'classes': list(model.classes),
    'picture': model.task.inputs.to_json(model.picture),
    'preparation': preparation(model),
    'inputs': {name: list(shape) for name, shape in inputs(model).items()},
    'output': {name: list(shape) for name, shape in outputs(model).items()},
    'threshold': model.threshold,
    'answer': model.task.inputs.answer(model.classes, model.threshold),
    **model.facts,
  }
  return {key: _without_infinity(value) for key, value in found.items()}


def read(folder: Path) -> Described:
  """Reads the description from `model.json` in a folder.

  Raises:
    UserError: It is missing, damaged, or of another version of this package.
  """
  path = folder / FILE
  found = read_json(path, 'give the folder of an exported model')
  if found.get('format') not in (1, FORMAT):
    raise UserError(
      f'{path}: its format is not {FORMAT}: of another version of omr_jax, or no model; {_AGAIN}.'
    )
  try:
    return _checked(found)
  except UserError as error:
    raise UserError(f'{path}: damaged ({str(error).rstrip(".")}); {_AGAIN}.') from error


def inputs(model: Described) -> dict[str, tuple[str, list[Any]]]:
  """Type and shape of each input by its name; `batch` stands for any number of pictures."""
  known = model.task.inputs.shapes(model.picture)
  return {name: known[name] for name in model.reads}


def outputs(model: Described) -> dict[str, tuple[str, list[Any]]]:
  """Type and shape of each output by its name."""
  known = model.task.inputs.outputs(model.picture, model.classes)
  return {name: known[name] for name in model.gives}


def preparation(model: Described) -> dict[str, Any]:
  """How the inputs are made: the call, the steps for programs without it, and their numbers."""
  rule = model.picture, model.reads
  words = {'call': model.task.inputs.CALL, 'steps': model.task.inputs.steps(*rule)}
  return {**words, **model.task.inputs.preparation(*rule, model.classes)}


def _checked(found: Mapping[str, Any]) -> Described:
  """Checks every value, and that the values agree with each other."""
  for key in _REQUIRED:
    if key not in found:
      raise UserError(f'it lacks the key {key!r}.')
  rules.refuse_unless(rules.one_of([task.name for task in tasks.TASKS]), found['task'], 'task')
  task = tasks.named(found['task'])
  picture = task.inputs.from_json(found['picture'])
  known = {name: list(shape) for name, shape in task.inputs.shapes(picture).items()}
  rules.refuse_unless(model_schema.some_of(known), found['inputs'], 'inputs')
  rules.refuse_unless(task.limits.THRESHOLD, found['threshold'], 'threshold')
  facts = {k: v for k, v in found.items() if k not in _OWN}
  threshold, reads = found['threshold'], tuple(found['inputs'])
  # Networks that were exported by earlier versions may give the first output alone.
  told = found.get('output')
  further = tuple(told) if isinstance(told, Mapping) else ()
  rules.refuse_unless(rules.OBJECT, found['config'], 'config')
  as_json = _without_infinity(task.inputs.to_json(picture))
  _check_config(found['config'], task, as_json)
  classes = task.inputs.classes(found['config'])
  first, *others = task.inputs.outputs(picture, classes)
  gives = (first, *(name for name in others if name in further))
  model = Described(task, classes, picture, reads, gives, threshold, facts)
  expected = to_json(model._replace(facts={}))
  schema = {
    'classes': model_schema.same(expected['classes']),
    'output': model_schema.same(expected['output']),
    'preparation': model_schema.preparation(expected['preparation']),
    **model_schema.FACTS,
  }
  for key, rule in schema.items():
    if key in found:
      rules.refuse_unless(rule, found[key], key)
  for name, file in found.get('files', {}).items():
    rules.refuse_unless(rules.OBJECT, file, f'files.{name}')
  return model


def _check_config(config: Mapping[str, Any], task: Task, picture: Mapping[str, Any]) -> None:
  """Refuses a config from which its data can't be loaded, and other picture settings than these."""
  limits = {'data.name': model_schema.same(task.dataset), 'data.protocol': rules.TEXT}
  limits |= {key: rule for key, rule in task.limits.LIMITS.items() if key.startswith('data.')}
  for section in ('data', task.limits.PICTURE):
    rules.refuse_unless(rules.OBJECT, config.get(section), f'config.{section}')
  config = earlier.with_keys_of_today(config, task)
  for name, value in picture.items():
    if name in config[task.limits.PICTURE]:
      words, test = model_schema.same(value)
      limits[f'{task.limits.PICTURE}.{name}'] = (f'{words}, as picture.{name} is', test)
  for key, rule in limits.items():
    section, _, name = key.partition('.')
    rules.refuse_unless(rule, config[section].get(name), f'config.{key}')


def _without_infinity(value: Any) -> Any:
  """Replaces infinity, which JSON lacks, by null: no bound."""
  if isinstance(value, Mapping):
    return {key: _without_infinity(each) for key, each in value.items()}
  if isinstance(value, list | tuple):
    return [_without_infinity(each) for each in value]
  return None if isinstance(value, float) and math.isinf(value) else value


_OWN = frozenset(
  ('format', 'task', 'classes', 'picture', 'preparation', 'inputs', 'output', 'threshold', 'answer')
)
_REQUIRED = ('task', 'classes', 'picture', 'inputs', 'threshold', 'config')


def identity(model: Described) -> str:
  """A digest of `model.json`, which has the checksums of all files, and of which file is used."""
  said = json.dumps([to_json(model), model.file], sort_keys=True, default=str)
  return hashlib.sha256(said.encode()).hexdigest()
