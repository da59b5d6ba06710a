"""Golden pictures, small enough to be drawn by hand: `#` is ink, `.` is paper."""

import itertools
import math

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from omr_jax.inputs import geometry, render


def drawing(height, width, layout='centered', **changes):
  fields = {
    'thickness': (1.0,),
    'staff_lines': (),
    'margin': 0,
    'max_stretch': math.inf,
    'max_zoom': math.inf,
    'antialias': False,
    'thinned': True,
  }
  return render.Drawing(height, width, layout, **(fields | changes))


def draw(strokes, how):
  points = np.array([point for stroke in strokes for point in stroke], np.int32)
  stroke = np.repeat(np.arange(len(strokes)), [len(s) for s in strokes])
  return render.draw(points, stroke, how)


def art(picture):
  assert set(np.unique(picture)) <= {0, 255}
  return [''.join('.#'[int(pixel == 0)] for pixel in row) for row in picture]


LINE = [[(10, 20), (14, 20)]]


def test_a_line_is_centred():
  assert art(draw(LINE, drawing(5, 7))) == ['.......', '.......', '.#####.', '.......', '.......']
  # One pixel too many goes to the right and below.
  assert art(draw(LINE, drawing(4, 8))) == ['........', '.#####..', '........', '........']


def test_a_line_of_three_pixels():
  line = [[(0, 0), (0, 4)]]
  assert art(draw(line, drawing(7, 5, thickness=(3.0,)))) == [
    '.....',
    *['.###.'] * 5,
    '.....',
  ]


def test_strokes_are_not_joined_and_points_are():
  corner, dot = [(0, 0), (3, 0), (3, 3)], [(0, 3)]
  assert art(draw([corner, dot], drawing(4, 4))) == ['####', '...#', '...#', '#..#']


@pytest.mark.parametrize('stroke', [[(5, 5)], [(5, 5), (5, 5), (5, 5)]])
def test_a_stroke_of_one_place_is_a_dot(stroke):
  assert art(draw([stroke], drawing(3, 3))) == ['...', '.#.', '...']
  # Pillow's circle of diameter 3: of area 7.07 it takes the 5 pixels that are surely inside.
  dot = drawing(5, 5, thickness=(3.0,))
  assert art(draw([stroke], dot)) == ['.....', '..#..', '.###.', '..#..', '.....']


def test_a_larger_symbol_is_cropped_evenly():
  # Ticks at 0, 2, 4, 6 and 8 on a base line: of 9x3, the middle 5x3 shows, from x = 2.
  ticks = [[(x, 0), (x, 2)] for x in (0, 2, 4, 6, 8)]
  assert art(draw([[(0, 2), (8, 2)], *ticks], drawing(3, 5))) == ['#.#.#', '#.#.#', '#####']


@pytest.mark.parametrize(('thickness', 'around'), [(1.0, (0,)), (3.0, (-1, 0, 1))])
@pytest.mark.parametrize('antialias', [False, True])
def test_staff_lines(thickness, around, antialias):
  how = drawing(70, 9, staff_lines=(5,), thickness=(thickness,), antialias=antialias)
  picture = draw([[(0, 0)]], how)
  inked = {line + offset for line in (5, 19, 33, 47, 61) for offset in around}
  # The dot is on the row (70 - 1) // 2 = 34; only its middle column is looked at apart.
  for y in range(70):
    assert (picture[y, [0, 1, 7, 8]] == (0 if y in inked else 255)).all(), y
  assert picture[34, 4] < 128


def test_staff_lines_beyond_the_canvas_are_cut():
  picture = draw([[(0, 0)]], drawing(20, 3, staff_lines=(-10,)))
  assert [y for y in range(20) if picture[y, 0] == 0] == [4, 18]


@pytest.mark.parametrize('layout', ['resized', 'scaled'])
def test_staff_lines_are_of_the_centered_layout_only(layout):
  points, stroke = np.array([(0, 0), (4, 9)]), np.zeros(2, int)
  how = drawing(80, 40, layout, margin=2)
  plain = render.draw_rendering(points, stroke, how, 1.0, None)
  assert (render.draw_rendering(points, stroke, how, 1.0, 3) == plain).all()


# Shares of the rows across a line, from its middle row outwards, that a line of this thickness
# covers: a pixel reaches half a pixel to both sides of its centre.
@pytest.mark.parametrize(
  ('thickness', 'shares'),
  [(1.0, (1, 0, 0)), (1.5, (1, 0.25, 0)), (2.0, (1, 0.5, 0)), (3.0, (1, 1, 0))],
)
@pytest.mark.parametrize('turn', range(4))
def test_antialiased_coverage(thickness, shares, turn):
  line = [(0, 0), (8, 0)] if turn % 2 == 0 else [(8, 0), (0, 0)]
  if turn > 1:
    line = [(y, x) for x, y in line]
  picture = draw([line], drawing(17, 17, thickness=(thickness,), antialias=True))
  across = picture[:, 8] if turn < 2 else picture[8]
  expected = 255 * (1 - np.array([0, *shares[::-1], *shares[1:], 0]))
  np.testing.assert_allclose(across[5:12], expected, atol=0.5)


