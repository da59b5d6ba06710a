"""Several processes, on one machine or many, that train one network together.

All run the same program, each on devices of its own. The first one, process 0, alone reads and
writes the workdir, and tells the others what it has found. In a run of one process the functions of
this module simply call what they are given.
"""

import contextlib
import faulthandler
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils

from omr_jax.errors import UserError, lines

# If a process does not answer for so many seconds, JAX takes it for lost, and the others stop.
_HEARTBEAT_S = 60
_LOST = (
  'another process has stopped or cannot be reached, so this one stops too. The same command, '
  'started again in all processes, goes on from the last checkpoint; there may be more or fewer '
  'processes than before.'
)


@contextlib.contextmanager
def joined(
  coordinator: str | None, num_processes: int | None, process_id: int | None
) -> Iterator[None]:
  """Makes this process one of several. Call it before anything else uses JAX's devices.

  Without arguments JAX finds the other processes itself: on TPU pods, under SLURM and Open MPI. If
  the processes can't go on, this one ends at once, because JAX would wait for the others.

  Args:
    coordinator: Address and port of process 0, such as 10.0.0.1:1234.
    num_processes: Number of processes.
    process_id: Number of this process, from 0.

  Raises:
    UserError: The other processes can't be found or reached.
  """
  try:
    jax.distributed.initialize(
      coordinator, num_processes, process_id, heartbeat_timeout_seconds=_HEARTBEAT_S
    )
  except (ValueError, RuntimeError) as error:
    raise UserError(
      f'--distributed: the other processes are not found ({lines(error)[0]}). Start all '
      'of them; outside of TPU pods, SLURM and Open MPI give each one --coordinator, '
      '--num_processes and --process_id.'
    ) from error
  if not is_first():
    sys.stdout = open(os.devnull, 'w')  # noqa: SIM115 - closed by nobody: only process 0 prints.
  with _loss_explained() as no_loss:
    try:
      yield
    except UserError as error:
      no_loss()
      print(f'\n{error}', file=sys.stderr, flush=True)
      os._exit(2)
    except (RuntimeError, ValueError, OSError) as error:
      if not is_loss(error):
        raise
      os._exit(1)


def is_loss(error: Exception) -> bool:
  """Whether an error means that another process is lost; JAX and Orbax have no type for that."""
  return (
    jax.process_count() > 1
    and re.search(
      'gloo|nccl|barrier|coordination|heartbeat|unavailable|deadline', str(error), re.IGNORECASE
    )
    is not None
  )


@contextlib.contextmanager
def _loss_explained() -> Iterator[Callable[[], object]]:
  """Prints `_LOST` if this process ends inside the context, unless the yielded function is called.

  When process 0 is lost, JAX kills this process and Python can't prevent it. So another program
  waits for the end of this one and prints the message.
  """
  faulthandler.disable()  # Else Python prints where each thread was when JAX kills the process.
  command = ['sh', '-c', 'trap "" INT TERM; read -r over || echo "$0" >&2', f'\n{_LOST}']
  waiting = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
  try:
    yield lambda: waiting.communicate('over\n')
  finally:
    if waiting.poll() is None:
      waiting.communicate('over\n')


def is_first() -> bool:
  """Whether this process is the one that writes and prints; True if there is only one."""
  return jax.process_index() == 0


def on_first(function: Callable[[], Any]) -> Any:
  """Calls a function in the first process only and returns its result in all processes.

  Args:
    function: Returns something that JSON can hold.

  Raises:
    UserError: In all processes, if the function raises it in the first one.
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
  value, problem = json.loads(bytes(multihost_utils.broadcast_one_to_all(padded)))
  if problem is not None:
    raise UserError(problem)
  return value


def first_then_others(function: Callable[[], Any]) -> Any:
  """Calls a function in the first process and, once it is done, in the others.

  So the others find on the disk what the first one has prepared.
  """
  found = []
  on_first(lambda: found.append(function()))
  return found[0] if found else function()


def on_any(answer: bool) -> bool:
  """Whether `answer` is True in any process. All processes have to call this."""
  if jax.process_count() == 1:
    return answer
  return bool(np.any(multihost_utils.process_allgather(np.bool_(answer))))


def refuse_other(name: str, fact: str) -> None:
  """Raises UserError in all processes if one has another fact than the first.

  Args:
    name: What it is, such as 'config'.
    fact: A text or a digest.
  """
  is_other = fact != on_first(lambda: fact)
  if on_any(is_other):
    who = f'process {jax.process_index()} has other {name}' if is_other else 'some have others'
    raise UserError(
      f'--distributed: all processes need the same config and data; {who} than process 0.'
    )
