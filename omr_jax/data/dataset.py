"""The data of a run: arrays of three splits, and the order of examples in an epoch."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from omr_jax.data.cache import Rows
from tfds_builders.original_split import SPLITS as SPLITS

Split = Mapping[str, np.ndarray | Rows]
Splits = Mapping[str, Split]


class Dataset(NamedTuple):
  """Arrays of the three splits, and the data that they were made from.

  Attributes:
    splits: For each of SPLITS the arrays by name: `id` str [examples], and what networks,
      augmentations and losses read, which the `load` function of each task documents. A task may
      have further splits to test by.
    digest: Checksum of the raw data.
    origin: What the raw data is, in words.
    draws: float64 [training examples], the probability with which each draw of an epoch takes the
      example, or None where every epoch has every example once.
    drawn: Number of draws of an epoch; None for as many as there are training examples.
  """

  splits: Splits
  digest: str
  origin: str
  draws: np.ndarray | None = None
  drawn: int | None = None

  @property
  def sizes(self) -> dict[str, int]:
    """The number of examples of each of SPLITS."""
    return {split: len(self.splits[split]['id']) for split in SPLITS}


def epoch_order(
  seed: int, epoch: int, examples: int, draws: np.ndarray | None = None, drawn: int | None = None
) -> np.ndarray:
  """The order of one epoch's examples, int32 [examples or drawn]; it depends on the arguments only.

  Args:
    seed: The run's seed.
    epoch: Number of the epoch, from 1.
    examples: Number of training examples.
    draws: Probabilities of the examples, float64 [examples]: an example may then occur several
      times, or not at all. None for a permutation.
    drawn: With `draws`, how many examples are drawn; None for as many as there are.
  """
  rng = np.random.default_rng((seed, epoch))
  if draws is None:
    return rng.permutation(examples).astype(np.int32)
  return rng.choice(examples, drawn or examples, p=draws).astype(np.int32)
