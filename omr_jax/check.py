"""The rules that a config has to keep, refused by the name of the key.

What a value may be by itself stands in `limits.py`.
"""

import inspect
from collections.abc import Collection, Mapping

from ml_collections import ConfigDict

from omr_jax import camera, limits, models, optim, render, values
from omr_jax.errors import UserError, nearest

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
      rule = limits.of(key)
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
