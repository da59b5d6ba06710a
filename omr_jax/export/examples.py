"""Examples on which the forms of a network are tested: the data of its run, or made-up ones."""

from collections.abc import Callable, Iterator
from pathlib import Path

import jax
import numpy as np

from omr_jax.data.dataset import Split, Splits
from omr_jax.errors import UserError
from omr_jax.predict.model_json import Described
from omr_jax.predict.prepare import Inputs
from omr_jax.training.trained import Trained

_BATCH = 16


def of_run(network: Trained, about: Described, model: str, data: tuple[Path, str | None]) -> Splits:
  """The splits of the run's data. Raises UserError if the run was trained on other data."""
  dataset = network.recipe.load(*data)
  if dataset.digest != about.facts['run']['data_digest']:
    raise UserError(f'{model}: was trained on other data than this; give its --raw_dir.')
  return dataset.splits


def batches(split: Split, about: Described, most: int | None = None) -> Iterator[Inputs]:
  """The arrays of a split that the network reads, in batches.

  If the split has more than `most` examples, so many of them are taken at even distances.
  """
  count = len(split[about.reads[0]])
  rows = np.unique(np.linspace(0, count - 1, min(count, most or count)).astype(int))
  for first in range(0, len(rows), _BATCH):
    chosen = rows[first : first + _BATCH]
    yield {
      name: about.task.examples.as_given(split[name][chosen], name, about.picture)
      for name in about.reads
    }


def shapes(split: Split, about: Described) -> dict[str, jax.ShapeDtypeStruct]:
  """Shapes and types of the arrays that the network reads, for the first batch of a split."""
  batch = next(batches(split, about))
  return {name: jax.ShapeDtypeStruct(value.shape, value.dtype) for name, value in batch.items()}


def probabilities(
  function: Callable[[Inputs], np.ndarray | jax.Array], split: Split, about: Described
) -> np.ndarray:
  """The results of a function, such as `Form.run`, for a split: float32 [examples, classes]."""
  return np.concatenate([np.asarray(function(batch)) for batch in batches(split, about)])
