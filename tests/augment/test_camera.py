import io
import itertools
import json
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image
from scipy import fft, ndimage

from omr_jax.augment import affine, camera, camera_geometry, camera_photometry

MANY = 400
VIEW = {
  'flip': 0.5,
  'turn': 0.5,
  'rotation': 20.0,
  'perspective': 0.2,
  'smaller': 1.0,
  'larger': 0.8,
  'stretch': 0.2,
  'shift': 0.2,
}
LOOK = VIEW | {
  'inverse': 0.2,
  'grey': 0.2,
  'defocus': 1.0,
  'motion': 4.0,
  'dark': 1.5,
  'bright': 0.5,
  'light': 0.8,
  'white_balance': 0.4,
  'shadow': 0.8,
  'moire': 0.3,
  'contrast': 0.5,
  'midtones': 0.25,
  'noise': 20.0,
  'jpeg': 90.0,
}
FOUR_DEVICES = """
import json
import jax
import numpy as np
jax.config.update('jax_num_cpu_devices', 4)
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from omr_jax.augment import camera
images = np.random.default_rng(0).integers(0, 256, (8, 20, 28, 3), np.uint8)
mesh = Mesh(np.array(jax.devices()), ('data',))
look = jax.jit(lambda rng, images: camera.look(rng, images, background=1.0, **{look!r}))
shared = jax.device_put(images, NamedSharding(mesh, PartitionSpec('data')))
made, expected = (np.asarray(look(jax.random.key(3), each)) for each in (shared, images))
print(json.dumps([len(shared.sharding.device_set), float(abs(made - expected).max())]))
"""


warp = jax.jit(camera_geometry.warp)
smooth = jax.jit(camera_geometry._smooth)
blur = jax.jit(camera_photometry.blur)
jpeg = jax.jit(camera_photometry.jpeg)
field = jax.jit(camera_photometry.field, static_argnums=(1, 2))
shadow = jax.jit(camera_photometry.shadow, static_argnums=(4, 5))
grain = jax.jit(camera_photometry.grain, static_argnums=1)


def pictures(batch=8, height=20, width=28, seed=0):
  rng = np.random.default_rng(seed)
  return rng.integers(0, 256, (batch, height, width, 3), np.uint8)


def constant(value, batch=MANY, size=8):
  return np.full((batch, size, size, 3), value, np.uint8)


def planes(images):
  return np.moveaxis(np.asarray(images, np.float32), -1, 1)


def look(images, seed=0, **strengths):
  made = jax.jit(lambda rng, images: camera.look(rng, images, **strengths))(
    jax.random.key(seed), images
  )
  assert made.dtype == jnp.float32
  assert made.shape == images.shape
  return np.asarray(made)


@pytest.fixture(scope='module')
def everything():
  """All effects on, compiled once: a function of seed and pictures, 8 of 20 x 28."""
  made = jax.jit(lambda rng, images: camera.look(rng, images, **LOOK, background=0.8, clean=0.0))
  return lambda seed, images: np.asarray(made(jax.random.key(seed), images))


# All of it


@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
def test_without_strengths_nothing_changes(dtype):
  images = pictures().astype(dtype)
  assert (look(images) == images).all()
  assert (look(images, chance=0.5, rare=0.1, background=1.0) == images).all()


def test_without_a_chance_photometric_effects_change_nothing():
  strengths = {name: LOOK[name] for name in LOOK if name not in VIEW}
  strengths |= {'inverse': 0.0, 'grey': 0.0, 'chance': 0.0, 'rare': 0.0}
  np.testing.assert_allclose(look(pictures(), **strengths), pictures(), atol=1e-3)


def test_clean_pictures_pass_as_they_are():
  images = pictures(batch=MANY, height=8, width=8)
  same = (look(images, clean=0.3, inverse=1.0) == images).all((1, 2, 3))
  # 0.3 of 400: 120 +- 9.2.
  assert 83 < same.sum() < 157


