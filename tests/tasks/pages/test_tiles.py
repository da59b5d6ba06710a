"""Tiles show all of a page, at one scale."""

import numpy as np

from omr_jax.tasks.pages import tiles
from omr_jax.tasks.pages.tiles import TILE, Annotated


def test_tiles_of_a_page():
  grey = np.full((600, 800), 255, np.uint8)
  grey[520:540, 700:740] = 0
  boxes = np.array([[700.0, 520, 740, 540], [0, 0, 4, 4]])
  page = Annotated('a', 'b', grey, 20.0, boxes, np.array([3, 5]), ())  # 300 x 400 at 10 pixels.
  found = list(tiles.tiles(page))
  # Down: 0 and 44; across: 0, 112 and 144.
  assert [picture.shape for picture, _, _ in found] == [(TILE, TILE)] * 6
  assert [labels.tolist() for _, _, labels in found] == [[5], [], [], [], [3], [3]]
  picture, own, _ = found[-1]
  np.testing.assert_allclose(own, [[350 - 144, 260 - 44, 370 - 144, 270 - 44]])
  assert (picture[217:225, 207:225] == 0).all() and picture[:200].min() == 255


def test_a_small_page_is_one_tile_with_white_around():
  page = Annotated(
    'a', 'b', np.zeros((10, 20), np.uint8), 10.0, np.empty((0, 4)), np.empty(0, int), ()
  )
  ((picture, boxes, labels),) = tiles.tiles(page)
  assert picture.shape == (TILE, TILE) and (picture[10:] == 255).all() and not len(labels)
  assert boxes.shape == (0, 4)


def test_rare_symbols_are_drawn_more():
  labels = [np.array([0, 0]), np.array([0, 0]), np.array([1]), np.array([], int)]
  # Four of class 0 and one of class 1 weigh 1/2 and 1 each: 1, 1, 1, and a tenth of the mean 3/4.
  np.testing.assert_allclose(tiles.draws(labels, 2), np.array([1, 1, 1, 0.075]) / 3.075)


def test_padding():
  boxes = [np.ones((2, 4), np.float32), np.zeros((0, 4), np.float32)]
  all_boxes, classes = tiles.padded(boxes, [np.array([7, 8]), np.array([], int)])
  assert all_boxes.shape == (2, 2, 4) and classes.tolist() == [[7, 8], [-1, -1]]
