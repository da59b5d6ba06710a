"""A sweep's folder, which alone says how far the sweep is: whoever dies, it is all there.

sweep.json          what the page said; another page is refused
packs/NAME.json     configs of the runs that one program trains, by name
runs/NAME/          workdir of a run alone, or runs/together_0/NAME/
logs/NAME.log       what the program has said
starts/NAME.jsonl   when and where it was started
errors/NAME.json    why a run can not be finished
sweep.csv, .html    results so far
"""

import contextlib
import fcntl
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from omr_jax.errors import UserError
from omr_jax.evaluation import history as metrics
from omr_jax.utils.files import read_json, write_file

if TYPE_CHECKING:  # What loads JAX, a program loads itself when it trains.
  from ml_collections import ConfigDict

  from omr_jax.sweeps.page import Sweep

_ANOTHER = 'choose another --out'


class Pack(NamedTuple):
  """The runs that one program trains.

  Attributes:
    out: Folder of the sweep.
    name: Of the runs' common folder.
    runs: Their names.
  """

  out: Path
  name: str
  runs: Sequence[str]

  @property
  def workdir(self) -> Path:
    """For `loop.train_all`."""
    return self.out / 'runs' / self.name

  @property
  def workdirs(self) -> dict[str, Path]:
    """Of each run."""
    if self.is_alone:
      return {self.name: self.workdir}
    return {run: self.workdir / run for run in self.runs}

  @property
  def is_alone(self) -> bool:
    """Whether it is one run, in a folder of its own name."""
    return list(self.runs) == [self.name]

  @property
  def log(self) -> Path:
    """What its programs have said."""
    return self.out / 'logs' / f'{self.name}.log'

  @property
  def starts(self) -> Path:
    """A line for each time it was started."""
    return self.out / 'starts' / f'{self.name}.jsonl'


def create(out: Path, sweep: 'Sweep') -> list[Pack]:
  """Makes the folder, or finds it again; gives the sweep's packs.

  Errors of an earlier start are forgotten: these runs are tried again.

  Raises:
    UserError: The folder is another sweep's, or can't be written.
  """
  said = {
    'name': sweep.name,
    'config': sweep.config,
    'runs': {name: dict(changes) for name, changes in sweep.overrides.items()},
    'packs': {name: list(configs) for name, configs in sweep.packs.items()},
  }
  said = json.loads(json.dumps(said))
  path = out / 'sweep.json'
  if path.exists() and read_json(path, _ANOTHER) != said:
    raise UserError(
      f'{path}: tells of another sweep, or of this one before its page was changed; {_ANOTHER}.'
    )
  if not path.exists() and out.exists() and any(path.name != '.lock' for path in out.iterdir()):
    raise UserError(f'{out}: is not empty and holds no sweep; {_ANOTHER}.')
  write_file(path, (json.dumps(said, indent=2) + '\n').encode())
  for name, configs in sweep.packs.items():
    content = {run: json.loads(config.to_json()) for run, config in configs.items()}
    write_file(out / 'packs' / f'{name}.json', json.dumps(content, indent=2).encode())
  for error in (out / 'errors').glob('*.json'):
    error.unlink()
  for name, words in sweep.wrong.items():
    fail(out, name, words)
  for folder in ('runs', 'logs', 'starts'):
    (out / folder).mkdir(exist_ok=True)
  return [Pack(out, name, list(configs)) for name, configs in sweep.packs.items()]


def configs(pack: Pack) -> dict[str, 'ConfigDict']:
  """Of the runs, by name."""
  from ml_collections import ConfigDict

  from omr_jax.training.trained import tuples

  found = read_json(pack.out / 'packs' / f'{pack.name}.json', 'start the sweep again')
  return {run: ConfigDict(tuples(config)).lock() for run, config in found.items()}


def fail(out: Path, run: str, words: str) -> None:
  """Writes down why a run can't be finished."""
  write_file(out / 'errors' / f'{run}.json', json.dumps({'error': words}).encode())


def error(out: Path, run: str) -> str | None:
  """Why a run can't be finished, or None."""
  path = out / 'errors' / f'{run}.json'
  return read_json(path, 'start the sweep again')['error'] if path.exists() else None


def is_over(pack: Pack) -> bool:
  """Whether all its runs are finished, or can't be."""
  return all(
    (workdir / 'summary.json').exists() or error(pack.out, run) is not None
    for run, workdir in pack.workdirs.items()
  )


def history(workdir: Path) -> list[dict]:
  """A run's epochs so far."""
  lines = []
  with contextlib.suppress(
    OSError, ValueError
  ):  # Of a run that has not begun, or writes right now.
    for text in (workdir / metrics.FILE).read_text().splitlines():
      lines.append(json.loads(text))
  return lines


def epochs_done(pack: Pack) -> int:
  """Of all its runs together."""
  return sum(len(history(workdir)) for workdir in pack.workdirs.values())


def starts(pack: Pack) -> list[dict]:
  """When and where it was started, as far as it was written down."""
  lines = []
  with contextlib.suppress(OSError, ValueError):
    for text in pack.starts.read_text().splitlines():
      lines.append(json.loads(text))
  return lines


def note_start(pack: Pack, facts: Mapping) -> None:
  """Writes down that it is started."""
  with pack.starts.open('a') as file:
    file.write(json.dumps({'time': round(time.time(), 1), **facts}) + '\n')


@contextlib.contextmanager
def locked(path: Path, seconds: float, words: str) -> Iterator[None]:
  """Holds a file's lock, which ends with this process, however that ends.

  Args:
    path: Of the file.
    seconds: To wait for another process.
    words: What to say of it.

  Raises:
    UserError: Another process still holds it, or it can't be written.
  """
  until = time.monotonic() + seconds
  try:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open('w')
  except OSError as error:
    raise UserError(f'{path.parent}: can not be written ({error.strerror}); {_ANOTHER}.') from error
  with file:
    while True:
      try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        break
      except BlockingIOError:
        if time.monotonic() > until:
          raise UserError(f'{path.parent}: {words}') from None
        time.sleep(0.1)
      except OSError:
        break  # A file system without locks.
    yield
