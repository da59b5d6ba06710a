import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import ndimage

from omr_jax.augment import affine

STILL = {'rotation': 0.0, 'zoom': (1.0, 1.0), 'shear': 0.0}
MANY = 2000
warp = jax.jit(affine.warp)
random_affine = jax.jit(affine.random_affine, static_argnums=1)


def maps(count=MANY, seed=0, **changes):
  made = random_affine(jax.random.key(seed), count, **(STILL | changes))
  assert made.shape == (count, 2, 2)
  assert made.dtype == jnp.float32
  return np.asarray(made)


def pictures(height, width, channels=1, count=1):
  rng = np.random.default_rng(0)
  return rng.integers(0, 256, (count, height, width, channels), np.uint8)


def spread(values, low, high):
  """All within, and some near both ends (2000 uniform ones miss 5 % of the range never)."""
  slack = 1e-4 * max(1, high - low)
  assert low - slack <= values.min() < low + 0.05 * (high - low)
  assert high - 0.05 * (high - low) < values.max() <= high + slack


def test_without_ranges_the_map_is_the_identity():
  assert (maps(5) == np.eye(2)).all()


def test_pure_rotation():
  made = maps(rotation=30.0)
  np.testing.assert_allclose(np.linalg.det(made), 1, atol=1e-6)
  np.testing.assert_allclose(
    made @ made.transpose(0, 2, 1), np.broadcast_to(np.eye(2), made.shape), atol=1e-6
  )
  # x goes to (cos, sin).
  spread(np.rad2deg(np.arctan2(made[:, 1, 0], made[:, 0, 0])), -30, 30)


def test_pure_zoom():
  made = maps(zoom=(0.5, 2.0))
  assert (made[:, 0, 1] == 0).all()
  assert (made[:, 1, 0] == 0).all()
  spread(made[:, 0, 0], 0.5, 2)
  spread(made[:, 1, 1], 0.5, 2)
  assert abs(np.corrcoef(made[:, 0, 0], made[:, 1, 1])[0, 1]) < 0.1
  assert (maps(3, zoom=(2.0, 2.0)) == 2 * np.eye(2)).all()


def test_pure_shear():
  made = maps(shear=0.25)
  assert (made[:, [0, 1], [0, 1]] == 1).all()
  assert (made[:, 1, 0] == 0).all()
  spread(made[:, 0, 1], -0.25, 0.25)


def test_zoom_comes_first_then_shear_then_rotation():
  made = maps(rotation=20.0, zoom=(0.5, 2.0), shear=0.25)
  # rotate @ [[1, k], [0, 1]] @ diag(a, b): the first column is a times that of the rotation.
  angle = np.arctan2(made[:, 1, 0], made[:, 0, 0])
  sin, cos = np.sin(-angle), np.cos(-angle)
  upright = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2) @ made
  spread(np.rad2deg(angle), -20, 20)
  np.testing.assert_allclose(upright[:, 1, 0], 0, atol=1e-6)
  spread(upright[:, 0, 0], 0.5, 2)
  spread(upright[:, 1, 1], 0.5, 2)
  spread(upright[:, 0, 1] / upright[:, 1, 1], -0.25, 0.25)


def test_the_key_decides():
  first, again, other = (maps(4, seed, rotation=9.0, zoom=(0.8, 1.2)) for seed in (0, 0, 1))
  assert (first == again).all()
  assert len(np.unique(np.concatenate([first, other]).reshape(8, 4), axis=0)) == 8


def test_random_shift():
  shifts = np.asarray(jax.jit(affine.random_shift, static_argnums=1)(jax.random.key(0), MANY, 3.0))
  assert shifts.shape == (MANY, 2)
  spread(shifts[:, 0], -3, 3)
  spread(shifts[:, 1], -3, 3)


@pytest.mark.parametrize('shape', [(9, 12), (8, 7)])
def test_identity(shape):
  images = pictures(*shape, channels=2, count=3)
  made = warp(images, np.tile(np.eye(2, dtype=np.float32), (3, 1, 1)), np.zeros((3, 2), np.float32))
  assert made.dtype == jnp.float32
  np.testing.assert_allclose(made, images, atol=1e-3)


def test_shift_by_whole_pixels():
  images = pictures(6, 8, count=2)
  shift = jnp.array([[2.0, 1.0], [-1.0, 0.0]])
  made = np.asarray(warp(images, np.tile(np.eye(2, dtype=np.float32), (2, 1, 1)), shift))
  # The first goes 2 to the right and 1 down, the other 1 to the left; edges repeat.
  np.testing.assert_allclose(made[0, 1:, 2:], images[0, :-1, :-2], atol=1e-3)
  np.testing.assert_allclose(made[0, 0, 2:], images[0, 0, :-2], atol=1e-3)
  np.testing.assert_allclose(made[0, 1:, 1], images[0, :-1, 0], atol=1e-3)
  np.testing.assert_allclose(made[1, :, :-1], images[1, :, 1:], atol=1e-3)
  np.testing.assert_allclose(made[1, :, -1], images[1, :, -1], atol=1e-3)


def test_a_quarter_turn():
  # x to y and y to -x: with y down that is clockwise, as np.rot90 with k = -1.
  images = pictures(7, 7)
  made = warp(images, jnp.array([[[0.0, -1.0], [1.0, 0.0]]]), np.zeros((1, 2), np.float32))
  np.testing.assert_allclose(made[0, ..., 0], np.rot90(images[0, ..., 0], -1), atol=1e-3)


def test_zoom_by_two_about_the_middle():
  images = np.array([0, 10, 20, 30, 40], np.uint8).reshape(1, 1, 5, 1)
  made = warp(images, jnp.array([[[2.0, 0.0], [0.0, 1.0]]]), np.zeros((1, 2), np.float32))
  # Output at 2 + d shows the input at 2 + d / 2.
  np.testing.assert_allclose(made[0, 0, :, 0], [10, 15, 20, 25, 30], atol=1e-3)


def scipy_warp(image, matrix, shift):
  """SciPy wants, on (row, column), the map from output to input: input = inverse @ output + offset.

  `warp` maps (x, y) about the centre c: output = M (input - c) + c + shift.
  """
  inverse = np.linalg.inv(matrix)
  centre = (np.array(image.shape[1::-1]) - 1) / 2
  offset = centre - inverse @ (centre + shift)
  flipped = inverse[::-1, ::-1]
  return np.stack(
    [
      ndimage.affine_transform(channel, flipped, offset[::-1], order=1, mode='nearest')
      for channel in np.moveaxis(image.astype(np.float64), -1, 0)
    ],
    -1,
  )


def test_against_scipy():
  count = 12
  images = pictures(15, 22, channels=2, count=count)
  matrix = maps(count, rotation=40.0, zoom=(0.6, 1.5), shear=0.3)
  shift = np.asarray(affine.random_shift(jax.random.key(5), count, 4.0))
  made = np.asarray(warp(images, matrix, shift))
  expected = np.stack([scipy_warp(*each) for each in zip(images, matrix, shift, strict=True)])
  # float32 places pixels to 1e-5, and neighbours differ by up to 255.
  np.testing.assert_allclose(made, expected, atol=0.02)