def test_antialiased_lines_lie_between_pixels_where_they_should():
  # Scaled onto 6 columns the line is at x = 2.5 and 2 wide: the columns 2 and 3, wholly.
  for line in ([(7, 0), (7, 9)], [(7, 9), (7, 0)]):
    picture = draw([line], drawing(20, 6, 'scaled', margin=2, thickness=(2.0,), antialias=True))
    assert picture[10].tolist() == [255, 255, 0, 0, 255, 255]


@pytest.mark.parametrize('thickness', [1.0, 1.5, 2.0, 3.0])
def test_antialiased_lines_of_all_directions_are_not_shifted(thickness):
  """Over many lines the centre of mass is the canvas's middle, to less than 1/20 of a pixel.

  Pillow puts each line on a grid of a quarter pixel, so that a single one may be off by an eighth.
  """
  how = drawing(41, 40, 'scaled', margin=6, max_stretch=1, thickness=(thickness,), antialias=True)
  y, x = np.mgrid[:41, :40]
  shifts = []
  for angle in np.deg2rad(np.arange(0.7, 360, 3)):
    tip = np.rint(1000 * np.array([np.cos(angle), np.sin(angle)])).astype(int)
    ink = 255.0 - draw([[(0, 0), tuple(tip)]], how)
    shifts.append([(ink * x).sum() / ink.sum() - 19.5, (ink * y).sum() / ink.sum() - 20])
  shifts = np.array(shifts)
  # A quadrant of directions is 30 lines: there a lean that the other half circle undoes would show.
  for quadrant in shifts.reshape(4, 30, 2):
    assert np.abs(quadrant.mean(0)).max() < 0.05
  assert np.abs(shifts).max() < 0.19  # 1/8 pixel along both axes is 0.18


def test_an_antialiased_dot_is_round():
  # Diameter 4 about the centre of 9x9: area 4 pi; the centre's neighbours are inside, and beyond
  # 2.71 = 2 + sqrt(0.5) pixels nothing is covered.
  picture = draw([[(3, 3)]], drawing(9, 9, thickness=(4.0,), antialias=True))
  ink = (255.0 - picture) / 255
  y, x = np.mgrid[:9, :9] - 4
  assert ink.sum() == pytest.approx(4 * math.pi, rel=0.05)
  assert (ink[np.hypot(x, y) <= 1] == 1).all()
  assert (ink[np.hypot(x, y) > 2.71] == 0).all()
  assert (picture == picture[::-1]).all()
  assert (picture == picture.T).all()


RECTANGLE = [[(0, 0), (4, 0), (4, 2), (0, 2), (0, 0)]]


def extent(picture):
  """First and last column and row with ink."""
  y, x = np.nonzero(picture < 255)
  return x.min().item(), x.max().item(), y.min().item(), y.max().item()


# The box is 4 x 2 between the outer points, the room 20 x 8 on a canvas of 21 x 9: 5 and 4 times.
@pytest.mark.parametrize(
  ('limits', 'expected'),
  [
    ({}, (0, 20, 0, 8)),
    ({'margin': 2}, (2, 18, 2, 6)),
    ({'max_stretch': 1.0}, (2, 18, 0, 8)),  # 4 and 4: 10 +- 8
    ({'max_stretch': 1.125}, (1, 19, 0, 8)),  # 4.5 and 4: 10 +- 9
    ({'max_zoom': 2.0}, (6, 14, 2, 6)),  # 2 and 2: 10 +- 4, 4 +- 2
  ],
)
def test_scaled(limits, expected):
  assert extent(draw(RECTANGLE, drawing(9, 21, 'scaled', **limits))) == expected


def test_scaled_by_hand():
  assert art(draw(RECTANGLE, drawing(5, 7, 'scaled', margin=1))) == [
    '.......',
    '.#####.',
    '.#...#.',
    '.#####.',
    '.......',
  ]


def test_scaled_keeps_the_thickness():
  for size in (5, 50, 500):
    picture = draw([[(0, 0), (size, 0)]], drawing(9, 21, 'scaled', margin=3, thickness=(3.0,)))
    assert (picture[:, 10] < 255).tolist() == [False] * 3 + [True] * 3 + [False] * 3


def test_scaled_dot_is_in_the_middle():
  assert art(draw([[(7, 7)]], drawing(3, 5, 'scaled'))) == ['.....', '..#..', '.....']


