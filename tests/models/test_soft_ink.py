"""The picture that a network draws itself, and the network of two branches that looks at it."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from networks import drawn_variables

from omr_jax import models
from omr_jax.inputs import pen_path
from omr_jax.models import soft_ink

drawn = jax.jit(soft_ink.drawn, static_argnums=(1, 2))


def way(*strokes):
  points = np.concatenate([np.array(stroke, np.float32) for stroke in strokes])
  number = np.repeat(np.arange(len(strokes)), [len(stroke) for stroke in strokes])
  return pen_path.sampled(points, number)[None].astype(np.float32)


def test_a_cross_fills_the_canvas_and_lies_where_it_was_written():
  # 80 wide and 60 high: to 31 pixels of width by a factor of 31 / 80, to 43 of height by 43 / 60.
  cross = way([(10, 130), (90, 130)], [(50, 100), (50, 160)])
  picture, size = drawn(cross, 48, 36)
  assert picture.shape == (1, 48, 36, 1)
  # Strokes that end between two of the 96 points are up to a point's distance, 2 pixels, short.
  np.testing.assert_allclose(np.exp(size), [[80, 60]], atol=2)
  ink = 1 - np.asarray(picture)[0, ..., 0] / 255
  # The middle of rows 0 to 47 is 23.5, of columns 0 to 35 17.5: two rows, and two columns, of ink.
  assert ink[23:25, 3:33].min() > 0.4 and ink[3:45, 17:19].min() > 0.4
  rows, columns = np.arange(48) * ink.sum(1), np.arange(36) * ink.sum(0)
  np.testing.assert_allclose(
    (rows.sum() / ink.sum(), columns.sum() / ink.sum()), (23.5, 17.5), atol=0.5
  )
  # Little beyond the margin of 2 pixels, where its softness ends, and none in the four corners.
  assert ink[:, 0].max() < 0.3 and ink[0].max() < 0.3
  assert max(ink[:19, :13].max(), ink[29:, 23:].max()) < 0.05


def test_one_axis_is_stretched_at_most_two_and_a_half_times_as_much():
  # 4 wide and 50 high: 43 / 50 along y, and along x no more than 2.5 times that, 8.6 pixels wide.
  corner = way([(0, 0), (0, 50), (4, 50)])
  ink = 255 - np.asarray(drawn(corner, 48, 36)[0])[0, ..., 0]
  columns = np.flatnonzero(ink.max(0) > 100)
  # Ink is 1 to 2 pixels wide to either side; stretched without bounds it would be 31 pixels.
  assert 11 <= columns[0] <= 13 and 22 <= columns[-1] <= 24


def test_where_the_pen_is_up_no_ink_is():
  """Between two parallel strokes, and halfway between two points of the jump."""
  rails = way([(0, 0), (0, 100)], [(60, 0), (60, 100)])
  ink = 1 - np.asarray(drawn(rails, 48, 36)[0])[0, ..., 0] / 255
  assert ink[:, 7:29].max() < 0.05 and ink[3:45, 2].min() > 0.5


def test_order_and_direction_of_strokes_are_not_seen():
  """Only where the evenly spaced points come to lie differs."""
  strokes = [(0, 0), (40, 10), (10, 80)], [(60, 5), (60, 90)]
  as_written = drawn(way(*strokes), 48, 36)[0]
  otherwise = drawn(way(*[stroke[::-1] for stroke in strokes[::-1]]), 48, 36)[0]
  assert abs(as_written - otherwise).mean() < 5
  assert abs(as_written - as_written[:, ::-1]).mean() > 25


@pytest.mark.parametrize(
  ('name', 'inputs'),
  [('stroke_resnet28', ('pen',)), ('fused_resnet30', ('image', 'size', 'pen'))],
)
def test_in_training_either_branch_answers_too(name, inputs):
  few = {'widths': (8, 16), 'blocks': (1, 1), 'pen_widths': (8, 16), 'pen_blocks': (1, 1)}
  module = models.create(name, 5, **few, hidden=16)
  assert module.inputs == inputs
  rng = np.random.default_rng(0)
  given = {
    'pen': np.cumsum(rng.normal(size=(4, 96, 3)), 1).astype(np.float32),
    'image': rng.integers(0, 256, (4, 32, 32, 1), np.uint8),
    'size': np.ones((4, 2), np.float32),
  }
  given = {key: given[key] for key in inputs}
  variables = drawn_variables(module, given)
  trained, _ = jax.jit(partial(module.apply, train=True, mutable=['batch_stats']))(variables, given)
  assert trained.shape == (3, 4, 5)
  seen, followed, both = np.asarray(trained)
  np.testing.assert_allclose((seen + followed) / 2, both, atol=1e-5)
  assert abs(seen - followed).max() > 0.01
  assert jax.jit(partial(module.apply, train=False))(variables, given).shape == (4, 5)


def test_dots_of_one_point_are_ink():
  dot = jnp.broadcast_to(jnp.array([30.0, 40, 0]), (1, 96, 3))
  picture, size = drawn(dot, 48, 36)
  assert not np.asarray(size).any()  # A pixel at least.
  ink = 1 - np.asarray(picture)[0, ..., 0] / 255
  assert ink[23:25, 17:19].min() > 0.99 and ink[:19].max() < 0.05
