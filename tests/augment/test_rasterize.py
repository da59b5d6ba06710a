import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tablet import BOX, TWO, batch

from omr_jax.augment import handwriting, rasterize
from omr_jax.inputs import render

HEIGHT, WIDTH, MARGIN = 40, 32, 4
STILL = {
  'height': HEIGHT,
  'width': WIDTH,
  'layout': 'scaled',
  'staff_line': None,
  'margin': MARGIN,
  'max_stretch': 2.5,
  'max_zoom': 8.0,
  'shift': 0.0,
  'thickness': (2.0, 2.0),
}
UNMOVED = {
  'rotation': 0.0,
  'zoom': (1.0, 1.0),
  'shear': 0.0,
  'stroke_zoom': 0.0,
  'stroke_shift': 0.0,
  'bend': 0.0,
}
CASES = 64


POINTS = 64  # More than any symbol of these tests has.
by_pen = jax.jit(rasterize.draw, static_argnums=(3, 4))


@functools.partial(jax.jit, static_argnames=('height', 'width', 'layout', 'staff_line'))
def drawn(key, points, stroke, *, height, width, layout, staff_line, moves, **strengths):
  """Strokes moved, then drawn, as `recipe` does it; strengths are numbers given to one program."""
  keys = jax.random.split(key, 4)
  points = handwriting.rewritten(keys[:2], points, stroke, **moves)
  shape = {'height': height, 'width': width, 'layout': layout, 'staff_line': staff_line}
  return rasterize.new_pictures(keys[2:], points, stroke, **shape, **strengths)


def draw(seed, points, stroke, **changes):
  """`image` and `size` of symbols as they are given."""
  moves = {key: changes.get(key, value) for key, value in UNMOVED.items()}
  others = {key: changes.get(key, value) for key, value in STILL.items()}
  assert not changes.keys() - moves.keys() - others.keys()
  return drawn(jax.random.key(seed), points, stroke, moves=moves, **others)


def new(seed, symbols, padding=0.0, **changes):
  """Pictures [batch, height, width] and boxes [batch, 2] in pixels of the tablet."""
  points, stroke = batch(*symbols)
  # One shape, and so one program, for all: the symbols again and again, and padding.
  again = np.arange(CASES) % len(symbols)
  more = POINTS - points.shape[1]
  points = np.pad(points, ((0, 0), (0, more), (0, 0)), constant_values=padding)[again]
  stroke = np.pad(stroke, ((0, 0), (0, more)), constant_values=-1)[again]
  made = draw(seed, points, stroke, **changes)
  image, size = (np.asarray(made[name])[: len(symbols)] for name in ('image', 'size'))
  return image[..., 0], np.exp(size)


def test_a_capsule_by_hand():
  # From (4, 3) to (8, 3), two wide: a pixel at distance d is covered to 1.5 - d, from 0 to 1.
  points, stroke = batch([[(4, 3), (8, 3)]])
  image = np.asarray(by_pen(points, stroke, np.float32([2]), 7, 13))
  assert image.shape == (1, 7, 13, 1)
  corner = 1.5 - math.sqrt(2)
  ink_of_half = [
    [0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, corner, 0.5, 0.5, 0.5],
    [0, 0, 0, 0.5, 1, 1, 1],
  ]
  left = np.array([*ink_of_half, *ink_of_half[2::-1]])
  expected = 255 * (1 - np.hstack([left, left[:, -2::-1]]))
  np.testing.assert_allclose(image[0, ..., 0], expected, atol=1e-3)


def test_strokes_are_not_joined_and_a_point_is_a_dot():
  image = np.asarray(by_pen(*batch([[(2, 4)], [(10, 4)]]), np.float32([3]), 9, 13))[0, ..., 0]
  assert (image[:, 5:8] == 255).all()
  # The end of one stroke on the start of the next: nothing but the two.
  for x in (2, 10):
    np.testing.assert_allclose(image[4, x - 2 : x + 3], [255, 0, 0, 0, 255], atol=1e-3)


def test_padding_is_ignored():
  """Whatever its coordinates, and however much there is of it."""
  image, box = new(0, [BOX])
  other, same_box = new(0, [BOX], padding=13.0)
  made = draw(0, *batch(BOX))
  assert made['image'].dtype == made['size'].dtype == jnp.float32
  for found, size in ((other, same_box), (made['image'][..., 0], np.exp(made['size']))):
    np.testing.assert_allclose(found, image, atol=0.01)
    np.testing.assert_allclose(size, box, rtol=1e-5)


