"""A run's folder: whose run it is, whether it has ended, and how files get into it."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ml_collections import ConfigDict

from omr_jax.errors import UserError

_DATA = 'data.json'
_LOCK = '.lock'


def write_file(path: Path, content: bytes) -> None:
  """Write a file whole or not at all, and the folder around it. UserError where it can't be."""
  temporary = path.with_name(f'.{path.name}.tmp')
  try:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary.write_bytes(content)
    os.replace(temporary, path)
  except OSError as error:
    with contextlib.suppress(OSError):
      temporary.unlink()
    raise UserError(
      f'{path}: cannot be written ({error.strerror}); make room or give write permission, then '
      'run the same command again.'
    ) from error


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


@contextlib.contextmanager
def claim(config: ConfigDict, workdir: Path, data_digest: str) -> Iterator[None]:
  """Makes the folder, writes into it the config and what the data is, and keeps others out of it.

  Raises:
    UserError: It can't be written, its run was trained on other data, or another process is at it.
  """
  data = json.dumps({'digest': data_digest}).encode()
  try:
    workdir.mkdir(parents=True, exist_ok=True)
    lock = (workdir / _LOCK).open('w')
    other = (workdir / _DATA).exists() and (workdir / _DATA).read_bytes() != data
  except OSError as error:
    raise UserError(f'{workdir}: {error}; choose another workdir.') from error
  with lock:
    _lock(lock, workdir)
    if other:
      raise UserError(f'{workdir}: holds a run on other data; choose another workdir.')
    write_file(workdir / _DATA, data)
    write_file(workdir / 'config.json', config.to_json_best_effort(indent=2).encode())
    yield


def _lock(file: IO, workdir: Path) -> None:
  """Held until the file is closed or its process ends, however it ends."""
  try:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
  except BlockingIOError as error:
    raise UserError(
      f'{workdir}: another process is running it; wait for it, or choose another workdir.'
    ) from error
  except OSError:
    pass  # A file system without locks.


def _flat(tree: dict, prefix: str = '') -> dict:
  flat = {}
  for key, value in tree.items():
    flat |= _flat(value, f'{prefix}{key}.') if isinstance(value, dict) else {prefix + key: value}
  return flat
