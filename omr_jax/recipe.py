"""What a config says, checked and made into the parts of a run; the only reader of configs."""

import difflib
import inspect
import math
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from ml_collections import ConfigDict

from omr_jax import augment, ink, models, optim, render
from omr_jax.errors import UserError

Inputs = Mapping[str, jax.Array]
PRECISIONS = {'float32': jnp.float32, 'bfloat16': jnp.bfloat16}
CLASS_WEIGHTS = ('none', 'inverse_sqrt', 'balanced')
# A section holds the keys of these functions that its `name` or `space` asks for.
_AUGMENTATIONS = {
  'none': (),
  'pictures': ('rotation', 'zoom', 'shear', 'shift'),
  'strokes': (
    'rotation',
    'zoom',
    'shear',
    'shift',
    'thickness',
    'stroke_zoom',
    'stroke_shift',
  ),
}
_SECTIONS = {
  'data': ('protocol', 'allow_changed'),
  'drawing': tuple(render.Drawing.__dataclass_fields__),
  'loss': ('label_smoothing', 'class_weights'),
  'optimizer': ('name', 'learning_rate', 'weight_decay', 'l2', 'arguments'),
  'schedule': {
    'constant': ('name',),
    'one_cycle': ('name', 'warm_up'),
    'plateau': ('name', 'factor', 'patience', 'floor'),
  },
}
_TOP = (
  'seed',
  'epochs',
  'batch_size',
  'precision',
  'average_decay',
  'stop_after',
  'data',
  'drawing',
  'augment',
  'model',
  'loss',
  'optimizer',
  'schedule',
)


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
  check(config)
  drawing = render.Drawing(**_plain(config.drawing))
  arguments = _plain(config.model)
  name = arguments.pop('name')
  models.check_canvas(name, drawing.height, drawing.width, **arguments)
  module = models.create(name, num_classes, PRECISIONS[config.precision], **arguments)
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


def check(config: ConfigDict) -> None:
  """Refuses what no run can have, before anything is prepared; see `create`."""
  _keys('config', config, _TOP)
  for section, keys in _SECTIONS.items():
    if isinstance(keys, dict):
      keys = keys[_one_of(f'{section}.name', config[section].get('name'), keys)]
    _keys(section, config[section], keys)
  space = _one_of('augment.space', config.augment.get('space'), _AUGMENTATIONS)
  _keys('augment', config.augment, ('space', *_AUGMENTATIONS[space]))
  _one_of('precision', config.precision, PRECISIONS)
  _one_of('drawing.layout', config.drawing.layout, render.LAYOUTS)
  _one_of('loss.class_weights', config.loss.class_weights, CLASS_WEIGHTS)
  _one_of('optimizer.name', config.optimizer.name, optim.OPTIMIZERS)
  _check_numbers(config)
  _check_drawing(config)
  if 'name' not in config.model:
    raise UserError('config.model has no name of a network.')
  _check_arguments(config.optimizer)


def _check_numbers(config: ConfigDict) -> None:
  at_least = {'seed': 0, 'epochs': 1, 'batch_size': 1, 'stop_after': 0}
  for key, least in at_least.items():
    _demand(key, config[key], config[key] >= least, f'at least {least}')
  share = {
    'average_decay': config.average_decay,
    'loss.label_smoothing': config.loss.label_smoothing,
  }
  for key, value in share.items():
    _demand(key, value, 0 <= value < 1, 'at least 0 and below 1')
  optimizer, schedule = config.optimizer, config.schedule
  rate = optimizer.learning_rate
  _demand('optimizer.learning_rate', rate, 0 < rate < math.inf, 'above 0')
  for key in ('weight_decay', 'l2'):
    _demand(f'optimizer.{key}', optimizer[key], 0 <= optimizer[key] < math.inf, 'at least 0')
  if optimizer.name != 'adamw' and optimizer.weight_decay:
    raise UserError('config.optimizer.weight_decay is of adamw; the others have l2.')
  if schedule.name == 'one_cycle':
    _demand('schedule.warm_up', schedule.warm_up, 0 < schedule.warm_up < 1, 'between 0 and 1')
  if schedule.name == 'plateau':
    _demand('schedule.factor', schedule.factor, 0 < schedule.factor < 1, 'between 0 and 1')
    _demand('schedule.patience', schedule.patience, schedule.patience >= 1, 'at least 1')
    _demand('schedule.floor', schedule.floor, 0 <= schedule.floor <= rate, 'from 0 to the rate')


