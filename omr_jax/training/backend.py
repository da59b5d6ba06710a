"""Settings of JAX for the hardware that it runs on, each with the measurement behind it.

Measured on 2 shared cores (AMD EPYC, AVX-512), jax 0.10.2; see benchmarks/README.md.
"""

import ctypes
import math
import os
from functools import cache
from pathlib import Path

from omr_jax.utils import paths

# With fewer examples per device, waiting for the other devices costs more than they save.
_EXAMPLES = 8
# Numbers of the parameters of glibc's mallopt, from malloc.h.
_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8


def start(batch_size: int | None = None, members: int = 1, alone: bool = True) -> None:
  """Prepares JAX; commands call it before anything else uses JAX.

  Settings made by JAX's own environment variables stay as they are.

  Args:
    batch_size: Number of examples in a training step; None if the command does not train.
    members: Size of the population. The cores of a CPU first share the members, then each batch.
    alone: Whether this is the only process that trains the population.
  """
  import jax

  # With this cache a second start of the same config has nothing to compile.
  # (JAX adds the settings to `jax.config` when it is imported, unseen by type checkers.)
  cache = paths.cache_dir() / 'compiled'
  if jax.config.jax_compilation_cache_dir is None and _is_writable(cache):  # type: ignore[attr-defined]
    jax.config.update('jax_compilation_cache_dir', str(cache))
    jax.config.update('jax_persistent_cache_min_compile_time_secs', 0.0)
  if batch_size is None:
    return
  _keep_memory()
  # One device per core: XLA runs convolutions with 32 or 64 channels on a single core of a device,
  # and the rest of a step hardly uses a second one.
  chosen = 'host_platform_device_count' in os.environ.get('XLA_FLAGS', '')
  if jax.config.jax_num_cpu_devices == -1 and not chosen:  # type: ignore[attr-defined]
    # One device per process if there are several: how many of them share these cores is unknown.
    shared = cores() if alone else 1
    jax.config.update('jax_num_cpu_devices', cpu_devices(batch_size, members, shared))


def _is_writable(folder: Path) -> bool:
  """Whether a folder, which is made if need be, takes files. Else JAX warns at each program."""
  try:
    folder.mkdir(parents=True, exist_ok=True)
  except OSError:
    return False
  return os.access(folder, os.W_OK | os.X_OK)


def cpu_devices(batch_size: int, members: int, cores: int) -> int:
  """Number of devices that JAX makes of a CPU: the most that can share the work evenly."""

  def can_share(devices: int) -> bool:
    of_batch = devices // math.gcd(members, devices)
    return of_batch == 1 or (batch_size % of_batch == 0 and batch_size // of_batch >= _EXAMPLES)

  return max(filter(can_share, range(1, cores + 1)))


def takes_whole_epochs(platform: str) -> bool:
  """Whether one compiled call takes a whole epoch on this platform; else it takes one step.

  Inside a compiled loop XLA's convolutions for CPU use neither threads nor fast kernels, and a step
  takes 30 times as long (6.2 s against 0.2 s, preact_resnet11, batch 64).
  """
  return platform != 'cpu'


def for_one_call(platform: str) -> dict[str, int]:
  """Options of XLA for a function that is called once, so that compiling it takes most of its time.

  Without LLVM's optimizations the initialization of `homus.py` compiles on a CPU in 3.3 s of CPU
  time instead of 14.6. Its numbers stay the same to the last bit.
  """
  return {'xla_backend_optimization_level': 0} if platform == 'cpu' else {}


@cache
def for_training(platform: str) -> dict[str, str]:
  """Options of XLA for training steps.

  On CPU, jax 0.10 computes matrix products, sums and most convolutions by YNNPACK. Convolutions are
  left to Eigen here: YNNPACK's forward passes are up to 1.6 times as fast on large pictures and
  slower on small ones, but its gradients of kernels have a third to nine tenths of Eigen's speed.
  Together with kernel gradients in the usual form, a step of `vgg13` takes 0.83 of the CPU time,
  one of `preact_resnet11` 0.91, and one of `resnet25` 0.98 to 1.12.
  """
  if platform != 'cpu':
    return {}
  import jax

  kept = 'LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT,LIBRARY_FUSION_TYPE_REDUCE'
  options = {'xla_cpu_experimental_ynn_fusion_type': kept}
  try:
    jax.jit(lambda: 0, compiler_options=options)()
  except jax.errors.JaxRuntimeError:  # Another version of XLA, which has no such option.
    return {}
  return options


def cores() -> int:
  """Number of cores that this process may use."""
  if hasattr(os, 'sched_getaffinity'):
    return len(os.sched_getaffinity(0))
  return os.cpu_count() or 1


def threads() -> int:
  """Number of threads that share an operation on a CPU: $NPROC if it is set, else one per core.

  XLA reads these two. A limit of the CPU time, as containers have (`cpu.max`, `cfs_quota`), makes
  its threads slower, but neither their number nor the result changes.
  """
  try:
    return max(0, int(os.environ['NPROC']))
  except (KeyError, ValueError):
    return cores()


def _keep_memory() -> None:
  """Lets glibc keep the memory that a step frees, because the next step needs as much again.

  By default glibc returns it to the system and each step waits for new pages: 12 900 of them in 31
  of its 184 ms (`homus.py`), or 122 000 in 280 of 1 200 ms (`homus_paper.py:resnet`). Other C
  libraries are not touched.
  """
  try:
    mallopt = ctypes.CDLL(None).mallopt
  except (AttributeError, OSError, TypeError):
    return
  mallopt(_MMAP_MAX, 0)
  mallopt(_TRIM_THRESHOLD, 2**31 - 1)
  mallopt(_ARENA_MAX, 1)  # Only the first arena can hold blocks of more than 64 MiB.
