"""Checks a config; the message of a refusal names the key.

Some values are choices that decide which other keys are read: `optimizer.name=adam` reads
`optimizer.b1`, other optimizers do not. `limits.py` has the values that a single key may have.
"""

import itertools
from collections.abc import Collection, Mapping
from typing import Any

from ml_collections import ConfigDict

from omr_jax import models
from omr_jax.errors import UserError, nearest
from omr_jax.recipe import limits, optim
from omr_jax.tasks import task as tasks
from omr_jax.tasks.task import Task
from omr_jax.utils import rules

# The choices: by key and by its value, the keys of the same section that it reads. A task adds
# those of `augment.space`.
_CHOICES = {
  'model.name': {name: models.options(name) for name in models.NETWORKS},
  'optimizer.name': optim.ARGUMENTS,
  'schedule.name': optim.SCHEDULES,
}
_TOP = ('seed', 'epochs', 'batch_size', 'precision', 'average_decay', 'stop_after', 'tested')


def check_config(config: ConfigDict) -> None:
  """Refuses a config that no run can have.

  Keys that only other choices read are accepted, since pages and runs of earlier versions have
  them.

  Raises:
    UserError: A key is missing or unknown, or has a value that no run can have.
  """
  _check_sections(config)
  task = tasks.of_config(config)
  for key, choices in _choices(task).items():
    _refuse_unknown_choice(config, key, choices)
  read = read_keys(config)
  _refuse_missing(config, task, read)
  for key, value in flat(config).items():
    rule = _rule(task, key)
    if rule is not None and key in read:
      rules.refuse_unless(rule, value, f'config.{key}')
  _check_together(config)


def known_keys(task: Task) -> list[str]:
  """All keys that configs of a task may have, such as 'seed' and 'optimizer.rho'."""
  known = list(_TOP)
  for section, keys in _sections(task).items():
    of_choices = [c.values() for key, c in _choices(task).items() if key.startswith(f'{section}.')]
    names = itertools.chain(keys, *itertools.chain(*of_choices))
    known += [f'{section}.{name}' for name in dict.fromkeys(names)]
  return known


def choice_keys(task: Task) -> list[str]:
  """Those of `known_keys` that only some choices read, such as 'optimizer.rho'."""
  some = set(task.recipe.CONDITIONAL)
  for key, choices in _choices(task).items():
    some |= {f'{key.partition(".")[0]}.{name}' for name in itertools.chain(*choices.values())}
  return [key for key in known_keys(task) if key in some]


def read_keys(config: ConfigDict) -> dict[str, str]:
  """The keys that the config's choices read, and for each the choice that reads it.

  Returns:
    For example {'seed': '', 'schedule.warm_up': 'schedule.name=one_cycle'}. The value is '' for a
    key that is read whatever is chosen.
  """
  task = tasks.of_config(config)
  read = dict.fromkeys(_TOP, '')
  for section, names in _sections(task).items():
    read |= dict.fromkeys((f'{section}.{name}' for name in names), '')
  for key, choices in _choices(task).items():
    section, name = key.split('.')
    chosen = config[section][name]
    read |= dict.fromkeys((f'{section}.{other}' for other in choices[chosen]), f'{key}={chosen}')
  readers = task.recipe.conditions(config)
  read |= {key: reader for key, reader in readers.items() if key in read and reader is not None}
  return {key: reader for key, reader in read.items() if readers.get(key, '') is not None}


def unread_keys(config: ConfigDict) -> set[str]:
  """Keys of the config that its choices don't read.

  An example is `schedule.factor`, which only `plateau` reads, in a config with another schedule.
  """
  return flat(config).keys() - read_keys(config).keys()


def flat(config: ConfigDict | dict) -> dict[str, Any]:
  """The values of a config by key, such as 'seed' and 'optimizer.rho'."""
  values: dict[str, Any] = {}
  for key, value in config.items():
    if isinstance(value, ConfigDict | dict):
      values |= {f'{key}.{name}': each for name, each in value.items()}
    else:
      values[key] = value
  return values


