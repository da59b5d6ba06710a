"""Crops drawn for training: what is where, with everything random switched off or on."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import ndimage
from tablet import BOX, TWO, batch

from omr_jax.augment import crops
from omr_jax.inputs import render

STILL = {
  'height': 40,
  'width': 32,
  'max_stretch': 2.0,
  'max_zoom': float('inf'),
  'thickness': (3.0, 3.0),
  'around': 0.0,
  'staff': 0.0,
  'worn': 0.0,
}
CASES = 64
POINTS = 32  # More than any symbol of these tests has.
# Strengths and chances are numbers that are given to one program, as a population gives its own.
drawn = jax.jit(crops.new_crops, static_argnames=('height', 'width', 'max_stretch', 'max_zoom'))


def new(seed, symbols, **changes):
  """Darkness [batch, height, width], 0 to 1, of at most 2 * CASES symbols."""
  rngs = jax.random.split(jax.random.key(seed))
  points, stroke = batch(*symbols)
  # One shape, and so one program, for all: the symbols again and again, and padding.
  again = np.arange(2 * CASES) % len(symbols)
  more = POINTS - points.shape[1]
  points = np.pad(points, ((0, 0), (0, more), (0, 0)))[again]
  stroke = np.pad(stroke, ((0, 0), (0, more)), constant_values=-1)[again]
  made = drawn(rngs, points, stroke, **(STILL | changes))
  assert list(made) == ['image'] and made['image'].dtype == jnp.float32
  return 1 - np.asarray(made['image'])[: len(symbols), ..., 0] / 255


@pytest.mark.parametrize('symbol', [BOX, TWO, [[(5, 5)]], [[(0, 0), (90, 4)]]])
def test_a_plain_crop_is_the_picture_of_the_layout_resized(symbol):
  drawing = render.Drawing(40, 32, 'resized', (3.0,), (), 1, 2.0, float('inf'), True, False)
  points = np.array([point for stroke in symbol for point in stroke])
  stroke = np.repeat(np.arange(len(symbol)), [len(line) for line in symbol])
  pillow = 1 - render.draw(points, stroke, drawing) / 255
  found = new(0, [symbol])[0]
  # Pillow rounds sizes and places to half a pixel, and its filter blurs the tablet's pixels. A line
  # of two pixels that lies one aside correlates by a half.
  assert np.corrcoef(found.ravel(), pillow.ravel())[0, 1] > 0.7
  assert found.sum() == pytest.approx(pillow.sum(), rel=0.15)


def test_nothing_is_random_without_chances():
  np.testing.assert_array_equal(new(0, [BOX, TWO]), new(1, [BOX, TWO]))


def test_the_pen_has_the_width_of_the_tablet():
  # A bar of 30 in a window of 30 + w by w: along x it decides the zoom, 32 / (30 + w), and
  # along y twice that is allowed.
  for wide in (2.0, 5.0):
    found = new(0, [[[(0, 0), (30, 0)]]], thickness=(wide, wide))[0]
    zoom = 2 * 32 / (30 + wide)
    assert found[:, 16].sum() == pytest.approx(wide * zoom, abs=0.8 * zoom)


def test_around_makes_symbols_smaller_and_shows_neighbours():
  plain = new(0, [BOX, TWO] * CASES)
  around = new(0, [BOX, TWO] * CASES, around=1.0)
  # Some windows have grown so that a border is clear of the symbol's own ink.
  clear = (around[:, 0].max(1) == 0) | (around[:, -1].max(1) == 0)
  assert clear.mean() > 0.3 and (plain[:, 1].max(1) > 0.5).all()
  # A box is one piece of ink, and what reaches in from the side is another, or touches it.
  pieces = np.array([ndimage.label(each > 0.5)[1] for each in around[::2]])
  assert 0.2 < (pieces > 1).mean() < 0.6 and pieces.min() == 1


def test_staff_lines_cross_in_some():
  # The symbol inks two corners; a staff line that runs through inks both sides between them.
  corners = [[[(0, 0), (30, 40)]]] * CASES
  found = new(0, corners, staff=1.0)
  left, right = (found[:, 5:30, column].max(1) > 0.3 for column in (1, -1))
  assert 0.2 < (left & right).mean() < 0.95
  assert (left != right).any()
  without = new(0, corners)
  assert (found >= without - 1e-6).all()


def test_worn_ink_is_ragged_but_there():
  found, clean = new(0, [BOX] * CASES, worn=1.0), new(0, [BOX] * CASES)
  off = np.abs(found - clean).mean((1, 2))
  assert off.max() > 0.05 and off.min() < 0.03
  assert found.min() >= 0 and found.max() <= 1
  for i in range(CASES):
    assert np.corrcoef(found[i].ravel(), clean[i].ravel())[0, 1] > 0.5


def test_sums_along_an_axis_by_hand():
  dark = np.zeros((1, 3, 5), np.float32)
  dark[0, 0, 1] = 1
  taps = np.array([1, 4, 6, 4, 1]) / 16
  filtered = jax.jit(lambda dark, axis: crops._filtered(dark, taps, axis), static_argnums=1)
  down = np.asarray(filtered(dark, 1))
  np.testing.assert_array_equal(down[0, :, 1], [6 / 16, 4 / 16, 1 / 16])
  np.testing.assert_array_equal(np.delete(down[0], 1, axis=1), 0)
  both = np.asarray(filtered(down, 2))
  along = np.array([4, 6, 4, 1, 0]) / 16  # What would be left of the edge is cut off.
  np.testing.assert_allclose(both[0], np.outer([6 / 16, 4 / 16, 1 / 16], along), rtol=1e-6)
