"""Lets glibc keep the memory that a training step frees, because the next step needs as much again.

By default glibc returns it to the system and each step waits for new pages: 12 900 of them in 31 of
its 184 ms (`homus.py`), or 122 000 in 280 of 1 200 ms (`homus_paper.py:resnet`). Other C libraries
are not touched.

glibc takes memory from several arenas, each for some of the threads. All but the first have heaps
of 64 MiB and return blocks that are larger. So where a step needs such a block, all threads get the
first arena. Then the free memory that the compiler leaves behind, and locks, make the steps of the
same process slower: by 8 % (`homus_paper.py:resnet`) to 28 % (`homus_strokes.py`) in CPU time.
"""

import ctypes
from collections.abc import Callable

import jax
from ml_collections import ConfigDict

from omr_jax.recipe import recipe as recipes

_HEAP = 64 * 2**20  # Bytes.
# Numbers of the parameters of glibc's mallopt, from malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX, _ARENA_MAX = -1, -2, -4, -8


def keep(config: ConfigDict, examples: int) -> None:
  """Sets glibc for training; to be called before JAX has made its threads.

  Args:
    config: The config of the training.
    examples: The number of examples that a device has in a step.

  Raises:
    UserError: The network does not fit its data, see `recipe.create`.
  """
  mallopt = _mallopt()
  if mallopt is None:
    return
  mallopt(_MMAP_MAX, 0)
  mallopt(_TRIM_THRESHOLD, 2**31 - 1)
  if largest_block(config, examples) < _HEAP:
    mallopt(_TOP_PAD, _HEAP)  # Without it glibc gives back each heap that is empty.
  else:
    mallopt(_ARENA_MAX, 1)


def largest_block(config: ConfigDict, examples: int) -> int:
  """About the largest block of memory, in bytes, that XLA takes for a step on one device.

  It holds all that is neither argument nor result. Most of this are the outputs of the layers, from
  which gradients are computed, and these are counted here. On two devices they are 29, 62, 91 and
  176 MiB with `homus.py`, `homus_staff.py`, `homus_best.py` and `homus_paper.py:resnet`; XLA takes
  29, 57, 89 and 268.
  """
  recipe = recipes.create(config)

  def outputs():
    _, made = recipe.module.init_with_output(
      jax.random.key(0), recipes.example_inputs(recipe), train=True, capture_intermediates=True
    )
    return made['intermediates']

  of_one = jax.tree.leaves(jax.eval_shape(outputs))
  return examples * sum(array.size * array.dtype.itemsize for array in of_one)


def _mallopt() -> Callable[[int, int], int] | None:
  """The function of glibc, or None where there is another C library."""
  try:
    return ctypes.CDLL(None).mallopt
  except (AttributeError, OSError, TypeError):
    return None
