"""What a network is asked, and where everything lies that belongs to one question alone.

A task is a folder of `omr_jax.tasks` and a line of TASKS. All other code is written once for every
task and reaches the folder's modules through the attributes of `Task`, which say what each module
has. They are imported when they are used, so that a program which only asks an exported network
needs neither JAX nor TFDS.
"""

import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import Any, NamedTuple

from omr_jax.errors import UserError, nearest


class Task(NamedTuple):
  """A question to networks.

  Attributes:
    name: Of the folder in `omr_jax.tasks`, and in `model.json`.
    dataset: What `config.data.name` calls its data.
    noun: What one example is called in front of people.
    licence: What `model.json` says of the training data unless the export is told more.
  """

  name: str
  dataset: str
  noun: str
  licence: str

  @property
  def recipe(self) -> ModuleType:
    """The training, from a config.

    `AUGMENTATIONS`: by `config.augment.space` the keys of `config.augment` that it reads.
    `SECTIONS`: the task's own sections of a config, and their keys.
    `OF_CHOICES`, `TYPES`: keys of these that only some choices read, and types of such keys.
    `limit(key)`: what the value of such a key may be, a `rules.Rule` or None.
    `readers(config)`: by key the choice that reads it, or None where nothing does.
    `check(config)`: refuses values that do not fit together.
    `split_name(config)`: how the data is split, in words.
    `CLASSES`, `picture(config)`, `shape(config)`: names of the classes, how inputs become pictures,
    and height, width and channels of these.
    `load(config, data_dir, raw_dir)`: the data, a `data.dataset.Dataset`.
    `check_network(config, module)`: refuses a network that reads what the data has not.
    `strengths(config)`: the numbers of the augmentation by name; population members may differ.
    `augmentation(config, module)`: names of the arrays that a training step reads, and
    (strengths, rng, batch) to the network's inputs.
    `evaluation(module)`: names of the arrays that are read, and (variables, arrays) to logits.
    """
    return self._module('recipe')

  @property
  def limits(self) -> ModuleType:
    """What values may be, in a config and in `model.json`; without JAX.

    `PICTURE`: the section of a config that says how pictures are made.
    `LIMITS`: by key of a config, such as 'picture.height', a `rules.Rule`.
    `THRESHOLD`: the rule for the threshold of an exported network.
    """
    return self._module('limits')

  @property
  def inputs(self) -> ModuleType:
    """What people have, made into a network's inputs; without JAX.

    `CLASSES`; `SUFFIXES`: of the files that are read beside pictures.
    `from_json(fields)`, `to_json(picture)`: how pictures are made, as in `model.json`; the first
    refuses damage.
    `preparation(picture, reads)`: further numbers for other programs, for `model.json`.
    `shapes(picture)`: by name type and shape of the inputs that there are.
    `of_picture(image, picture, reads, name)`: a picture of Pillow as the named inputs.
    `of_strokes(points, stroke, picture, reads, name)`: the same of strokes.
    `brightness_only(picture)`: whether pictures may be decoded without colours.
    `pages(path, picture, reads)`: of each page of a file its number and its inputs or a UserError.
    """
    return self._module('inputs')

  @property
  def evaluation(self) -> ModuleType:
    """From logits to answers, and what is counted beside the accuracy.

    `threshold(config, labels, logits)`: the log-odds from which on the second class is answered,
    chosen on these validation examples, or None where the largest logit decides.
    `ARRAYS`: by name the kind and dimensions of further arrays that an evaluation keeps.
    `arrays(config, dataset, predict)`: these, each with a leading axis of the members.
    `problem(arrays)`: what does not fit together in them, or None.
    `measure(run)`: further numbers for `summary.json`.
    """
    return self._module('evaluation')

  @property
  def report(self) -> ModuleType:
    """What a report says of this task alone.

    `context(run)`: what the accuracy may be compared with, in a sentence or two.
    `sections(run)`: further sections, HTML by title.
    `reference(run)`: published precision and recall by class, or None.
    """
    return self._module('report')

  @property
  def folds(self) -> ModuleType:
    """Training and testing on every part of the data in turn: `omr_jax.pooled`.

    `OVER`: what `--over` may say.
    `check(config, over, given)`: refuses configs, and keys on the command line, that do not fit.
    `members(config, over, data_dir, raw_dir)`: the config of each run by the name of its folder.
    `refuse_workdir(workdir)`: where the pooled report may not be written.
    `write(workdir, over, runs)`: pools the finished runs; returns a table and the report's path.
    """
    return self._module('folds')

  @property
  def examples(self) -> ModuleType:
    """Examples for exports and for people.

    `made_up(picture, reads)`: the named inputs of examples that code has drawn.
    `as_given(array, name, picture)`: a training array as the exported network gets it.
    `questions(config, picture, size, data_dir, raw_dir)`: a run's test split, and its pictures for
    people.
    `cheat_sheet(picture)`: by class a picture that shows it; may be empty.
    """
    return self._module('examples')

  @property
  def other_data(self) -> ModuleType:
    """Data other than a run's own test, on which networks are measured: `omr_jax.evaluate`.

    `DATA`: what `--on` may say, and what that is in words; may be empty.
    `add_options(parser)`: adds the options that say which examples.
    `examples(on, options, config, picture, reads, data_folders)`: of each example its kind in
    words, its class, and the named inputs or None where there is nothing to read. Only needed
    where DATA is not empty.
    """
    return self._module('other_data')

  def _module(self, name: str) -> ModuleType:
    return importlib.import_module(f'omr_jax.tasks.{self.name}.{name}')


TASKS = (
  Task(
    'symbols',
    'homus',
    'symbol',
    'Trained on HOMUS, which is free for research (Calvo-Zaragoza and Oncina, 2014).',
  ),
  Task(
    'scores',
    'music_scores',
    'picture',
    'Trained on pictures under licences of their own; ask whoever trained it.',
  ),
)


def named(name: str) -> Task:
  """The task of that name. KeyError where there is none."""
  return {task.name: task for task in TASKS}[name]


def of_config(config: Mapping[str, Any]) -> Task:
  """The task whose data a config names.

  Args:
    config: A ConfigDict, or a dict read from JSON. The config of runs that were joined holds the
      configs of these by the names of the runs, all of one task.

  Raises:
    UserError: The data has no name, or an unknown one.
  """
  if 'data' not in config and config and all(isinstance(each, dict) for each in config.values()):
    return of_config(next(iter(config.values())))
  known = {task.dataset: task for task in TASKS}
  try:
    name = config['data']['name']
  except (KeyError, TypeError) as error:
    raise UserError("config: data lacks the key 'name'; configs are complete.") from error
  if not isinstance(name, str) or name not in known:
    raise UserError(f'config.data.name: {name!r} is unknown{nearest(str(name), known)}')
  return known[name]