def test_without_ranges_nothing_is_random():
  first, box = new(0, [BOX, TWO])
  second, _ = new(1, [BOX, TWO])
  np.testing.assert_allclose(second, first, atol=0.01)
  np.testing.assert_allclose(box, [(40, 30)] * 2, rtol=1e-6)


def test_the_rule_of_the_drawing_holds():
  # The box 40x30 has room for 23x31 (canvas - 1 - 2 * 4): 0.575 along x, 1.033 along y.
  image, _ = new(0, [BOX])
  rows, columns = (image[0, :, 16] < 100).nonzero()[0], (image[0, 20] < 100).nonzero()[0]
  assert (columns.min(), columns.max()) == (4, 27)
  assert (rows.min(), rows.max()) == (4, 35)


def smooth(rng, points=48):
  turn = np.linspace(0, 1, points)
  phase, speed, size = rng.uniform(0, 6, 2), rng.uniform(3, 9, 2), rng.uniform(60, 120, 2)
  return [[tuple(p) for p in np.rint(size * np.sin(turn[:, None] * speed + phase)).astype(int)]]


@pytest.mark.parametrize('thickness', [2.0, 3.0])
def test_pictures_are_those_of_pillow(thickness):
  """Training pictures (this module) and test pictures (`render`) are of one kind.

  Pillow's places are on a grid of a quarter pixel: off by up to 1/8, by 1/16 in the mean, at both
  edges of the line. That is 2 / 16 of a pixel, 6 % of a line of two. Let pass are 0.2 pixels, for
  what is rounded besides; the same line 1/8 away would be at 0.25 alone.
  """
  rng = np.random.default_rng(0)
  symbols = [smooth(rng) for _ in range(CASES)]
  drawing = render.Drawing(
    HEIGHT, WIDTH, 'scaled', (thickness,), (), MARGIN, STILL['max_stretch'], 8.0, True, True
  )
  pillow = np.stack(
    [render.draw(np.array(s[0]), np.zeros(len(s[0]), int), drawing) for s in symbols]
  )
  image, _ = new(0, symbols, thickness=(thickness, thickness))
  mass = (255 - image).sum()
  assert np.abs(image - pillow).sum() / mass < 0.2 / thickness
  assert (255.0 - pillow).sum() / mass == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize('staff_line', [None, 5])
def test_centered_pictures_are_those_of_pillow(staff_line):
  # Boxes of odd sides on a canvas of odd sides: both put the middle of the box on a pixel's centre.
  shape = {'height': 95, 'width': 71}
  staff_lines = () if staff_line is None else (staff_line,)
  drawing = render.Drawing(
    **shape,
    layout='centered',
    thickness=(3.0,),
    staff_lines=staff_lines,
    margin=0,
    max_stretch=1.0,
    max_zoom=1.0,
    antialias=True,
    thinned=True,
  )
  cross = [[(3, 1), (43, 31)], [(3, 31), (43, 1)]]  # 41x31, smaller than the canvas
  tall = [[(0, 0), (0, 120)]]  # and larger: it is cropped
  image, _ = new(
    0, [cross, tall], layout='centered', staff_line=staff_line, thickness=(3.0, 3.0), **shape
  )
  for picture, symbol in zip(image, (cross, tall), strict=True):
    points, stroke = batch(symbol)
    inside = np.asarray(stroke[0]) >= 0
    pillow = render.draw(np.asarray(points[0], int)[inside], np.asarray(stroke[0])[inside], drawing)
    assert np.abs(picture - pillow).sum() / (255.0 - pillow).sum() < 0.2 / 3
    if staff_line is not None:
      # Beside the symbol: five lines 14 apart, three rows each.
      rows = [staff_line + 14 * line + row for line in range(5) for row in (-1, 0, 1)]
      np.testing.assert_array_equal(np.flatnonzero(picture[:, 0] < 1), sorted(rows))
      np.testing.assert_array_equal(np.flatnonzero(picture[:, 0] < 254), sorted(rows))


def test_sizes_stay_within_zoom():
  _, box = new(0, [BOX] * CASES, zoom=(0.8, 1.25))
  for side, length in ((0, 40), (1, 30)):
    assert 0.8 * length - 1e-3 <= box[:, side].min() < 0.85 * length
    assert 1.2 * length < box[:, side].max() <= 1.25 * length + 1e-3
  assert np.abs(np.corrcoef(box.T)[0, 1]) < 0.6