def _sections(task: Task) -> Mapping[str, tuple[str, ...]]:
  """The sections of a config, each with the keys that are always read."""
  found = {
    **task.recipe.SECTIONS,
    'augment': ('space',),
    'model': ('name',),
    'loss': task.recipe.LOSS,
    'optimizer': ('name', 'learning_rate', 'l2'),
    'schedule': ('name',),
  }
  return {section: keys for section, keys in found.items() if keys}


def _choices(task: Task) -> Mapping[str, Mapping[str, Collection[str]]]:
  return {'augment.space': task.recipe.AUGMENTATIONS, **_CHOICES}


def _rule(task: Task, key: str) -> rules.Rule | None:
  return task.limits.LIMITS.get(key) or limits.of(key) or models.rule(key)


def _check_sections(config: ConfigDict) -> None:
  """Refuses missing sections, values in the place of a section, and unknown keys."""
  for section in ('data', 'augment'):
    if not isinstance(config.get(section), ConfigDict):
      raise UserError(f'config lacks the section {section!r}; configs are complete.')
  task = tasks.of_config(config)
  sections, known = _sections(task), [key.partition('.') for key in known_keys(task)]
  of_choices = {key.partition('.')[0] for key in task.recipe.CONDITIONAL}
  _refuse_unknown('config', config, (*_TOP, *sections))
  for section in sections:
    # A section may be missing if only some choices read it. If the config makes one of these,
    # `_refuse_missing` names the missing keys.
    if section not in config and not (section in of_choices and not _always(task, section)):
      raise UserError(f'config lacks the section {section!r}; configs are complete.')
    if section in config and not isinstance(config[section], ConfigDict):
      raise UserError(f'config.{section} is {config[section]!r}; it must be a section.')
  for section in sections.keys() & set(config):
    _refuse_unknown(section, config[section], [name for s, _, name in known if s == section])


def _always(task: Task, section: str) -> bool:
  """Whether some key of a section is read whatever is chosen."""
  of_choices = task.recipe.CONDITIONAL
  return any(f'{section}.{name}' not in of_choices for name in _sections(task)[section])


def _refuse_unknown(where: str, section: ConfigDict, known: Collection[str]) -> None:
  for key in section:
    if key not in known:
      raise UserError(f'config: {where} has no key {key!r}{nearest(key, known)}')


def _refuse_missing(config: ConfigDict, task: Task, read: Mapping[str, str]) -> None:
  """Refuses missing keys and names the flags that add them. Keys of networks have defaults."""
  present = flat(config)
  missing: dict[str, list[str]] = {}
  for key, reader in read.items():
    if key not in present and not reader.startswith('model.name='):
      missing.setdefault(reader, []).append(key)
  for reader, keys in missing.items():
    who = f'config.{reader}' if reader else 'every run'
    allowed = [(_rule(task, key) or ('value',))[0] for key in keys]
    flags = ' '.join(f'--config.{key}=<{words}>' for key, words in zip(keys, allowed, strict=True))
    raise UserError(f'{who} reads keys that the config lacks; add {flags}')


def _refuse_unknown_choice(config: ConfigDict, key: str, choices: Collection[str]) -> None:
  section, name = key.split('.')
  if name not in config[section]:
    raise UserError(f'config: {section} lacks the key {name!r}; configs are complete.')
  value = config[section][name]
  if not isinstance(value, str) or value not in choices:
    raise UserError(f'config.{key}: {value!r} is unknown{nearest(str(value), choices)}')


def _check_together(config: ConfigDict) -> None:
  """Refuses values that do not fit together."""
  models.create(config.model.name, 1, **models.arguments(config.model))
  rate = config.optimizer.learning_rate
  if config.schedule.name == 'plateau' and config.schedule.floor > rate:
    raise UserError(
      f'config.schedule.floor is {config.schedule.floor!r}; it must be at most the learning rate.'
    )
  tasks.of_config(config).recipe.check(config)
