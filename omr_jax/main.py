"""Trains a network as a config says, or resumes an interrupted run.

  python -m omr_jax.main --config homus --workdir runs/homus

Without --workdir the run is in a new folder runs/<config>-<time>. A list of numbers, such as
--config.seed=0,1,2, trains several networks in one program; each has a folder in the workdir. With
--distributed several processes train one network; launch/README.md shows how.
"""

import contextlib
import gc
import re
import time
from pathlib import Path

from absl import app, flags
from ml_collections import ConfigDict

from omr_jax.errors import UserError
from omr_jax.recipe import command_line

_DISTRIBUTED = flags.DEFINE_bool(
  'distributed', False, 'this is one of several processes that train one network'
)
_COORDINATOR = flags.DEFINE_string(
  'coordinator',
  None,
  'with --distributed, address:port of process 0; TPU pods, SLURM and Open MPI set this flag and '
  'the next two themselves',
)
_NUM_PROCESSES = flags.DEFINE_integer(
  'num_processes', None, 'with --distributed, the number of processes'
)
_PROCESS_ID = flags.DEFINE_integer(
  'process_id', None, 'with --distributed, the number of this process, from 0'
)
flags.adopt_module_key_flags(command_line)


def main(arguments: list[str]) -> None:
  """The command."""
  config, name = command_line.config(arguments)
  _check_distributed()
  workdir = command_line.workdir(f'runs/{name}-{time.strftime("%Y%m%d-%H%M%S")}')
  command_line.end(lambda: _train(config, name, workdir), workdir)


def _check_distributed() -> None:
  """Ends the program if the flags for several processes don't fit together."""
  explicit = [flag.name for flag in (_COORDINATOR, _NUM_PROCESSES, _PROCESS_ID) if flag.present]
  if explicit and not _DISTRIBUTED.value:
    command_line.refuse(f'--{explicit[0]} needs --distributed.')
  if explicit and len(explicit) < 3:
    command_line.refuse(
      'Give --coordinator, --num_processes and --process_id together, or none of them.'
    )
  address = _COORDINATOR.value
  if address is not None and not _is_address(address):
    command_line.refuse('--coordinator must be an address and a port, such as 10.0.0.1:1234.')
  number, count = _PROCESS_ID.value, _NUM_PROCESSES.value
  if count is not None and count < 1:
    command_line.refuse('--num_processes must be 1 or more.')
  if number is not None and count is not None and not 0 <= number < count:
    command_line.refuse(f'--process_id must be from 0 to {count - 1}, below --num_processes.')
  if _DISTRIBUTED.value and not command_line.has_workdir():
    command_line.refuse('--distributed needs a --workdir that all processes can reach.')


def _is_address(text: str) -> bool:
  """Whether a text is a name or address, in brackets if it has colons, and the number of a port."""
  parts = re.fullmatch(r'(?:\[[^\]\s]+\]|[^:/\s]+):(\d{1,9})', text)
  return parts is not None and 0 < int(parts[1]) < 2**16


def _train(config: ConfigDict, name: str, workdir: Path) -> None:
  configs = command_line.checked(config)
  data = command_line.data_folders()
  # What a training needs is imported only now, so that a wrong config is refused quickly.
  from omr_jax.training import backend, loop, processes

  if _DISTRIBUTED.value and len(configs) > 1:
    raise UserError('--distributed trains one network; give one value instead of a list.')
  backend.start(next(iter(configs.values())), len(configs), alone=not _DISTRIBUTED.value)
  with contextlib.ExitStack() as stack:
    if _DISTRIBUTED.value:
      others = _COORDINATOR.value, _NUM_PROCESSES.value, _PROCESS_ID.value
      stack.enter_context(processes.joined(*others))
    loop.train_all(configs, name, workdir, *data)


if __name__ == '__main__':
  # Until `loop.train_all` begins the first epoch. Importing and tracing make many objects and few
  # cycles of them; to look for these takes a tenth of the time.
  gc.disable()
  app.run(main, flags_parser=command_line.parse)
