"""Several processes that train one model, on one machine or many: what they tell each other.

Each has devices of its own, and all run the same program. The first one, process 0, decides what is
read from and written to the run's folder. Of a process alone everything here is what it would do
anyway.
"""

import contextlib
import faulthandler
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils

from omr_jax.errors import UserError

# A process that JAX hasn't heard of for so many seconds is gone; the others then stop.
_HEARTBEAT_S = 60
_LOST = (
  'another process has stopped or can not be reached, so this one stops too. The same command, '
  'started again in all of them, goes on from the last checkpoint; their number may be another.'
)


@contextlib.contextmanager
def joined(
  coordinator: str | None, num_processes: int | None, process_id: int | None
) -> Iterator[None]:
  """Makes this process one of several, before anything else is done with JAX's devices.

  Without arguments JAX finds the others by itself: on TPU pods, under SLURM and Open MPI. Where
  they can't go on together the process ends at once: JAX would wait for the others.

  Args:
    coordinator: Address and port of process 0, such as 10.0.0.1:1234.
    num_processes: How many there are.
    process_id: This one's number, from 0.

  Raises:
    UserError: The others can't be found or reached.
  """
  try:
    jax.distributed.initialize(
      coordinator, num_processes, process_id, heartbeat_timeout_seconds=_HEARTBEAT_S
    )
  except (ValueError, RuntimeError) as error:
    raise UserError(
      f'--distributed: the other processes are not found ({str(error).splitlines()[0]}). Start all '
      'of them; outside of TPU pods, SLURM and Open MPI give each one --coordinator, '
      '--num_processes and --process_id.'
    ) from error
  if not is_first():
    sys.stdout = open(os.devnull, 'w')  # noqa: SIM115 - for the whole program: the first one tells.
  with _last_words() as over:
    try:
      yield
    except UserError as error:
      over()
      print(f'\n{error}', file=sys.stderr, flush=True)
      os._exit(2)
    except (RuntimeError, ValueError, OSError) as error:
      if not is_loss(error):
        raise
      os._exit(1)


def is_loss(error: Exception) -> bool:
  """Whether an error tells that another process is gone; JAX and Orbax have no type for it."""
  return (
    jax.process_count() > 1
    and re.search(
      'gloo|nccl|barrier|coordination|heartbeat|unavailable|deadline', str(error), re.IGNORECASE
    )
    is not None
  )


@contextlib.contextmanager
def _last_words() -> Iterator[Callable[[], None]]:
  """Has `_LOST` said where this process ends before the function that it gives is called.

  JAX ends a process from within when process 0 is gone, and Python can't prevent it.
  """
  faulthandler.disable()  # Of such an end it would tell where each thread was.
  command = ['sh', '-c', 'trap "" INT TERM; read -r over || echo "$0" >&2', f'\n{_LOST}']
  waiting = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
  try:
    yield lambda: waiting.communicate('over\n')
  finally:
    if waiting.poll() is None:
      waiting.communicate('over\n')


def is_first() -> bool:
  """Whether this process writes and tells; True of one alone."""
  return jax.process_index() == 0


def first_says(function: Callable[[], Any]) -> Any:
  """What a function gives that only the first process calls, in all of them.

  Args:
    function: Gives what JSON can hold.

  Raises:
    UserError: In all processes, if the function raises it in the first.
  """
  if jax.process_count() == 1:
    return function()
  said = b''
  if is_first():
    try:
      said = json.dumps([function(), None]).encode()
    except UserError as error:
      said = json.dumps([None, str(error)]).encode()
  length = int(multihost_utils.broadcast_one_to_all(np.int32(len(said))))
  padded = np.frombuffer(said.ljust(length), np.uint8)[:length]
  value, error = json.loads(bytes(multihost_utils.broadcast_one_to_all(padded)))
  if error is not None:
    raise UserError(error)
  return value


def first_goes_before(function: Callable[[], Any]) -> Any:
  """Calls a function in the first process, then in the others, who find what it has prepared."""
  found = []
  first_says(lambda: found.append(function()))
  return found[0] if found else function()


def any_says(answer: bool) -> bool:
  """Whether any process gives True; all of them have to ask."""
  if jax.process_count() == 1:
    return answer
  return bool(np.any(multihost_utils.process_allgather(np.bool_(answer))))


def refuse_differences(facts: Mapping[str, str]) -> None:
  """UserError where a process has other facts than the first, such as another config.

  Args:
    facts: Words or digests by what they are of.
  """
  firsts = first_says(lambda: dict(facts))
  other = [name for name in facts if facts[name] != firsts[name]]
  if any_says(bool(other)):
    mine = f'{" and ".join(other)} of process {jax.process_index()} differ' if other else 'differ'
    raise UserError(
      f'--distributed: all processes need the same config and data; {mine} from the first one’s.'  # noqa: RUF001
    )
