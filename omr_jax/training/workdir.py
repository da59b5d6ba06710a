"""The workdir of a run: which config and data it belongs to, and whether the run is finished."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from omr_jax.errors import UserError
from omr_jax.evaluation import evaluation_file, history
from omr_jax.recipe import check
from omr_jax.tasks import task as tasks
from omr_jax.utils import locks
from omr_jax.utils.files import read_json, write_file

CHECKPOINTS = 'checkpoints'  # Folder of a run, or of a population that is still training.
_DATA = 'data.json'
_LOCK = '.lock'
_POPULATION = 'population.json'
_ANOTHER = 'choose another workdir'


def is_finished(config: ConfigDict, workdir: Path) -> bool:
  """Whether the folder holds the results of a run with this config: all of them, or none counts.

  Raises:
    UserError: It holds a run of another config, or one whose config is lost.
  """
  path = workdir / 'config.json'
  if not os.path.lexists(path):
    if (workdir / history.FILE).exists():
      raise UserError(f'{path}: is gone, so whose run it was is unknown; {_ANOTHER}.')
    return False
  if other := differing(config, read_json(path, _ANOTHER)):
    raise UserError(
      f'{workdir}: holds a run of another config; these keys differ: {", ".join(other)}. Choose '
      'another workdir.'
    )
  return (workdir / 'summary.json').exists() and (workdir / evaluation_file.FILE).exists()


def differing(config: ConfigDict, written: Mapping[str, Any]) -> list[str]:
  """The keys in which a config, as read from JSON, differs from that of a run."""
  before = check.flat(dict(written))
  wanted = check.flat(json.loads(config.to_json()))
  # Runs of earlier versions have written keys that only other choices read, too.
  unread = set(check.known_keys(tasks.of_config(config))) - check.read_keys(config).keys()
  keys = wanted.keys() | (before.keys() - unread)
  return sorted(key for key in keys if wanted.get(key) != before.get(key))


def refuse_unwritable(workdir: Path) -> None:
  """Raises UserError if the folder, or the nearest existing one above it, can't be written to."""
  above = next(folder for folder in (workdir, *workdir.absolute().parents) if folder.exists())
  if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
    raise UserError(f'{workdir}: cannot be written; {_ANOTHER}.')


@contextlib.contextmanager
def claim(
  runs: Mapping[Path, ConfigDict],
  data_digest: str,
  population: Path | None = None,
  raw_dir: str | None = None,
) -> Iterator[None]:
  """Makes the folders of runs, writes into them their configs and data, and locks them.

  Args:
    runs: The configs of the runs by folder.
    data_digest: Digest of the data that they train on.
    population: The folder that holds the folders of several runs; None for a run alone.
    raw_dir: The folder of the raw data, or several (`paths.folders`), for commands that need it
      again; None if the data was downloaded.

  Raises:
    UserError: A folder can't be written, holds a run on other data, or is locked by another
      process; or another process has finished the runs in the meantime.
  """
  with contextlib.ExitStack() as stack:
    for workdir in (*([population] if population else []), *runs):
      try:
        stack.enter_context(locks.held(workdir / _LOCK, seconds=0))
      except TimeoutError as error:
        raise UserError(
          f'{workdir}: another process is training there; wait until it ends, or {_ANOTHER}.'
        ) from error
      except OSError as error:
        raise UserError(f'{workdir}: {error}; {_ANOTHER}.') from error
    # Checked again: another process may have had the folders until now.
    for workdir in [population] if population else runs:
      refuse_other_population(workdir, [run.name for run in runs] if population else ())
    finished = [is_finished(config, workdir) for workdir, config in runs.items()]
    for workdir in runs:
      refuse_other_data(workdir, data_digest)
    if all(finished):
      raise UserError(
        f'{population or next(iter(runs))}: another process has just finished training there; the '
        'same command now shows the result.'
      )
    if population:
      names = [workdir.name for workdir in runs]
      write_file(population / _POPULATION, json.dumps({'runs': names}).encode())
    for workdir, config in runs.items():
      data = {'digest': data_digest, 'raw_dir': raw_dir}
      write_file(workdir / _DATA, json.dumps(data).encode())
      write_file(workdir / 'config.json', config.to_json(indent=2).encode())
    yield


def refuse_other_data(workdir: Path, digest: str) -> None:
  """Raises UserError if the folder holds a run on data of another digest."""
  path = workdir / _DATA
  if path.exists() and read_json(path, _ANOTHER).get('digest') != digest:
    raise UserError(f'{workdir}: holds a run on other data; {_ANOTHER}.')


def raw_dir(workdir: Path) -> str | None:
  """The folder of the raw data of a run, or several (`paths.folders`).

  None if it was downloaded, or is not written down.
  """
  path = workdir / _DATA
  found = read_json(path, _ANOTHER).get('raw_dir') if path.exists() else None
  return found if isinstance(found, str) else None


def refuse_other_population(workdir: Path, names: Sequence[str]) -> None:
  """Raises UserError if the folder belongs to another population, or a run alone to a population.

  Args:
    workdir: Folder of the population, or of a run alone.
    names: The names of the members' folders in it; empty for a run alone.
  """
  path = workdir / _POPULATION
  if path.exists() and read_json(path, _ANOTHER).get('runs') != list(names):
    raise UserError(f'{path}: lists other runs, or these in another order; {_ANOTHER}.')
  if names and not path.exists():
    for folder in (workdir, *(workdir / name for name in names)):
      if (folder / 'config.json').exists():
        raise UserError(f'{folder}: holds a run that was trained alone; {_ANOTHER}.')
  around = workdir.parent / _POPULATION
  # Once all are finished, nothing is shared any more, and one that was removed is trained alone.
  is_shared = around.exists() and (workdir.parent / CHECKPOINTS).exists()
  if not names and is_shared and workdir.name in read_json(around, _ANOTHER).get('runs', ()):
    raise UserError(
      f'{workdir}: belongs to a population that is still training; go on with {workdir.parent}.'
    )


def remove_shared_checkpoints(workdir: Path) -> None:
  """Deletes the shared checkpoints of a population whose runs are all finished.

  Each finished run has checkpoints of its own. The shared ones are still there if the population
  was killed after its last run had finished. They stay where they cannot be deleted, as in a folder
  that this user may only read.
  """
  shutil.rmtree(workdir / CHECKPOINTS, ignore_errors=True)
