"""Examples that the forms of a network are held to: the data of its run, or some made up."""

from collections.abc import Callable, Iterator
from pathlib import Path

import jax
import numpy as np

from omr_jax.errors import UserError
from omr_jax.predict.model_json import Described
from omr_jax.predict.prepare import Inputs
from omr_jax.training.trained import Trained

_BATCH = 16


def of_run(
  network: Trained, about: Described, model: str, data: tuple[Path, str | None]
) -> dict[str, Inputs]:
  """The splits of the run. UserError where it was trained on other data."""
  dataset = network.recipe.load(*data)
  if dataset.digest != about.facts['run']['data_digest']:
    raise UserError(f'{model}: was trained on other data than this; give its --raw_dir.')
  return dataset.splits


def batches(split: Inputs, about: Described, most: int | None = None) -> Iterator[Inputs]:
  """What the network reads of a split, evenly chosen where it is too much."""
  count = len(split[about.reads[0]])
  rows = np.unique(np.linspace(0, count - 1, min(count, most or count)).astype(int))
  for first in range(0, len(rows), _BATCH):
    chosen = rows[first : first + _BATCH]
    yield {
      name: about.task.examples.as_given(split[name][chosen], name, about.picture)
      for name in about.reads
    }


def shapes(split: Inputs, about: Described) -> dict[str, jax.ShapeDtypeStruct]:
  """Of what the network reads, with some number of examples."""
  batch = next(batches(split, about))
  return {name: jax.ShapeDtypeStruct(value.shape, value.dtype) for name, value in batch.items()}


def asked(function: Callable[[Inputs], np.ndarray], split: Inputs, about: Described) -> np.ndarray:
  """What a form of the network gives for a split: probabilities float32 [examples, classes]."""
  return np.concatenate([np.asarray(function(batch)) for batch in batches(split, about)])
