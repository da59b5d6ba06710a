"""The detector's maps have the right shape, and a pixel's cells the right places."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from omr_jax import models
from omr_jax.models import detector


def test_maps():
  module = models.create('detector', 3, widths=(8, 8), blocks=(1, 1), up=8)
  window = np.full((2, 32, 64, 1), 255, np.uint8)
  make = jax.jit(functools.partial(module.init_with_output, train=False))
  maps, _ = make(jax.random.key(0), {'window': window})
  assert maps['heat'].shape == (2, 16, 32, 3) and maps['edges'].shape == (2, 16, 32, 4, 4)
  # White paper is all zeros inside, so that only the first bias is left: objects are rare.
  np.testing.assert_allclose(jax.nn.sigmoid(maps['heat']), 0.003, rtol=1e-5)


def test_the_four_cells_of_a_pixel():
  # Two numbers a cell: 0, 1 above left; 2, 3 above right; 4, 5 below left; 6, 7 below right.
  x = jnp.arange(8.0).reshape(1, 1, 1, 8)
  np.testing.assert_array_equal(detector._in_cells(x)[0], [[[0, 1], [2, 3]], [[4, 5], [6, 7]]])
