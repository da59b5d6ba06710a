"""The rules that a config has to keep, refused by the name of the key."""

import inspect
import math
from collections.abc import Collection, Mapping
from typing import Any

from ml_collections import ConfigDict

from omr_jax import camera, models, optim, render, values
from omr_jax.errors import UserError, nearest
from omr_jax.values import ABOVE_0, AT_LEAST_0, CHANCE, FLAG, INSIDE, SHARE, Rule, one_of, whole
from tfds_builders.music_scores.groups import NUM_FOLDS

PRECISIONS = ('float32', 'bfloat16')
TESTED = ('best', 'last')
FEEDS = ('auto', 'resident', 'streamed')
CLASS_WEIGHTS = ('none', 'inverse_sqrt', 'balanced')
AUGMENTATIONS = {
  'none': (),
  'pictures': ('flip', 'rotation', 'zoom', 'shear', 'shift'),
  'strokes': (
    'rotation',
    'zoom',
    'shear',
    'shift',
    'thickness',
    'stroke_zoom',
    'stroke_shift',
    'bend',
  ),
  'crops': (
    *('rotation', 'zoom', 'shear', 'thickness', 'stroke_zoom', 'stroke_shift', 'bend'),
    *('around', 'staff', 'worn'),
  ),
  'camera': (),  # It has a section of its own.
}
# Of strokes, those that no network reads which reads no picture.
INK = ('shift', 'thickness')
SCHEDULES = {
  'constant': (),
  'one_cycle': ('warm_up',),
  'plateau': ('factor', 'patience', 'floor'),
}
# What there is to learn from: its own sections, and their keys.
DATASETS = {
  'homus': {
    'data': ('name', 'protocol', 'feed', 'allow_changed'),
    'drawing': tuple(render.Drawing.__dataclass_fields__),
  },
  'music_scores': {
    'data': ('name', 'protocol', 'feed', 'fold', 'hold_out', 'balance'),
    'picture': ('height', 'width', 'tiles', 'whole', 'papers', 'scenes'),
    'camera': tuple(inspect.signature(camera.look).parameters)[2:],
    'decision': ('false_positive_rate',),
  },
}
# Pictures have no strokes, and symbols no colours that a camera could see.
_SPACES = {
  'homus': ('none', 'pictures', 'strokes', 'crops'),
  'music_scores': ('none', 'pictures', 'camera'),
}
# Spaces in which every step draws, and the layouts in which it may.
_DRAWN_ANEW = {'strokes': ('scaled', 'centered'), 'crops': ('resized',)}
# The keys that are read whatever is chosen.
_SECTIONS = {
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
  sections = _sections(config)
  _keys('config', config, (*_TOP, *sections))
  for section in sections:
    if not isinstance(config[section], ConfigDict):
      raise UserError(f'config.{section} is {config[section]!r}; it must be a section.')
  _chosen(config, 'augment.space', _SPACES[config.data.name])
  chosen = {key: _chosen(config, key, choices) for key, choices in _CHOICES.items()}
  for section, keys in sections.items():
    wanted, allowed = list(keys), list(keys)
    for key, choices in _CHOICES.items():
      if key.startswith(f'{section}.'):
        # A network has defaults; all else is written in the config.
        wanted += choices[chosen[key]] if section != 'model' else ()
        allowed += sum(choices.values(), ())
    _keys(section, config[section], wanted, allowed)
  unread = unread_keys(config)
  for section in ('', *sections):
    for name, value in (config[section] if section else config).items():
      key = f'{section}.{name}' if section else name
      rule = _CAMERA[name] if section == 'camera' else _VALUES.get(key)
      if rule is not None and key not in unread and not values.holds(rule, value):
        raise UserError(f'config.{key} is {value!r}; it must be {rule[0]}.')
  _check_together(config)


def unread_keys(config: ConfigDict) -> set[str]:
  """Keys of choices that were not made, such as `schedule.warm_up` beside a plateau."""
  unread = set()
  for key, choices in _CHOICES.items():
    section, name = key.split('.')
    read = (*_SECTIONS[section], *choices[config[section][name]])
    unread |= {f'{section}.{other}' for other in config[section] if other not in read}
  if not models.reads_pictures(config.model.name):
    unread |= {f'augment.{other}' for other in INK}
  if 'drawing' in config and config.drawing.get('layout') == 'centered':
    unread |= {f'drawing.{other}' for other in render.OF_SCALING}
  if config.augment.space != 'camera':
    unread |= {f'camera.{other}' for other in config.get('camera', {})}
  return unread


def _sections(config: ConfigDict) -> Mapping[str, tuple[str, ...]]:
  """All sections that the config must have, and the keys in them that are always read."""
  for section in ('data', 'augment'):
    if not isinstance(config.get(section), ConfigDict):
      raise UserError(f'config lacks the section {section!r}; configs are complete.')
  sections = DATASETS[_chosen(config, 'data.name', DATASETS)] | _SECTIONS
  if 'camera' not in config and config.augment.get('space') != 'camera':
    return {name: keys for name, keys in sections.items() if name != 'camera'}
  return sections


def _chosen(config: ConfigDict, key: str, choices: Collection[str]) -> str:
  section, name = key.split('.')
  if name not in config[section]:
    raise UserError(f'config: {section} lacks the key {name!r}; configs are complete.')
  value = config[section][name]
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
  space, rate = config.augment.space, config.optimizer.learning_rate
  if config.schedule.name == 'plateau' and config.schedule.floor > rate:
    raise UserError(
      f'config.schedule.floor is {config.schedule.floor!r}; it must be at most the learning rate.'
    )
  if config.data.name == 'homus':
    _check_drawing(config.drawing, space)


def _check_drawing(drawing: ConfigDict, space: str) -> None:
  if drawing.layout != 'centered' and min(drawing.height, drawing.width) <= 1 + 2 * drawing.margin:
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
  if not drawing.thinned and drawing.layout != 'resized':
    raise UserError(
      f'config.drawing.thinned=False needs the layout resized, not {drawing.layout}: the others '
      'know no ink but lines.'
    )
  if drawing.thinned and space == 'crops':
    raise UserError(
      'config.augment.space=crops trains with ink of any width; add --config.drawing.thinned=False.'
    )
  layouts = _DRAWN_ANEW.get(space)
  if layouts is None:
    return
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


def _is_range(value: Any) -> bool:
  low, high = value
  return values.is_number(low) and values.is_number(high) and 0 < low <= high < math.inf


_RANGE = (
  'a smallest and a largest number, above 0',
  lambda value: len(value) == 2 and _is_range(value),
)
# Steps are counted in 32 bits.
_COUNT = whole(1, 10**6, 'a whole number from 1 to a million')
_SIDE = whole(1, 4096)
_VALUES: Mapping[str, Rule] = {
  'seed': whole(0, 2**32 - 1, 'a whole number of at least 0 and below 2^32'),
  'epochs': _COUNT,
  'batch_size': _COUNT,
  'precision': one_of(PRECISIONS),
  'average_decay': SHARE,
  'stop_after': whole(0, 10**6, 'a whole number from 0 to a million'),
  'tested': one_of(TESTED),
  'data.protocol': ('a name', lambda value: isinstance(value, str)),
  'data.feed': one_of(FEEDS),
  'data.allow_changed': FLAG,
  'data.fold': whole(0, NUM_FOLDS - 1),
  'data.hold_out': ("a source such as 'scores/desk', or ''", lambda value: isinstance(value, str)),
  'data.balance': CHANCE,
  'picture.height': _SIDE,
  'picture.width': _SIDE,
  'picture.tiles': whole(0, 8),
  'picture.whole': CHANCE,
  'picture.papers': whole(0, 1000),
  'picture.scenes': whole(0, 10_000),
  'decision.false_positive_rate': CHANCE,
  'drawing.height': _SIDE,
  'drawing.width': _SIDE,
  'drawing.layout': one_of(render.LAYOUTS),
  'drawing.thickness': (
    'a tuple of widths above 0 and up to 4096',
    lambda value: len(value) > 0 and all(values.is_number(w) and 0 < w <= 4096 for w in value),
  ),
  'drawing.staff_lines': (
    'a tuple of whole numbers from 0 to 4096',
    lambda value: isinstance(value, tuple) and all(values.is_whole(y, 0, 4096) for y in value),
  ),
  'drawing.margin': ('a whole number of at least 0', lambda value: values.is_whole(value, 0)),
  'drawing.max_stretch': ('at least 1', lambda value: value >= 1),
  'drawing.max_zoom': ('at least 0.01', lambda value: value >= 0.01),
  'drawing.antialias': FLAG,
  'drawing.thinned': FLAG,
  'augment.flip': FLAG,
  'augment.rotation': AT_LEAST_0,
  'augment.zoom': _RANGE,
  'augment.shear': AT_LEAST_0,
  'augment.shift': AT_LEAST_0,
  'augment.thickness': _RANGE,
  'augment.stroke_zoom': SHARE,
  'augment.stroke_shift': AT_LEAST_0,
  'augment.bend': SHARE,
  'augment.around': CHANCE,
  'augment.staff': CHANCE,
  'augment.worn': CHANCE,
  'loss.label_smoothing': SHARE,
  'loss.class_weights': one_of(CLASS_WEIGHTS),
  'optimizer.learning_rate': ABOVE_0,
  'optimizer.l2': AT_LEAST_0,
  'optimizer.weight_decay': AT_LEAST_0,
  'optimizer.b1': SHARE,
  'optimizer.b2': SHARE,
  'optimizer.rho': SHARE,
  'optimizer.eps': ABOVE_0,
  'optimizer.momentum': SHARE,
  'schedule.warm_up': INSIDE,
  'schedule.factor': INSIDE,
  'schedule.patience': _COUNT,
  'schedule.floor': AT_LEAST_0,
}
# Of `camera.look`: chances, and strengths that its tables and windows are made for.
_CAMERA: Mapping[str, Rule] = dict.fromkeys(DATASETS['music_scores']['camera'], CHANCE) | {
  'rotation': ('from 0 to 180 degrees', lambda value: 0 <= value <= 180),
  'smaller': ('from 0 to 3 octaves', lambda value: 0 <= value <= 3),
  'larger': ('from 0 to 3 octaves', lambda value: 0 <= value <= 3),
  'shift': ('from 0 to 2', lambda value: 0 <= value <= 2),
  'motion': ('from 0 to 5 pixels', lambda value: 0 <= value <= 5),
  'dark': ('from 0 to 5 octaves', lambda value: 0 <= value <= 5),
  'bright': ('from 0 to 5 octaves', lambda value: 0 <= value <= 5),
  'light': ('from 0 to 5 octaves', lambda value: 0 <= value <= 5),
  'white_balance': ('from 0 to 2 octaves', lambda value: 0 <= value <= 2),
  'perspective': ('from 0 to 0.5', lambda value: 0 <= value <= 0.5),
  'stretch': SHARE,
  'midtones': ('from 0 to 0.25', lambda value: 0 <= value <= 0.25),
  'noise': ('from 0 to 255', lambda value: 0 <= value <= 255),
  'jpeg': ('from 0 to 99', lambda value: 0 <= value <= 99),
}
