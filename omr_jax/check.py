"""The rules that a config has to keep, refused by the name of the key."""

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

from ml_collections import ConfigDict

from omr_jax import models, optim, render
from omr_jax.errors import UserError, nearest

PRECISIONS = ('float32', 'bfloat16')
TESTED = ('best', 'last')
CLASS_WEIGHTS = ('none', 'inverse_sqrt', 'balanced')
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
SCHEDULES = {
  'constant': (),
  'one_cycle': ('warm_up',),
  'plateau': ('factor', 'patience', 'floor'),
}
# The keys that are read whatever is chosen.
_SECTIONS = {
  'data': ('protocol', 'allow_changed'),
  'drawing': tuple(render.Drawing.__dataclass_fields__),
  'augment': ('space',),
  'model': ('name',),
  'loss': ('label_smoothing', 'class_weights'),
  'optimizer': ('name', 'learning_rate', 'l2'),
  'schedule': ('name',),
}
# What a section's key may be, and the keys that go with each choice. Those of the others may stay,
# so that a command line can change the choice alone.
_CHOICES = {
  'augment.space': AUGMENTATIONS,
  'model.name': {name: network.func.options for name, network in models.NETWORKS.items()},
  'optimizer.name': optim.ARGUMENTS,
  'schedule.name': SCHEDULES,
}
_TOP = ('seed', 'epochs', 'batch_size', 'precision', 'average_decay', 'stop_after', 'tested')


def check_config(config: ConfigDict) -> None:
  """Refuses what no run can have, before anything is prepared.

  Raises:
    UserError: A key that is missing or unknown, or a value no run can have, by name. Arguments of
      the network are checked where it is made, by `models.create`.
  """
  _keys('config', config, (*_TOP, *_SECTIONS))
  for section in _SECTIONS:
    if not isinstance(config[section], ConfigDict):
      raise UserError(f'config.{section} is {config[section]!r}; it must be a section.')
  chosen = {key: _chosen(config, key) for key in _CHOICES}
  for section, keys in _SECTIONS.items():
    wanted, allowed = list(keys), list(keys)
    for key, choices in _CHOICES.items():
      if key.startswith(f'{section}.'):
        # A network has defaults; all else is written in the config.
        wanted += choices[chosen[key]] if section != 'model' else ()
        allowed += sum(choices.values(), ())
    _keys(section, config[section], wanted, allowed)
  unread = unread_keys(config)
  for key, (words, is_valid) in _VALUES.items():
    section, _, name = key.rpartition('.')
    values = config[section] if section else config
    if name in values and key not in unread and not _holds(is_valid, values[name]):
      raise UserError(f'config.{key} is {values[name]!r}; it must be {words}.')
  _check_together(config)


def unread_keys(config: ConfigDict) -> set[str]:
  """Keys of choices that were not made, such as `schedule.warm_up` beside a plateau."""
  unread = set()
  for key, choices in _CHOICES.items():
    section, name = key.split('.')
    read = (*_SECTIONS[section], *choices[config[section][name]])
    unread |= {f'{section}.{other}' for other in config[section] if other not in read}
  return unread


def _chosen(config: ConfigDict, key: str) -> str:
  section, name = key.split('.')
  if name not in config[section]:
    raise UserError(f'config: {section} lacks the key {name!r}; configs are complete.')
  value, choices = config[section][name], _CHOICES[key]
  if not isinstance(value, str) or value not in choices:
    raise UserError(f'config.{key}: {value!r} is unknown{nearest(str(value), choices)}')
  return value


def _keys(
  where: str, section: ConfigDict, wanted: Collection[str], allowed: Collection[str] = ()
) -> None:
  allowed = list(dict.fromkeys(allowed or wanted))
  for key in section:
    if key not in allowed:
      raise UserError(f'config: {where} has no key {key!r}{nearest(key, allowed)}')
  for key in wanted:
    if key not in section:
      raise UserError(f'config: {where} lacks the key {key!r}; configs are complete.')


