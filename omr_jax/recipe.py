"""What a config says, made into the parts of a run."""

import inspect
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from ml_collections import ConfigDict

from omr_jax import (
  augment,
  camera,
  crops,
  handwriting,
  ink,
  models,
  optim,
  pen,
  pictures,
  render,
  score_data,
  symbol_data,
  view_logits,
  views,
)
from omr_jax.check import AUGMENTATIONS, SCHEDULES, check_config
from omr_jax.data import Dataset
from omr_jax.errors import UserError
from omr_jax.strokes import CLASSES

Inputs = Mapping[str, jax.Array]


class Recipe(NamedTuple):
  """A config's parts, ready for `train.py`.

  Attributes:
    classes: Names, in the order of the labels.
    load: (data_dir, raw_dir) to the data.
    drawing: How symbols become pictures, or None where pictures are pictures.
    layout: How pictures are looked at, or None where they are of symbols.
    shape: Height, width and channels of the pictures that train.
    module: The network.
    reads: Names of the training arrays that `inputs` reads.
    inputs: (rng, batch) to the network's inputs: the augmentation.
    evaluates: Names of the arrays that `logits` reads.
    logits: (variables, arrays) to float32 logits [examples, classes], without augmentation.
    class_weights: Numbers of training examples per class to weights per class, or None.
    create_tx: Number of steps to the optimizer and its schedule of rates.
    plateau: Updated once an epoch with 1 - validation accuracy, or None.
  """

  classes: tuple[str, ...]
  load: Callable[..., Dataset]
  drawing: render.Drawing | None
  layout: views.Layout | None
  shape: tuple[int, int, int]
  module: nn.Module
  reads: tuple[str, ...]
  inputs: Callable[[jax.Array, Inputs], Inputs]
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
  """The parts of a config that is known to be right, whose numbers JAX may trace."""
  parts = _symbols if config.data.name == 'homus' else _scores
  classes, drawing, layout, load, shape = parts(config)
  name = config.model.name
  arguments = _only(config.model, models.NETWORKS[name].func.options)
  module = models.create(name, len(classes), jnp.dtype(config.precision), **arguments)
  models.check_canvas(name, *shape[:2], **arguments)
  if 'pen' in module.inputs and (drawing is None or config.augment.space == 'pictures'):
    raise UserError(
      f'config.model.name: {name} reads strokes; pictures have none, and where they are moved, '
      'strokes are not. Choose another network, or on homus --config.augment.space=strokes.'
    )
  if drawing is None and 'size' in module.inputs:
    raise UserError(
      "config.model.use_size: these pictures have no pen's box; add --config.model.use_size=False."
    )
  if drawing is not None and not drawing.thinned and module.inputs != ('image',):
    raise UserError(
      f'config.model.name: {name} reads {" and ".join(module.inputs)}; ink that is not thinned is '
      'a picture alone: choose another network, or add --config.model.use_size=False.'
    )
  reads, inputs = _augmentation(config, drawing, module)
  evaluates, logits = _evaluation(module, drawing)
  return Recipe(
    classes,
    load,
    drawing,
    layout,
    shape,
    module,
    (*reads, 'label'),
    inputs,
    evaluates,
    logits,
    _class_weights(config.loss.class_weights),
    lambda steps: _optimizer(config, steps),
    _plateau(config),
  )


def example_inputs(recipe: Recipe) -> Inputs:
  """One example's inputs, all zeros, to initialize a network with."""
  return {
    'image': jnp.zeros((1, *recipe.shape), jnp.uint8),
    'size': jnp.zeros((1, 2)),
    'pen': jnp.zeros((1, pen.POINTS, 3)),
  }


def _symbols(config: ConfigDict) -> tuple:
  drawing = render.Drawing(**dict(config.drawing.items()))

  def load(data_dir, raw_dir) -> Dataset:
    chosen = config.data
    return symbol_data.load(
      chosen.protocol, drawing, data_dir, raw_dir, allow_changed=chosen.allow_changed
    )

  return CLASSES, drawing, None, load, (drawing.height, drawing.width, 1)


def _scores(config: ConfigDict) -> tuple:
  picture = score_data.Picture(**dict(config.picture.items()))

  def load(data_dir, raw_dir) -> Dataset:
    chosen = config.data
    tested = score_data.Tested(chosen.fold, chosen.hold_out)
    return score_data.load(chosen.protocol, tested, chosen.balance, picture, data_dir, raw_dir)

  # Only a network that evens its pictures has them without colour.
  colour = not config.model.get('even', False)
  layout = views.Layout(picture.height, picture.width, picture.tiles, colour)
  return pictures.CLASSES, None, layout, load, (picture.height, picture.width, 3)


