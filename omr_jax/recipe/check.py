"""The rules that a config has to keep, refused by the name of the key.

What a value may be by itself stands in `limits.py`.
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

SCHEDULES = {
  'constant': (),
  'one_cycle': ('warm_up',),
  'plateau': ('factor', 'patience', 'floor'),
}
# The keys that are read whatever is chosen.
_SECTIONS = {
  'augment': ('space',),
  'model': ('name',),
  'loss': ('label_smoothing', 'class_weights'),
  'optimizer': ('name', 'learning_rate', 'l2'),
  'schedule': ('name',),
}
# Keys that name a choice, and the keys of the same section that each choice reads. A task adds
# those of `augment.space`.
_CHOICES = {
  'model.name': {name: network.func.options for name, network in models.NETWORKS.items()},
  'optimizer.name': optim.ARGUMENTS,
  'schedule.name': SCHEDULES,
}
_TOP = ('seed', 'epochs', 'batch_size', 'precision', 'average_decay', 'stop_after', 'tested')


def check_config(config: ConfigDict) -> None:
  """Refuses what no run can have, before anything is prepared.

  Keys that only other choices read may stay, since pages and runs of earlier versions have them.

  Raises:
    UserError: A key that is missing or unknown, or a value no run can have, by name. Arguments of
      the network are checked where it is made, by `models.create`.
  """
  _check_sections(config)
  task = tasks.of_config(config)
  for key, choices in _choices(task).items():
    _chosen(config, key, choices)
  read = read_keys(config)
  _refuse_missing(config, task, read)
  for key, value in flat(config).items():
    rule = _rule(task, key)
    if rule is not None and key in read:
      rules.refuse_unless(rule, value, f'config.{key}')
  _check_together(config)


def known_keys(task: Task) -> list[str]:
  """The keys that some choice of a task reads, such as 'seed' and 'optimizer.rho'."""
  known = list(_TOP)
  for section, keys in _sections(task).items():
    of_choices = [c.values() for key, c in _choices(task).items() if key.startswith(f'{section}.')]
    names = itertools.chain(keys, *itertools.chain(*of_choices))
    known += [f'{section}.{name}' for name in dict.fromkeys(names)]
  return known


def choice_keys(task: Task) -> list[str]:
  """Those of `known_keys` that only some choices read, such as 'optimizer.rho'."""
  some = set(task.recipe.OF_CHOICES)
  for key, choices in _choices(task).items():
    some |= {f'{key.partition(".")[0]}.{name}' for name in itertools.chain(*choices.values())}
  return [key for key in known_keys(task) if key in some]


def read_keys(config: ConfigDict) -> dict[str, str]:
  """The keys that the config's choices read, and for each the choice that reads it.

  Returns:
    Such as {'seed': '', 'schedule.warm_up': 'schedule.name=one_cycle'}; '' is any choice.
  """
  task = tasks.of_config(config)
  read = dict.fromkeys(_TOP, '')
  for section, names in _sections(task).items():
    read |= dict.fromkeys((f'{section}.{name}' for name in names), '')
  for key, choices in _choices(task).items():
    section, name = key.split('.')
    chosen = config[section][name]
    read |= dict.fromkeys((f'{section}.{other}' for other in choices[chosen]), f'{key}={chosen}')
  readers = task.recipe.readers(config)
  read |= {key: reader for key, reader in readers.items() if key in read and reader is not None}
  return {key: reader for key, reader in read.items() if readers.get(key, '') is not None}


def unread_keys(config: ConfigDict) -> set[str]:
  """Keys that the config has and its choices don't read, such as `schedule.factor` of plateau."""
  return flat(config).keys() - read_keys(config).keys()


def flat(config: ConfigDict | dict) -> dict[str, Any]:
  """The values of a config by key, such as 'seed' and 'optimizer.rho'."""
  values = {}
  for key, value in config.items():
    if isinstance(value, ConfigDict | dict):
      values |= {f'{key}.{name}': each for name, each in value.items()}
    else:
      values[key] = value
  return values


def _sections(task: Task) -> Mapping[str, tuple[str, ...]]:
  return {**task.recipe.SECTIONS, **_SECTIONS}


def _choices(task: Task) -> Mapping[str, Mapping[str, Collection[str]]]:
  return {'augment.space': task.recipe.AUGMENTATIONS, **_CHOICES}


def _rule(task: Task, key: str) -> rules.Rule | None:
  return task.recipe.limit(key) or limits.of(key)


def _check_sections(config: ConfigDict) -> None:
  """Refuses sections that are missing or none, and keys that no choice reads."""
  for section in ('data', 'augment'):
    if not isinstance(config.get(section), ConfigDict):
      raise UserError(f'config lacks the section {section!r}; configs are complete.')
  task = tasks.of_config(config)
  sections, known = _sections(task), [key.partition('.') for key in known_keys(task)]
  of_choices = {key.partition('.')[0] for key in task.recipe.OF_CHOICES}
  _refuse_unknown('config', config, (*_TOP, *sections))
  for section in sections:
    # Of a section that only some choices read, the keys are missing where one of these is made.
    if section not in config and not (section in of_choices and not _always(task, section)):
      raise UserError(f'config lacks the section {section!r}; configs are complete.')
    if section in config and not isinstance(config[section], ConfigDict):
      raise UserError(f'config.{section} is {config[section]!r}; it must be a section.')
  for section in sections.keys() & set(config):
    _refuse_unknown(section, config[section], [name for s, _, name in known if s == section])


def _always(task: Task, section: str) -> bool:
  """Whether every choice reads something of a section."""
  of_choices = task.recipe.OF_CHOICES
  return any(f'{section}.{name}' not in of_choices for name in _sections(task)[section])


def _refuse_unknown(where: str, section: ConfigDict, known: Collection[str]) -> None:
  for key in section:
    if key not in known:
      raise UserError(f'config: {where} has no key {key!r}{nearest(key, known)}')


def _allowed(task: Task, key: str) -> str:
  rule = _rule(task, key)
  return rule[0] if rule else 'value'


def _refuse_missing(config: ConfigDict, task: Task, read: Mapping[str, str]) -> None:
  """Names all missing keys of one choice, with the flags that add them; networks have defaults."""
  present, missing = flat(config), {}
  for key, reader in read.items():
    if key not in present and not reader.startswith('model.name='):
      missing.setdefault(reader, []).append(key)
  for reader, keys in missing.items():
    who = f'config.{reader}' if reader else 'every run'
    flags = ' '.join(f'--config.{key}=<{_allowed(task, key)}>' for key in keys)
    raise UserError(f'{who} reads keys that the config lacks; add {flags}')


def _chosen(config: ConfigDict, key: str, choices: Collection[str]) -> str:
  section, name = key.split('.')
  if name not in config[section]:
    raise UserError(f'config: {section} lacks the key {name!r}; configs are complete.')
  value = config[section][name]
  if not isinstance(value, str) or value not in choices:
    raise UserError(f'config.{key}: {value!r} is unknown{nearest(str(value), choices)}')
  return value


def _check_together(config: ConfigDict) -> None:
  """What two keys decide together."""
  rate = config.optimizer.learning_rate
  if config.schedule.name == 'plateau' and config.schedule.floor > rate:
    raise UserError(
      f'config.schedule.floor is {config.schedule.floor!r}; it must be at most the learning rate.'
    )
  tasks.of_config(config).recipe.check(config)
