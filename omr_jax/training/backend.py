"""Settings of JAX for the hardware that it runs on, each with the measurement behind it.

Measured on 2 shared cores (AMD EPYC, AVX-512), jax 0.10.2; see benchmarks/README.md.
"""

import math
import os
from functools import cache
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from omr_jax.training import memory
from omr_jax.utils import machine, paths

# With fewer examples per device, what each device does for itself costs more than sharing saves.
_EXAMPLES = 32


def start(config: ConfigDict | None = None, members: int = 1, alone: bool = True) -> None:
  """Prepares JAX; to be called before anything else uses JAX.

  Settings made by JAX's own environment variables stay as they are. Only JAX_ENABLE_X64 does not:
  trainings have numbers of 32 bits.

  Args:
    config: The config of the training, or None if the command does not train.
    members: Size of the population. The cores of a CPU first share the members, then each batch.
    alone: Whether this is the only process that trains the population.

  Raises:
    UserError: The network does not fit its data.
  """
  import jax

  # With this cache a second start of the same config has nothing to compile.
  # (JAX adds the settings to `jax.config` when it is imported, unseen by type checkers.)
  cache = paths.cache_dir() / 'compiled'
  if jax.config.jax_compilation_cache_dir is None and _is_writable(cache):  # type: ignore[attr-defined]
    jax.config.update('jax_compilation_cache_dir', str(cache))
    jax.config.update('jax_persistent_cache_min_compile_time_secs', 0.0)
  if config is None:
    return
  jax.config.update('jax_enable_x64', False)
  # How many processes share these cores is unknown, so each of several has one device.
  devices = cpu_devices(config.batch_size, members, machine.cores() if alone else 1)
  memory.keep(config, config.batch_size * members // devices)
  chosen = 'host_platform_device_count' in os.environ.get('XLA_FLAGS', '')
  if jax.config.jax_num_cpu_devices == -1 and not chosen:  # type: ignore[attr-defined]
    jax.config.update('jax_num_cpu_devices', devices)


def _is_writable(folder: Path) -> bool:
  """Whether a folder, which is made if need be, takes files. Else JAX warns at each program."""
  try:
    folder.mkdir(parents=True, exist_ok=True)
  except OSError:
    return False
  return os.access(folder, os.W_OK | os.X_OK)


def cpu_devices(batch_size: int, members: int, cores: int) -> int:
  """Number of devices that JAX makes of a CPU: the most that can share the work evenly.

  All cores share each operation of a device. Devices that share a batch keep their examples in the
  caches of their own cores, but wait for each other in each batch norm, and each of them updates
  all params. With 8 examples each they are slower than one device: 534 ms a step instead of 499
  with `vgg13`, 766 instead of 685 with `resnet25`. With 32 they hardly mind whether the cores share
  a cache, which a virtual machine may change from second to second: `preact_resnet11` takes 88 ms
  with shared caches and 90 without, and 86 and 111 on one device.
  """

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


def for_one_call(platform: str) -> dict[str, Any]:
  """Options of XLA for a function that is called once, so that compiling it takes most of its time.

  Without LLVM's optimizations the initialization of `homus.py` compiles on a CPU in 1.2 s of CPU
  time instead of 10.3, and by XLA's older code for fusions in 0.7. The numbers stay the same to the
  last bit. Steps keep the newer code, by which one takes up to a tenth less time.
  """
  if platform != 'cpu':
    return {}
  return {'xla_backend_optimization_level': 0, **_known('xla_cpu_use_fusion_emitters', False)}


def for_networks(platform: str) -> dict[str, Any]:
  """Options of XLA for functions that compute with a network.

  On CPU, jax 0.10 computes matrix products, sums and most convolutions by YNNPACK. Only sums are
  left to it here. With Eigen all cores of a device share each convolution and each product;
  YNNPACK's hardly use a second core: on one device with two cores a step of `homus.py` takes 140 ms
  with its convolutions instead of 88, and the 36 products of a convolution (`models/winograd.py`)
  of 24x24 pixels and 128 channels 7.1 ms instead of 3.6. LLVM's first level of optimization makes
  steps as fast as the third, and with empty caches the first step of `preact_resnet11` ends after
  7.5 instead of 9.4 s (`benchmarks/train_step.py`).
  """
  if platform != 'cpu':
    return {}
  left = _known('xla_cpu_experimental_ynn_fusion_type', 'LIBRARY_FUSION_TYPE_REDUCE')
  return {'xla_backend_optimization_level': 1, **left}


@cache
def _known(option: str, value: Any) -> dict[str, Any]:
  """An option of XLA with its value, or nothing if XLA's version has no such option."""
  import jax

  try:
    jax.jit(lambda: 0, compiler_options={option: value})()
  except jax.errors.JaxRuntimeError:
    return {}
  return {option: value}


def threads() -> int:
  """Number of threads that share an operation on a CPU: $NPROC if it is set, else one per core.

  XLA reads these two. A limit of the CPU time, as containers have (`cpu.max`, `cfs_quota`), makes
  its threads slower, but neither their number nor the result changes.
  """
  try:
    return max(0, int(os.environ['NPROC']))
  except (KeyError, ValueError):
    return machine.cores()