def _augmentation(
  config: ConfigDict, drawing: render.Drawing | None, module: nn.Module
) -> tuple[tuple[str, ...], Callable[[jax.Array, Inputs], Inputs]]:
  """The training arrays that are read, and (rng, batch) to inputs."""
  space = config.augment.space
  arguments = _only(config.augment, AUGMENTATIONS[space])
  if space in ('strokes', 'crops'):
    return ('points', 'stroke'), _from_strokes(space, arguments, drawing, module)
  look = {'none': _as_it_is, 'pictures': _moved, 'camera': camera.look}[space]
  look = partial(look, **(dict(config.camera.items()) if space == 'camera' else arguments))
  if drawing is None:
    return ('views',), lambda rng, batch: _one_view(look, config.picture.whole, rng, batch['views'])
  if 'image' not in module.inputs:
    return module.inputs, lambda rng, batch: batch
  return module.inputs, lambda rng, batch: batch | {'image': look(rng, batch['image'])}


def _from_strokes(
  space: str, arguments: Mapping, drawing: render.Drawing, module: nn.Module
) -> Callable[[jax.Array, Inputs], Inputs]:
  """Strokes are moved; then both the picture and the pen's way are those of the moved ones."""
  moves = _only(arguments, inspect.signature(handwriting.rewritten).parameters)
  others = {key: value for key, value in arguments.items() if key not in moves}
  place = {key: getattr(drawing, key) for key in ('height', 'width', 'max_stretch', 'max_zoom')}
  if space == 'crops':
    draw = partial(crops.new_crops, **place, **others)
  else:
    ((_, staff_line),) = drawing.renderings()
    own = {'layout': drawing.layout, 'staff_line': staff_line, 'margin': drawing.margin}
    draw = partial(ink.new_pictures, **place, **own, **others)

  def inputs(rng: jax.Array, batch: Inputs) -> Inputs:
    rngs = jax.random.split(rng, 4)
    stroke = batch['stroke']
    points = handwriting.rewritten(rngs[:2], batch['points'], stroke, **moves)
    found = {}
    if 'image' in module.inputs:
      found |= draw(rngs[2:], points, stroke)
    if 'pen' in module.inputs:
      found['pen'] = jax.vmap(pen.way)(points, stroke)
    return found

  return inputs


def _as_it_is(rng: jax.Array, images: jax.Array) -> jax.Array:
  del rng
  return images


def _moved(rng: jax.Array, images: jax.Array, *, flip, shift, **arguments) -> jax.Array:
  """The paper's views (section V-B)."""
  keys = jax.random.split(rng)
  if flip:
    images = camera.flip(jax.random.fold_in(rng, 2), images)
  matrix = augment.random_affine(keys[0], len(images), **arguments)
  return augment.warp(images, matrix, augment.random_shift(keys[1], len(images), shift))


def _one_view(look: Callable, whole: float, rng: jax.Array, seen: jax.Array) -> Inputs:
  """Of each example [batch, views, ...] the whole picture with that probability, else a part.

  In place of a blank part it is the whole picture too.
  """
  (batch, count), images = seen.shape[:2], seen[:, 0]
  if count > 1:
    part_rng, whole_rng, rng = jax.random.split(rng, 3)
    chosen = jax.random.randint(part_rng, (batch, 1, 1, 1, 1), 1, count)
    part = jnp.take_along_axis(seen, chosen, 1)[:, 0]
    is_whole = jax.random.bernoulli(whole_rng, whole, (batch,)) | view_logits.is_blank(part)
    images = jnp.where(is_whole[:, None, None, None], images, part)
  return {'image': look(rng, images)}


def _evaluation(
  module: nn.Module, drawing: render.Drawing | None
) -> tuple[tuple[str, ...], Callable[[Mapping, Inputs], jax.Array]]:
  """The arrays that are read, and (variables, arrays) to logits."""
  apply = partial(module.apply, train=False)
  if drawing is not None:
    return module.inputs, apply

  def logits(variables: Mapping, arrays: Inputs) -> jax.Array:
    seen = arrays['views']
    found = apply(variables, {'image': seen.reshape(-1, *seen.shape[2:])})
    return view_logits.combined(found.reshape(*seen.shape[:2], -1), view_logits.is_blank(seen))

  return ('views',), logits


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
