"""Views of a picture, and where they lie."""

import io

import numpy as np
import pytest
from PIL import Image

from omr_jax.inputs import geometry, pictures, resizing, views


def ramp(height, width):
  """Red grows by one from column to column, green from row to row."""
  picture = np.zeros((height, width, 3), np.uint8)
  picture[..., 0], picture[..., 1] = np.arange(width), np.arange(height)[:, None]
  return picture


def test_parts_by_hand():
  """Of 200x100 pixels three parts along a side have 0.4: 80x40, every 60 rows and 30 columns."""
  seen = views.views(ramp(200, 100), 80, 40, 3)
  assert seen.shape == (10, 80, 40, 3)
  np.testing.assert_array_equal(seen[0], resizing.resize(ramp(200, 100), 80, 40))
  corners = [(int(part[0, 0, 1]), int(part[0, 0, 0])) for part in seen[1:]]
  assert corners == [(y, x) for y in (0, 60, 120) for x in (0, 30, 60)]
  ends = [(int(part[-1, -1, 1]), int(part[-1, -1, 0])) for part in seen[1:]]
  assert ends == [(y + 79, x + 39) for y, x in corners]


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
  assert pictures.read(file.getvalue(), 'a', views.least(128, 64, 3)).shape == (400, 400, 3)


def test_load_is_views_of_what_is_read():
  file = io.BytesIO()
  Image.fromarray(ramp(60, 50)).save(file, 'PNG')
  np.testing.assert_array_equal(
    views.load(file.getvalue(), 'a.png', 16, 16, 2), views.views(ramp(60, 50), 16, 16, 2)
  )


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
