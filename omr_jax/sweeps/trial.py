"""The program that trains the runs of one pack, started by a Ray worker; it ends with the worker.

  python -m omr_jax.sweeps.trial OUT PACK CORES TRAIN DATA_DIR RAW_DIR

It is a process of its own, so that a crash ends nothing else, and so that JAX starts anew with the
devices and settings that the runs need.
"""

import contextlib
import importlib
import os
import signal
import socket
import sys
import threading
from pathlib import Path

from omr_jax.errors import UserError, reason
from omr_jax.sweeps import folder
from omr_jax.sweeps.folder import Pack
from omr_jax.utils import locks, paths
from omr_jax.utils.interrupt import Interrupted

# Exit codes. OVER: each run is finished, or the reason why it cannot be is written down. STOPPED:
# the runs are saved and can be resumed.
OVER, STOPPED = 0, 3
# Seconds to wait for the end of an earlier program of the same pack, which has been killed.
_PATIENCE = 120


def main(arguments: list[str]) -> int:
  """Runs the program; returns its exit code."""
  out, name, cores, train, data_dir, raw_dir = arguments
  threading.Thread(target=_end_with_the_worker, daemon=True).start()
  pack = folder.named(Path(out), name)
  with contextlib.ExitStack() as stack:
    try:
      lock = pack.out / 'starts' / f'{name}.lock'
      message = f'{name} is still being trained by another process; wait until that ends.'
      stack.enter_context(folder.locked(lock, _PATIENCE, message))
      if folder.is_over(pack):
        return OVER
      stack.enter_context(_pinned(int(cores)))
      module, _, function = train.partition(':')
      getattr(importlib.import_module(module), function)(pack, data_dir, raw_dir or None)
    except UserError as error:
      print(f'\n{error}', file=sys.stderr)
      folder.fail_unfinished(pack, str(error))
    except Interrupted:
      return STOPPED
  return OVER


def train(pack: Pack, data_dir: str, raw_dir: str | None) -> None:
  """Trains a pack as `omr_jax.main` does, from the latest checkpoint if there is one."""
  from omr_jax.training import backend, loop

  configs = folder.configs(pack)
  if pack.is_alone:
    configs = {'': configs[pack.name]}
  backend.start(next(iter(configs.values())), len(configs))
  loop.train_all(configs, pack.name, pack.workdir, Path(data_dir), raw_dir)


def _end_with_the_worker() -> None:
  """Kills this process when the worker has ended, which closes standard input."""
  with contextlib.suppress(OSError):
    while os.read(0, 1024):
      pass
  os.kill(os.getpid(), signal.SIGKILL)


@contextlib.contextmanager
def _pinned(count: int):
  """Pins this process to `count` cores of its machine that no other program of a sweep uses.

  A core is taken by locking a file of the cache folder. The name of the file has the machine's and
  the user's, as several may share the folder.

  Raises:
    UserError: The cache folder cannot be written.
  """
  cores = sorted(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else []
  if count <= 0 or count >= len(cores):
    yield
    return
  place, chosen = paths.cache_dir() / 'cores', []
  with contextlib.ExitStack() as stack:
    for core in cores:
      path = place / f'{socket.gethostname()}-{os.getuid()}-{core}.lock'
      try:
        stack.enter_context(locks.held(path, seconds=0))
      except TimeoutError:
        continue
      except OSError as error:
        raise UserError(
          f'{place}: cannot be written ({reason(error)}); set $OMR_CACHE_DIR to your own folder.'
        ) from error
      chosen.append(core)
      if len(chosen) == count:
        break
    # If not enough cores are free, this process shares some with others.
    os.sched_setaffinity(0, chosen if len(chosen) == count else cores[-count:])
    yield


if __name__ == '__main__':
  sys.exit(main(sys.argv[1:]))
