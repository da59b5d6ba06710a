"""Trains a network as a config says, or goes on with an interrupted run.

python -m omr_jax.main --config configs/homus.py --workdir runs/homus

A list of numbers, such as --config.seed=0,1,2, trains several networks as one program, each with a
folder in the workdir (`omr_jax.recipe.population`). With --distributed several processes train one
network (launch/README.md).
"""

import contextlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from absl import app, flags, logging
from ml_collections import ConfigDict, config_flags

from omr_jax.errors import UserError, answered
from omr_jax.recipe import population
from omr_jax.utils import paths
from omr_jax.utils.interrupt import Interrupted

_CONFIG = config_flags.DEFINE_config_file('config', None, 'Page of an experiment, see configs/.')
_PRINT_CONFIG = flags.DEFINE_bool(
  'print_config', False, 'Print the finished config as a page that gives it, and end.'
)
_WORKDIR = flags.DEFINE_string(
  'workdir',
  None,
  'Folder of the run; runs/<config>-<time> by default. An interrupted run in it goes on.',
)
_RAW_DIR = flags.DEFINE_string(
  'raw_dir', None, 'Folder with the raw data in it or one level below; $OMR_RAW_DIR by default.'
)
_DATA_DIR = flags.DEFINE_string(
  'data_dir', None, 'Folder of prepared data; $TFDS_DATA_DIR or ~/tensorflow_datasets by default.'
)
_DISTRIBUTED = flags.DEFINE_bool(
  'distributed', False, 'This is one of several processes that train one network.'
)
_COORDINATOR = flags.DEFINE_string(
  'coordinator',
  None,
  'Of --distributed: address:port of process 0. TPU pods, SLURM and Open MPI tell it and the '
  'next two by themselves.',
)
_NUM_PROCESSES = flags.DEFINE_integer('num_processes', None, 'Of --distributed: their number.')
_PROCESS_ID = flags.DEFINE_integer('process_id', None, 'Of --distributed: of this one, from 0.')

_lists: dict[str, tuple] = {}  # Of the command line, by key; flags have no lists of numbers.


def _read_page(path: str) -> ConfigDict:
  """Reads a page, with places for the keys that it lacks because only other choices read them."""
  from omr_jax.recipe import config_keys

  config = _read_plain_page(path)
  if isinstance(config, ConfigDict):
    config_keys.extend(config)
  return config


# The parsers of --config.KEY are made from the config that the parser of --config returns.
_read_plain_page = flags.FLAGS['config'].parser.parse
flags.FLAGS['config'].parser.parse = _read_page


def main(arguments: list[str]) -> None:
  """The command."""
  config, name = page(arguments)
  _check_distributed()
  workdir = Path(_WORKDIR.value or f'runs/{name}-{time.strftime("%Y%m%d-%H%M%S")}')
  end(lambda: _train(config, name, workdir), workdir)


def page(arguments: list[str]) -> tuple[ConfigDict, str]:
  """The config that the flags give, and a name for it; ends the program where there is none.

  With --print_config it is printed, and the program ends.
  """
  if len(arguments) > 1:
    sys.exit(f'Unknown argument {arguments[1]!r}; flags begin with --, see --help.')
  if _CONFIG.value is None:
    sys.exit('Say what to do with --config, for example --config configs/homus.py.')
  path, _, variant = config_flags.get_config_filename(flags.FLAGS['config']).partition(':')
  if not Path(path).is_file():
    sys.exit(f'{path!r}: there is no such config; configs/ has some.')
  if not isinstance(_CONFIG.value, ConfigDict):
    sys.exit(f'{path}: its get_config returns no ConfigDict.')
  if _PRINT_CONFIG.value:
    sys.exit(answered(lambda: _print_config(_CONFIG.value)))
  return _CONFIG.value, '-'.join(filter(None, (Path(path).stem, variant)))


def end(command: Callable[[], None], workdir: Path) -> NoReturn:
  """Runs a command that trains in a workdir, and ends the program with its exit code."""
  try:
    sys.exit(answered(command))
  except Interrupted:
    print(f'\nsaved; the same command with --workdir={workdir} goes on.', file=sys.stderr)
    sys.exit(1)


