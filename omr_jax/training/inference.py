"""Computes the logits of a whole split, in batches of one size, so that one program serves all."""

import math
from collections.abc import Callable, Mapping, Sequence

import jax
import numpy as np
from jax.sharding import Mesh

from omr_jax.data.dataset import Split
from omr_jax.training.devices import place_examples
from omr_jax.training.state import Variables

# Pictures in a batch, rounded up to a number that the devices can share.
EVALUATION_BATCH = 256


def logits_of_split(
  logits: Callable,
  variables: Variables,
  arrays: Split,
  reads: Sequence[str],
  mesh: Mesh | None = None,
) -> np.ndarray:
  """The logits of all examples, float32 [..., examples, classes].

  Args:
    logits: (variables, batch) to logits [..., batch, classes], such as `Recipe.logits` under jit or
      `Trainer.logits`.
    variables: The first argument of `logits`.
    arrays: The arrays of the split by name, each [examples, ...].
    reads: Names of the arrays that `logits` reads (`Recipe.evaluates`).
    mesh: The devices that share a batch, for `Trainer.logits`; None for other functions.
  """
  devices = jax.device_count()
  views = math.prod(arrays[reads[0]].shape[1:-3])  # Of each example; 1 if it has no views.
  size = -(-EVALUATION_BATCH // (views * devices)) * devices
  examples = len(arrays[reads[0]])
  results = []
  for start in range(0, examples, size):
    # The last batch is filled up with the last example.
    chosen = np.minimum(np.arange(start, start + size), examples - 1)
    batch: Mapping[str, np.ndarray | jax.Array]
    if mesh is None:
      batch = {name: arrays[name][chosen] for name in reads}
    else:
      batch = place_examples(arrays, reads, chosen, mesh)
    results.append(np.asarray(logits(variables, batch)))
  return np.concatenate(results, axis=-2)[..., :examples, :]
