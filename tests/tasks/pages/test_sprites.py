"""Symbols are cut out without staff lines, and go to tiles of other pages."""

import numpy as np
import pytest

from omr_jax.errors import UserError
from omr_jax.tasks.pages import sprites
from omr_jax.tasks.pages.sprites import SIDE, Sprite
from omr_jax.tasks.pages.tiles import Annotated

NAMES = ('noteheadFull', 'stem', 'restQuarter', 'augmentationDot')
LINES = (60, 80, 100, 120, 140)  # The upper edges of lines of 3 pixels, 20 pixels apart.
HEAD = (100.0, 91.0, 124.0, 111.0)  # On the middle line, 100 to 103.


def page(name='a'):
  """A staff with a head and its stem, at 20 pixels a staff space."""
  grey = np.full((200, 400), 255, np.uint8)
  for y in LINES:
    grey[y : y + 3, 20:380] = 0
  left, top, right, bottom = map(int, HEAD)
  grey[top:bottom, left:right] = 0
  grey[40:100, 121:124] = 0
  boxes = np.array([HEAD, (121.0, 40, 124, 100), (130.0, 88, 134, 92)])
  staff = np.array([[(20, y + 1.5), (380, y + 1.5)] for y in LINES])
  return Annotated(name, 'w', grey, 20.0, boxes, np.array([0, 1, 3]), [staff])


def test_lines_go_and_symbols_stay():
  one = page()
  bare = sprites.without_lines(one.grey, one.staves, one.staff_space)
  expected = np.full_like(one.grey, 255)
  expected[91:111, 100:124] = 0  # The head and the stem, though lines run through them.
  expected[40:100, 121:124] = 0
  np.testing.assert_array_equal(bare, expected)


def test_a_sprite_has_the_symbol_in_its_middle():
  (one,) = sprites.cut(page(), NAMES)  # A stem is no sign, and a dot no augmentation dot elsewhere.
  assert (one.page, one.label, one.picture.shape) == ('a', 0, (SIDE, SIDE))
  left, top, right, bottom = one.box
  # At 10 pixels a staff space: 12 x 10 pixels.
  np.testing.assert_allclose([right - left, bottom - top], [12, 10])
  assert abs((left + right) / 2 - SIDE / 2) <= 1 and abs((top + bottom) / 2 - SIDE / 2) <= 1
  rows, columns = np.nonzero(one.picture < 128)
  np.testing.assert_allclose(
    [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], one.box, atol=1.01
  )


def made(name, label):
  return Sprite(name, np.full((SIDE, SIDE), label, np.uint8), np.full(4, label), label)


def test_tiles_get_symbols_of_other_pages():
  all_of_them = [made('a', 0), made('b', 2), made('b', 2)]
  found = sprites.chosen(all_of_them, ['a', 'a', 'b'], 3)
  assert found['sprite'].shape == (3, 3, SIDE, SIDE)
  np.testing.assert_array_equal(found['sprite_label'], [[2] * 3, [2] * 3, [0] * 3])
  np.testing.assert_array_equal(found['sprite'][:, :, 0, 0], found['sprite_label'])
  np.testing.assert_array_equal(found['sprite_box'][:, :, 0], found['sprite_label'])


@pytest.mark.parametrize('of_page', [[], [made('a', 0)]])
def test_sprites_of_one_page_alone_are_refused(of_page):
  with pytest.raises(UserError, match=r'a: no other page for training has symbols .*pasted=0'):
    sprites.chosen(of_page, ['a', 'b'], 2)


def test_rare_classes_are_chosen_more_often():
  # Of 100 sprites 99 are of one class: their weights are 99 / sqrt(99) and 1, a share of 0.0913.
  common = [made('a', 0)] * 99 + [made('a', 2)]
  rare = sprites.chosen(common, ['b'] * 1000, 2)['sprite_label'] == 2
  assert rare.mean() == pytest.approx(0.0913, abs=0.03)
