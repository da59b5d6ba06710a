"""How networks that tell scores from other pictures are trained, from a config."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from ml_collections import ConfigDict

from omr_jax.augment import affine, camera
from omr_jax.data.dataset import Dataset
from omr_jax.errors import UserError
from omr_jax.inputs import views
from omr_jax.models import multi_view
from omr_jax.tasks.classifiers.outputs import PROBABILITIES
from omr_jax.tasks.classifiers.training import LOSS as LOSS
from omr_jax.tasks.classifiers.training import labelled, refuse_detector
from omr_jax.tasks.classifiers.training import loss as loss
from omr_jax.tasks.classifiers.training import loss_numbers as loss_numbers

Inputs = Mapping[str, jax.Array]

_CAMERA = camera.Strengths._fields
AUGMENTATIONS = {
  'none': (),
  'pictures': affine.STRENGTHS,
  'camera': (),  # It reads the section `camera` instead.
}
SECTIONS = {
  'data': ('name', 'protocol', 'feed', 'fold', 'hold_out', 'balance'),
  'picture': ('height', 'width', 'tiles', 'whole', 'cuts', 'papers', 'scenes', 'drawn'),
  'decision': ('false_positive_cost', 'lower_weight'),
  'camera': _CAMERA,
}
_OF_CAMERA = tuple(f'camera.{name}' for name in _CAMERA)
_OF_PARTS = 'picture.whole', 'decision.lower_weight'
# Keys of these sections that only some choices read.
CONDITIONAL = (*_OF_CAMERA, *_OF_PARTS)
# Types of the keys that only some choices read; those that are not listed are floats.
TYPES: Mapping[str, type] = {}


def conditions(config: ConfigDict) -> dict[str, str | None]:
  """By key, the choice that reads it, or None if this config does not read it.

  It lists only keys for which `omr_jax.recipe.check` cannot tell this from the sections and the
  augmentations above.
  """
  of_camera = 'augment.space=camera' if config.augment.space == 'camera' else None
  # Without parts a network sees the whole picture alone.
  tiles = config.picture.get('tiles')  # A missing key is refused later.
  of_parts = f'picture.tiles={tiles}' if tiles else None
  found: dict[str, str | None] = dict.fromkeys(_OF_CAMERA, of_camera)
  return found | dict.fromkeys(_OF_PARTS, of_parts)


def check(config: ConfigDict) -> None:
  """Refuses a fold or source to test where the data has a test of its own.

  Raises:
    UserError: It names the key and what to do.
  """
  chosen = config.data
  for key, none in (('fold', 0), ('hold_out', '')):
    if chosen.protocol != 'folders' and chosen[key] != none:
      raise UserError(
        f'config.data.{key} is {chosen[key]!r}, but the protocol {chosen.protocol} has a test of '
        'its own; leave it out, or add --config.data.protocol=folders.'
      )


def split_name(config: Mapping) -> str:
  """How the data is split, in words."""
  chosen = config['data']
  if chosen['protocol'] != 'folders':
    return chosen['protocol']
  return f'{chosen["hold_out"]} held out' if chosen['hold_out'] else f'fold {chosen["fold"]}'


def picture(config: ConfigDict) -> views.Layout:
  """The picture settings: how a picture becomes views, the whole picture and its parts."""
  # `model.even` makes the light of a picture even, for which the network drops its colours.
  colour = not config.model.get('even', False)
  size = config.picture
  return views.Layout(size.height, size.width, size.tiles, colour, views.BOUND)


def shape(config: ConfigDict) -> tuple[int, int, int]:
  """Height, width and channels of the training pictures."""
  return config.picture.height, config.picture.width, 3


def load(config: ConfigDict, data_dir, raw_dir) -> Dataset:
  """The pictures as arrays; `omr_jax.tasks.scores.data.load` lists them."""
  from omr_jax.tasks.scores import arrays, data

  how = arrays.PictureConfig(*(config.picture[name] for name in arrays.PictureConfig._fields))
  return data.load(config.data, how, data_dir, raw_dir)


def check_network(config: ConfigDict, module: nn.Module) -> None:
  """Refuses a network that reads what pictures do not have.

  Raises:
    UserError: It names the key and what to choose instead.
  """
  refuse_detector(config.model.name, module)
  if 'pen' in module.inputs:
    raise UserError(
      f'config.model.name: {config.model.name} reads strokes; pictures have none. Choose '
      'another network.'
    )
  if 'size' in module.inputs:
    raise UserError(
      "config.model.use_size: these pictures have no pen's box; add --config.model.use_size=False."
    )
  if getattr(module, 'close_up', None):
    raise UserError(
      'config.model.close_up: it enlarges a symbol on white paper, and these have any ground. '
      'Leave it out.'
    )


def strengths(config: ConfigDict) -> dict:
  """The numbers of the augmentation that the config chooses, by name."""
  if config.augment.space == 'camera':
    return dict(config.camera.items())
  return {name: config.augment[name] for name in AUGMENTATIONS[config.augment.space]}


def augmentation(
  config: ConfigDict, module: nn.Module
) -> tuple[tuple[str, ...], Callable[[Mapping, jax.Array, Inputs], tuple[Inputs, jax.Array]]]:
  """How a training step makes its inputs.

  Returns:
    The names of the training arrays that it reads, and a function from (`strengths`, rng, batch) to
    the network's inputs and the labels.
  """
  del module
  looks: Mapping[str, Callable] = {
    'none': lambda rng, images: images,
    'pictures': affine.moved,
    'camera': camera.look,
  }
  look = looks[config.augment.space]
  whole = config.picture.whole if config.picture.tiles else 1.0

  def inputs(strengths: Mapping, rng: jax.Array, batch: Inputs) -> Inputs:
    return _one_view(partial(look, **strengths), whole, rng, batch['views'])

  return labelled(('views',), inputs)


def _one_view(look: Callable, whole: float, rng: jax.Array, seen: jax.Array) -> Inputs:
  """Chooses one view of each example at random and augments it.

  Args:
    look: (rng, images) to augmented images.
    whole: The probability of the whole picture. Otherwise a part is chosen, and in place of a blank
      part the whole picture after all.
    rng: The random key.
    seen: uint8 [batch, views, height, width, channels], first the whole picture, then its parts.
  """
  batch, count = seen.shape[:2]
  if count == 1:
    images = seen[:, 0]
  else:
    part_rng, whole_rng, rng = jax.random.split(rng, 3)
    chosen = jax.random.randint(part_rng, (batch, 1), 1, count)
    chosen = jnp.concatenate([jnp.zeros_like(chosen), chosen], 1)[:, :, None, None, None]
    # One selection for both, so that XLA reads no other view of the resident pictures.
    both = jnp.take_along_axis(seen, chosen, 1)
    images, part = both[:, 0], both[:, 1]
    is_whole = jax.random.bernoulli(whole_rng, whole, (batch,)) | multi_view.is_blank(part)
    images = jnp.where(is_whole[:, None, None, None], images, part)
  return {'image': look(rng, images)}


def evaluation(
  config: ConfigDict, module: nn.Module
) -> tuple[tuple[str, ...], Callable[[Mapping, Inputs], jax.Array]]:
  """What is computed of pictures that are not augmented.

  Returns:
    The names of the arrays that are read, and a function from (variables, arrays) to the logits.
  """
  lower_weight = _lower_weight(config)

  def logits(variables: Mapping, arrays: Inputs) -> jax.Array:
    return multi_view.combined(*_of_views(module, variables, arrays), lower_weight)

  return ('views',), logits


def exported(
  module: nn.Module, facts: Mapping[str, Any]
) -> Callable[[Mapping, Inputs], dict[str, jax.Array]]:
  """What an exported network computes: (variables, inputs) to its outputs by name.

  Returns:
    `probabilities`, float32 [batch, 2], and `log_odds` of each view (`multi_view.log_odds`), both
    calibrated.
  """

  def outputs(variables: Mapping, inputs: Inputs) -> dict[str, jax.Array]:
    found, blank = _of_views(module, variables, inputs)
    logits = multi_view.combined(found, blank, _lower_weight(facts['config']))
    return {
      PROBABILITIES: jax.nn.softmax(logits / facts['temperature']),
      'log_odds': multi_view.log_odds(found, blank) / facts['temperature'],
    }

  return outputs


def _lower_weight(config: Mapping[str, Any]) -> float:
  return config['decision']['lower_weight'] if config['picture']['tiles'] else 0.0


def _of_views(module: nn.Module, variables: Mapping, arrays: Inputs) -> tuple[jax.Array, jax.Array]:
  """The logits of each view, [pictures, views, 2], and which views are blank, [pictures, views]."""
  seen = arrays['views']
  apply: Callable[..., Any] = partial(module.apply, train=False)
  found = apply(variables, {'image': seen.reshape(-1, *seen.shape[2:])})
  return found.reshape(*seen.shape[:2], -1), multi_view.is_blank(seen)
