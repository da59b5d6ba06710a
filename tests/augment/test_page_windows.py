"""A window shows its tile's ink where the moved boxes say."""

import jax
import numpy as np
import pytest

from omr_jax.augment import page_windows

NAMES = ('zoom', 'stretch', 'lean', 'bend', 'ink', 'paper', 'noise', 'blur', 'shadow')
STILL = dict.fromkeys(NAMES, 0.0)
BOX = (120.0, 110.0, 140.0, 150.0)


def tiles(count):
  tile = np.full((count, 256, 256), 255, np.uint8)
  left, top, right, bottom = map(int, BOX)
  tile[:, top:bottom, left:right] = 0
  return tile, np.tile(np.float32(BOX), (count, 1, 1))


def ink_box(window):
  rows, columns = np.nonzero(window[..., 0] < 128)
  return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize(
  ('changes', 'least', 'most', 'tolerance'),
  [
    ({}, 20, 20, 0.51),
    ({'zoom': 0.5}, 20 * 2**-0.5, 20 * 2**0.5, 1.0),
    ({'stretch': 0.5}, 20 * 2**-0.25, 20 * 2**0.25, 1.0),
    ({'bend': 3.0}, 17, 23, 2.5),
    ({'lean': 2.0}, 20, 25, 2.5),
  ],
)
def test_boxes_move_with_the_ink(changes, least, most, tolerance):
  tile, boxes = tiles(6)
  seen, moved = page_windows.look(jax.random.key(1), tile, boxes, 192, **(STILL | changes))
  assert seen.shape == (6, 192, 192, 1) and moved.shape == (6, 1, 4)
  widths = np.asarray(moved[:, 0, 2] - moved[:, 0, 0])
  assert (least - 0.01 <= widths).all() and (widths <= most + 0.01).all()
  for window, box in zip(np.asarray(seen), np.asarray(moved[:, 0]), strict=True):
    np.testing.assert_allclose(ink_box(window), box, atol=tolerance)
  if 'zoom' in changes or 'stretch' in changes:
    assert widths.std() > 1  # Each window is changed in its own way.


def test_windows_come_from_everywhere_on_the_tile():
  tile, boxes = tiles(32)
  _, moved = page_windows.look(jax.random.key(1), tile, boxes, 192, **STILL)
  lefts = np.asarray(moved[:, 0, 0])  # The window begins at 0 to 64 in the tile.
  assert 56 <= lefts.min() < 70 and 106 < lefts.max() <= 120


def test_paper_and_ink_change():
  tile, boxes = tiles(8)
  changes = STILL | {'paper': 0.4, 'ink': 1.0}
  seen, _ = page_windows.look(jax.random.key(1), tile, boxes, 192, **changes)
  paper, ink = (np.asarray(f(seen, (1, 2, 3))) for f in (np.max, np.min))
  assert paper.std() > 5 and ink.std() > 5 and (paper >= 255 * 0.8 - 1).all() and (ink < 110).all()
  noisy, _ = page_windows.look(jax.random.key(1), tile, boxes, 192, **(STILL | {'noise': 9.0}))
  assert 0 < np.asarray(noisy)[:, :20].std() < 9


def test_some_windows_are_out_of_focus_and_none_moves():
  tile, boxes = tiles(24)
  sharp, places = page_windows.look(jax.random.key(1), tile, boxes, 192, **STILL)
  seen, moved = page_windows.look(jax.random.key(1), tile, boxes, 192, **(STILL | {'blur': 2.0}))
  np.testing.assert_array_equal(moved, places)
  changes = np.abs(np.asarray(seen) - np.asarray(sharp)).max((1, 2, 3))
  blurred = changes > 0.1
  assert 0.05 < blurred.mean() < 0.6 and (changes[~blurred] < 1e-3).all() and changes.max() > 40
  np.testing.assert_allclose(seen.mean((1, 2, 3)), sharp.mean((1, 2, 3)), rtol=1e-4)  # No ink lost.


def test_some_windows_lie_in_a_shadow():
  paper = np.full((24, 256, 256), 255, np.uint8), tiles(24)[1]
  seen, _ = page_windows.look(jax.random.key(1), *paper, 192, **(STILL | {'shadow': 0.4}))
  darkest = np.asarray(seen).min((1, 2, 3))
  assert darkest.min() >= 255 * 0.6 - 1e-3 and 0.05 < (darkest < 250).mean() < 0.6
