"""The folder of a sweep. It holds the whole state of the sweep, so that any process may be killed.

sweep.json          the content of the page; the folder is refused for another page
packs/NAME.json     the configs of the runs that one program trains (a pack), by name of the run
runs/NAME/          the workdir of a run that is a pack alone, or runs/together_0/NAME/
logs/NAME.log       the output of the pack's programs
starts/NAME.jsonl   when and where the pack's programs were started
errors/NAME.json    why a run cannot be finished
sweep.csv, .html    the results so far
"""

import contextlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from omr_jax.errors import UserError
from omr_jax.evaluation.history import FILE as METRICS
from omr_jax.tasks import earlier
from omr_jax.tasks import task as tasks
from omr_jax.tasks.task import Task
from omr_jax.utils import locks
from omr_jax.utils.files import read_json, write_file

if TYPE_CHECKING:  # These load JAX, which only the programs that train need.
  from ml_collections import ConfigDict

  from omr_jax.sweeps.page import Sweep

_REMEDY = 'choose another --out'
_AGAIN = 'start the sweep again'


class Pack(NamedTuple):
  """The runs that one program trains together.

  Attributes:
    out: The sweep's folder.
    name: The name of the runs' common folder.
    runs: The names of the runs.
  """

  out: Path
  name: str
  runs: Sequence[str]

  @property
  def workdir(self) -> Path:
    """The common folder of the runs."""
    return self.out / 'runs' / self.name

  @property
  def workdirs(self) -> dict[str, Path]:
    """The folder of each run by its name."""
    if self.is_alone:
      return {self.name: self.workdir}
    return {run: self.workdir / run for run in self.runs}

  @property
  def is_alone(self) -> bool:
    """Whether the pack is a single run, which has the pack's name and folder."""
    return list(self.runs) == [self.name]

  @property
  def log(self) -> Path:
    """The file with the output of the pack's programs."""
    return self.out / 'logs' / f'{self.name}.log'

  @property
  def starts_file(self) -> Path:
    """The file with a line of JSON for each start of a program."""
    return self.out / 'starts' / f'{self.name}.jsonl'


def packs(out: Path, sweep: 'Sweep') -> list[Pack]:
  """The packs of a sweep whose folder is `out`."""
  return [Pack(out, name, list(configs)) for name, configs in sweep.packs.items()]


def is_of(out: Path, sweep: 'Sweep') -> bool:
  """Whether the folder holds this sweep.

  Raises:
    UserError: It holds another one, or this one with other configs.
  """
  path = out / 'sweep.json'
  if not path.exists():
    return False
  if read_json(path, _REMEDY) != _content(sweep):
    raise UserError(
      f'{path}: is of another sweep, or of this one before its page was changed; {_REMEDY}.'
    )
  _refuse_other_configs(out, sweep)
  return True


def create(out: Path, sweep: 'Sweep') -> list[Pack]:
  """Makes the folder of a sweep, or continues the one that is there; returns the sweep's packs.

  Errors of an earlier start are deleted, so that these runs are tried again.

  Raises:
    UserError: The folder belongs to another sweep, or cannot be written.
  """
  path = out / 'sweep.json'
  if not is_of(out, sweep) and out.exists() and any(path.name != '.lock' for path in out.iterdir()):
    raise UserError(f'{out}: is not empty and holds no sweep; {_REMEDY}.')
  write_file(path, (json.dumps(_content(sweep), indent=2) + '\n').encode())
  for pack in packs(out, sweep):
    if not (is_finished(pack) and _configs_file(pack).exists()):
      configs = sweep.packs[pack.name].items()
      of_pack = {run: json.loads(config.to_json()) for run, config in configs}
      write_file(_configs_file(pack), json.dumps(of_pack, indent=2).encode())
  with _writing(out):
    for error in (out / 'errors').glob('*.json'):
      error.unlink()
    for folder in ('runs', 'logs', 'starts'):
      (out / folder).mkdir(exist_ok=True)
  for name, message in sweep.wrong.items():
    fail(out, name, message)
  return packs(out, sweep)


def _configs_file(pack: Pack) -> Path:
  return pack.out / 'packs' / f'{pack.name}.json'


def _refuse_other_configs(out: Path, sweep: 'Sweep') -> None:
  """Raises a UserError where runs had other configs: the page of the base has changed."""
  from omr_jax.training import workdir

  for pack in packs(out, sweep):
    path = _configs_file(pack)
    if not path.exists():
      continue
    for run, before in read_json(path, _REMEDY).items():
      config = sweep.packs[pack.name][run]
      written = earlier.with_keys_of_today(before, tasks.of_config(config))
      if other := workdir.differing(config, written):
        raise UserError(
          f'{out}: has the run {run} with another config; these keys differ: {", ".join(other)}. '
          f'{_REMEDY.capitalize()}.'
        )


