"""Several runs as one program: a config with lists, and the runs that it stands for.

`--config.seed=0,1,2` are three runs, `--config.optimizer.learning_rate=1e-3,1e-2` two. Several
lists go side by side, the first values to the first run. Only numbers that an array can hold may be
lists: all runs of a population compile to one program.
"""

import ast
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ml_collections import ConfigDict

from omr_jax.errors import UserError
from omr_jax.utils.rules import is_number

# Those of each section, and those of the config itself. `camera` has strengths and chances only.
NUMBERS: Mapping[str, tuple[str, ...]] = {
  '': ('seed', 'average_decay'),
  'augment': (
    *('rotation', 'zoom', 'shear', 'shift', 'thickness', 'stroke_zoom', 'stroke_shift', 'bend'),
  ),
  'loss': ('label_smoothing',),
  'optimizer': ('learning_rate', 'l2', 'weight_decay', 'b1', 'b2', 'rho', 'eps', 'momentum'),
}
# Numbers that are themselves pairs.
_PAIRS = ('augment.zoom', 'augment.thickness')
# With 0 a part of the step is left out, so either all runs of a population have 0 or none.
_SWITCHES = ('average_decay', 'optimizer.l2')
_LONGEST = 200  # File systems allow 255 bytes.


def take_lists(arguments: Sequence[str]) -> tuple[list[str], dict[str, tuple]]:
  """Takes lists out of a command line; of each it leaves the first value.

  Returns:
    The arguments, and the values by key, such as {'seed': (0, 1, 2)}.
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
  """The config of each run by a name such as 'seed=0'; {'': config} where there are no lists.

  Raises:
    UserError: Lists of different lengths, with equal runs, or with 0 beside other values of a
      number that switches something off.
  """
  if not lists:
    return {'': config}
  lengths = {key: len(values) for key, values in lists.items()}
  if len(set(lengths.values())) > 1:
    said = ', '.join(f'config.{key} {length}' for key, length in lengths.items())
    raise UserError(f'lists go side by side, but here they have {said} values; make them as long.')
  for key in _switches(lists):
    if 0 < sum(value == 0 for value in lists[key]) < len(lists[key]):
      raise UserError(
        f'config.{key} is 0 for some runs, which leaves a part of the step out; start these apart.'
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


def together(configs: Mapping[str, ConfigDict], most: int) -> list[dict[str, ConfigDict]]:
  """Groups of runs, given by name, that can be populations; in the order of their first runs.

  Args:
    configs: Of all runs.
    most: Runs of a group.
  """
  groups: dict[str, list[dict[str, ConfigDict]]] = {}
  for name, config in configs.items():
    found = groups.setdefault(_kind(config), [{}])
    if len(found[-1]) == most:
      found.append({})
    found[-1][name] = config
  order = {name: place for place, name in enumerate(configs)}
  return sorted(itertools.chain(*groups.values()), key=lambda group: order[next(iter(group))])


def values(configs: Sequence[ConfigDict]) -> dict[str, np.ndarray]:
  """The numbers in which the configs differ, by key: [runs] or, of pairs, [runs, 2].

  The seeds are always among them, so that another seed is no other program.
  """
  keys = [f'{s}.{name}' if s else name for s, names in NUMBERS.items() for name in names]
  keys += [f'camera.{name}' for name in configs[0].get('camera', {})]
  found = {}
  for key in keys:
    given = [_get(config, key) for config in configs if _has(config, key)]
    if key == 'seed' or any(value != given[0] for value in given):
      found[key] = np.array(given, np.uint32 if key == 'seed' else np.float64)
  return found


def with_values(config: ConfigDict, numbers: Mapping[str, Any]) -> ConfigDict:
  """A copy of the config with other numbers, of any type, such as those that JAX traces."""
  changed = config.copy_and_resolve_references()
  with changed.unlocked(), changed.ignore_type():
    for key, value in numbers.items():
      _set(changed, key, (value[0], value[1]) if key in _PAIRS else value)
  return changed


def _kind(config: ConfigDict) -> str:
  """Equal for configs that differ only in numbers, with the same parts of a step left out."""
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
  """The values of a list, or None for a text that is none."""
  try:
    value = ast.literal_eval(text)
  except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
    return None  # The config's own parser has words for it.
  if not isinstance(value, tuple) or len(value) < 2:
    return None
  if key in _PAIRS:
    right = all(isinstance(each, tuple) and all(map(is_number, each)) for each in value)
  else:
    right = all(map(is_number, value))
  return value if right else None


def _as(before: Any, value: Any, key: str) -> Any:
  """A list's value with the type that the config has there; -0 is 0."""
  if isinstance(before, float):
    return float(value) + 0.0
  if type(value) is not type(before):
    raise UserError(f'config.{key} is {value!r}; it must be of type {type(before).__name__}.')
  return value


def _is_number(key: str) -> bool:
  section, _, name = key.rpartition('.')
  return section == 'camera' or name in NUMBERS.get(section, ())


def _switches(lists: Mapping[str, tuple]) -> list[str]:
  return [key for key in lists if key in _SWITCHES or key.startswith('camera.')]


def _text(value: Any) -> str:
  if isinstance(value, tuple):
    return '-'.join(map(_text, value))
  return f'{value:g}' if isinstance(value, float) and float(f'{value:g}') == value else str(value)


def _has(config: ConfigDict, key: str) -> bool:
  section, _, name = key.rpartition('.')
  return name in (config[section] if section else config)


def _get(config: ConfigDict, key: str) -> Any:
  section, _, name = key.rpartition('.')
  return (config[section] if section else config)[name]


def _set(config: ConfigDict, key: str, value: Any) -> None:
  section, _, name = key.rpartition('.')
  (config[section] if section else config)[name] = value
