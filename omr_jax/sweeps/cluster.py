"""Runs the programs of a sweep on Ray: each program's share, and the loop that waits for them."""

import contextlib
import math
import os
import time
from collections.abc import Callable, Sequence

import ray
from ray.exceptions import RayError, RayTaskError, TaskCancelledError

from omr_jax.errors import UserError, lines
from omr_jax.sweeps import worker
from omr_jax.sweeps.folder import Pack
from omr_jax.utils.interrupt import signals

_SECONDS_TO_STOP = 90  # How long programs have to save when the sweep is stopped.


def share(cpus: int | None, gpus: float | None) -> dict[str, float]:
  """The resources that each program gets, in Ray's units (CPU, GPU, TPU).

  Args:
    cpus: Cores for each program; None for an equal share of a machine's cores.
    gpus: GPUs for each program. None for one GPU if there are any; on TPU hosts without GPUs a
      program gets all chips of a host. With `cpus` given, None means neither GPU nor TPU.

  Raises:
    UserError: No machine has these resources.
  """
  machines = [node['Resources'] for node in ray.nodes() if node['Alive']]
  least = min((m['CPU'] for m in machines if m.get('CPU')), default=0)
  found_gpus = max((m.get('GPU', 0) for m in machines), default=0)
  tpus = max((m.get('TPU', 0) for m in machines), default=0)
  wanted = {}
  if gpus is None:
    gpus = 1 if found_gpus and not cpus else 0
  if gpus:
    wanted['GPU'] = gpus
  elif tpus and not cpus:
    wanted['TPU'] = tpus
  if cpus is None:
    per_machine = found_gpus / gpus if gpus else 1
    cpus = max(1, math.floor(least / max(1, per_machine)))
  wanted['CPU'] = cpus
  if not any(all(m.get(kind, 0) >= n for kind, n in wanted.items()) for m in machines):
    raise UserError(
      f'no machine of the cluster has {in_words(wanted)} for a program; change --cpus or --gpus.'
    )
  return wanted


def in_words(wanted: dict[str, float]) -> str:
  """Resources as text, such as '1 GPU, 8 CPU'."""
  return ', '.join(f'{number:g} {kind}' for kind, number in wanted.items())


def run(
  packs: Sequence[Pack],
  wanted: dict[str, float],
  train: str,
  data_dir: str,
  raw_dir: str,
  show: Callable[[Sequence[Pack]], None],
) -> bool:
  """Trains packs; returns True when all are over (`folder.is_over`), False after an interruption.

  If a worker or its machine dies, Ray starts the task again and the program resumes from its
  checkpoint.

  Args:
    packs: The packs that are not over.
    wanted: The resources of each program, from `share`.
    train: Module and function that trains a pack, such as 'omr_jax.sweeps.trial:train'.
    data_dir: Folder of prepared data.
    raw_dir: Folder of raw data, '' for the default.
    show: Called repeatedly with the packs that are not over.

  Raises:
    UserError: Ray itself has stopped, or a worker could not write to the sweep's folder.
  """
  session = f'{time.time():.3f}-{os.getpid()}'
  kinds = {kind: n for kind, n in wanted.items() if kind not in ('CPU', 'GPU')}
  task = ray.remote(
    num_cpus=wanted['CPU'], num_gpus=wanted.get('GPU', 0), resources=kinds, max_retries=-1
  )(worker.run)
  cores = 0 if len(wanted) > 1 else int(wanted['CPU'])
  with signals('saving the runs in progress ...') as is_stopped:
    try:
      waiting = {
        task.options(name=pack.name).remote(pack, session, cores, train, data_dir, raw_dir): pack
        for pack in packs
      }
      while waiting and not is_stopped():
        over, _ = ray.wait(list(waiting), num_returns=len(waiting), timeout=0.5)
        for one in over:
          ray.get(one)
          del waiting[one]
        show(list(waiting.values()))
      if waiting:
        _stop(list(waiting))
      return not waiting
    except RayTaskError as error:  # Most often: a worker could not write to the sweep's folder.
      raise UserError(f'{error.cause}; start the same command again to resume.') from error
    except RayError as error:
      raise UserError(
        f'Ray has stopped ({lines(error)[0]}); start the same command again to resume.'
      ) from error


def _stop(tasks: Sequence) -> None:
  """Cancels tasks, upon which their programs save and end, and waits for them."""
  for one in tasks:
    ray.cancel(one)
  until = time.monotonic() + _SECONDS_TO_STOP
  for one in tasks:
    with contextlib.suppress(TaskCancelledError, RayError, TimeoutError):
      ray.get(one, timeout=max(0.1, until - time.monotonic()))