def test_strokes_of_several_move_on_their_own():
  _, box = new(0, [TWO] * CASES, stroke_shift=3.0)
  # Each end of the box may go 3 pixels out, or, where both strokes do, in.
  assert (np.abs(box - (40, 30)) <= 6.001).all()
  assert np.abs(box - (40, 30)).max() > 2
  _, box = new(0, [TWO] * CASES, stroke_zoom=0.1)
  assert (np.abs(box / (40, 30) - 1) <= 0.1001).all()
  assert np.abs(box / (40, 30) - 1).max() > 0.05
  _, box = new(0, [BOX] * CASES, stroke_shift=3.0, stroke_zoom=0.1)
  np.testing.assert_allclose(box, [(40, 30)] * CASES, rtol=1e-5)


def test_ink_stays_on_the_canvas():
  changes = {
    'rotation': 20.0,
    'shear': 0.2,
    'zoom': (0.8, 1.2),
    'shift': 1.0,
    'stroke_shift': 3.0,
    'thickness': (1.0, 3.0),
  }
  image, _ = new(0, [TWO] * CASES, **changes)
  # The box ends 4 pixels inside, moves by 1, and ink reaches 3 / 2 + 1 / 2 beyond it: 1 is left.
  for edge in (image[:, 0], image[:, -1], image[:, :, 0], image[:, :, -1]):
    assert (edge == 255).all()
  assert (image.min((1, 2)) < 20).all()


def test_shift_moves_by_pixels_of_the_canvas():
  image, box = new(0, [BOX] * CASES, shift=1.0)
  mass = 255 - image
  y, x = np.mgrid[:HEIGHT, :WIDTH]
  middle = (mass * x).sum((1, 2)) / mass.sum((1, 2)) - (WIDTH - 1) / 2
  assert 0.9 < np.abs(middle).max() < 1.05
  middle = (mass * y).sum((1, 2)) / mass.sum((1, 2)) - (HEIGHT - 1) / 2
  assert 0.9 < np.abs(middle).max() < 1.05
  np.testing.assert_allclose(box, [(40, 30)] * CASES, rtol=1e-6)


def test_thickness_stays_in_its_range():
  # Across a straight line the covered shares add up to its thickness, wherever it lies.
  image, _ = new(0, [[[(0, 0), (40, 0)]]] * CASES, thickness=(1.0, 3.0))
  widths = (1 - image[:, :, WIDTH // 2] / 255).sum(1)
  assert 1 - 1e-3 <= widths.min() < 1.2
  assert 2.8 < widths.max() <= 3 + 1e-3


RANDOM = {'rotation': 10.0, 'shear': 0.1, 'zoom': (0.8, 1.2), 'thickness': (1.5, 3.0)}


def test_the_key_decides():
  first, _ = new(3, [TWO] * 4, **RANDOM)
  again, _ = new(3, [TWO] * 4, **RANDOM)
  other, _ = new(4, [TWO] * 4, **RANDOM)
  assert (first == again).all()
  for i in range(4):
    assert np.abs(first[i] - other[i]).max() > 50
    assert np.abs(first[i] - first[i - 1]).max() > 50


def test_size_of_a_dot_is_a_pixel():
  _, box = new(0, [[[(5, 5)]]])
  assert box.tolist() == [[1, 1]]


def test_bending_moves_points_by_a_share_of_the_box():
  stroke = np.zeros((CASES, 41), np.int32)
  line = np.stack([np.linspace(0, 40, 41), np.zeros(41)], -1).astype(np.float32)
  points = np.broadcast_to(line, (CASES, 41, 2))
  keys = jax.random.split(jax.random.key(0), 2)
  moved = jax.jit(handwriting.rewritten)(keys, points, stroke, **UNMOVED | {'bend': 0.05})
  off = np.asarray(moved - points)
  assert np.abs(off).max() <= 0.05 * 40 + 1e-4
  assert np.abs(off).max((1, 2)).mean() > 0.02 * 40
  # Waves of a box's length and more: neighbours go the same way.
  assert np.abs(np.diff(off, axis=1)).max() <= 0.05 * 40 * 2 * np.pi / 40 + 1e-4