def _check_drawing(config: ConfigDict) -> None:
  drawing = config.drawing
  for key in ('height', 'width'):
    _demand(f'drawing.{key}', drawing[key], 0 < drawing[key] <= 4096, 'from 1 to 4096')
  room = min(drawing.height, drawing.width) - 1 - 2 * drawing.margin
  _demand('drawing.margin', drawing.margin, drawing.margin >= 0 and room > 0, 'of at most half')
  widths = drawing.thickness
  _demand('drawing.thickness', widths, widths and min(widths) > 0, 'a tuple of widths above 0')
  _demand('drawing.max_stretch', drawing.max_stretch, drawing.max_stretch >= 1, 'at least 1')
  _demand('drawing.max_zoom', drawing.max_zoom, drawing.max_zoom > 0, 'above 0')
  if drawing.staff_lines and drawing.layout != 'centered':
    raise UserError(
      f'config.drawing.staff_lines need the layout centered, not {drawing.layout}: scaled symbols '
      'have no common staff.'
    )
  if config.augment.space == 'strokes' and not (drawing.layout == 'scaled' and drawing.antialias):
    raise UserError(
      'config.augment.space=strokes draws in the layout scaled with antialias; choose these in '
      'config.drawing, or augment.space=pictures.'
    )
  for key in ('zoom', 'thickness'):
    if key in config.augment:
      value = config.augment[key]
      good = len(value) == 2 and 0 < value[0] <= value[1]
      _demand(f'augment.{key}', value, good, 'a smallest and a largest number, above 0')


def _check_arguments(optimizer: ConfigDict) -> None:
  known = inspect.signature(getattr(optax, optimizer.name)).parameters
  for key in optimizer.arguments:
    _one_of(f'optimizer.arguments of {optimizer.name}', key, known)


def _keys(where: str, section: ConfigDict, keys: Collection[str]) -> None:
  for key in section:
    if key not in keys:
      raise UserError(f'config: {where} has no key {key!r} here{_nearest(key, keys)}')
  for key in keys:
    if key not in section:
      raise UserError(f'config: {where} lacks the key {key!r}; configs are complete.')


def _one_of(key: str, value: Any, known: Collection[str]) -> str:
  if value not in known:
    raise UserError(f'config.{key}: {value!r} is unknown{_nearest(str(value), known)}')
  return value


def _nearest(name: str, known: Collection[str]) -> str:
  nearest = difflib.get_close_matches(name, known, n=1)
  return f': did you mean {nearest[0]!r}?' if nearest else f': there are {", ".join(known)}.'


def _demand(key: str, value: Any, good: bool, words: str) -> None:
  if not good:
    raise UserError(f'config.{key} is {value!r}; it must be {words}.')


def _plain(section: ConfigDict) -> dict:
  return dict(section.items())


def _augmentation(
  config: ConfigDict, drawing: render.Drawing
) -> tuple[tuple[str, ...], Callable[[jax.Array, Inputs], Inputs]]:
  """The training arrays that are read, and (rng, batch) to inputs."""
  arguments = _plain(config.augment)
  space = arguments.pop('space')
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
  if name == 'inverse_sqrt':
    return lambda counts: 1 / np.sqrt(np.maximum(counts, 1))
  return lambda counts: counts.sum() / (len(counts) * np.maximum(counts, 1))


def _optimizer(
  config: ConfigDict, steps: int
) -> tuple[optax.GradientTransformation, optax.Schedule]:
  chosen = config.optimizer
  rates = optim.schedule(
    config.schedule.name, chosen.learning_rate, steps, **_only(config.schedule, 'warm_up')
  )
  tx = optim.create(chosen.name, rates, chosen.weight_decay, chosen.l2, _plain(chosen.arguments))
  return tx, rates


def _plateau(config: ConfigDict) -> optax.GradientTransformationExtraArgs | None:
  if config.schedule.name != 'plateau':
    return None
  return optim.plateau(
    **_only(config.schedule, 'factor', 'patience', 'floor'), rate=config.optimizer.learning_rate
  )


def _only(section: ConfigDict, *keys: str) -> dict:
  return {key: section[key] for key in keys if key in section}
