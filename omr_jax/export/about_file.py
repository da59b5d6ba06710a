"""Reads what people must be told of a model and its run does not know: terms, use, limits, data.

Each task has words that fit all its models (`tasks.*.card`). A file in TOML, given by --about,
replaces them: it has some of KEYS, with values as in `model.json`. docs/export.md has an example.
"""

import tomllib
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from omr_jax.errors import UserError, nearest
from omr_jax.predict import model_schema
from omr_jax.predict.model_json import Described
from omr_jax.utils import rules
from omr_jax.utils.files import read_bytes

KEYS = ('use', 'limits', 'licence', 'training_data', 'figures')
_KEYS_OF_ROWS = {
  'training_data': ('source', 'examples', 'what', 'licence'),
  'figures': ('on', 'correct', 'n', 'examples', 'ap50', 'pages'),
}


def read(path: Path | None) -> dict[str, Any]:
  """The content of a file for --about; {} for None.

  Raises:
    UserError: The file can't be read, has other keys, or other values than `model.json` may have;
      a text is empty, or a source is there twice.
  """
  if path is None:
    return {}
  try:
    found = tomllib.loads(read_bytes(path).decode())
  except OSError as error:
    raise UserError(f'{path}: cannot be read ({error.strerror}); give another file.') from error
  except (ValueError, RecursionError) as error:
    raise UserError(f'{path}: cannot be read as TOML ({error}); correct it.') from error
  for key, value in found.items():
    if key not in KEYS:
      raise UserError(f'{path}: has no key {key!r}{nearest(key, KEYS)}')
    rules.refuse_unless(model_schema.FACTS[key], value, f'{path}: {key}')
    if value == '' or str(value).isspace():
      raise UserError(f'{path}: {key} is empty; write it, or leave the key out.')
    for row in value if key in _KEYS_OF_ROWS else ():
      _refuse_other_keys(row, _KEYS_OF_ROWS[key], f'{path}: {key}')
  names = Counter(row['source'] for row in found.get('training_data', ()))
  if twice := [name for name, count in names.items() if count > 1]:
    raise UserError(f'{path}: training_data: {twice[0]!r} is there twice; leave one out.')
  return found


def _refuse_other_keys(row: Mapping[str, Any], known: Collection[str], where: str) -> None:
  for key in row:
    if key not in known:
      raise UserError(f'{where} has no key {key!r}{nearest(key, known)}')


def facts(
  model: Described, told: Mapping[str, Any], train: Mapping[str, Any] | None
) -> dict[str, Any]:
  """The facts of `model.json` that no run knows.

  Args:
    model: The description of the network.
    told: The content of a file, from `read`.
    train: The training split, or None without the data. If it has an array `source`, the examples
      of each source are counted.

  Raises:
    UserError: The file names a source that the data lacks.
  """
  known = model.task.card.facts(model.facts, model.picture, model.reads)
  sources = {row['source']: row for row in known['training_data']}
  told_of = {row['source']: row for row in told.get('training_data', ())}
  if train is not None and 'source' in train:
    counts = Counter(model.task.card.row(str(source)) for source in train['source'])
    sources = {name: {'source': name, 'examples': counts[name]} for name in sorted(counts)}
  elif not told_of.keys() <= sources.keys():
    sources = {name: {} for name in told_of}  # They can't be counted.
  for name, row in told_of.items():
    if name not in sources:
      raise UserError(
        f'--about: training_data: no training example is from {name!r}{nearest(name, sources)}'
      )
    sources[name] = sources[name] | row
  return known | told | {'training_data': list(sources.values())}
