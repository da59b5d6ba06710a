"""Optical music recognition with JAX and Flax."""

import os
import sys
from typing import TYPE_CHECKING

from omr_jax.utils import revision
from omr_jax.utils.ending import end_at_ctrl_c

if TYPE_CHECKING:
  from omr_jax.predict.classifier import Classifier

__all__ = ['__version__', 'load']
__version__ = revision.VERSION

if sys.argv[:1] == ['-m']:  # `python -m omr_jax.NAME` is looking for its command.
  end_at_ctrl_c()


def load(path_or_name: str | os.PathLike = 'scores') -> 'Classifier':
  """A trained network as a function of pictures; see `omr_jax.predict.classifier`.

  Raises:
    omr_jax.errors.UserError: There is none, or it is damaged.
  """
  from omr_jax.predict import classifier

  return classifier.load(path_or_name)
