"""The pen's way, with distances that can be added up by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from omr_jax.inputs import pen_path
from omr_jax.models import strokes as networks

features = jax.jit(networks.features)


def way(*strokes):
  points = np.array([point for stroke in strokes for point in stroke], np.float64)
  return pen_path.sampled(points, np.repeat(np.arange(len(strokes)), list(map(len, strokes))))


def test_points_are_evenly_spaced_along_the_line():
  # 38 to the right and 57 down: 95 steps of 1, and the corner is point 38.
  found = way([(0, 0), (38, 0), (38, 57)])
  assert found.shape == (pen_path.POINTS, 3)
  np.testing.assert_allclose(found[:39, 0], np.arange(39), atol=1e-9)
  np.testing.assert_allclose(found[38:, 1], np.arange(58), atol=1e-9)
  assert (found[38:, 0] == 38).all() and (found[:39, 1] == 0).all() and (found[:, 2] == 0).all()


def test_a_lifted_pen_counts_for_a_third():
  # 30 of ink, a jump of 100 that counts 35, 30 of ink: 95 steps. Points 30 and 65 end the jump.
  found = way([(0, 0), (30, 0)], [(30, 100), (60, 100)])
  number = found[:, 2]
  np.testing.assert_array_equal(number[:30], 0)
  np.testing.assert_array_equal(number[31:65], 0.5)
  np.testing.assert_array_equal(number[66:], 1)
  np.testing.assert_allclose(found[31:65, 1], 100 * np.arange(1, 35) / 35, atol=1e-6)


def test_what_is_repeated_takes_no_time():
  once = way([(0, 0), (20, 0)], [(20, 5), (40, 5)])
  again = way([(0, 0), (0, 0), (20, 0), (20, 0)], [(20, 5), (20, 5), (40, 5), (40, 5)])
  np.testing.assert_allclose(again, once, atol=1e-9)


@pytest.mark.parametrize('dot', [[(3, 4)], [(3, 4), (3, 4)]])
def test_a_tap_of_the_pen_is_a_way_that_leads_nowhere(dot):
  np.testing.assert_array_equal(way(dot), [[3, 4, 0]] * pen_path.POINTS)


def test_jax_finds_the_same_way_in_padded_arrays():
  rng = np.random.default_rng(0)
  symbols, points, stroke = [], np.full((40, 30, 2), 7.0, np.float32), np.full((40, 30), -1)
  for i in range(40):
    counts = rng.integers(1, 8, rng.integers(1, 4))
    xy = rng.integers(0, 90, (counts.sum(), 2)).astype(np.float64)
    line = np.repeat(np.arange(len(counts)), counts)
    symbols.append(pen_path.sampled(xy, line))
    points[i, : len(xy)], stroke[i, : len(xy)] = xy, line
  found = jax.jit(jax.vmap(pen_path.sampled))(jnp.array(points), jnp.array(stroke))
  assert found.dtype == jnp.float32
  np.testing.assert_allclose(found[..., :2], np.array(symbols)[..., :2], atol=0.01)
  # Rounding may put a point on the other side of a stroke's end, no more.
  assert (found[..., 2] == np.array(symbols)[..., 2]).mean() > 0.99


def test_features_by_hand():
  # 95 down, so the box is 1 wide where nothing is: x stays 0, and y goes from -1/2 to 1/2.
  found = features(jnp.array(way([(5, 100), (5, 195)]), jnp.float32)[None])
  y = np.arange(pen_path.POINTS) / 95 - 0.5
  step = np.where(np.arange(pen_path.POINTS), 24 / 95, 0)
  zero, one = np.zeros(pen_path.POINTS), np.ones(pen_path.POINTS)
  symbol = [-3.5 * one, (np.log(95) - 3.5) * one, -0.5 * one]
  expected = np.stack([zero, y, zero, y, zero, step, one, *symbol], -1)
  np.testing.assert_allclose(found[0], expected, atol=1e-5)


def test_features_tell_proportion_size_and_lifted_pen_but_not_place():
  strokes = [[(0, 0), (30, 0)], [(30, 100), (60, 100)]]
  found = way(*strokes)
  moved = features(jnp.array([found, found + [500, 90, 0]], jnp.float32))
  np.testing.assert_allclose(moved[0], moved[1], atol=1e-5)
  # Two strokes are the middle of their number.
  symbol = np.tile([np.log(60) - 3.5, np.log(100) - 3.5, 0], (pen_path.POINTS, 1))
  np.testing.assert_allclose(moved[0, :, 7:], symbol, atol=1e-5)
  # The box is 60x100: x spans 0.6 of the longer side, and all of the box.
  np.testing.assert_allclose(np.ptp(moved[0, :, :4], axis=0), [0.6, 1, 1, 1], rtol=1e-5)
  assert (moved[0, :, 6] == 0).sum() == 34
