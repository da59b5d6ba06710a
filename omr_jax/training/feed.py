"""Brings the training examples to the devices: all of them once, or batch by batch."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from omr_jax.data.dataset import Split
from omr_jax.training import ahead, devices
from omr_jax.training.state import TrainState
from omr_jax.training.trainer import Trainer

# (state, running, orders, step, end) to an iterator that trains from step `step` to step `end`,
# counted from the start of the run, and yields the state after each call of the trainer. The first
# three are arguments of `Trainer.run`.
Feed = Callable[[TrainState, np.ndarray, np.ndarray, int, int], Iterator[TrainState]]

# Grain's threads read ahead while the devices compute.
_THREADS, _BATCHES_AHEAD = 2, 4
# The file in which Linux has the memory limit of a container.
_CONTAINER = Path('/sys/fs/cgroup/memory.max')


def is_streamed(chosen: str, arrays: Split, names: Sequence[str], device: jax.Device) -> bool:
  """Whether the training examples are streamed to the devices batch by batch.

  'auto' streams if the arrays fill more than half of a device's memory. CPU devices use the memory
  of the host, where each of them has a copy of the arrays besides the original; so for these it
  streams if all copies and the original do not fit. With several processes 'auto' always streams,
  so that each process reads only its share.

  Args:
    chosen: `config.data.feed`: 'auto', 'resident' or 'streamed'.
    arrays: The training split.
    names: Names of the arrays that training reads.
    device: One of the devices that train.
  """
  if chosen != 'auto':
    return chosen == 'streamed'
  if jax.process_count() > 1:
    return True
  memory, copies = (device.memory_stats() or {}).get('bytes_limit'), 1  # A CPU has no limit.
  if memory is None:
    memory, copies = _host_memory(), jax.local_device_count()
  return sum(arrays[name].nbytes for name in names) > memory / (1 + copies)


def _host_memory() -> int:
  """Bytes that this process may use."""
  memory = os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
  try:
    return min(memory, int(_CONTAINER.read_text()))
  except (OSError, ValueError):  # There is no container, or its limit is the word 'max'.
    return memory


def on_devices(arrays: Split, names: Sequence[str], mesh: Mesh) -> dict[str, jax.Array]:
  """Puts the whole named arrays on every device of the mesh."""
  everywhere = NamedSharding(mesh, PartitionSpec())
  return devices.place({name: arrays[name] for name in names}, everywhere)


def resident(
  trainer: Trainer,
  arrays: Split,
  names: Sequence[str],
  mesh: Mesh,
  first: tuple[TrainState, np.ndarray, np.ndarray],
) -> Feed:
  """Keeps the named arrays on every device, which gathers its share of each batch from them.

  Args:
    trainer: The compiled functions.
    arrays: The training split.
    names: Names of the arrays that training reads.
    mesh: The devices, from `devices.mesh`.
    first: The first three arguments of the feed, the state as shapes; with these `trainer` compiles
      from now on, while a thread copies the arrays.
  """
  thread = ThreadPoolExecutor(1)
  placing = thread.submit(on_devices, arrays, names, mesh)
  thread.shutdown(wait=False)
  everywhere = NamedSharding(mesh, PartitionSpec())
  data = {name: devices.placed_shape(arrays[name], everywhere) for name in names}
  state, running, orders = first
  wait = ahead.begin(trainer.run, state, running, data, orders, np.int32(0))

  def feed(state, running, orders, step, end) -> Iterator[TrainState]:
    wait()
    placed = placing.result()
    while step < end:
      step = end if trainer.whole_epochs else step + 1
      state = trainer.run(state, running, placed, orders, np.int32(step))
      yield state

  return feed


def streamed(
  trainer: Trainer,
  arrays: Split,
  names: Sequence[str],
  mesh: Mesh,
  batch_size: int,
  steps_per_epoch: int,
) -> Feed:
  """Reads each batch from the disk, a few batches ahead of the devices."""
  import grain  # Not at the top: the import takes a third of a second.

  def batch(orders: np.ndarray, number: int) -> dict[str, jax.Array]:
    chosen = orders[:, number * batch_size : (number + 1) * batch_size]
    return devices.place_examples(arrays, names, chosen, mesh)

  def feed(state, running, orders, step, end) -> Iterator[TrainState]:
    first = step % steps_per_epoch
    numbers = grain.MapDataset.range(first, first + end - step)
    batches = iter(
      numbers.map(partial(batch, orders)).to_iter_dataset(
        grain.ReadOptions(num_threads=_THREADS, prefetch_buffer_size=_BATCHES_AHEAD)
      )
    )
    while step < end:
      state = trainer.step(state, running, next(batches))
      step += 1
      yield state

  return feed
