"""Pasted symbols are where their boxes say, and the ink below them stays."""

import jax
import numpy as np

from omr_jax.augment import pasting

SIZE, SIDE = 64, 16
paste = jax.jit(pasting.paste)


def given(count=400):
  tiles = np.full((count, SIZE, SIZE), 200, np.uint8)
  boxes, classes = np.zeros((count, 1, 4), np.float32), np.full((count, 1), 3, np.int32)
  sprites = np.full((count, 2, SIDE, SIDE), 255, np.uint8)
  sprites[:, :, 4:8, 2:12] = 50
  of_sprites = np.tile(np.float32([2, 4, 12, 8]), (count, 2, 1))
  labels = np.tile(np.int32([7, -1]), (count, 1))
  return tiles, boxes, classes, sprites, of_sprites, labels


def test_half_of_them_are_pasted():
  tiles, boxes, classes = map(np.asarray, paste(jax.random.key(0), *given()))
  assert boxes.shape == (400, 3, 4) and classes.shape == (400, 3)
  assert (classes[:, 0] == 3).all() and (boxes[:, 0] == 0).all()  # What was there.
  assert (classes[:, 2] == -1).all()  # There is no second one.
  is_pasted = classes[:, 1] == 7
  assert set(classes[:, 1].tolist()) == {7, -1} and 0.4 < is_pasted.mean() < 0.6
  assert (tiles[~is_pasted] == 200).all()
  for tile, (left, top, right, bottom) in zip(
    tiles[is_pasted], boxes[is_pasted, 1].astype(int), strict=True
  ):
    expected = np.full((SIZE, SIZE), 200)  # White paper of the sprite hides nothing.
    expected[top:bottom, left:right] = 50
    np.testing.assert_array_equal(tile, expected)


def test_they_come_anywhere():
  _, boxes, classes = map(np.asarray, paste(jax.random.key(0), *given()))
  corners = boxes[classes[:, 1] == 7, 1, :2] - (2, 4)
  assert corners.min() >= 0 and corners.max() <= SIZE - SIDE
  assert (corners.min(0) < 4).all() and (corners.max(0) > SIZE - SIDE - 4).all()
