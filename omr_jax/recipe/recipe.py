"""What a config says, made into the parts of a run."""

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from ml_collections import ConfigDict

from omr_jax import models
from omr_jax.data.dataset import Dataset
from omr_jax.inputs import pen_path
from omr_jax.recipe import optim
from omr_jax.recipe.check import SCHEDULES, check_config
from omr_jax.tasks import task as tasks
from omr_jax.tasks.task import Task

Inputs = Mapping[str, jax.Array]


class Recipe(NamedTuple):
  """A config's parts, ready for `omr_jax.training`.

  Attributes:
    task: What the network is asked.
    classes: Names, in the order of the labels.
    load: (data_dir, raw_dir) to the data.
    picture: How what people have becomes pictures, as the task has it.
    shape: Height, width and channels of the pictures that train.
    module: The network.
    reads: Names of the training arrays that `inputs` reads, and `label`.
    inputs: (strengths, rng, batch) to the network's inputs: the augmentation.
    evaluates: Names of the arrays that `logits` reads.
    logits: (variables, arrays) to float32 logits [examples, classes], without augmentation.
    class_weights: Numbers of training examples per class to weights per class, or None.
    create_tx: Number of steps to the optimizer and its schedule of rates.
    plateau: Updated once an epoch with 1 - validation accuracy, or None.
  """

  task: Task
  classes: tuple[str, ...]
  load: Callable[..., Dataset]
  picture: NamedTuple
  shape: tuple[int, int, int]
  module: nn.Module
  reads: tuple[str, ...]
  inputs: Callable[[Mapping, jax.Array, Inputs], Inputs]
  evaluates: tuple[str, ...]
  logits: Callable[[Mapping, Inputs], jax.Array]
  class_weights: Callable[[np.ndarray], np.ndarray] | None
  create_tx: Callable[[int], tuple[optax.GradientTransformation, optax.Schedule]]
  plateau: optax.GradientTransformationExtraArgs | None


def create(config: ConfigDict) -> Recipe:
  """Checks a config and makes its parts.

  Raises:
    UserError: A key that is missing or unknown, or a value no run can have, by name.
  """
  check_config(config)
  return make(config)


def make(config: ConfigDict) -> Recipe:
  """The parts of a config that is known to be right, whose numbers JAX may trace.

  Raises:
    UserError: A network that the data or the canvas does not fit.
  """
  task = tasks.of_config(config)
  of_task = task.recipe
  name, shape = config.model.name, of_task.shape(config)
  arguments = _only(config.model, models.NETWORKS[name].func.options)
  module = models.create(name, len(of_task.CLASSES), jnp.dtype(config.precision), **arguments)
  models.check_canvas(name, *shape[:2], **arguments)
  of_task.check_network(config, module)
  reads, inputs = of_task.augmentation(config, module)
  evaluates, logits = of_task.evaluation(module)
  return Recipe(
    task=task,
    classes=of_task.CLASSES,
    load=lambda data_dir, raw_dir: of_task.load(config, data_dir, raw_dir),
    picture=of_task.picture(config),
    shape=shape,
    module=module,
    reads=(*reads, 'label'),
    inputs=inputs,
    evaluates=evaluates,
    logits=logits,
    class_weights=_class_weights(config.loss.class_weights),
    create_tx=lambda steps: _optimizer(config, steps),
    plateau=_plateau(config),
  )


def example_inputs(recipe: Recipe) -> Inputs:
  """One example's inputs, all zeros, to initialize a network with."""
  return {
    'image': jnp.zeros((1, *recipe.shape), jnp.uint8),
    'size': jnp.zeros((1, 2)),
    'pen': jnp.zeros((1, pen_path.POINTS, 3)),
  }


def _class_weights(name: str) -> Callable[[np.ndarray], np.ndarray] | None:
  if name == 'none':
    return None
  if name == 'inverse_sqrt':  # As the originals have it: a smaller loss too.
    return lambda counts: 1 / np.sqrt(np.maximum(counts, 1))
  return lambda counts: counts.sum() / (len(counts) * np.maximum(counts, 1))


def _optimizer(
  config: ConfigDict, steps: int
) -> tuple[optax.GradientTransformation, optax.Schedule]:
  chosen = config.optimizer
  warm_up = config.schedule.warm_up if config.schedule.name == 'one_cycle' else None
  rates = optim.schedule(config.schedule.name, chosen.learning_rate, steps, warm_up)
  arguments = _only(chosen, optim.ARGUMENTS[chosen.name])
  return optim.create(chosen.name, rates, chosen.l2, **arguments), rates


def _plateau(config: ConfigDict) -> optax.GradientTransformationExtraArgs | None:
  if config.schedule.name != 'plateau':
    return None
  return optim.plateau(
    **_only(config.schedule, SCHEDULES['plateau']), rate=config.optimizer.learning_rate
  )


def _only(section: Mapping, keys: Collection[str]) -> dict:
  return {key: section[key] for key in keys if key in section}