def _content(sweep: 'Sweep') -> dict[str, Any]:
  """What sweep.json says of a sweep."""
  content = {
    'name': sweep.name,
    'config': sweep.config,
    'runs': {name: dict(changes) for name, changes in sweep.overrides.items()},
    'packs': {name: list(configs) for name, configs in sweep.packs.items()},
  }
  found: dict[str, Any] = json.loads(json.dumps(content))  # With lists for tuples, as in the file.
  return found


def configs(pack: Pack) -> dict[str, 'ConfigDict']:
  """The config of each run of a pack by its name."""
  from ml_collections import ConfigDict

  from omr_jax.training.trained import tuples

  found = read_json(_configs_file(pack), _AGAIN)
  return {run: ConfigDict(tuples(config)).lock() for run, config in found.items()}


def task(out: Path) -> Task:
  """The task of a sweep, that of its first run."""
  name, runs = next(iter(read_content(out)['packs'].items()))
  configs = read_json(_configs_file(Pack(out, name, runs)), _AGAIN)
  return tasks.of_config(next(iter(configs.values())))


def read_content(out: Path) -> dict[str, Any]:
  """What sweep.json says: the sweep's `name`, `config`, `runs` and `packs`."""
  return read_json(out / 'sweep.json', _AGAIN)


def named(out: Path, name: str) -> Pack:
  """A pack of the sweep in a folder, whose page may be gone by now."""
  return Pack(out, name, list(read_json(out / 'packs' / f'{name}.json', _AGAIN)))


def fail(out: Path, run: str, message: str) -> None:
  """Notes that a run cannot be finished, and why."""
  write_file(out / 'errors' / f'{run}.json', json.dumps({'error': message}).encode())


def fail_unfinished(pack: Pack, message: str) -> None:
  """Notes that the runs of a pack that are not finished cannot be, and why."""
  for run, workdir in pack.workdirs.items():
    if not (workdir / 'summary.json').exists():
      fail(pack.out, run, message)


def error(out: Path, run: str) -> str | None:
  """Why a run cannot be finished, or None."""
  path = out / 'errors' / f'{run}.json'
  return read_json(path, _AGAIN)['error'] if path.exists() else None


def is_finished(pack: Pack) -> bool:
  """Whether each run of a pack is finished."""
  return all((workdir / 'summary.json').exists() for workdir in pack.workdirs.values())


def is_over(pack: Pack) -> bool:
  """Whether each run of a pack is finished or cannot be finished."""
  return all(
    (workdir / 'summary.json').exists() or error(pack.out, run) is not None
    for run, workdir in pack.workdirs.items()
  )


def history(workdir: Path) -> list[dict]:
  """The metrics of a run's epochs so far."""
  return _json_lines(workdir / METRICS)


def epochs_done(pack: Pack) -> int:
  """The number of epochs that the runs of a pack have finished, summed over the runs."""
  return sum(len(history(workdir)) for workdir in pack.workdirs.values())


def starts(pack: Pack) -> list[dict]:
  """When and where the programs of a pack were started."""
  return _json_lines(pack.starts_file)


def note_start(pack: Pack, facts: Mapping) -> None:
  """Notes that a program of a pack is started now."""
  line = json.dumps({'time': round(time.time(), 1), **facts}) + '\n'
  with _writing(pack.starts_file), pack.starts_file.open('a') as file:
    file.write(line)


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
  try:
    yield
  except OSError as error:
    raise UserError(f'{path}: cannot be written ({error.strerror}); make room.') from error


def _json_lines(path: Path) -> list[dict]:
  """The lines of a file before the first that cannot be read, as when it is being written."""
  lines = []
  with contextlib.suppress(OSError, ValueError):
    for text in path.read_text().splitlines():
      lines.append(json.loads(text))
  return lines


@contextlib.contextmanager
def locked(path: Path, seconds: float, message: str) -> Iterator[None]:
  """Holds the lock of a file, which the system releases when this process ends in any way.

  Args:
    path: The file.
    seconds: How long to wait for another process.
    message: What to say if another process still holds the lock then.

  Raises:
    UserError: Another process still holds the lock, or the file cannot be written.
  """
  with contextlib.ExitStack() as stack:
    try:
      stack.enter_context(locks.held(path, seconds))
    except TimeoutError:
      raise UserError(f'{path.parent}: {message}') from None
    except OSError as error:
      raise UserError(f'{path.parent}: cannot be written ({error.strerror}); {_REMEDY}.') from error
    yield