def test_range_and_determinism(everything):
  first, again, other = (
    everything(0, pictures()),
    everything(0, pictures()),
    everything(1, pictures()),
  )
  assert np.isfinite(first).all()
  assert first.min() >= 0
  assert first.max() <= 255
  assert (first == again).all()
  assert (abs(first - other).mean((1, 2, 3)) > 1).all()


def test_examples_of_a_batch_differ(everything):
  made = everything(0, np.repeat(pictures(batch=1), 8, 0))
  assert all(abs(a - b).mean() > 1 for a, b in itertools.combinations(made, 2))


def test_an_example_depends_on_one_other_at_most(everything):
  """On the one that it may lie on."""
  images = pictures()
  changed = images.copy()
  changed[3] = 255 - changed[3]
  for seed in range(4):
    same = (everything(seed, images) == everything(seed, changed)).all((1, 2, 3))
    assert not same[3]
    assert same.sum() >= 6


@pytest.mark.slow
def test_devices_that_share_a_batch_change_nothing():
  # Without JPEG, which may round the last bit of a sum to another step.
  code = FOUR_DEVICES.replace('{look!r}', repr(LOOK | {'jpeg': 0.0}))
  done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
  devices, difference = json.loads(done.stdout)
  assert devices == 4
  assert difference < 0.3  # a quarter of a grey level is as fine as a view is kept


@pytest.mark.parametrize('platform', ['tpu', 'cuda'])
def test_lowers_for_accelerators(platform):
  def made(rng, images):
    return camera.look(jax.random.wrap_key_data(rng), images, **LOOK, background=0.8, clean=0.1)

  rng = jax.ShapeDtypeStruct((2,), jnp.uint32)
  images = jax.ShapeDtypeStruct((4, 128, 128, 3), jnp.uint8)
  exported = jax.export.export(jax.jit(made), platforms=[platform])(rng, images)
  assert exported.out_avals[0].shape == (4, 128, 128, 3)
  assert 'callback' not in exported.mlir_module()


def test_flip():
  images = pictures(batch=MANY, height=3, width=4)
  made = np.asarray(jax.jit(affine.mirrored)(jax.random.key(0), images))
  assert made.dtype == np.uint8
  mirrored = (made == images[:, :, ::-1]).all((1, 2, 3))
  assert (mirrored | (made == images).all((1, 2, 3))).all()
  # Half of 400: 200 +- 10.
  assert 160 < mirrored.sum() < 240


def test_amount():
  @jax.jit
  def amounts(rng):
    return camera_geometry.amount(camera_geometry.numbers(rng, 2, 4000), 0.25, -1.0, 3.0)

  made = np.asarray(amounts(jax.random.key(0)))
  chosen = made[made != 0]
  # A quarter of 4000: 1000 +- 27. Uniform from -1 to 3: a mean of 1 +- 0.037.
  assert 880 < len(chosen) < 1120
  assert abs(chosen.mean() - 1) < 0.15
  assert -1 <= chosen.min() < -0.9
  assert 2.9 < chosen.max() <= 3


# Where it is seen


def maps(count=MANY, seed=0, chance=1.0, **strengths):
  made = jax.jit(lambda rng: camera_geometry.homography(rng, count, chance, **strengths))
  return np.asarray(made(jax.random.key(seed)))


def test_without_strengths_the_map_is_the_identity():
  assert (maps(3) == np.eye(3)).all()


def test_flip_and_turns_as_numpy_does_them():
  image = pictures(batch=1, height=9, width=9)
  made = look(np.repeat(image, MANY, 0), turn=0.75, flip=0.5)
  known = {
    (quarters, mirrored): np.rot90(image[0, :, ::-1] if mirrored else image[0], quarters)
    for quarters in range(4)
    for mirrored in (False, True)
  }
  counts = [
    sum(np.allclose(each, expected, atol=0.05) for each in made) for expected in known.values()
  ]
  assert sum(counts) == MANY
  # Each of the eight an eighth: 50 +- 6.6.
  assert min(counts) > 20
  assert max(counts) < 80


