"""Windows cover a page once, and lead back to it."""

import numpy as np

from omr_jax.inputs import windows
from omr_jax.inputs.windows import MARGIN, SIDE


def page(height, width):
  grey = np.full((height, width), 255, np.uint8)
  grey[20:28, 30:90] = 0
  return grey


def test_a_small_page_is_one_window_at_the_scale_of_its_staves():
  found = windows.cut(page(100, 200), staff_space=20.0)  # Twice as large as wanted.
  assert found.pixels().shape == (1, SIDE, SIDE, 1)
  np.testing.assert_array_equal(found.scale, [0.5, 0.5])
  np.testing.assert_array_equal(found.corners, [[-MARGIN, -MARGIN]])
  seen = found.pixels()[0, MARGIN : MARGIN + 50, MARGIN : MARGIN + 100, 0]
  assert (seen[11:13, 16:44] == 0).all()  # Inside the ink; its edge is grey.
  rest = found.pixels()[0, ..., 0].copy()
  rest[MARGIN + 9 : MARGIN + 15, MARGIN + 14 : MARGIN + 46] = 255
  assert (rest == 255).all()


def test_uneven_light_and_pale_ink_become_black_on_white():
  grey = page(100, 200) // 2 + np.linspace(60, 100, 200).astype(np.uint8)
  seen, _ = windows.resized(grey, windows.SPACE)
  assert seen[21:27, 31:89].max() < 60 and seen[40:].min() > 230


def test_every_middle_is_in_the_core_of_one_window():
  found = windows.cut(page(300, 500), windows.SPACE)
  assert len(found.pixels()) == 6  # 2 x 3, as a core has 224 pixels.
  x, y = (each.ravel() + 0.5 for each in np.meshgrid(np.arange(500), np.arange(300)))
  middles = np.stack([x, y, x, y], 1)
  cores = sum(windows.in_core(middles - np.tile(corner, 2)).astype(int) for corner in found.corners)
  assert (cores == 1).all()


def test_boxes_lead_back_to_the_page():
  found = windows.cut(page(300, 500), staff_space=5.0)  # The page grows to twice its size.
  box = np.array([[10.0, 20.0, 30.0, 60.0]])
  corner = np.array([100, 40])
  np.testing.assert_allclose(windows.on_page(box, corner, found.scale), [[55.0, 30.0, 65.0, 50.0]])
