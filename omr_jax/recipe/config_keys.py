"""Adds and removes keys, so that a finished config has exactly those that its choices read.

The page of a config has only the keys that its own choices read. A command line or a sweep may make
other choices, which read other keys. So `extend` adds an empty place for every key that some other
choice reads. `finished` removes the places that stayed empty and the keys that are no longer read.
"""

import contextlib
import math
import operator
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from ml_collections import ConfigDict, config_dict

from omr_jax import models
from omr_jax.errors import UserError, nearest
from omr_jax.recipe import check
from omr_jax.tasks import task as tasks
from omr_jax.utils import rules

# Types of the keys that only some choices read. Those that are neither here nor in the `TYPES` of a
# task, nor a network's argument, are floats.
_TYPES = {
  'augment.flip': bool,
  'augment.zoom': tuple,
  'schedule.patience': int,
}
# What config.json and the page of a config can hold, besides whole numbers, tuples and lists.
_PLAIN: rules.Rule = (
  'a text, a number, True, False or a tuple of these',
  lambda value: value is None or type(value) in (str, float),
)
_PAGE = """from ml_collections import ConfigDict


def get_config() -> ConfigDict:
  config = ConfigDict()
{lines}
  return config.lock()
"""


def extend(config: ConfigDict) -> None:
  """Adds an empty place, None with a type, for each key that only other choices read.

  A config whose data set is unknown gets no places; `finished` refuses it.

  Raises:
    UserError: A value is neither a number nor text nor a tuple of these (`_make_plain`).
  """
  _make_plain(config)
  with config.unlocked():
    for key in _choice_keys(config):
      section, name = key.split('.')
      if section not in config:
        config[section] = ConfigDict()
      if isinstance(config[section], ConfigDict) and name not in config[section]:
        config[section][name] = config_dict.placeholder(type_of(key))


def finished(config: ConfigDict, given: Collection[str] = ()) -> ConfigDict:
  """The config of a run: checked, with exactly the keys that its choices read, and locked.

  Args:
    config: The config of a page, as a command line or a sweep has changed it.
    given: The keys that must be read, such as those on the command line.

  Raises:
    UserError: No run can have this config (`check.check_config`), or a key of `given` is not read.
  """
  config = config.copy_and_resolve_references().unlock()
  _make_plain(config)
  values = check.flat(config)
  _drop(config, [key for key in _choice_keys(config) if key in values and values[key] is None])
  check.check_config(config)
  unread = check.unread_keys(config)
  for key in sorted(unread & set(given)):
    raise UserError(f'config.{key} is not read by what the config chooses; leave it out.')
  _drop(config, unread)
  return config.lock()


def refuse_unknown(config: ConfigDict, key: str) -> None:
  """Refuses a key that a command line cannot set, and names the nearest that it can.

  Args:
    config: With places for the keys of all choices, as `extend` makes them.
    key: Such as 'optimizer.learning_rate'.

  Raises:
    UserError: There is no such key, or it is a section.
  """
  values, sections = check.flat(config), dict(config.items())
  if key in values:
    return
  section, _, name = key.rpartition('.')
  if isinstance(sections.get(key), ConfigDict):
    flags = ', '.join(f'--config.{key}.{name}' for name in sections[key])
    raise UserError(f'config.{key} is a section; give a value to one of its keys: {flags}.')
  in_section = ''
  if isinstance(sections.get(section), ConfigDict):
    in_section = f'config.{section} has no key {name!r}{nearest(name, list(sections[section]))}'
  # Written in another case; or nearly so in its section; or without its section, or with another;
  # or its initials, as in lr.
  found = [each for each in values if each.lower() == key.lower()]
  if not found and 'did you mean' not in in_section:
    found = [each for each in values if name.lower() in _short(each)]
  if found:
    raise UserError(f'there is no config.{key}: did you mean {" or ".join(map(repr, found))}?')
  if in_section:
    raise UserError(in_section)
  words = nearest(key, values)
  few = words if 'did you mean' in words else nearest(key, sections)
  raise UserError(f'there is no config.{key}{few}')


def _short(key: str) -> tuple[str, str]:
  """The name of a key without its section, and the initials of its words."""
  name = key.rpartition('.')[2]
  return name, ''.join(word[0] for word in name.split('_'))


def as_page(config: ConfigDict) -> str:
  """The source of a page that gives a finished config."""
  lines, before = [], ''
  for key in check.known_keys(tasks.of_config(config)):
    section, _, name = key.rpartition('.')
    content = config.get(section, {}) if section else config
    if name not in content:
      continue
    if section != before:
      lines += ['', f'  config.{section} = ConfigDict()']
    before = section
    lines.append(f'  config.{key} = {_literal(content[name])}')
  return _PAGE.format(lines='\n'.join(lines))


def type_of(key: str) -> type:
  """The type of a key that only some choices read."""
  section, _, name = key.partition('.')
  if section == 'model':
    return models.type_of(name)
  of_tasks = {key: kind for task in tasks.TASKS for key, kind in task.recipe.TYPES.items()}
  return (_TYPES | of_tasks).get(key, float)


def _choice_keys(config: ConfigDict) -> list[str]:
  """The result of `check.choice_keys`, or none if the config's data set is unknown."""
  try:
    return check.choice_keys(tasks.of_config(config))
  except UserError:
    return []


def _make_plain(config: ConfigDict) -> None:
  """Replaces NumPy's numbers by Python's, which flags can change and JSON and pages can hold.

  Raises:
    UserError: A value is of a type that JSON does not have, such as an array.
  """
  with config.unlocked():
    for key, value in check.flat(config).items():
      plain = _plain(value, f'config.{key}')
      if plain is not value:
        section, _, name = key.rpartition('.')
        place = config[section] if section else config
        # A link to another key stays, for that key may still be set; a finished config has none.
        if not isinstance(_fields(place)[name], config_dict.FieldReference):
          del place[name]  # With its type.
          place[name] = plain


def _fields(section: ConfigDict) -> dict[str, Any]:
  return dict(section.items(preserve_field_references=True))


def _plain(value: Any, key: str) -> Any:
  if isinstance(value, np.generic):
    value = value.item()
  if isinstance(value, tuple | list):
    parts = [_plain(each, key) for each in value]
    if all(map(operator.is_, parts, value)):
      return value
    return tuple(parts) if isinstance(value, tuple) else parts
  # Sections in sections, and whole numbers that are too large, are left to `check`.
  if not isinstance(value, Mapping | ConfigDict | int):
    rules.refuse_unless(_PLAIN, value, key)
  return value


def _literal(value: Any) -> str:
  is_infinite = isinstance(value, float) and math.isinf(value)
  return f"float('{value}')" if is_infinite else repr(value)


def _drop(config: ConfigDict, keys: Collection[str]) -> None:
  """Removes keys from their sections, and sections that are then empty."""
  for key in keys:
    section, _, name = key.partition('.')
    del config[section][name]
    if not len(config[section]):
      del config[section]


def read_values(config: Mapping[str, Any], but: Collection[str] = ()) -> dict[str, Any]:
  """The values of a run's config by key, without those that its choices do not read.

  The configs of runs of earlier versions have such keys. A config that is incomplete, for example
  because it was edited, is returned with all its keys.

  Args:
    config: The config of a run, as read from JSON.
    but: Keys to leave out, such as the key of the fold that is tested.
  """
  unread: Collection[str] = ()
  with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError, UserError):
    unread = check.unread_keys(ConfigDict(config))
  return {key: value for key, value in check.flat(config).items() if key not in {*unread, *but}}