def test_pure_rotation():
  made = maps(rotation=30.0)
  np.testing.assert_allclose(np.linalg.det(made), 1, atol=1e-5)
  angles = np.rad2deg(np.arctan2(made[:, 0, 1], made[:, 0, 0]))
  assert -30 <= angles.min() < -28
  assert 28 < angles.max() <= 30
  np.testing.assert_allclose(made[:, 0, 0], made[:, 1, 1], atol=1e-6)


def test_a_smaller_picture_stays_within_the_frame():
  made = maps(smaller=1.0)
  scale = 1 / made[:, 0, 0]
  assert 0.5 <= scale.min() < 0.51
  assert 0.98 < scale.max() <= 1
  for corner in itertools.product((-1, 1), repeat=2):
    seen = np.linalg.solve(made, np.array([*corner, 1.0])[:, None])[..., 0]
    assert (abs(seen[:, :2] / seen[:, 2:]) <= 1 + 1e-5).all()


def test_a_larger_picture_fills_the_frame():
  made = maps(larger=1.0)
  assert 1.98 < (1 / made[:, 0, 0]).max() <= 2
  for corner in itertools.product((-1, 1), repeat=2):
    seen = made @ np.array([*corner, 1.0])
    assert (abs(seen[:, :2]) <= 1 + 1e-5).all()


def test_pure_perspective():
  made = maps(perspective=0.2)
  np.testing.assert_allclose(made[:, :2], np.broadcast_to(np.eye(3)[:2], (MANY, 2, 3)), atol=1e-6)
  assert (made[:, 2, 2] == 1).all()
  assert 0.19 < abs(made[:, 2, :2]).max() <= 0.2


def test_stretch_and_shift():
  made = maps(stretch=0.25)
  factors = 1 / made[:, [0, 1], [0, 1]]
  assert 0.75 <= factors.min() < 0.76
  assert 1.24 < factors.max() <= 1.25
  assert abs(np.corrcoef(factors.T)[0, 1]) < 0.2
  moved = maps(shift=0.25)[:, :2, 2]
  assert 0.24 < abs(moved).max() <= 0.25
  # With a chance of a half either coordinate stays.
  stays = (maps(shift=0.25, chance=0.5)[:, :2, 2] == 0).mean(0)
  assert ((stays > 0.4) & (stays < 0.6)).all()


def test_warp_against_scipy():
  """Nothing is made smaller here (every step is below one pixel), so nothing is smoothed."""
  images = pictures(batch=6, height=24, width=31)
  made_maps = maps(6, larger=0.5, perspective=0.05) @ np.diag([0.6, 0.6, 1.0]).astype(np.float32)
  made, coverage = warp(planes(images), jnp.asarray(made_maps))
  rows, columns = np.mgrid[:24, :31]
  at = np.stack([(2 * columns + 1) / 31 - 1, (2 * rows + 1) / 24 - 1, np.ones((24, 31))])
  for image, each, one in zip(images, made_maps.astype(np.float64), made, strict=True):
    x, y, z = np.einsum('ij,jyx->iyx', each, at)
    where = [((y / z + 1) * 24 - 1) / 2, ((x / z + 1) * 31 - 1) / 2]
    for channel in range(3):
      expected = ndimage.map_coordinates(
        image[..., channel].astype(np.float64), where, order=1, mode='nearest'
      )
      np.testing.assert_allclose(one[channel], expected, atol=0.02)
  assert (np.asarray(coverage) == 1).all()


def test_coverage_of_a_picture_at_half_its_size():
  half = np.diag(np.float32([2, 2, 1]))[None]
  _, coverage = warp(np.zeros((1, 3, 16, 16), np.float32), half)
  # 16 pixels become 8, from the 5th to the 12th.
  expected = np.zeros((16, 16))
  expected[4:12, 4:12] = 1
  np.testing.assert_allclose(coverage[0], expected, atol=1e-5)


