"""Computes what a network says of a whole split, in batches of one size: one program for all."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh

from omr_jax.data.dataset import Split
from omr_jax.training.devices import place_examples
from omr_jax.training.state import Variables

# Pictures in a batch, rounded up to a number that the devices can share.
EVALUATION_BATCH = 256


def in_batches(
  predict: Callable,
  variables: Variables,
  arrays: Split,
  reads: Sequence[str],
  mesh: Mesh,
  batch_size: int | None = None,
) -> Iterator[Any]:
  """What a network says of all examples, batch by batch, so that not all of it is in memory.

  Args:
    predict: (variables, batch) to a tree of arrays [members, batch, ...], as `Trainer.predict`.
    variables: The first argument of `predict`.
    arrays: The arrays of the split by name, each [examples, ...].
    reads: Names of the arrays that `predict` reads (`Recipe.evaluates`).
    mesh: The devices that share a batch.
    batch_size: The number of examples in a batch, EVALUATION_BATCH pictures if None. It is rounded
      up to a number that the devices can share.

  Yields:
    The tree of each batch as NumPy arrays. The last batch is smaller.
  """
  if batch_size is None:
    views = math.prod(arrays[reads[0]].shape[1:-3])  # Of each example; 1 if it has no views.
    batch_size = -(-EVALUATION_BATCH // views)
  size = -(-batch_size // mesh.size) * mesh.size
  examples = len(arrays[reads[0]])
  for start in range(0, examples, size):
    # The last batch is filled up with the last example.
    chosen = np.minimum(np.arange(start, start + size), examples - 1)
    found = predict(variables, place_examples(arrays, reads, chosen, mesh))
    left = examples - start
    yield jax.tree.map(lambda array, left=left: np.asarray(array)[:, :left], found)
