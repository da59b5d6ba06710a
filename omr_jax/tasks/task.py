"""A task: the question that a network answers, and the modules that only this question needs.

A task is a folder of `omr_jax.tasks` and an entry of TASKS. All other code is written once for all
tasks and reaches the modules of a folder through the properties of `Task`, whose docstrings list
the functions of each module. A module is imported when it is first used, so that a program which
only runs an exported network needs neither JAX nor TFDS.

In all of them the argument `picture` is the picture settings: how the task makes the pictures that
its networks read. Their type is the task's own, `render.Drawing` for symbols, `views.Layout` for
scores, `pages.inputs.Layout` for pages. `model.json` has them under the key `picture`. A picture
that somebody gives is `image`.
"""

import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import Any, NamedTuple

from omr_jax.errors import UserError, nearest


class Task(NamedTuple):
  """A question that a network answers.

  Attributes:
    name: The name of its folder in `omr_jax.tasks`; `model.json` has it too.
    dataset: The name of its data in `config.data.name`.
    noun: What messages and reports call one example.
    over: The values of `--over` of `omr_jax.pooled`: the parts of its data, each of which one run
      tests.
    measure: The key of the task's measure in `summary.json`: the number by which runs are compared,
      a share from 0 to 1. The higher it is, the better.
    measure_name: What people call this number.
  """

  name: str
  dataset: str
  noun: str
  over: tuple[str, ...]
  measure: str = 'accuracy'
  measure_name: str = 'accuracy'

  @property
  def validated(self) -> str:
    """The key of the measure on the validation examples, by which epochs are compared."""
    return f'validation_{self.measure}'

  @property
  def recipe(self) -> ModuleType:
    """How a network is trained for this task, as a config says.

    `AUGMENTATIONS`: for each value of `config.augment.space`, the keys of `config.augment` that it
    reads.
    `SECTIONS`: the sections of a config that only this task has, and their keys.
    `LOSS`: the keys of the section `loss`.
    `CONDITIONAL`: those of these keys that only some choices read, such as 'drawing.margin'.
    `TYPES`: the types of keys that only some choices read, where they are not floats.
    `conditions(config)`: by key, the choice that reads it, or None if this config does not read it.
    `check(config)`: refuses values that do not fit together.
    `split_name(config)`: how the data is split, in words.
    `picture(config)`: the picture settings that the config chooses.
    `shape(config)`: height, width and channels of the pictures that the network reads.
    `load(config, data_dir, raw_dir)`: the data, a `data.dataset.Dataset`.
    `check_network(config, module)`: refuses a network that reads what the data does not have.
    `strengths(config)`: the numbers of the augmentation, by name; the members of a population may
    differ in them.
    `augmentation(config, module)`: the names of the arrays that a training step reads, and a
    function from (strengths, rng, batch) to the network's inputs and the targets of the loss.
    `loss_numbers(config)`: the numbers of the loss, by name; members may differ in them too.
    `loss(config, train, draws)`: the loss, given the training split and how often its examples are
    drawn (`Dataset.draws`): a function from (outputs, targets, **numbers) to the mean loss of a
    batch.
    `evaluation(config, module)`: the names of the arrays that an evaluation reads, and a function
    from (variables, arrays) to what the network says of them, a tree of arrays [examples, ...].
    `exported(module, facts)`: what an exported network computes: a function from (variables,
    inputs) to its outputs by name; `facts` are those of `model.json`.
    """
    return self._module('recipe')

  @property
  def limits(self) -> ModuleType:
    """What values may be, in a config and in `model.json`; without JAX.

    `PICTURE`: the name of the section of a config that the picture settings are made from.
    `LIMITS`: by key of a config, such as 'picture.height', a `rules.Rule`.
    `LATER`: keys that configs of earlier versions lack, with values that say what these did.
    `GONE`: keys that only configs of earlier versions have.
    `THRESHOLD`: the rule for the threshold of an exported network.
    """
    return self._module('limits')

  @property
  def inputs(self) -> ModuleType:
    """A network's inputs and outputs, and how inputs are made from files; needs no JAX.

    The functions from `brightness_only` on are those of networks that read whole pictures; a
    detector reads windows of pages, which `predict.detector` makes.

    `classes(config)`: the names of the classes of a config's data, in the order of the labels.
    `SUFFIXES`: suffixes of the files that are read besides pictures.
    `CALL`: the call that prepares inputs, for programs in Python.
    `from_json(fields)`, `to_json(picture)`: the picture settings, from and to `model.json`. The
    first refuses damaged fields.
    `preparation(picture, reads, classes)`: numbers in `model.json` for programs that do not use
    this package.
    `steps(picture, reads)`: for these programs, each step from a file to the inputs in words.
    `shapes(picture)`: type and shape of every input that a network may read, by its name.
    `outputs(picture, classes)`: type and shape of every output by its name.
    `answer(classes, threshold)`: how the outputs become an answer, in words.
    `brightness_only(picture)`: whether pictures may be decoded without colours.
    `of_picture(image, picture, reads, name)`: the inputs that `reads` names, from a Pillow image,
    and for networks that look at parts of it also `boxes`, where these lie in the image.
    `of_strokes(points, stroke, picture, reads, name)`: the inputs that `reads` names, from strokes.
    `pages(source, picture, reads, name)`: for each page of a file, given by its path or as its
    bytes, its number, and its inputs or a UserError.
    """
    return self._module('inputs')

  @property
  def evaluation(self) -> ModuleType:
    """From what a network says to answers: in validation, and in the test at the end of a run.

    `predict` in these functions takes the arrays of examples, and optionally `batch_size`. It
    yields, batch by batch, the trees of `recipe.evaluation`, each array [members, batch, ...].

    `validate(config, dataset, predict)`: for each member of a population, the numbers of a line of
    metrics.jsonl: `Task.validated`, and perhaps others whose names begin with 'validation_'. If one
    is not finite, the member has failed.
    `evaluate(configs, dataset, predict)`: for each member, an `evaluation.evaluated.Evaluated`.
    `ARRAYS`: the arrays of evaluation.npz: NumPy kind and number of axes, by name.
    `LATER`: those of them that the runs of earlier versions lack.
    `problem(arrays)`: what is inconsistent in these arrays, in words, or None.
    `described(run)`: the threshold in `model.json`, and those facts there that differ from task to
    task: how the outputs are calibrated, and the result of the test.
    `run_of(workdir, config, history, facts, arrays)`: a finished run with these arrays, of a
    subclass of `evaluation.finished_run.FinishedRun`.
    """
    return self._module('evaluation')

  @property
  def report(self) -> ModuleType:
    """Measures a finished run and shows the results.

    `SUMMARY`: what the keys of `summary.json` must be that tables of several runs show: a
    `rules.Rule` by key. The intervals of X are called X_wilson_95.
    `numbers(run)`: the measured numbers of `summary.json`, by key.
    `files(run, numbers)`: the files of the folder `report`, by name.
    `in_words(summary)`: the result of a run in a few words.
    `columns(summary)`: the cells of a run in the table of `report.compare`, by column.
    `pair(a, b)`: compares two runs that were tested on the same examples, in words.
    """
    return self._module('report')

  @property
  def folds(self) -> ModuleType:
    """Training and testing on every part of the data in turn: `omr_jax.pooled`.

    `check(config, over, given)`: refuses a config, or a key on the command line, that does not fit
    `--over`.
    `members(config, over, data_dir, raw_dir)`: the config of each run by the name of its folder.
    `refuse_workdir(workdir)`: refuses a folder in which the pooled report would replace another.
    `write(workdir, over, runs)`: pools the finished runs, writes their report, and returns a table
    and the report's path.
    """
    return self._module('folds')

  @property
  def examples(self) -> ModuleType:
    """Examples to test exported networks with, and to show to people.

    `made_up(picture, reads)`: the inputs that `reads` names, of examples that code has drawn.
    `of_splits(splits)`: the splits of a run's data as exported networks are tested on them.
    `answers(model, outputs)`: the answers that follow from the outputs of an exported network, an
    array; `model` is what `model.json` says of it.
    `FORMS`: the forms in which its networks are exported (`export.forms`).
    `COMPUTES_IN_INT8`: whether the int8 form computes with 8 bits, or only stores weights in them.
    `MOST_OFF`: the largest difference from JAX that the outputs of a form in float32 may have.
    `as_given(array, name, picture)`: an array of the data set as an exported network reads it.
    `questions(config, picture, size, data_dir, raw_dir)`: the test split of a run, and its pictures
    as `omr_jax.human` shows them to people.
    `cheat_sheet(picture)`: a picture of each class, by the class's name; may be empty.
    """
    return self._module('examples')

  @property
  def card(self) -> ModuleType:
    """What the model card of an exported network says, where the file of --about says nothing else.

    `facts(known, picture, reads)`: the keys `use`, `limits`, `licence` and `training_data` of
    `model.json`; `known` are its other facts, such as those of the run.
    `RESULT`: the heading of what `result` says.
    `OUTPUT`: what to call one of the numbers that exported files give.
    `result(facts)`: the result of a test in words and its 95 % interval; `facts` are those of
    `model.json`, or those of one of its files.
    `usage(content)`: lines of Python that ask a loaded `model`, and what the outputs of an ONNX
    file are, in words.
    `row(source)`: the row of the card in which training examples of this source are counted; only
    for tasks whose examples have an array `source`.
    """
    return self._module('card')

  @property
  def other_data(self) -> ModuleType:
    """Data other than a run's own test split, on which `omr_jax.evaluate` measures a network.

    `DATA`: the values that `--on` may have, each with a description; may be empty.
    `REPEATED`: those of DATA that have each example several times; for networks that tell classes.
    `add_options(parser)`: adds the options that choose among the examples.
    `OPTIONS`: the names of these options, each with the values of `--on` that it is for.
    `examples(on, options, facts, picture, reads, data_folders)`: for each example, its kind in
    words, its class, and the inputs that `reads` names, or None if nothing is found to read; for
    pages, an `AnnotatedPage`. `facts` are those of `model.json`. A task with empty DATA does not
    need this function.
    """
    return self._module('other_data')

  def _module(self, name: str) -> ModuleType:
    return importlib.import_module(f'omr_jax.tasks.{self.name}.{name}')