def test_a_smaller_picture_is_smoothed():
  # Lines of one pixel at every other row; at half the size a bare sample would hit them or not.
  lines = np.zeros((1, 16, 16, 3))
  lines[:, ::2] = 200
  half = np.diag(np.float32([2, 2, 1]))[None]
  made, _ = warp(planes(lines), half)
  np.testing.assert_allclose(made[0, :, 5:11, 5:11], 100, atol=0.01)
  # At three quarters a step is 4/3: a weight of 1/12 for both neighbours, 10/12 for the middle.
  images = planes(lines)
  three_quarters = np.diag(np.float32([4 / 3, 4 / 3, 1]))[None]
  made = smooth(images, three_quarters)
  np.testing.assert_allclose(made[0, 0, 4, 4], 200 * 10 / 12, rtol=1e-4)
  np.testing.assert_allclose(made[0, 0, 5, 4], 200 * 2 / 12, rtol=1e-4)
  assert (smooth(images, np.eye(3, dtype=np.float32)[None]) == images).all()


def test_a_background_fills_what_the_picture_leaves():
  # Every picture has one value of its own, so that the picture is where that value is.
  images = np.broadcast_to(np.arange(20, 84)[:, None, None, None] + 0.25, (64, 24, 24, 3))
  images = images.astype(np.float32)
  made = look(images, smaller=1.0, background=1.0)
  inside = (abs(made - images) < 1e-3).all(-1)
  areas = []
  for one in inside:
    rows, columns = np.flatnonzero(one.any(1)), np.flatnonzero(one.any(0))
    # A full rectangle, and nothing else.
    assert one.sum() == len(rows) * len(columns)
    assert np.ptp(rows) + 1 == len(rows)
    assert np.ptp(columns) + 1 == len(columns)
    areas.append(one.mean())
  # Sides from a half to the whole, less the pixels at the edges.
  assert 0.2 < min(areas) < 0.3
  assert max(areas) > 0.75


def test_surroundings_are_a_partner_or_made_up():
  values = np.arange(MANY) / 2 + 20
  images = np.broadcast_to(values[:, None, None, None], (MANY, 3, 8, 8)).astype(np.float32)
  made = np.asarray(jax.jit(camera_geometry.surroundings)(jax.random.key(0), jnp.asarray(images)))
  assert made.min() > -0.001
  assert made.max() < 255.001
  flat = np.ptp(made.reshape(MANY, -1), axis=1) < 1e-3
  # 200 +- 10; a made-up surface has a slope.
  assert 150 < flat.sum() < 250
  places = np.round((made[flat, 0, 0, 0] - 20) * 2).astype(int)
  steps = set(((np.flatnonzero(flat) - places) % MANY).tolist())
  assert len(steps) == 1
  assert steps != {0}


# Light, lens, sensor and file


def test_inverse_and_grey():
  images = pictures(batch=MANY, height=8, width=8)
  made = look(images, inverse=0.25)
  swapped = (made == 255.0 - images).all((1, 2, 3))
  assert (swapped | (made == images).all((1, 2, 3))).all()
  # 100 +- 8.7.
  assert 65 < swapped.sum() < 135
  made = look(images, grey=1.0)
  expected = images @ np.array([0.299, 0.587, 0.114])
  np.testing.assert_allclose(made, np.repeat(expected[..., None], 3, -1), atol=1e-3)


def test_white_balance_of_a_constant_picture():
  made = look(constant(100), white_balance=0.5)
  np.testing.assert_allclose(made.max(-1), 100)
  assert (np.ptp(made, axis=(1, 2)) == 0).all()
  octaves = np.log2(made[:, 0, 0, ::2] / made[:, 0, 0, 1:2])
  assert -0.5001 <= octaves.min() < -0.48
  assert 0.48 < octaves.max() <= 0.5001
  assert abs(np.corrcoef(octaves.T)[0, 1]) < 0.2


