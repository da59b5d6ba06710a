"""Windows cover a page once, and lead back to it."""

import numpy as np

from omr_jax.inputs import windows
from omr_jax.inputs.windows import SIDE


def page(height, width):
  grey = np.full((height, width), 255, np.uint8)
  grey[20:28, 30:90] = 0
  return grey


def test_a_small_page_is_one_window_at_the_scale_of_its_staves():
  found = windows.cut(page(100, 200), staff_space=20.0)  # Twice as large as wanted.
  assert found.pixels().shape == (1, SIDE, SIDE, 1)
  np.testing.assert_array_equal(found.scale, [0.5, 0.5])
  # The ink is from 15 to 45 and from 10 to 14. With a border of 8 it is from 0 (7, at a multiple of
  # 16) to 53 and from 0 (2) to 22. So the window would begin at -150 and -165.
  np.testing.assert_array_equal(found.corners, [[-144, -160]])
  np.testing.assert_array_equal(found.cores, [[0, 0, SIDE, SIDE]])
  x, y = -found.corners[0]
  assert (found.pixels()[0, y + 11 : y + 13, x + 16 : x + 44, 0] == 0).all()  # Its edge is grey.
  rest = found.pixels()[0, ..., 0].copy()
  rest[y + 9 : y + 15, x + 14 : x + 46] = 255
  assert (rest == 255).all()


def test_one_line_at_any_place_is_in_the_middle_of_a_window():
  for height in range(8, 60):
    for place in (0, height // 2, height - 1):
      grey = np.full((height, 40), 255, np.uint8)
      grey[place] = 0
      found = windows.cut(grey, windows.SPACE)
      pixels = found.pixels()
      assert pixels.shape == (1, SIDE, SIDE, 1)
      (row,) = np.flatnonzero((pixels[0, ..., 0] == 0).any(1))
      assert row == place - found.corners[0, 1] and abs(row - SIDE / 2) <= windows.STEP


def test_uneven_light_and_pale_ink_become_black_on_white():
  grey = page(100, 200) // 2 + np.linspace(60, 100, 200).astype(np.uint8)
  seen, _ = windows.resized(grey, windows.SPACE)
  assert seen[21:27, 31:89].max() < 60 and seen[40:].min() > 230


def test_windows_are_spread_from_the_first_ink_to_the_last():
  grey = np.full((200, 1000), 255, np.uint8)
  grey[50:60, 100:900] = 0
  found = windows.cut(grey, windows.SPACE)
  # With a border of 8 pixels, ink reaches from 80 (92, at a multiple of 16) to 908. After 352 of
  # these 828 pixels 476 are left, and each further window adds 288 at most: so there are 3, 238
  # pixels from each other, which become 240.
  assert found.corners[:, 0].tolist() == [80, 320, 560]
  assert set(found.corners[:, 1]) == {-112}  # From 32 to 68: (100 - 352) / 2 is -126.
  # Two share 112 pixels, of which each has 56 in its core.
  assert found.cores[:, [0, 2]].tolist() == [[0, 296], [56, 296], [56, 352]]


def test_every_middle_is_in_the_core_of_one_window():
  grey = page(700, 900)
  grey[[5, 690], [880, 3]] = 0
  found = windows.cut(grey, windows.SPACE)
  x, y = (each.ravel() + 0.5 for each in np.meshgrid(np.arange(900), np.arange(700)))
  middles = np.stack([x, y, x, y], 1)
  cores = np.zeros(len(middles), int)
  for corner, core in zip(found.corners, found.cores, strict=True):
    cores += windows.in_core(middles - np.tile(corner, 2), core)
  assert cores.max() == 1
  assert (cores[grey.ravel() < windows.INK] == 1).all()


def test_paper_without_ink_has_no_windows():
  """Neither a blank page, nor what is between two marks at the ends of a page."""
  blank = np.full((700, 900), 255, np.uint8)
  assert windows.cut(blank, windows.SPACE).pixels().shape == (0, SIDE, SIDE, 1)
  blank[[5, 690], [880, 3]] = 0
  found = windows.cut(blank, windows.SPACE)
  # In rows -16 to 699 are 3 rows of windows, the second without ink; in columns 864 to 889 and -16
  # to 12 there is one window each, from (864 + 889 - 352) / 2 = 700 and from -178.
  np.testing.assert_array_equal(found.corners, [[704, -16], [-176, 352]])


def test_boxes_lead_back_to_the_page():
  found = windows.cut(page(300, 500), staff_space=5.0)  # The page grows to twice its size.
  # An object in columns 10 to 30 and rows 20 to 60: its middle is the upper left corner of a cell.
  heat = np.full((30, 30, 1), -9, np.float32)
  heat[20, 10] = 1
  edges = np.zeros((30, 30, 1, 4), np.float32)
  edges[20, 10, 0] = [-0.5, -0.5, np.log(10), np.log(20)]
  corner, core = np.array([100, 40]), np.array([0, 0, SIDE, SIDE])
  boxes, *_ = windows.objects((heat, edges), np.array([0]), corner, core, found.scale, least=0)
  np.testing.assert_allclose(boxes, [[55.0, 30.0, 65.0, 50.0]], rtol=1e-6)
