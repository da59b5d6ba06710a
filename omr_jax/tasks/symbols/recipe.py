"""How networks that tell handwritten symbols apart are trained on HOMUS, from a config."""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import flax.linen as nn
import jax
from ml_collections import ConfigDict

from omr_jax import models
from omr_jax.augment import affine, crops, handwriting, rasterize
from omr_jax.data.dataset import Dataset
from omr_jax.errors import UserError
from omr_jax.inputs import pen_path, render
from omr_jax.tasks.classifiers.outputs import PROBABILITIES
from omr_jax.tasks.classifiers.training import LOSS as LOSS
from omr_jax.tasks.classifiers.training import labelled, refuse_detector
from omr_jax.tasks.classifiers.training import loss as loss
from omr_jax.tasks.classifiers.training import loss_numbers as loss_numbers
from omr_jax.tasks.symbols.limits import refuse_unfit

Inputs = Mapping[str, jax.Array]

# Keys that change the picture but not the pen's path: only networks that read pictures use them.
_OF_PICTURES = ('shift', 'thickness')
AUGMENTATIONS = {
  'none': (),
  'pictures': affine.STRENGTHS,
  'strokes': (
    *('rotation', 'zoom', 'shear', 'shift', 'thickness', 'stroke_zoom', 'stroke_shift', 'bend'),
  ),
  'crops': (
    *('rotation', 'zoom', 'shear', 'thickness', 'stroke_zoom', 'stroke_shift', 'bend'),
    *('around', 'staff', 'worn'),
  ),
}
# Values of `augment.space` with which every step draws its pictures anew, each with the layouts
# that it can draw.
_DRAWN_ANEW = {'strokes': ('scaled', 'centered'), 'crops': ('resized',)}
SECTIONS = {
  'data': ('name', 'protocol', 'feed', 'allow_changed'),
  'drawing': tuple(render.Drawing.__dataclass_fields__),
}
# Keys of these sections that only some choices read.
CONDITIONAL = tuple(f'drawing.{name}' for name in render.OF_SCALING)
# Types of the keys that only some choices read; those that are not listed are floats.
TYPES = {'drawing.margin': int, 'augment.thickness': tuple}


def conditions(config: ConfigDict) -> dict[str, str | None]:
  """By key, the choice that reads it, or None if this config does not read it.

  It lists only keys for which `omr_jax.recipe.check` cannot tell this from the sections and the
  augmentations above.
  """
  layout = config.drawing.get('layout')
  of_layout = None if layout == 'centered' else f'drawing.layout={layout}'
  found: dict[str, str | None] = dict.fromkeys(CONDITIONAL, of_layout)
  if not models.reads_pictures(config.model.name):
    found |= {f'augment.{name}': None for name in _OF_PICTURES}
  return found


def check(config: ConfigDict) -> None:
  """Refuses drawings that cannot be made, or that do not fit the augmentation.

  Raises:
    UserError: It names the key.
  """
  drawing, space = config.drawing, config.augment.space
  refuse_unfit(picture(config), 'config.drawing')
  if drawing.thinned and space == 'crops':
    raise UserError(
      'config.augment.space=crops trains with ink of any width; add --config.drawing.thinned=False.'
    )
  if space in _DRAWN_ANEW:
    _check_drawn_anew(drawing, space)


def _check_drawn_anew(drawing: ConfigDict, space: str) -> None:
  layouts = _DRAWN_ANEW[space]
  if not (drawing.layout in layouts and drawing.antialias):
    raise UserError(
      f'config.augment.space={space} draws in the layout {" or ".join(layouts)} with antialias; '
      'choose these in config.drawing, or augment.space=pictures.'
    )
  if len(drawing.thickness) > 1:
    raise UserError(
      f'config.drawing.thickness is {drawing.thickness!r}; augment.space={space} draws anew in '
      'every step, as thick as augment.thickness says: give one.'
    )
  if len(drawing.staff_lines) > 1:
    raise UserError(
      f'config.drawing.staff_lines is {drawing.staff_lines!r}; augment.space={space} draws anew in '
      'every step: give one, or none.'
    )


def split_name(config: Mapping) -> str:
  """How the data is split, in words."""
  return config['data']['protocol']


def picture(config: ConfigDict) -> render.Drawing:
  """The picture settings: how symbols become pictures."""
  fields: dict[str, Any] = {**render.OF_SCALING, **config.drawing}
  return render.Drawing(**fields)


def shape(config: ConfigDict) -> tuple[int, int, int]:
  """Height, width and channels of the pictures."""
  return config.drawing.height, config.drawing.width, 1