def test_exposure_of_a_constant_picture():
  made = look(constant(200), dark=2.0, bright=1.0)
  assert 50 <= made.min() < 53
  # Brighter than white is white.
  assert made.max() == 255
  assert (np.ptp(made, axis=(1, 2, 3)) == 0).all()
  assert look(constant(200), dark=2.0).max() <= 200
  assert look(constant(200), bright=1.0).min() >= 200
  unchanged = (look(constant(200), dark=2.0, chance=0.25) == 200).all((1, 2, 3)).sum()
  # Three quarters of 400: 300 +- 8.7.
  assert 265 < unchanged < 335


def test_uneven_light():
  made = look(constant(100, batch=50, size=32), light=1.0)
  # Nodes are gains of 0.5 to 1. Half-way between nodes a cubic's weights are 9 and -1 sixteenths,
  # absolute sum 1.25 per axis: 0.75 +- 0.25 * 1.25^2 at the very most.
  assert 35.9 < made.min() < 60
  assert made.max() < 114.1
  assert (np.ptp(made, axis=(1, 2)) > 0).all()
  np.testing.assert_allclose(made, made[..., :1].repeat(3, -1))


def test_a_field_passes_through_its_nodes():
  nodes = jnp.asarray(np.random.default_rng(0).uniform(-1, 1, (2, 3, 3)), jnp.float32)
  made = field(nodes, 9, 15)
  # Of 9 rows the 2nd, 5th and 8th lie on nodes, of 15 columns the 3rd, 8th and 13th.
  np.testing.assert_allclose(made[:, 1::3, 2::5], nodes, atol=1e-5)
  flat = np.full((1, 3, 3), 0.7, np.float32)
  np.testing.assert_allclose(field(flat, 8, 8), 0.7, atol=1e-6)


def test_shadow():
  depth, angle, start, softness = (np.float32([v]) for v in (0.4, 0.0, 0.0, 1.0))
  made = shadow(depth, angle, start, softness, 3, 5)
  # x is -1, -0.5, 0, 0.5, 1; the edge is from -0.5 to 0.5.
  np.testing.assert_allclose(made[0], [[1, 1, 0.8, 0.6, 0.6]] * 3, atol=1e-6)
  down = shadow(depth, angle + np.float32(np.pi / 2), start + 1, softness, 3, 5)
  np.testing.assert_allclose(down[0], np.array([[1.0] * 5, [1.0] * 5, [0.8] * 5]), atol=1e-6)


def test_shadows_only_darken():
  made = look(constant(200, batch=200, size=16), shadow=0.5, rare=0.5)
  assert made.max() <= 200
  # Two shadows of a half at most.
  assert 50 <= made.min() < 120
  without = (made == 200).all((1, 2, 3)).sum()
  # A quarter of 200 has none: 50 +- 6; a start and softness that leave no trace are rare.
  assert 25 < without < 90


def test_moire():
  waves = jnp.array([[np.pi, 0, 0, 0, 0, 0], [0, 0, 0, np.pi / 2, np.pi / 2, np.pi / 2]])
  made = jax.jit(camera_photometry.moire, static_argnums=(2, 3))(waves, jnp.array([0.1, 0.2]), 3, 3)
  # cos(pi x) at x = -1, 0, 1.
  np.testing.assert_allclose(made[0], [[[0.9, 1.1, 0.9]] * 3] * 3, atol=1e-6)
  # cos(pi / 2 (1 + y^2 + channel - 1)): y^2 is 1, 0, 1, red is a quarter of a period earlier.
  rows = [[1, 1.2, 1], [0.8, 1, 0.8], [1, 0.8, 1]]
  np.testing.assert_allclose(made[1], np.repeat(np.array(rows)[:, :, None], 3, -1), atol=1e-6)
  photo = look(constant(100, batch=20, size=32), moire=0.3)
  assert photo.min() >= 69.99
  assert photo.max() <= 130.01
  assert (np.ptp(photo, axis=(1, 2, 3)) > 0).all()


