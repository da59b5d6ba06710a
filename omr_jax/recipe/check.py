"""The rules that a config has to keep, refused by the name of the key.

What a value may be by itself stands in `limits.py`.
"""

from collections.abc import Collection, Mapping

from ml_collections import ConfigDict

from omr_jax import models
from omr_jax.errors import UserError, nearest
from omr_jax.recipe import limits, optim
from omr_jax.tasks import task as tasks
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
# What a section's key may be, and the keys that go with each choice. Those of the others may stay,
# so that a command line can change the choice alone. A task adds those of `augment.space`.
_CHOICES = {
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
  sections, task = _sections(config), tasks.of_config(config)
  _keys('config', config, (*_TOP, *sections))
  for section in sections:
    if not isinstance(config[section], ConfigDict):
      raise UserError(f'config.{section} is {config[section]!r}; it must be a section.')
  chosen = {key: _chosen(config, key, choices) for key, choices in _choices(config).items()}
  for section, keys in sections.items():
    wanted, allowed = list(keys), list(keys)
    for key, choices in _choices(config).items():
      if key.startswith(f'{section}.'):
        # A network has defaults; all else is written in the config.
        wanted += choices[chosen[key]] if section != 'model' else ()
        allowed += sum(choices.values(), ())
    _keys(section, config[section], wanted, allowed)
  unread = unread_keys(config)
  for section in ('', *sections):
    for name, value in (config[section] if section else config).items():
      key = f'{section}.{name}' if section else name
      rule = task.recipe.limit(key) or limits.of(key)
      if rule is not None and key not in unread and not rules.holds(rule, value):
        raise UserError(f'config.{key} is {value!r}; it must be {rule[0]}.')
  _check_together(config)


def unread_keys(config: ConfigDict) -> set[str]:
  """Keys of choices that were not made, such as `schedule.warm_up` beside a plateau."""
  unread = tasks.of_config(config).recipe.unread(config)
  for key, choices in _choices(config).items():
    section, name = key.split('.')
    read = (*_SECTIONS[section], *choices[config[section][name]])
    unread |= {f'{section}.{other}' for other in config[section] if other not in read}
  return unread


def _choices(config: ConfigDict) -> Mapping[str, Mapping[str, Collection[str]]]:
  return {'augment.space': tasks.of_config(config).recipe.AUGMENTATIONS, **_CHOICES}


def _sections(config: ConfigDict) -> Mapping[str, tuple[str, ...]]:
  """All sections that the config must have, and the keys in them that are always read."""
  for section in ('data', 'augment'):
    if not isinstance(config.get(section), ConfigDict):
      raise UserError(f'config lacks the section {section!r}; configs are complete.')
  return {**tasks.of_config(config).recipe.sections(config), **_SECTIONS}


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
  rate = config.optimizer.learning_rate
  if config.schedule.name == 'plateau' and config.schedule.floor > rate:
    raise UserError(
      f'config.schedule.floor is {config.schedule.floor!r}; it must be at most the learning rate.'
    )
  tasks.of_config(config).recipe.check(config)
