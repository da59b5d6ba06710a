"""What is chosen for the hardware at hand, each choice with the measurement behind it.

Measured on 2 shared cores (AMD EPYC, AVX-512), jax 0.10.2; see benchmarks/README.md.
"""

import ctypes
import math
import os

from omr_jax.utils import paths

# Fewer examples a device than this are not worth its waiting for the others.
_EXAMPLES = 8
# Parameters of glibc's mallopt, as malloc.h numbers them.
_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8


def start(batch_size: int | None = None, members: int = 1, alone: bool = True) -> None:
  """Makes JAX ready; to be called by a command before it does anything else with JAX.

  What a person has set by JAX's own variables stays.

  Args:
    batch_size: Of a training, whose batches are split over the CPU's cores; None for other work.
    members: Runs that are trained together, which the cores take before they split batches.
    alone: Whether no other processes train the same network.
  """
  import jax

  # A second start of the same config compiles nothing.
  if jax.config.jax_compilation_cache_dir is None:
    jax.config.update('jax_compilation_cache_dir', str(paths.cache_dir() / 'compiled'))
    jax.config.update('jax_persistent_cache_min_compile_time_secs', 0.0)
  if batch_size is None:
    return
  _keep_memory()
  # A device for each core: XLA's convolutions with 32 or 64 channels run on one core only, however
  # many there are, and what else a step does hardly uses a second one.
  chosen = 'host_platform_device_count' in os.environ.get('XLA_FLAGS', '')
  if jax.config.jax_num_cpu_devices == -1 and not chosen:
    # Of several processes each is one device: how many share the cores isn't known.
    cores = _cores() if alone else 1
    jax.config.update('jax_num_cpu_devices', cpu_devices(batch_size, members, cores))


def cpu_devices(batch_size: int, members: int, cores: int) -> int:
  """How many devices a CPU is to JAX: one for each core, as far as the work can be shared out."""

  def can_share(devices: int) -> bool:
    of_batch = devices // math.gcd(members, devices)
    return of_batch == 1 or (batch_size % of_batch == 0 and batch_size // of_batch >= _EXAMPLES)

  return max(filter(can_share, range(1, cores + 1)))


def takes_whole_epochs(platform: str) -> bool:
  """Whether an epoch is one compiled call there, rather than a step.

  Inside a loop XLA compiles convolutions for CPU without its threads and fast kernels: 30 times
  slower a step (6.2 s against 0.2 s, preact_resnet11, batch 64).
  """
  return platform != 'cpu'


def _cores() -> int:
  """Those that this process may use."""
  if hasattr(os, 'sched_getaffinity'):
    return len(os.sched_getaffinity(0))
  return os.cpu_count() or 1


def _keep_memory() -> None:
  """Lets glibc keep what a step has freed: the next one needs as much again.

  By default it goes back to the system, and each step waits for new pages, 12 900 of them in 31 of
  its 184 ms (`homus.py`), or 122 000 in 280 of 1 200 ms (`homus_paper.py:resnet`). Other C
  libraries are left as they are.
  """
  try:
    mallopt = ctypes.CDLL(None).mallopt
  except (AttributeError, OSError, TypeError):
    return
  mallopt(_MMAP_MAX, 0)
  mallopt(_TRIM_THRESHOLD, 2**31 - 1)
  mallopt(_ARENA_MAX, 1)  # Others than the first can't hold blocks of over 64 MiB.