def test_tone():
  values = jnp.array([0, 63.75, 127.5, 255.0])
  images = jnp.broadcast_to(values, (3, 3, 1, 4))
  made = camera_photometry.tone(images, jnp.array([-0.5, 0.0, 1.0]), jnp.array([0.0, 0.1, 0.0]))
  np.testing.assert_allclose(made[0, 0, 0], [63.75, 95.625, 127.5, 191.25], atol=1e-3)
  # v + 0.4 v (1 - v / 255): 63.75 + 25.5 * 0.75, 127.5 + 25.5.
  np.testing.assert_allclose(made[1, 0, 0], [0, 82.875, 153, 255], atol=1e-3)
  np.testing.assert_allclose(made[2, 0, 0], [0, 0, 127.5, 255], atol=1e-3)


def test_grain():
  made = np.asarray(grain(jax.random.key(0), (4, 3, 100, 100)))
  # 120 000 values: a mean within 0.003, a deviation within 0.002 (one sigma).
  assert abs(made.mean()) < 0.015
  assert abs(made.std() - 1) < 0.01
  # 31 / sqrt(2 * 1023 / 12).
  np.testing.assert_allclose([made.min(), made.max()], [-2.374, 2.374], atol=1e-3)
  flat = made.transpose(1, 0, 2, 3).reshape(3, -1)
  assert abs(np.corrcoef(flat) - np.eye(3)).max() < 0.03
  assert abs((made[..., 1:] * made[..., :-1]).mean()) < 0.02
  assert abs(np.corrcoef(made.reshape(4, -1)) - np.eye(4)).max() < 0.03


def test_noise_of_a_constant_picture():
  made = look(constant(128, batch=200, size=16), noise=10.0)
  sigma = made.std((1, 2, 3))
  # Uniform from 0 to 10: a mean of 5 +- 0.2; each is known to 2.6 %.
  assert 4 < sigma.mean() < 6
  assert sigma.min() < 0.5
  assert 9 < sigma.max() < 11
  # A mean of 768 values of sigma 10: within 0.36 (one sigma).
  assert abs(made.mean((1, 2, 3)) - 128).max() < 2


def impulse():
  point = np.zeros((1, 3, 9, 9), np.float32)
  point[:, :, 4, 4] = 100
  return point


def test_defocus_spreads_a_point_as_a_gaussian():
  made = blur(impulse(), jnp.array([0.8]), jnp.zeros(1), jnp.zeros(1))
  distance = np.arange(-2, 3)
  weight = np.exp(-(distance**2 + distance[:, None] ** 2) / (2 * 0.64))
  expected = np.zeros((9, 9))
  expected[2:7, 2:7] = 100 * weight / weight.sum()
  np.testing.assert_allclose(made[0], [expected] * 3, atol=1e-4)


def test_motion_spreads_a_point_along_its_way():
  length = jnp.array([3.0])
  along_x = blur(impulse(), jnp.zeros(1), length, jnp.zeros(1))
  # The variance of a line of length 3: 9 / 12.
  weight = np.exp(-(np.arange(-2, 3) ** 2) / (2 * 0.75))
  expected = np.zeros((9, 9))
  expected[4, 2:7] = 100 * weight / weight.sum()
  np.testing.assert_allclose(along_x[0, 0], expected, atol=0.01)
  along_y = blur(impulse(), jnp.zeros(1), length, jnp.array([jnp.pi / 2]))
  np.testing.assert_allclose(along_y[0, 0], expected.T, atol=0.01)
  diagonal = np.asarray(blur(impulse(), jnp.zeros(1), length, jnp.array([jnp.pi / 4])))[0, 0]
  assert diagonal[5, 5] > 10
  assert diagonal[5, 3] < 0.01


