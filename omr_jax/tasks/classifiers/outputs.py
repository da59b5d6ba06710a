"""The output of an exported network that gives one class to each example. Needs no JAX."""

from collections.abc import Sequence

import numpy as np

PROBABILITIES = 'probabilities'  # The output that all these networks have.
# The output that `omr open_set` adds to exported networks for symbols.
UNKNOWN = 'unknown'
# The call that prepares inputs, for programs in Python.
CALL = 'omr_jax.load(folder).inputs(picture)'


def shapes(classes: Sequence[str]) -> dict[str, tuple[str, list]]:
  """Type and shape of the output by its name; `batch` stands for any number of examples."""
  return {PROBABILITIES: ('float32', ['batch', len(classes)])}


def answer(classes: Sequence[str], threshold: float | None) -> str:
  """How the outputs become an answer, in words."""
  if threshold is None:
    return 'the class with the largest probability'
  no, yes = classes
  return f'{yes!r} if its probability is at least `threshold`, else {no!r}'


def decide(probabilities: np.ndarray, threshold: float | None) -> np.ndarray:
  """The classes that are the answers: probabilities float [batch, classes] to int [batch]."""
  if threshold is None:
    return np.asarray(probabilities.argmax(1))
  return (probabilities[:, 1] >= threshold).astype(int)