def load(config: ConfigDict, data_dir, raw_dir) -> Dataset:
  """The symbols as arrays; `omr_jax.tasks.symbols.data.load` lists them."""
  from omr_jax.tasks.symbols import data

  chosen = config.data
  return data.load(
    chosen.protocol, picture(config), data_dir, raw_dir, allow_changed=chosen.allow_changed
  )


def check_network(config: ConfigDict, module: nn.Module) -> None:
  """Refuses a network that reads what these pictures do not have.

  Raises:
    UserError: It names the key and what to choose instead.
  """
  name = config.model.name
  refuse_detector(name, module)
  if 'pen' in module.inputs and config.augment.space == 'pictures':
    raise UserError(
      f'config.model.name: {name} reads strokes; where pictures are moved, strokes are not. Choose '
      'another network, or --config.augment.space=strokes.'
    )
  if not config.drawing.thinned and module.inputs != ('image',):
    raise UserError(
      f'config.model.name: {name} reads {" and ".join(module.inputs)}; ink that is not thinned is '
      'a picture alone: choose another network, or add --config.model.use_size=False.'
    )


def strengths(config: ConfigDict) -> dict:
  """The numbers of the augmentation that the config chooses, by name."""
  names = AUGMENTATIONS[config.augment.space]
  return {name: config.augment[name] for name in names if name in config.augment}


def augmentation(
  config: ConfigDict, module: nn.Module
) -> tuple[tuple[str, ...], Callable[[Mapping, jax.Array, Inputs], tuple[Inputs, jax.Array]]]:
  """How a training step makes its inputs.

  Returns:
    The names of the training arrays that it reads, and a function from (`strengths`, rng, batch) to
    the network's inputs and the labels.
  """
  space = config.augment.space
  if space in _DRAWN_ANEW:
    return labelled(('points', 'stroke'), _from_strokes(config, module))
  if space == 'none' or 'image' not in module.inputs:
    return labelled(module.inputs, lambda strengths, rng, batch: batch)
  return labelled(
    module.inputs,
    lambda strengths, rng, batch: {
      **batch,
      'image': affine.moved(rng, batch['image'], **strengths),
    },
  )


def _from_strokes(
  config: ConfigDict, module: nn.Module
) -> Callable[[Mapping, jax.Array, Inputs], Inputs]:
  """Augments the strokes, then makes the picture and the pen's path from the changed strokes."""
  drawing = picture(config)
  of_moving = inspect.signature(handwriting.rewritten).parameters
  draw: Callable[..., Inputs]
  place = {key: getattr(drawing, key) for key in ('height', 'width', 'max_stretch', 'max_zoom')}
  if config.augment.space == 'crops':
    draw = partial(crops.new_crops, **place)
  else:
    ((_, staff_line),) = drawing.renderings()
    place |= {'layout': drawing.layout, 'staff_line': staff_line, 'margin': drawing.margin}
    draw = partial(rasterize.new_pictures, **place)

  def inputs(strengths: Mapping, rng: jax.Array, batch: Inputs) -> Inputs:
    moves = {key: value for key, value in strengths.items() if key in of_moving}
    others = {key: value for key, value in strengths.items() if key not in of_moving}
    rngs = jax.random.split(rng, 4)
    stroke = batch['stroke']
    points = handwriting.rewritten(rngs[:2], batch['points'], stroke, **moves)
    found: dict[str, jax.Array] = {}
    if 'image' in module.inputs:
      found |= draw(rngs[2:], points, stroke, **others)
    if 'pen' in module.inputs:
      found['pen'] = jax.vmap(pen_path.sampled)(points, stroke)
    return found

  return inputs


def evaluation(
  config: ConfigDict, module: nn.Module
) -> tuple[tuple[str, ...], Callable[[Mapping, Inputs], jax.Array]]:
  """What is computed of symbols that are not augmented.

  Returns:
    The names of the arrays that are read, and a function from (variables, arrays) to the logits.
  """
  del config
  logits: Callable[..., Any] = partial(module.apply, train=False)
  return module.inputs, logits


def exported(
  module: nn.Module, facts: Mapping[str, Any]
) -> Callable[[Mapping, Inputs], dict[str, jax.Array]]:
  """What an exported network computes: (variables, inputs) to its outputs by name.

  The only output is `probabilities`, float32 [batch, classes].
  """
  logits: Callable[..., Any] = partial(module.apply, train=False)
  return lambda variables, inputs: {
    PROBABILITIES: jax.nn.softmax(logits(variables, inputs) / facts['temperature'])
  }