def test_no_blur_is_exact_and_edges_repeat():
  images = planes(pictures(batch=2))
  assert (blur(images, jnp.zeros(2), jnp.zeros(2), jnp.ones(2)) == images).all()
  flat = jnp.full((1, 3, 6, 7), 90.0)
  made = blur(flat, jnp.array([1.0]), jnp.array([4.0]), jnp.ones(1))
  np.testing.assert_allclose(made, 90, atol=1e-3)


# The step of the constant wave at these qualities: 16 times 500, 100 and 20 per cent.
@pytest.mark.parametrize(('quality', 'step'), [(10, 80), (50, 16), (90, 3)])
def test_jpeg_keeps_constant_blocks_within_half_a_step(quality, step):
  values = jnp.array([0.3, 13.3, 77.3, 128.3, 200.3, 254.3])  # no ties of rounding
  images = jnp.broadcast_to(values[:, None, None, None], (6, 3, 8, 16))
  made = np.asarray(jpeg(images, jnp.full(6, float(quality))))
  # The wave of a constant is 8 times its distance from 128.
  expected = 128 + np.round(8 * (np.asarray(values) - 128) / step) * step / 8
  np.testing.assert_allclose(
    made, np.broadcast_to(expected[:, None, None, None], made.shape), atol=1e-2
  )
  assert abs(expected - np.asarray(values)).max() <= step / 16


def test_jpeg_of_a_grey_block_against_scipy():
  pattern = np.random.default_rng(3).integers(0, 256, (8, 8)).astype(np.float64)
  # Quality 25 doubles the table of the standard, of which this is the first row and column.
  waves = fft.dctn(pattern - 128, norm='ortho')
  table = 2 * np.array(
    [
      [16, 11, 10, 16, 24, 40, 51, 61],
      [12, 12, 14, 19, 26, 58, 60, 55],
      [14, 13, 16, 24, 40, 57, 69, 56],
      [14, 17, 22, 29, 51, 87, 80, 62],
      [18, 22, 37, 56, 68, 109, 103, 77],
      [24, 35, 55, 64, 81, 104, 113, 92],
      [49, 64, 78, 87, 103, 121, 120, 101],
      [72, 92, 95, 98, 112, 100, 103, 99],
    ]
  )
  steps = waves / table
  assert abs(steps % 1 - 0.5).min() > 1e-2  # no ties of rounding
  expected = 128 + fft.idctn(np.round(steps) * table, norm='ortho')
  made = jpeg(jnp.broadcast_to(jnp.asarray(pattern), (1, 3, 8, 8)), jnp.array([25.0]))
  np.testing.assert_allclose(made[0], [expected] * 3, atol=0.02)


@pytest.mark.parametrize('quality', [20, 60, 95])
def test_jpeg_against_a_real_file(quality):
  # Smooth colour, as photos are; 21 x 30 is no whole number of blocks.
  small = 70 + pictures(batch=1, height=3, width=4)[0] // 2
  image = Image.fromarray(small).resize((30, 21), Image.Resampling.BICUBIC)
  file = io.BytesIO()
  image.save(file, 'JPEG', quality=quality, subsampling=0)
  expected = np.asarray(Image.open(file), np.float64)
  made = np.asarray(jpeg(planes(np.asarray(image)[None]), jnp.array([float(quality)])))
  made = np.clip(np.moveaxis(made[0], 0, -1), 0, 255)
  # A file's colours are whole numbers, so now and then a wave is rounded the other way.
  assert abs(made - expected).mean() < 1


def test_jpeg_comes_to_its_share():
  images = np.repeat(pictures(batch=1, height=8, width=8), MANY, 0)
  changed = (abs(look(images, jpeg=80.0, rare=0.25) - images) > 0.01).any((1, 2, 3)).sum()
  # 100 +- 8.7.
  assert 65 < changed < 135