def _check_together(config: ConfigDict) -> None:
  """What two keys decide together."""
  drawing, rate = config.drawing, config.optimizer.learning_rate
  if config.schedule.name == 'plateau' and config.schedule.floor > rate:
    raise UserError(
      f'config.schedule.floor is {config.schedule.floor!r}; it must be at most the learning rate.'
    )
  if min(drawing.height, drawing.width) - 1 - 2 * drawing.margin <= 0:
    raise UserError(
      f'config.drawing.margin is {drawing.margin!r}; it must leave room in {drawing.height}x'
      f'{drawing.width} pixels.'
    )
  lowest = drawing.height - 1 - 4 * render.STAFF_SPACE
  if any(y > lowest for y in drawing.staff_lines):
    raise UserError(
      f'config.drawing.staff_lines is {drawing.staff_lines!r}; the first of five lines, '
      f'{render.STAFF_SPACE} apart, must be at {lowest} or above.'
    )
  if drawing.staff_lines and drawing.layout != 'centered':
    raise UserError(
      f'config.drawing.staff_lines need the layout centered, not {drawing.layout}: scaled symbols '
      'have no common staff.'
    )
  if config.augment.space != 'strokes':
    return
  if not (drawing.layout == 'scaled' and drawing.antialias):
    raise UserError(
      'config.augment.space=strokes draws in the layout scaled with antialias; choose these in '
      'config.drawing, or augment.space=pictures.'
    )
  if len(drawing.thickness) > 1:
    raise UserError(
      f'config.drawing.thickness is {drawing.thickness!r}; augment.space=strokes draws anew in '
      'every step, as thick as augment.thickness says: give one.'
    )


def _is_number(value: Any) -> bool:
  return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_whole(value: Any, least: int, below: float = math.inf) -> bool:
  return isinstance(value, int) and not isinstance(value, bool) and least <= value < below


def _is_range(value: Any) -> bool:
  return len(value) == 2 and all(map(_is_number, value)) and 0 < value[0] <= value[1] < math.inf


def _holds(is_valid: Callable[[Any], bool], value: Any) -> bool:
  try:
    return is_valid(value)
  except TypeError:  # A value of another type, which can't be compared.
    return False


def _one_of(known: Collection[str]) -> tuple[str, Callable[[Any], bool]]:
  return f'one of {", ".join(known)}', lambda value: value in known


_FLAG = ('True or False', lambda value: isinstance(value, bool))
# Steps are counted in 32 bits.
_COUNT = ('a whole number from 1 to a million', lambda value: _is_whole(value, 1, 10**6 + 1))
_SHARE = ('at least 0 and below 1', lambda value: 0 <= value < 1)
_INSIDE = ('between 0 and 1', lambda value: 0 < value < 1)
_ABOVE = ('above 0', lambda value: 0 < value < math.inf)
_AT_LEAST_0 = ('at least 0', lambda value: 0 <= value < math.inf)
_SIDE = ('a whole number from 1 to 4096', lambda value: _is_whole(value, 1, 4097))
_RANGE = ('a smallest and a largest number, above 0', _is_range)
_VALUES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
  'seed': ('a whole number of at least 0 and below 2^32', lambda value: _is_whole(value, 0, 2**32)),
  'epochs': _COUNT,
  'batch_size': _COUNT,
  'precision': _one_of(PRECISIONS),
  'average_decay': _SHARE,
  'stop_after': (
    'a whole number from 0 to a million',
    lambda value: _is_whole(value, 0, 10**6 + 1),
  ),
  'tested': _one_of(TESTED),
  'data.protocol': ('a name', lambda value: isinstance(value, str)),
  'data.allow_changed': _FLAG,
  'drawing.height': _SIDE,
  'drawing.width': _SIDE,
  'drawing.layout': _one_of(render.LAYOUTS),
  'drawing.thickness': (
    'a tuple of widths above 0 and up to 4096',
    lambda value: len(value) > 0 and all(_is_number(w) and 0 < w <= 4096 for w in value),
  ),
  'drawing.staff_lines': (
    'a tuple of whole numbers from 0 to 4096',
    lambda value: isinstance(value, tuple) and all(_is_whole(y, 0, 4097) for y in value),
  ),
  'drawing.margin': ('a whole number of at least 0', lambda value: _is_whole(value, 0)),
  'drawing.max_stretch': ('at least 1', lambda value: value >= 1),
  'drawing.max_zoom': ('at least 0.01', lambda value: value >= 0.01),
  'drawing.antialias': _FLAG,
  'augment.rotation': _AT_LEAST_0,
  'augment.zoom': _RANGE,
  'augment.shear': _AT_LEAST_0,
  'augment.shift': _AT_LEAST_0,
  'augment.thickness': _RANGE,
  'augment.stroke_zoom': _SHARE,
  'augment.stroke_shift': _AT_LEAST_0,
  'loss.label_smoothing': _SHARE,
  'loss.class_weights': _one_of(CLASS_WEIGHTS),
  'optimizer.learning_rate': _ABOVE,
  'optimizer.l2': _AT_LEAST_0,
  'optimizer.weight_decay': _AT_LEAST_0,
  'optimizer.b1': _SHARE,
  'optimizer.b2': _SHARE,
  'optimizer.rho': _SHARE,
  'optimizer.eps': _ABOVE,
  'optimizer.momentum': _SHARE,
  'schedule.warm_up': _INSIDE,
  'schedule.factor': _INSIDE,
  'schedule.patience': _COUNT,
  'schedule.floor': _AT_LEAST_0,
}
