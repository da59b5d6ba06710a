"""Where in a picture the music is: the parts that a network calls 'scores' by themselves."""

from typing import NamedTuple

import numpy as np

from omr_jax.evaluation import confidence


class Box(NamedTuple):
  """A part of a picture.

  Attributes:
    left: First column, in pixels of the upright picture.
    top: First row.
    right: The column after the last.
    bottom: The row after the last.
    confidence: Calibrated probability that it shows music, 1/2 or more.
  """

  left: int
  top: int
  right: int
  bottom: int
  confidence: float


def of_music(places: np.ndarray, log_odds: np.ndarray, threshold: float) -> tuple[Box, ...]:
  """The boxes of a picture that is called 'scores'.

  They are the parts whose log-odds reach the threshold, row by row. If none does, it is one box
  around the whole picture: the network recognized the music only in the picture as a whole.

  Args:
    places: int [views, 4], left, top, right and bottom of the whole picture and then of its parts.
    log_odds: float [views], calibrated log-odds of 'scores'; -infinity for blank parts.
    threshold: A picture is called 'scores' if its log-odds are at least this.
  """
  chosen = 1 + np.flatnonzero(log_odds[1:] >= threshold)
  if not len(chosen):
    chosen = np.zeros(1, int)
  sure = confidence.of_threshold(np.maximum(log_odds[chosen], threshold), threshold)
  return tuple(
    Box(int(left), int(top), int(right), int(bottom), float(share))
    for (left, top, right, bottom), share in zip(places[chosen], sure, strict=True)
  )
