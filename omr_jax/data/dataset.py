"""Data as a run has it: arrays of three splits, and the order of an epoch."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from omr_jax.data.cache import Rows
from tfds_builders.original_split import SPLITS as SPLITS

Splits = Mapping[str, Mapping[str, np.ndarray | Rows]]


class Dataset(NamedTuple):
  """Arrays of the three splits, and what they were made from.

  Attributes:
    splits: For each of SPLITS `label` int32 [examples] and `id` str [examples], and what networks
      and augmentations read, by name, as the `load` of the task's data says. The evaluated splits
      have `image` uint8 [examples, height, width, channels].
    digest: Of the raw data.
    origin: What the raw data is, in words.
    draws: float64 [training examples], the probability with which an epoch draws each one, or None
      where every epoch has all of them.
  """

  splits: Splits
  digest: str
  origin: str
  draws: np.ndarray | None = None


def epoch_order(
  seed: int, epoch: int, examples: int, draws: np.ndarray | None = None
) -> np.ndarray:
  """The order of one epoch's examples, int32 [examples]; it follows from the arguments alone.

  Args:
    seed: Of the run.
    epoch: From 1.
    examples: Of the training split.
    draws: As in `Dataset`: where given, an example may come several times, or not at all.
  """
  rng = np.random.default_rng((seed, epoch))
  if draws is None:
    return rng.permutation(examples).astype(np.int32)
  return rng.choice(examples, examples, p=draws).astype(np.int32)
