"""The rules that a config has to keep, refused by the name of the key."""

import inspect
import math
from collections.abc import Collection, Mapping
from typing import Any

import optax
from ml_collections import ConfigDict

from omr_jax import optim, render
from omr_jax.errors import UserError, nearest

PRECISIONS = ('float32', 'bfloat16')
TESTED = ('best', 'last')
CLASS_WEIGHTS = ('none', 'inverse_sqrt', 'balanced')
# A section holds the keys that its `name` or `space` asks for. Those of another choice may stay, so
# that a command line can change the choice alone.
AUGMENTATIONS = {
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
    'constant': (),
    'one_cycle': ('warm_up',),
    'plateau': ('factor', 'patience', 'floor'),
  },
}
_TOP = (
  'seed',
  'epochs',
  'batch_size',
  'precision',
  'average_decay',
  'stop_after',
  'tested',
  'data',
  'drawing',
  'augment',
  'model',
  'loss',
  'optimizer',
  'schedule',
)


def check_config(config: ConfigDict) -> None:
  """Refuses what no run can have, before anything is prepared.

  Raises:
    UserError: A key that is missing or unknown, or a value no run can have, by name. Arguments of
      the network are checked where it is made, by `models.create`.
  """
  _keys('config', config, _TOP)
  for section in ('augment', 'model', *_SECTIONS):
    _demand(section, config[section], isinstance(config[section], ConfigDict), 'a section')
  for section, keys in _SECTIONS.items():
    if isinstance(keys, dict):
      _chosen_keys(section, config[section], 'name', keys)
    else:
      _keys(section, config[section], keys)
  _chosen_keys('augment', config.augment, 'space', AUGMENTATIONS)
  _one_of('precision', config.precision, PRECISIONS)
  _one_of('tested', config.tested, TESTED)
  _one_of('drawing.layout', config.drawing.layout, render.LAYOUTS)
  _one_of('loss.class_weights', config.loss.class_weights, CLASS_WEIGHTS)
  _one_of('optimizer.name', config.optimizer.name, optim.OPTIMIZERS)
  _check_numbers(config)
  _check_drawing(config)
  _check_augment(config)
  if 'name' not in config.model:
    raise UserError('config.model has no name of a network.')
  _check_arguments(config.optimizer)


def _check_numbers(config: ConfigDict) -> None:
  _demand('seed', config.seed, 0 <= config.seed < 2**32, 'at least 0 and below 2^32')
  at_least = {'epochs': 1, 'batch_size': 1, 'stop_after': 0}
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
  good = len(widths) > 0 and all(_is_number(width) and 0 < width <= 4096 for width in widths)
  _demand('drawing.thickness', widths, good, 'a tuple of widths above 0 and up to 4096')
  lines = drawing.staff_lines
  good = all(isinstance(y, int) for y in lines)
  _demand('drawing.staff_lines', lines, good, 'a tuple of whole numbers')
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


def _check_augment(config: ConfigDict) -> None:
  for key, value in config.augment.items():
    if key in ('zoom', 'thickness'):
      good = len(value) == 2 and all(map(_is_number, value)) and 0 < value[0] <= value[1] < math.inf
      _demand(f'augment.{key}', value, good, 'a smallest and a largest number, above 0')
    elif key == 'stroke_zoom':
      _demand(f'augment.{key}', value, 0 <= value < 1, 'at least 0 and below 1')
    elif key != 'space':
      _demand(f'augment.{key}', value, 0 <= value < math.inf, 'at least 0')


def _check_arguments(optimizer: ConfigDict) -> None:
  elsewhere = ('learning_rate', 'weight_decay', 'mask', 'nesterov')
  signature = inspect.signature(getattr(optax, optimizer.name))
  known = [key for key in signature.parameters if key not in elsewhere]
  for key in optimizer.arguments:
    _one_of(f'optimizer.arguments of {optimizer.name}', key, known)


def _chosen_keys(
  where: str, section: ConfigDict, choice: str, choices: Mapping[str, Collection[str]]
) -> None:
  chosen = _one_of(f'{where}.{choice}', section.get(choice), choices)
  _keys(where, section, (choice, *choices[chosen]), (choice, *sum(choices.values(), ())))


def _keys(
  where: str, section: ConfigDict, keys: Collection[str], allowed: Collection[str] = ()
) -> None:
  allowed = allowed or keys
  for key in section:
    if key not in allowed:
      raise UserError(f'config: {where} has no key {key!r}{nearest(key, allowed)}')
  for key in keys:
    if key not in section:
      raise UserError(f'config: {where} lacks the key {key!r}; configs are complete.')


def _one_of(key: str, value: Any, known: Collection[str]) -> str:
  if value not in known:
    raise UserError(f'config.{key}: {value!r} is unknown{nearest(str(value), known)}')
  return value


def _demand(key: str, value: Any, good: bool, words: str) -> None:
  if not good:
    raise UserError(f'config.{key} is {value!r}; it must be {words}.')


def _is_number(value: Any) -> bool:
  return isinstance(value, (int, float))