TASKS = (
  Task('symbols', 'homus', 'symbol', ('writers',)),
  Task('scores', 'music_scores', 'picture', ('folds', 'sources')),
  Task('pages', 'pages', 'page', ('writers',), 'ap50', 'AP50'),
)


def named(name: str) -> Task:
  """The task with this name. Raises KeyError if there is none."""
  return {task.name: task for task in TASKS}[name]


def of_config(config: Mapping[str, Any]) -> Task:
  """The task whose data a config names.

  Args:
    config: A ConfigDict, or a dict read from JSON. The config of an ensemble is a dict of the
      configs of its runs, which are all of one task.

  Raises:
    UserError: The data has no name, or an unknown one.
  """
  if _is_joined(config):
    return of_config(next(iter(config.values())))
  known = {task.dataset: task for task in TASKS}
  try:
    name = config['data']['name']
  except (KeyError, TypeError) as error:
    raise UserError("config: data lacks the key 'name'; configs are complete.") from error
  if not isinstance(name, str) or name not in known:
    raise UserError(f'config.data.name: {name!r} is unknown{nearest(str(name), known)}')
  return known[name]


def _is_joined(config: Mapping[str, Any]) -> bool:
  """Whether a config is that of an ensemble, one of whose runs may be called data."""
  return bool(config) and all(
    isinstance(each, dict) and (isinstance(each.get('data'), dict) or _is_joined(each))
    for each in config.values()
  )
