"""Winograd's convolutions: the sums and gradients of the usual ones, with few multiplications."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from omr_jax.models import winograd

SHAPES = [(2, 8, 8, 5, 7), (3, 6, 5, 4, 4), (2, 7, 9, 3, 6), (1, 4, 4, 2, 1), (2, 3, 13, 1, 3)]


def usual(x, kernel):
  return jax.lax.conv_general_dilated(
    x, kernel, (1, 1), 'SAME', dimension_numbers=('NHWC', 'HWIO', 'NHWC')
  )


def drawn(batch, height, width, channels, out):
  """Small whole numbers, whose sums float32 has exactly."""
  rng = np.random.default_rng(0)
  shapes = (batch, height, width, channels), (3, 3, channels, out), (batch, height, width, out)
  return [jnp.asarray(rng.integers(-4, 5, shape), jnp.float32) for shape in shapes]


def test_ones_are_counted():
  """Pixels inside see nine ones, those at an edge six and those in a corner four."""
  found = winograd.convolve(jnp.ones((1, 5, 6, 1)), jnp.ones((3, 3, 1, 1)))[0, :, :, 0]
  edge, inside = [4, 6, 6, 6, 6, 4], [6, 9, 9, 9, 9, 6]
  np.testing.assert_allclose(found, [edge, inside, inside, inside, edge], atol=1e-5)


def test_one_pixel_shows_the_kernel_turned():
  x = jnp.zeros((1, 8, 8, 1)).at[0, 4, 3, 0].set(1)
  kernel = jnp.arange(1.0, 10).reshape(3, 3, 1, 1)
  found = winograd.convolve(x, kernel)[0, :, :, 0]
  expected = np.zeros((8, 8))
  expected[3:6, 2:5] = [[9, 8, 7], [6, 5, 4], [3, 2, 1]]
  np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize('shape', SHAPES)
def test_sums_and_gradients_are_the_usual_ones(shape):
  x, kernel, grad = drawn(*shape)
  expected, back = jax.vjp(usual, x, kernel)
  to_x, to_kernel = back(grad)
  np.testing.assert_allclose(winograd.convolve(x, kernel), expected, atol=1e-3)
  np.testing.assert_allclose(winograd.to_x(x, kernel, grad), to_x, atol=1e-3)
  np.testing.assert_allclose(winograd.to_kernel(x, kernel, grad), to_kernel, atol=4e-3)


def test_rounding_is_small_beside_the_sums():
  """Sums over 64 channels, compared with those in float64."""
  rng = np.random.default_rng(0)
  x = rng.normal(size=(2, 24, 24, 64))
  kernel = rng.normal(size=(3, 3, 64, 64))
  padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
  windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
  expected = np.einsum('nhwcij,ijco->nhwo', windows, kernel, optimize=True)
  found = winograd.convolve(jnp.asarray(x, jnp.float32), jnp.asarray(kernel, jnp.float32))
  assert np.abs(found - expected).max() < 2e-5 * np.abs(expected).max()


def test_numbers_that_no_cache_holds_are_too_many():
  """64 MiB are 10.1 pictures of 120x96 pixels with 32 channels in and out."""
  for pictures, is_faster in ((10, True), (11, False)):
    # 720 tiles a picture, 36 numbers, 64 channels, 4 bytes: 6 635 520 bytes.
    x = jax.ShapeDtypeStruct((pictures, 120, 96, 32), jnp.float32)
    assert winograd.gains_wholly(x, (3, 3, 32, 32), (1, 1)) == is_faster
    assert winograd.gains(x, (3, 3, 32, 32), (1, 1))


def test_many_channels_are_worth_any_numbers():
  """A tile needs 36 instead of 16 * 9 multiplications a pair of channels, and 36 numbers of each.

  With 64 channels in and out these are 96 multiplications less for each number, with 63 94.5.
  """
  for channels, is_faster in ((63, False), (64, True)):
    x = jax.ShapeDtypeStruct((64, 96, 48, channels), jnp.float32)
    assert winograd.gains_wholly(x, (3, 3, channels, channels), (1, 1)) == is_faster
