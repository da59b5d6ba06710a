"""Examples on which the forms of a network are tested: the data of its run, or made-up ones."""

from collections.abc import Callable, Iterator
from pathlib import Path

import jax
import numpy as np

from omr_jax.data.dataset import Split, Splits
from omr_jax.errors import UserError
from omr_jax.predict.model_json import Described
from omr_jax.predict.prepare import Inputs
from omr_jax.training import workdir
from omr_jax.training.trained import Trained
from omr_jax.utils import paths

_BATCH = 16


def of_run(network: Trained, about: Described, model: str, data: tuple[Path, str | None]) -> Splits:
  """The splits of the run's data.

  Args:
    network: The network of the run.
    about: The description of the network.
    model: The workdir of the run.
    data: The folders of prepared and of raw data. None for the folder of raw data takes
      that of the run.

  Raises:
    UserError: The data is not there, or the run was trained on other data.
  """
  data_dir, given = data
  known = None if given else workdir.raw_dir(Path(model))
  gone = known is not None and not all(path.is_dir() for path in paths.folders(known))
  raw_dir = given or (None if gone else known)
  try:
    dataset = network.recipe.load(data_dir, raw_dir)
    if dataset.digest == about.facts['run']['data_digest']:
      return dataset.splits
  except UserError as error:
    if not gone:
      raise
    raise UserError(_moved(model, known)) from error
  if gone:
    raise UserError(_moved(model, known))
  where = paths.joined(paths.raw_dirs(raw_dir)) or data_dir
  raise UserError(
    f'{model}: was trained on other data than that in {where}; name its folder with --raw_dir, or '
    'export --without_data.'
  )


def _moved(model: str, folder: str | None) -> str:
  return (
    f'{model}: was trained on the data in {folder}, which is not there; name its present folder '
    'with --raw_dir, or export --without_data.'
  )


def batches(split: Split, about: Described, most: int | None = None) -> Iterator[Inputs]:
  """The arrays of a split that the network reads, in batches.

  If the split has more than `most` examples, only so many are taken, at even distances.
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


def outputs(
  function: Callable[[Inputs], Inputs], split: Split, about: Described
) -> Iterator[tuple[Inputs, np.ndarray]]:
  """The outputs of a function, such as `Form.run`, for a split, and the answers that follow.

  Yields:
    For each batch the outputs by name, and the answers as the task's `examples.answers` gives them.
  """
  for batch in batches(split, about):
    found = function(batch)
    yield found, about.task.examples.answers(about, found)


def difference(found: np.ndarray, expected: np.ndarray) -> float:
  """The largest absolute difference; equal infinities, as of blank parts, have none."""
  off = np.zeros(found.shape)
  np.subtract(found, expected, out=off, where=found != expected)
  return float(np.abs(off).max(initial=0.0))
