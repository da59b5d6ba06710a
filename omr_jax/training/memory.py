"""Lets glibc keep the memory that a training step frees, because the next step needs as much again.

By default glibc returns it to the system and each step waits for new pages: 12 900 of them in 31 of
its 184 ms (`homus.py`), or 122 000 in 280 of 1 200 ms (`homus_paper.py:resnet`). Other C libraries
are not touched.

glibc takes memory from several arenas, each for some of the threads. All but the first have heaps
of 64 MiB and return blocks that are larger. So where a step needs such a block, all threads get the
first arena. There compiling leaves tens of thousands of free pieces between blocks in use, which
glibc searches while the other threads wait: a step of `homus_best.py` takes 375 to 377 ms instead
of 339 to 345. So `settle` takes these pieces away.
"""

import ctypes
from ctypes import c_size_t, c_void_p
from typing import Any

import flax.linen as nn
import jax
import numpy as np
from ml_collections import ConfigDict

from omr_jax.models import convolution
from omr_jax.recipe import recipe as recipes

_HEAP = 64 * 2**20  # Bytes.
# Free memory from the first to the second of these sizes, in bytes, is a piece. Smaller ones don't
# slow a step.
_PIECE, _BLOCK = 4096, 2**20
# Numbers of the parameters of glibc's mallopt, from malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX, _ARENA_MAX = -1, -2, -4, -8
_shared: list[ctypes.CDLL] = []  # The C library if all threads have its first arena.


def keep(config: ConfigDict, examples: int) -> None:
  """Sets glibc for training; to be called before JAX has made its threads.

  Args:
    config: The config of the training.
    examples: The number of examples that a device has in a step.

  Raises:
    UserError: The network does not fit its data, see `recipe.create`.
  """
  try:
    library = ctypes.CDLL(None)
    mallopt = library.mallopt
  except (AttributeError, OSError, TypeError):
    return  # Another C library.
  mallopt(_MMAP_MAX, 0)
  # -1 is never. The largest int is too little: a step of `homus_paper.py:staff` frees 2.7 GiB.
  mallopt(_TRIM_THRESHOLD, -1)
  if largest_block(config, examples) < _HEAP:
    mallopt(_TOP_PAD, _HEAP)  # Without it glibc gives back each heap that is empty.
  else:
    mallopt(_ARENA_MAX, 1)
    _shared.append(library)


def largest_block(config: ConfigDict, examples: int) -> int:
  """About the largest block of memory, in bytes, that XLA takes for a step on one device.

  It holds all that is neither argument nor result. Most of it are the outputs of the layers and
  what convolutions keep for the gradients; only these are counted here. For 64
  examples they are 84, 91, 154 and 287 MiB with `homus.py`, `homus_strokes.py`, `homus_staff.py`
  and `homus_best.py`; XLA takes 81, 87, 139 and 256.
  """
  recipe, kept = recipes.create(config), []

  def counted(function, arguments, options, context):
    layer: Any = context.module
    if isinstance(layer, nn.Conv):
      one = arguments[0]
      # Devices that share a batch, and members of a population, choose by the batch of a member.
      x = jax.ShapeDtypeStruct((config.batch_size, *one.shape[1:]), layer.dtype or one.dtype)
      high, wide = np.broadcast_to(layer.strides or 1, 2).tolist()
      kernel = [*np.broadcast_to(layer.kernel_size, 2).tolist(), one.shape[-1], layer.features]
      kept.append(convolution.kept(x, kernel, (high, wide)))
    return function(*arguments, **options)

  def outputs():
    with nn.intercept_methods(counted):
      _, made = recipe.module.init_with_output(
        jax.random.key(0), recipes.example_inputs(recipe), train=True, capture_intermediates=True
      )
    return made['intermediates']

  of_one = jax.tree.leaves(jax.eval_shape(outputs))
  of_one_bytes = sum(array.size * array.dtype.itemsize for array in of_one)
  return examples * of_one_bytes + examples * sum(kept) // config.batch_size


def settle() -> None:
  """Takes the small free pieces that compiling has left and keeps them, so that glibc no longer
  searches them in every step.

  Their pages go back to the system first: the process of `homus_paper.py:resnet` then holds 2.0 GB
  instead of 2.2 to 2.5. A second call does nothing, nor does one where threads have arenas of their
  own.
  """
  if not _shared:
    return
  library = _shared.pop()
  if not hasattr(library, 'mallinfo2'):  # glibc before 2.33.
    return
  malloc, free = library.malloc, library.free
  malloc.restype, malloc.argtypes, free.argtypes = c_void_p, [c_size_t], [c_void_p]
  library.malloc_trim(0)
  library.sbrk.restype, library.mallinfo2.restype = c_void_p, _Usage
  usage = library.mallinfo2()
  end = library.sbrk(0) - usage.keepcost  # Beyond it no memory is in use.
  size, left, blocks = 2**30, usage.arena, []  # Never more is taken than the heap has.
  while size >= _PIECE and left > 0:
    taken = malloc(size)
    if taken is None or taken >= end:  # No free piece is so large.
      free(taken)
      size = size * 15 // 16
      continue
    left -= size
    if size >= _BLOCK:
      blocks.append(taken)
  for block in blocks:  # The steps may use these.
    free(block)


class _Usage(ctypes.Structure):
  """What glibc's `mallinfo2` gives: `arena` are all bytes, `keepcost` the free ones at the end."""

  _fields_ = tuple(
    (name, c_size_t)
    for name in (
      *('arena', 'ordblks', 'smblks', 'hblks', 'hblkhd', 'usmblks', 'fsmblks', 'uordblks'),
      *('fordblks', 'keepcost'),
    )
  )
