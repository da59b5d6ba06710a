"""Views of a picture, and where they lie."""

import io
import math

import decoding
import numpy as np
import pytest
from PIL import Image

from omr_jax.inputs import geometry, views


def ramp(height, width):
  """Red grows by one from column to column, green from row to row."""
  picture = np.zeros((height, width, 3), np.uint8)
  picture[..., 0], picture[..., 1] = np.arange(width), np.arange(height)[:, None]
  return picture


def test_parts_by_hand():
  """Of 200x100 pixels three parts along a side have 0.4: 80x40, every 60 rows and 30 columns."""
  seen = views.views(ramp(200, 100), 80, 40, 3)
  assert seen.shape == (10, 80, 40, 3)
  np.testing.assert_array_equal(seen[0], decoding.resize(ramp(200, 100), 80, 40))
  corners = [(int(part[0, 0, 1]), int(part[0, 0, 0])) for part in seen[1:]]
  assert corners == [(y, x) for y in (0, 60, 120) for x in (0, 30, 60)]
  ends = [(int(part[-1, -1, 1]), int(part[-1, -1, 0])) for part in seen[1:]]
  assert ends == [(y + 79, x + 39) for y, x in corners]


def sides(parts, first, last):
  """Where the parts begin and end along an axis, each place once, in order."""
  return sorted({(part[first], part[last]) for part in parts})


def test_parts_of_long_pictures_by_hand():
  """3:1 has 2x4 parts: 4/13 of 300 are 92, every 69.2; 4/7 of 100 are 57, every 42.9."""
  parts = list(views.boxes(300, 100, 3))
  assert parts[:5] == [
    *((x, 0, x + 92, 57) for x in (0, 69, 138, 208)),
    (0, 43, 92, 100),
  ]
  assert len(parts) == 8
  # 4:1 has nine in a row: a seventh of 400, every 42.9.
  parts = list(views.boxes(400, 100, 3))
  assert [part[0] for part in parts] == [0, 43, 86, 129, 171, 214, 257, 300, 343]
  assert {(right - left, top, bottom) for left, top, right, bottom in parts} == {(57, 0, 100)}
  # 30:1 is seen in nine places, each 2:1, (3000 - 200) / 8 pixels apart.
  assert list(views.boxes(3000, 100, 3)) == [(350 * i, 0, 350 * i + 200, 100) for i in range(9)]


def test_tall_parts_are_wide_ones_turned():
  for size in ((300, 100), (400, 100), (3000, 100)):
    wide, tall = list(views.boxes(*size, 3)), list(views.boxes(*size[::-1], 3))
    assert sides(wide, 0, 2) == sides(tall, 1, 3)
    assert sides(wide, 1, 3) == sides(tall, 0, 2)
  assert [part[:2] for part in tall] == [(0, 350 * i) for i in range(9)]


def test_long_pictures_keep_their_proportions_within_the_bound():
  """4:1 is squeezed to 2:1, in the middle; the rest has the lower of the two middle values."""
  row = np.array([[[10], [10], [200], [200]]], np.uint8).repeat(3, -1)
  margin = [[10] * 4]
  inner = [[10, 10, 200, 200]]
  wide, tall = (views.views(picture, 4, 4, 3)[0] for picture in (row, row.swapaxes(0, 1)))
  np.testing.assert_array_equal(wide[..., 1], margin + inner + inner + margin)
  np.testing.assert_array_equal(tall, wide.swapaxes(0, 1))


def test_the_bound():
  """Up to 2:1 as without a bound; beyond, in fewer parts, and the views that are left are black."""
  picture = np.random.default_rng(0).integers(1, 256, (50, 101), np.uint8)
  squeezed, seen = (
    [
      views.of_image(Image.fromarray(rows), 16, 16, 3, colour=False, bound=bound)
      for rows in (picture[:, :100], picture)
    ]
    for bound in (math.inf, views.BOUND)
  )
  np.testing.assert_array_equal(seen[0], squeezed[0])
  assert seen[1][8].any() and not seen[1][9].any()
  assert squeezed[1][9].any()


@pytest.mark.parametrize('size', [(1, 1), (2, 7), (5, 3)])
def test_the_smallest_pictures_have_parts(size):
  assert views.views(ramp(*size), 8, 8, 8).shape == (65, 8, 8, 3)


def test_no_parts():
  seen = views.views(ramp(30, 20), 8, 8, 0)
  assert len(seen) == views.count(0) == 1
  assert views.least(128, 64, 0) == 256


def test_parts_are_decoded_as_large_as_they_are_shown():
  """A part of 0.4 at 128 pixels: 320 for the whole picture, a fifth more to be safe."""
  assert views.least(128, 64, 3) == 384
  file = io.BytesIO()
  Image.fromarray(np.zeros((1600, 1600, 3), np.uint8)).save(file, 'JPEG')
  assert decoding.read(file.getvalue(), 'a', views.least(128, 64, 3)).shape == (400, 400, 3)


def test_without_colour_views_have_the_brightness():
  """Each of the two roundings of a resize, and that of brightness, is off by half a level."""
  picture = np.random.default_rng(0).integers(0, 256, (60, 50, 3), np.uint8)
  grey = views.of_image(Image.fromarray(picture).convert('L'), 16, 12, 2, colour=False)
  assert grey.shape == (5, 16, 12, 1)
  expected = views.views(picture, 16, 12, 2) @ np.array(geometry.BRIGHTNESS)
  assert np.abs(grey[..., 0] - expected).max() <= 2.5
  np.testing.assert_array_equal(
    views.of_image(Image.fromarray(picture[..., 0]), 16, 12, 2, colour=False),
    views.views(np.repeat(picture[..., :1], 3, -1), 16, 12, 2)[..., :1],
  )
