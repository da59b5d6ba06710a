"""Reads and checks a sweep's page: the config of every run, and which runs one program trains."""

import importlib.util
import itertools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ml_collections import ConfigDict

from omr_jax.errors import UserError, lines, nearest
from omr_jax.recipe import config_keys, members, pages
from omr_jax.utils import paths

# Names of runs, which become names of folders on any file system and words in any shell.
_NAME = re.compile(r'[\w.=,+-]{1,200}')
_LIKE = f'write it like {pages.find("quick", pages.SWEEPS)}'


class Sweep(NamedTuple):
  """The content of a sweep's page.

  Attributes:
    name: The name of the page.
    config: Path of the page of the config, with its variant.
    overrides: By the name of each run its overrides of the config, by key.
    configs: By name the config of each run whose config is valid.
    wrong: By name the error in the config of each other run.
    packs: The configs of the valid runs, grouped by the programs that train them, by the name of
      the group's folder: a single run gives it its own name, a group is 'together_0' and so on.
  """

  name: str
  config: str
  overrides: Mapping[str, Mapping[str, Any]]
  configs: Mapping[str, ConfigDict]
  wrong: Mapping[str, str]
  packs: Mapping[str, Mapping[str, ConfigDict]]


@pages.from_text()
def read(path: str) -> Sweep:
  """Reads a page, given by its path or name, which has CONFIG, TOGETHER and get_sweep().

  A run may override keys that its other choices leave unread, as randomly drawn runs do. Such keys
  are left out of its config.

  Raises:
    UserError: The file is no such page, a key in it is unknown, the name of a run cannot be that of
      a folder, or none of its runs has a valid config.
  """
  page = _module(pages.find(path, pages.SWEEPS))
  for name in ('CONFIG', 'TOGETHER', 'get_sweep'):
    if not hasattr(page, name):
      raise UserError(f'{path}: lacks {name}; {_LIKE}.')
  if not isinstance(page.TOGETHER, int) or page.TOGETHER < 1:
    raise UserError(
      f'{path}: TOGETHER is {page.TOGETHER!r}; it must be a number of runs, 1 or more.'
    )
  if not isinstance(page.CONFIG, str):
    raise UserError(f'{path}: CONFIG is {page.CONFIG!r}; it must be the path of a config.')
  with pages.failures_named(path):
    overrides = page.get_sweep()
  if not isinstance(overrides, dict) or not overrides:
    raise UserError(f'{path}: get_sweep() gives no runs; it must give overrides by name.')
  base = _base(page.CONFIG)
  configs, wrong = {}, {}
  for name, changes in overrides.items():
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name.startswith('.'):
      raise UserError(
        f'{path}: {name!r} cannot name a run; take up to 200 letters, digits and _ . = , + -'
      )
    factors = [part.partition('=')[0] for part in name.split(',') if '=' in part]
    if len(set(factors)) < len(factors):
      raise UserError(f'{path}: {name!r} gives a factor twice; name its parts differently.')
    config = _changed(base, changes, f'{path}: {name}')
    try:
      configs[name] = config_keys.finished(config)
    except UserError as error:
      wrong[name] = str(error)
  first_of: dict[str, str] = {}
  for name, config in configs.items():
    first = first_of.setdefault(config.to_json(sort_keys=True), name)
    if first != name:
      raise UserError(f'{path}: {first} and {name} are the same run; leave one out.')
  if not configs:
    raise UserError(f'{path}: none of its runs can be run. {next(iter(wrong.values()))}')
  return Sweep(
    Path(path).stem, page.CONFIG, overrides, configs, wrong, _packs(configs, page.TOGETHER)
  )


def _packs(configs: Mapping[str, ConfigDict], most: int) -> dict[str, dict[str, ConfigDict]]:
  packs: dict[str, dict[str, ConfigDict]] = {}
  for group in members.populations(configs, most):
    folder = next(iter(group)) if len(group) == 1 else _free_name(packs, configs)
    packs[folder] = group
  return packs


def _free_name(packs: Mapping[str, Any], configs: Mapping[str, Any]) -> str:
  """A name for the folder of the next group, which no run has."""
  names = (f'together_{number}' for number in itertools.count(len(packs)))
  return next(name for name in names if name not in packs and name not in configs)


def _base(named: str) -> ConfigDict:
  path, _, variant = named.partition(':')
  page = _module(pages.find(paths.expanded(path)))
  with pages.failures_named(path):
    base = page.get_config(*([variant] if variant else []))
  if not isinstance(base, ConfigDict):
    raise UserError(f'{path}: its get_config returns no ConfigDict.')
  return base


def _changed(base: ConfigDict, changes: Mapping[str, Any], where: str) -> ConfigDict:
  if not isinstance(changes, Mapping) or not all(isinstance(key, str) for key in changes):
    raise UserError(f'{where}: its overrides must be a dict with keys of the config.')
  config = base.copy_and_resolve_references()
  config_keys.extend(config)
  for key, value in changes.items():
    *sections, name = key.split('.')
    section = config
    for part in (*sections, name):
      if not isinstance(section, ConfigDict) or part not in section:
        known = section if isinstance(section, ConfigDict) else ()
        raise UserError(f'{where}: there is no config.{key}{nearest(part, list(known))}')
      parent, section = section, section[part]
    try:
      parent[name] = value
    except (TypeError, ValueError) as error:
      raise UserError(f'{where}: config.{key} cannot be {value!r}: {lines(error)[0]}') from error
  return config


def _module(path: str) -> Any:
  spec = importlib.util.spec_from_file_location(f'page_{Path(path).stem}', path)
  if spec is None or spec.loader is None:
    raise UserError(f'{path!r}: is no Python file; give a page whose name ends in .py.')
  module = importlib.util.module_from_spec(spec)
  with pages.failures_named(path):
    spec.loader.exec_module(module)
  return module
