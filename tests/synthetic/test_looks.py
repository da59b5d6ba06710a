"""Looks of pictures: small ones are enlarged, within bounds."""

import numpy as np

from omr_jax.synthetic import looks


def test_small_pictures_are_enlarged_within_bounds():
  """To 192 pixels a side; a long one until it has 2^15: 10 x 32768 / 12000 is 27."""
  for shape, expected in (
    ((96, 480), (192, 960)),
    ((300, 200), (300, 200)),
    ((10, 12000), (27, 32768)),
  ):
    found = looks.sharpened(np.full((*shape, 3), 200, np.uint8))
    assert found.shape == (*expected, 3) and found.dtype == np.uint8
