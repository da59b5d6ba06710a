"""The members of a population: makes their configs from lists on a command line.

`--config.seed=0,1,2` trains three networks, `--config.optimizer.learning_rate=1e-3,1e-2` two. If
there are several lists, the first member has the first value of each, the second member the second
value of each, and so on. All members train in one compiled program, so only numbers of
`Hyperparameters` may be lists.
"""

import ast
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from ml_collections import ConfigDict

from omr_jax.errors import UserError
from omr_jax.utils.rules import is_number

# The keys that may be lists, by section; '' is the config itself. All keys of `camera` and
# `distortion` may be too.
_NUMBERS: Mapping[str, tuple[str, ...]] = {
  '': ('seed', 'average_decay'),
  'augment': (
    *('rotation', 'zoom', 'shear', 'shift', 'thickness', 'stroke_zoom', 'stroke_shift', 'bend'),
  ),
  'loss': ('label_smoothing',),
  'optimizer': ('learning_rate', 'l2', 'weight_decay', 'b1', 'b2', 'rho', 'eps', 'momentum'),
}
# A value of these keys is a pair of numbers, so a list for them is a list of pairs.
_PAIRS = ('augment.zoom', 'augment.thickness')
# A 0 leaves a part of the step out, so in a population either all members have 0 or none has.
_SWITCHES = ('average_decay', 'optimizer.l2')
_LONGEST = 200  # Characters of a name; file systems allow 255 bytes.


def take_lists(arguments: Sequence[str]) -> tuple[list[str], dict[str, tuple]]:
  """Takes the lists out of a command line and leaves the first value of each.

  Returns:
    The arguments with single values, and the lists by key, such as {'seed': (0, 1, 2)}.
  """
  left, lists = [], {}
  for argument in arguments:
    name, _, text = argument.partition('=')
    key = name.removeprefix('--config.')
    values = _list(key, text) if name.startswith('--config.') and _is_number(key) else None
    if values is not None:
      lists[key] = values
      argument = f'{name}={values[0]!r}'
    left.append(argument)
  return left, lists


def split(config: ConfigDict, lists: Mapping[str, tuple]) -> dict[str, ConfigDict]:
  """The config of each member by a name such as 'seed=0'; {'': config} without lists.

  Raises:
    UserError: Lists have different lengths, two members are equal, or only some members have a 0 of
      a number whose 0 leaves a part of the step out.
  """
  if not lists:
    return {'': config}
  lengths = {key: len(values) for key, values in lists.items()}
  if len(set(lengths.values())) > 1:
    said = ', '.join(f'config.{key} {length}' for key, length in lengths.items())
    raise UserError(
      f'lists must be equally long; these have {said} values. Give as many values in each.'
    )
  for key in _switches(lists):
    if 0 < sum(value == 0 for value in lists[key]) < len(lists[key]):
      raise UserError(
        f'config.{key} is 0 for some runs, which leaves out a part of the training step; start '
        'these runs by a command of their own.'
      )
  configs = {}
  for values in zip(*lists.values(), strict=True):
    member = config.copy_and_resolve_references()
    for key, value in zip(lists, values, strict=True):
      with member.unlocked():
        _set(member, key, _as(_get(config, key), value, key))
    name = ','.join(f'{key}={_text(_get(member, key))}' for key in lists)
    if name in configs:
      raise UserError(f'{name} is given twice; each run needs a value of its own.')
    if len(name) > _LONGEST:
      raise UserError(f'{name}: too long for the name of a folder; take fewer lists.')
    configs[name] = member
  return configs


def populations(configs: Mapping[str, ConfigDict], most: int) -> list[dict[str, ConfigDict]]:
  """Divides runs into groups that one program can train, in the order of their first runs.

  Args:
    configs: The configs of all runs, by name.
    most: The largest number of runs in a group.
  """
  groups: dict[str, list[dict[str, ConfigDict]]] = {}
  for name, config in configs.items():
    found = groups.setdefault(_kind(config), [{}])
    if len(found[-1]) == most:
      found.append({})
    found[-1][name] = config
  order = {name: place for place, name in enumerate(configs)}
  return sorted(itertools.chain(*groups.values()), key=lambda group: order[next(iter(group))])


def _kind(config: ConfigDict) -> str:
  """A text that is the same for all configs that can be members of one population."""
  kind = {}
  for section, content in config.to_dict().items():
    for name, value in (content if isinstance(content, dict) else {'': content}).items():
      key = f'{section}.{name}' if name else section
      if not _is_number(key):
        kind[key] = repr(value)
      elif _switches({key: ()}):
        kind[key] = value == 0
  return repr(sorted(kind.items()))


def _list(key: str, text: str) -> tuple | None:
  """The values of a list, or None if the text is not a list of numbers."""
  try:
    value = ast.literal_eval(text)
  except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
    return None  # The parser of the config's flags explains what is wrong.
  if not isinstance(value, tuple) or len(value) < 2:
    return None
  if key in _PAIRS:
    right = all(isinstance(each, tuple) and all(map(is_number, each)) for each in value)
  else:
    right = all(map(is_number, value))
  return value if right else None


def _as(before: Any, value: Any, key: str) -> Any:
  """A value of a list, as the type of the value that it replaces; -0.0 becomes 0.0."""
  if isinstance(before, float):
    return float(value) + 0.0
  if type(value) is not type(before):
    # Both are numbers or both are pairs (`_list`), so it is a number with a point.
    raise UserError(f'config.{key} is {value!r}; it must be a whole number.')
  return value


def _is_number(key: str) -> bool:
  section, _, name = key.rpartition('.')
  return section in ('camera', 'distortion') or name in _NUMBERS.get(section, ())


def _switches(lists: Mapping[str, tuple]) -> list[str]:
  return [key for key in lists if key in _SWITCHES or key.startswith('camera.')]


def _text(value: Any) -> str:
  if isinstance(value, tuple):
    return '-'.join(map(_text, value))
  return f'{value:g}' if isinstance(value, float) and float(f'{value:g}') == value else str(value)


def _get(config: ConfigDict, key: str) -> Any:
  section, _, name = key.rpartition('.')
  return (config[section] if section else config)[name]


def _set(config: ConfigDict, key: str, value: Any) -> None:
  section, _, name = key.rpartition('.')
  (config[section] if section else config)[name] = value