# The natural picture of LINE is 5x1, black all over; a black picture stays black when resized.
@pytest.mark.parametrize(
  ('limits', 'expected'),
  [
    ({}, (0, 9, 0, 9)),
    ({'max_stretch': 1.0}, (0, 9, 4, 5)),  # 2 and 2: 10x2
    ({'max_stretch': 3.0}, (0, 9, 2, 7)),  # 2 and 6: 10x6
    ({'max_zoom': 1.0}, (2, 6, 4, 4)),  # 5x1, the rest as in the centred layout
    ({'max_zoom': 1.6}, (1, 8, 4, 5)),  # 8x1.6
  ],
)
def test_resized_bounds(limits, expected):
  picture = draw(LINE, drawing(10, 10, 'resized', **limits))
  left, right, top, bottom = expected
  assert extent(picture) == expected
  assert (picture[top : bottom + 1, left : right + 1] == 0).all()


def test_resized_is_the_natural_picture_through_a_lanczos_filter():
  zigzag = [[(3, 3), (20, 9), (5, 15)], [(8, 3)]]
  natural = draw(zigzag, drawing(13 + 4, 18 + 4, thickness=(3.0,)))
  resized = draw(zigzag, drawing(48, 30, 'resized', margin=2, thickness=(3.0,)))
  assert (resized == np.asarray(Image.fromarray(natural).resize((30, 48), Image.LANCZOS))).all()
  same = draw(zigzag, drawing(17, 22, 'resized', margin=2, thickness=(3.0,)))
  assert (same == natural).all()


def test_resized_thickens_with_the_symbol():
  # 9x1 and margins of 2 are 13x5, of which 3 rows are black; on 130x50 these are 30, and a
  # symmetric filter leaves an edge at half of the grey.
  line = [[(0, 0), (8, 0)]]
  picture = draw(line, drawing(50, 130, 'resized', margin=2, thickness=(3.0,)))
  assert (picture[:, 65] < 128).tolist() == [False] * 10 + [True] * 30 + [False] * 10


@pytest.mark.parametrize(
  ('box', 'room', 'stretch', 'zoom', 'expected'),
  [
    ((10, 20), (40, 40), math.inf, math.inf, (4, 2)),
    ((10, 20), (40, 40), 1.0, math.inf, (2, 2)),
    ((10, 20), (40, 40), 1.5, math.inf, (3, 2)),
    ((20, 10), (40, 40), 1.5, math.inf, (2, 3)),
    ((10, 20), (40, 40), math.inf, 3.0, (3, 2)),
    ((10, 20), (40, 40), 1.25, 1.0, (1, 1)),
    ((80, 20), (40, 40), 2.5, 8.0, (0.5, 1.25)),
    ((0, 20), (40, 40), math.inf, math.inf, (40, 2)),  # a box of nothing counts as one pixel
  ],
)
def test_scale(box, room, stretch, zoom, expected):
  for array in (lambda v: np.array(v, np.float32), lambda v: jnp.array(v, jnp.float32)):
    factors = geometry.scale(array(box), array(room), stretch, zoom)
    assert type(factors) is type(array(box))
    np.testing.assert_allclose(factors, expected, rtol=1e-6)
    # Each symbol of a batch by itself.
    both = geometry.scale(array([box, (10, 10)]), array(room), stretch, zoom)
    np.testing.assert_allclose(both[0], expected, rtol=1e-6)


def test_renderings_and_which_is_first():
  how = drawing(80, 9, thickness=(1.0, 3.0), staff_lines=(5, 9))
  assert how.renderings() == [(1.0, 5), (1.0, 9), (3.0, 5), (3.0, 9)]
  assert drawing(8, 8, thickness=(1.0, 3.0)).renderings() == [(1.0, None), (3.0, None)]
  points, stroke = np.array([(0, 0), (5, 5)]), np.zeros(2, int)
  pictures = [render.draw_rendering(points, stroke, how, *r) for r in how.renderings()]
  assert (render.draw(points, stroke, how) == pictures[0]).all()
  for one, other in itertools.combinations(pictures, 2):
    assert (one != other).any()


@settings(max_examples=60)
@given(
  strokes=st.lists(
    st.lists(st.tuples(st.integers(-400, 400), st.integers(-400, 400)), min_size=1, max_size=6),
    min_size=1,
    max_size=4,
  ),
  layout=st.sampled_from(tuple(render.LAYOUTS)),
  antialias=st.booleans(),
  shift=st.tuples(st.integers(-9, 9), st.integers(-9, 9)),
)
def test_any_strokes_anywhere(strokes, layout, antialias, shift):
  how = drawing(24, 16, layout, margin=2, thickness=(2.0,), antialias=antialias)
  picture = draw(strokes, how)
  assert picture.dtype == np.uint8
  assert picture.shape == (24, 16)
  moved = [[(x + shift[0], y + shift[1]) for x, y in stroke] for stroke in strokes]
  assert (draw(moved, how) == picture).all()
