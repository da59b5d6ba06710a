"""A run's folder: whose run it is, and whether it has ended."""

import json
from pathlib import Path

from ml_collections import ConfigDict

from omr_jax.errors import UserError
from omr_jax.finished_run import write_file

_DATA = 'data.json'


def is_finished(config: ConfigDict, workdir: Path) -> bool:
  """Whether the folder holds the end of this very run; a run of another config is refused."""
  try:
    written = _flat(json.loads((workdir / 'config.json').read_text()))
  except FileNotFoundError:
    return False
  except (OSError, ValueError, AttributeError) as error:
    raise UserError(
      f'{workdir}/config.json: unreadable ({error}); choose another workdir.'
    ) from error
  wanted = _flat(json.loads(config.to_json()))
  other = sorted(
    key for key in wanted.keys() | written.keys() if wanted.get(key) != written.get(key)
  )
  if other:
    raise UserError(
      f'{workdir}: holds a run of another config; these keys differ: {", ".join(other)}. Choose '
      'another workdir.'
    )
  return (workdir / 'summary.json').exists()


def claim(config: ConfigDict, workdir: Path, data_digest: str) -> None:
  """Makes the folder and writes into it the config and what the data is.

  Raises:
    UserError: It can't be written, or its run was trained on other data.
  """
  data = json.dumps({'digest': data_digest}).encode()
  try:
    workdir.mkdir(parents=True, exist_ok=True)
    other = (workdir / _DATA).exists() and (workdir / _DATA).read_bytes() != data
  except OSError as error:
    raise UserError(f'{workdir}: {error}; choose another workdir.') from error
  if other:
    raise UserError(f'{workdir}: holds a run on other data; choose another workdir.')
  write_file(workdir / _DATA, data)
  write_file(workdir / 'config.json', config.to_json_best_effort(indent=2).encode())


def _flat(tree: dict, prefix: str = '') -> dict:
  flat = {}
  for key, value in tree.items():
    flat |= _flat(value, f'{prefix}{key}.') if isinstance(value, dict) else {prefix + key: value}
  return flat
