"""What a config says, made into the parts of a run."""

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from ml_collections import ConfigDict

from omr_jax import augment, ink, models, optim, render
from omr_jax.check import AUGMENTATIONS, SCHEDULES, check_config

Inputs = Mapping[str, jax.Array]


class Recipe(NamedTuple):
  """A config's parts, ready for `train.py`.

  Attributes:
    drawing: How symbols become pictures.
    module: The network.
    reads: Names of the training arrays that `inputs` reads.
    inputs: (rng, batch) to the network's inputs: the augmentation.
    class_weights: Numbers of training examples per class to weights per class, or None.
    create_tx: Number of steps to the optimizer and its schedule of rates.
    plateau: Updated once an epoch with 1 - validation accuracy, or None.
  """

  drawing: render.Drawing
  module: nn.Module
  reads: tuple[str, ...]
  inputs: Callable[[jax.Array, Inputs], Inputs]
  class_weights: Callable[[np.ndarray], np.ndarray] | None
  create_tx: Callable[[int], tuple[optax.GradientTransformation, optax.Schedule]]
  plateau: optax.GradientTransformationExtraArgs | None


def create(config: ConfigDict, num_classes: int) -> Recipe:
  """Checks a config and makes its parts.

  Raises:
    UserError: A key that is missing or unknown, or a value no run can have, by name.
  """
  check_config(config)
  drawing = render.Drawing(**dict(config.drawing.items()))
  name = config.model.name
  arguments = _only(config.model, models.NETWORKS[name].func.options)
  module = models.create(name, num_classes, jnp.dtype(config.precision), **arguments)
  models.check_canvas(name, drawing.height, drawing.width, **arguments)
  reads, inputs = _augmentation(config, drawing)
  return Recipe(
    drawing,
    module,
    tuple(dict.fromkeys((*reads, 'label'))),
    inputs,
    _class_weights(config.loss.class_weights),
    lambda steps: _optimizer(config, steps),
    _plateau(config),
  )


def example_inputs(drawing: render.Drawing) -> Inputs:
  """One example's inputs, all zeros, to initialize a network with."""
  return {
    'image': jnp.zeros((1, drawing.height, drawing.width, 1), jnp.uint8),
    'size': jnp.zeros((1, 2)),
  }


def _augmentation(
  config: ConfigDict, drawing: render.Drawing
) -> tuple[tuple[str, ...], Callable[[jax.Array, Inputs], Inputs]]:
  """The training arrays that are read, and (rng, batch) to inputs."""
  space = config.augment.space
  arguments = _only(config.augment, AUGMENTATIONS[space])
  if space == 'strokes':
    arguments |= {
      key: getattr(drawing, key) for key in ('height', 'width', 'margin', 'max_stretch', 'max_zoom')
    }
    return ('points', 'stroke'), lambda rng, batch: ink.new_pictures(
      rng, batch['points'], batch['stroke'], **arguments
    )
  if space == 'none':
    return ('image', 'size'), lambda rng, batch: batch
  shift = arguments.pop('shift')

  def moved(rng: jax.Array, batch: Inputs) -> Inputs:
    keys = jax.random.split(rng)
    images = batch['image']
    matrix = augment.random_affine(keys[0], len(images), **arguments)
    shifts = augment.random_shift(keys[1], len(images), shift)
    return {'image': augment.warp(images, matrix, shifts), 'size': batch['size']}

  return ('image', 'size'), moved


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


def _only(section: ConfigDict, keys: Collection[str]) -> dict:
  return {key: section[key] for key in keys if key in section}
