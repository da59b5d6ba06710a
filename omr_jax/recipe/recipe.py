"""Makes a recipe from a config: the network and the functions that train and evaluate it."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from ml_collections import ConfigDict

from omr_jax import models
from omr_jax.data.dataset import Dataset
from omr_jax.inputs import pen_path
from omr_jax.recipe import optim
from omr_jax.tasks import task as tasks
from omr_jax.tasks.task import Task

Inputs = Mapping[str, jax.Array]


class Recipe(NamedTuple):
  """Everything that a config chooses, except the numbers in which members may differ.

  Those numbers are `omr_jax.recipe.hyperparameters.Hyperparameters`; the functions of a recipe have
  them as arguments.

  Attributes:
    task: The question that the network answers.
    classes: The names of the classes, in the order of the labels.
    load: (data_dir, raw_dir) to the data.
    picture: The picture settings, of the task's own type (`tasks.task`).
    shape: Height, width and channels of the pictures that the network reads after training.
    module: The network. In training `module.apply` returns the logits of one head or of several, as
      `models.create` describes.
    reads: Names of the training arrays that `augmented` reads.
    augmented: (strengths, rng, batch) to the network's inputs, augmented, and to what its outputs
      should be, the targets of the loss.
    loss: (training split, `Dataset.draws`) to the loss, `training.step.Training.loss`.
    evaluates: Names of the arrays that `predicted` reads.
    predicted: (variables, arrays) to what the network says of examples that are not augmented, a
      tree of arrays [examples, ...] as the task's `evaluation(config, module)` describes it.
    create_tx: (numbers, steps) to the optimizer of a run of that many steps; `numbers` are
      `Hyperparameters.optimizer`.
    rates: (numbers, steps) to the schedule of learning rates that this optimizer follows.
    plateau: Learning rate to a transformation that scales all updates. It is updated once per
      epoch with 1 minus the measure of the task in validation. None without the schedule `plateau`.
  """

  task: Task
  classes: tuple[str, ...]
  load: Callable[..., Dataset]
  picture: NamedTuple
  shape: tuple[int, int, int]
  module: nn.Module
  reads: tuple[str, ...]
  augmented: Callable[[Mapping, jax.Array, Inputs], tuple[Inputs, Any]]
  loss: Callable[..., Callable[..., jax.Array]]
  evaluates: tuple[str, ...]
  predicted: Callable[[Mapping, Inputs], Any]
  create_tx: Callable[[Mapping, int], optax.GradientTransformation]
  rates: Callable[[Mapping, int], optax.Schedule]
  plateau: Callable[[Any], optax.GradientTransformationExtraArgs] | None


def create(config: ConfigDict) -> Recipe:
  """The recipe of a config that `check.check_config` has accepted.

  Raises:
    UserError: The network has wrong arguments, or does not fit the data or the pictures' size.
  """
  task = tasks.of_config(config)
  of_task = task.recipe
  name, shape, classes = config.model.name, of_task.shape(config), task.inputs.classes(config)
  arguments = models.arguments(config.model)
  module = models.create(name, len(classes), jnp.dtype(config.precision), **arguments)
  of_task.check_network(config, module)
  models.check_canvas(name, *shape[:2], **arguments)
  reads, augmented = of_task.augmentation(config, module)
  evaluates, predicted = of_task.evaluation(config, module)
  return Recipe(
    task=task,
    classes=classes,
    load=lambda data_dir, raw_dir: of_task.load(config, data_dir, raw_dir),
    picture=of_task.picture(config),
    shape=shape,
    module=module,
    reads=reads,
    augmented=augmented,
    loss=lambda train, draws=None: of_task.loss(config, train, draws),
    evaluates=evaluates,
    predicted=predicted,
    create_tx=lambda numbers, steps: _optimizer(config, numbers, steps),
    rates=lambda numbers, steps: _rates(config, numbers, steps),
    plateau=_plateau(config),
  )


def example_inputs(recipe: Recipe) -> Inputs:
  """The inputs of one example, all zeros; the network is initialized with their shapes."""
  return {
    'image': jnp.zeros((1, *recipe.shape), jnp.uint8),
    'size': jnp.zeros((1, 2)),
    'pen': jnp.zeros((1, pen_path.POINTS, 3)),
    'window': jnp.zeros((1, *recipe.shape), jnp.uint8),
  }


def _optimizer(config: ConfigDict, numbers: Mapping, steps: int) -> optax.GradientTransformation:
  name = config.optimizer.name
  arguments = _only(numbers, optim.ARGUMENTS[name])
  return optim.create(name, _rates(config, numbers, steps), numbers['l2'], **arguments)


def _rates(config: ConfigDict, numbers: Mapping, steps: int) -> optax.Schedule:
  name = config.schedule.name
  arguments = _only(config.schedule, optim.SCHEDULES[name])
  return optim.schedule(name, numbers['learning_rate'], steps, **arguments)


def _plateau(config: ConfigDict) -> Callable[[Any], optax.GradientTransformationExtraArgs] | None:
  if config.schedule.name != 'plateau':
    return None
  arguments = _only(config.schedule, optim.SCHEDULES['plateau'])
  return lambda learning_rate: optim.plateau(**arguments, rate=learning_rate)


def _only(section: Mapping, keys: Collection[str]) -> dict:
  return {key: section[key] for key in keys if key in section}
