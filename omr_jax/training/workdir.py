"""A run's folder: whose run it is, and whether it has ended."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from ml_collections import ConfigDict

from omr_jax.errors import UserError
from omr_jax.evaluation import history
from omr_jax.recipe import check
from omr_jax.tasks import task as tasks
from omr_jax.utils.files import read_json, write_file

_DATA = 'data.json'
_LOCK = '.lock'
_POPULATION = 'population.json'
_ANOTHER = 'choose another workdir'


def is_finished(config: ConfigDict, workdir: Path) -> bool:
  """Whether the folder holds the end of this very run; a run of another config is refused."""
  path = workdir / 'config.json'
  if not os.path.lexists(path):
    if (workdir / history.FILE).exists():
      raise UserError(f'{path}: is gone, so whose run it was is unknown; {_ANOTHER}.')
    return False
  written = check.flat(read_json(path, _ANOTHER))
  wanted = check.flat(json.loads(config.to_json()))
  # Runs of earlier versions have written keys that only other choices read, too.
  unread = set(check.known_keys(tasks.of_config(config))) - check.read_keys(config).keys()
  keys = wanted.keys() | (written.keys() - unread)
  other = sorted(key for key in keys if wanted.get(key) != written.get(key))
  if other:
    raise UserError(
      f'{workdir}: holds a run of another config; these keys differ: {", ".join(other)}. Choose '
      'another workdir.'
    )
  return (workdir / 'summary.json').exists()


def refuse_unwritable(workdir: Path) -> None:
  """UserError where the folder, or the nearest that exists above it, can't be written into."""
  above = next(folder for folder in (workdir, *workdir.absolute().parents) if folder.exists())
  if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
    raise UserError(f'{workdir}: cannot be written; {_ANOTHER}.')


@contextlib.contextmanager
def claim(
  runs: Mapping[Path, ConfigDict], data_digest: str, population: Path | None = None
) -> Iterator[None]:
  """Makes the runs' folders, writes each one's config and data into it, and keeps others out.

  Args:
    runs: Their configs by folder.
    data_digest: What they are trained on.
    population: The folder around theirs, of several runs.

  Raises:
    UserError: A folder can't be written, its run was trained on other data, another process is at
      it, or all runs were finished by one meanwhile.
  """
  data = {'digest': data_digest}
  with contextlib.ExitStack() as locks:
    for workdir in (*([population] if population else []), *runs):
      try:
        workdir.mkdir(parents=True, exist_ok=True)
        lock = locks.enter_context((workdir / _LOCK).open('w'))
      except OSError as error:
        raise UserError(f'{workdir}: {error}; {_ANOTHER}.') from error
      _lock(lock, workdir)
    # Other processes may have been at them since this one has looked.
    for workdir in [population] if population else runs:
      refuse_other_population(workdir, [run.name for run in runs] if population else ())
    finished = [is_finished(config, workdir) for workdir, config in runs.items()]
    for workdir in runs:
      if (workdir / _DATA).exists() and read_json(workdir / _DATA, _ANOTHER) != data:
        raise UserError(f'{workdir}: holds a run on other data; {_ANOTHER}.')
    if all(finished):
      raise UserError(f'{workdir}: this run was finished meanwhile; start it again to see it.')
    if population:
      names = [workdir.name for workdir in runs]
      write_file(population / _POPULATION, json.dumps({'runs': names}).encode())
    for workdir, config in runs.items():
      write_file(workdir / _DATA, json.dumps(data).encode())
      write_file(workdir / 'config.json', config.to_json(indent=2).encode())
    yield


def refuse_other_population(workdir: Path, names: Sequence[str]) -> None:
  """UserError where the folder isn't this population's, or not that of a run alone.

  Args:
    workdir: Of the population, or of a run alone.
    names: Of the runs' folders in it, none for a run alone.
  """
  path = workdir / _POPULATION
  if path.exists() and read_json(path, _ANOTHER).get('runs') != list(names):
    raise UserError(f'{path}: tells of other runs, or of these in another order; {_ANOTHER}.')
  if names and not path.exists():
    for folder in (workdir, *(workdir / name for name in names)):
      if (folder / 'config.json').exists():
        raise UserError(f'{folder}: holds a run alone; {_ANOTHER}.')
  around = workdir.parent / _POPULATION
  if not names and around.exists() and workdir.name in read_json(around, _ANOTHER).get('runs', ()):
    raise UserError(f'{workdir}: is being trained with others; go on with {workdir.parent}.')


def _lock(file: IO, workdir: Path) -> None:
  """Held until the file is closed or its process ends, however it ends."""
  try:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
  except BlockingIOError as error:
    raise UserError(
      f'{workdir}: another process is running it; wait for it, or {_ANOTHER}.'
    ) from error
  except OSError:
    pass  # A file system without locks.
