"""A sweep on Ray: its machines, what a program gets of them, and the loop that waits."""

import contextlib
import logging
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence

import ray
from ray.exceptions import RayError, TaskCancelledError

from omr_jax.errors import UserError
from omr_jax.sweeps import worker
from omr_jax.sweeps.folder import Pack
from omr_jax.utils.interrupt import signals

_SECONDS_TO_STOP = 90


@contextlib.contextmanager
def connected(address: str | None) -> Iterator[None]:
  """Starts Ray on this machine, or joins a cluster that is there.

  Raises:
    UserError: There is no cluster at the address.
  """
  os.environ.setdefault('RAY_USAGE_STATS_ENABLED', '0')
  options = {'log_to_driver': False, 'logging_level': logging.ERROR, 'include_dashboard': False}
  if address is None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    options |= {'num_cpus': cores}
  else:
    options = {'log_to_driver': False, 'logging_level': logging.ERROR, 'address': address}
  try:
    ray.init(**options)
  except Exception as error:  # Ray raises almost anything, a bare Exception too.
    where = f'--address={address}' if address else 'Ray'
    raise UserError(
      f'{where}: does not start or answer ({str(error).splitlines()[0]}). A cluster begins with '
      '`ray start --head`; without --address this machine is enough. What was trained is kept.'
    ) from error
  try:
    yield
  finally:
    ray.shutdown()


def share(cpus: int | None, gpus: float | None) -> dict[str, float]:
  """What a program gets of a machine: as given, else a GPU, all chips of a TPU host, or all cores.

  Raises:
    UserError: No machine has so much.
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
    said = ', '.join(f'{n:g} {kind}' for kind, n in wanted.items())
    raise UserError(f'no machine of the cluster has {said} for a program; see --cpus and --gpus.')
  return wanted


def run(
  packs: Sequence[Pack],
  wanted: dict[str, float],
  train: str,
  data_dir: str,
  raw_dir: str,
  tell: Callable[[Sequence[Pack]], None],
) -> bool:
  """Trains all packs; returns whether all are over, False after Ctrl-C or SIGTERM.

  Ray starts a task again whose worker or machine has died; the program goes on from its checkpoint.

  Args:
    packs: Those that are not over.
    wanted: See `share`.
    train: See `worker.run`.
    data_dir: See there.
    raw_dir: See there.
    tell: Called again and again with the packs that are not over.

  Raises:
    UserError: Ray itself has ended.
  """
  session = f'{time.time():.3f}-{os.getpid()}'
  kinds = {kind: n for kind, n in wanted.items() if kind not in ('CPU', 'GPU')}
  task = ray.remote(
    num_cpus=wanted['CPU'], num_gpus=wanted.get('GPU', 0), resources=kinds, max_retries=-1
  )(worker.run)
  cores = 0 if len(wanted) > 1 else int(wanted['CPU'])
  with signals('saving what goes on ...') as is_stopped:
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
        tell(list(waiting.values()))
      if waiting:
        _stop(list(waiting))
      return not waiting
    except RayError as error:
      raise UserError(
        f'Ray has ended ({str(error).splitlines()[0]}); start the same command again, it goes on.'
      ) from error


def _stop(tasks: Sequence) -> None:
  """Has the programs save and end."""
  for one in tasks:
    ray.cancel(one)
  until = time.monotonic() + _SECONDS_TO_STOP
  for one in tasks:
    with contextlib.suppress(TaskCancelledError, RayError, TimeoutError):
      ray.get(one, timeout=max(0.1, until - time.monotonic()))