def _check_distributed() -> None:
  """Ends the program where the flags of several processes don't fit together."""
  explicit = [flag.name for flag in (_COORDINATOR, _NUM_PROCESSES, _PROCESS_ID) if flag.present]
  if explicit and not _DISTRIBUTED.value:
    _refuse(f'--{explicit[0]} needs --distributed.')
  if explicit and len(explicit) < 3:
    _refuse('Give --coordinator, --num_processes and --process_id together, or none of them.')
  if explicit and not 0 <= _PROCESS_ID.value < _NUM_PROCESSES.value:
    _refuse(f'--process_id must be from 0 to {_NUM_PROCESSES.value - 1}, below --num_processes.')
  if _DISTRIBUTED.value and _WORKDIR.value is None:
    _refuse('--distributed needs a --workdir that all processes can reach.')


def checked(config: ConfigDict) -> dict[str, ConfigDict]:
  """The finished config of each run by its name, see `population.split`.

  Raises:
    UserError: See there and `config_keys.finished`.
  """
  from omr_jax.recipe import config_keys

  configs = population.split(config, _lists)
  return {name: config_keys.finished(member, given()) for name, member in configs.items()}


def _print_config(config: ConfigDict) -> None:
  """Prints a page that gives the finished config; of several runs that of the first."""
  from omr_jax.recipe import config_keys

  (name, first), *others = checked(config).items()
  if others:
    print(f'# The config of {name}, the first of {len(others) + 1} runs that are one program.')
    print('# The others differ in what their names say:')
    print(*(f'#   {other}' for other, _ in others), sep='\n', end='\n\n')
  print(config_keys.as_page(first), end='')


def given() -> set[str]:
  """The keys of the config that the command line sets."""
  return set(config_flags.get_override_values(flags.FLAGS['config']))


def _train(config: ConfigDict, name: str, workdir: Path) -> None:
  configs = checked(config)
  # What a training needs is imported only now, so that a wrong config is answered soon.
  from omr_jax.training import backend, loop, processes

  if _DISTRIBUTED.value and len(configs) > 1:
    raise UserError('--distributed trains one network; give one value instead of a list.')
  backend.start(config.batch_size, len(configs), alone=not _DISTRIBUTED.value)
  with contextlib.ExitStack() as stack:
    if _DISTRIBUTED.value:
      others = _COORDINATOR.value, _NUM_PROCESSES.value, _PROCESS_ID.value
      stack.enter_context(processes.joined(*others))
    loop.train_all(configs, name, workdir, paths.data_dir(_DATA_DIR.value), _RAW_DIR.value)


def parse(arguments: list[str]) -> list[str]:
  """Reads the flags; what is wrong with them or with the config ends in one line.

  The config has the first value of each list; `_train` makes the others' configs.
  """
  arguments, lists = population.take_lists(arguments)
  _lists.update(lists)
  given = [name for name, equals, _ in (a.partition('=') for a in arguments) if equals]
  twice = [name for name in given if name.startswith('--config') and given.count(name) > 1]
  if twice:
    _refuse(f'{twice[0]} is given twice.')
  try:
    rest = flags.FLAGS(arguments)
  except Exception as error:  # A config's page is a program: it may raise anything.
    if error.args and isinstance(error.args[0], KeyError):  # What ml_collections wraps.
      error = error.args[0]
    text = str(error.args[0] if isinstance(error, KeyError) and error.args else error)
    if 'get_config() takes 0 positional' in text:
      text = 'This config has no variants: leave out what stands behind the colon.'
    # A page's own error comes with its traceback, and the last line says what is wrong.
    _refuse((text.strip() or type(error).__name__).splitlines()[-1].strip())
  if flags.FLAGS['verbosity'].using_default_value:
    flags.FLAGS.verbosity = logging.WARNING  # Else absl's app makes it INFO.
  return rest


def _refuse(words: str) -> NoReturn:
  print(f'{words}\nSee --help and configs/.', file=sys.stderr)
  sys.exit(2)


if __name__ == '__main__':
  app.run(main, flags_parser=parse)
