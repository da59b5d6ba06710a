"""A window shows its tile's ink where the moved boxes say."""

import jax
import numpy as np
import pytest

from omr_jax.augment import page_windows

NAMES = ('zoom', 'stretch', 'lean', 'bend', 'ink', 'paper', 'noise', 'blur', 'shadow')
STILL = dict.fromkeys(NAMES, 0.0)
BOX = (120.0, 110.0, 140.0, 150.0)
COUNT = 24
compiled = jax.jit(page_windows.look, static_argnames='side')


def tiles():
  tile = np.full((COUNT, 256, 256), 255, np.uint8)
  left, top, right, bottom = map(int, BOX)
  tile[:, top:bottom, left:right] = 0
  return tile, np.tile(np.float32(BOX), (COUNT, 1, 1))


def look(tile, boxes, **changes):
  """Windows with these strengths, the others 0, and their boxes."""
  seen, moved = compiled(jax.random.key(1), tile, boxes, side=192, **(STILL | changes))
  return np.asarray(seen), np.asarray(moved)


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
  seen, moved = look(*tiles(), **changes)
  assert seen.shape == (COUNT, 192, 192, 1) and moved.shape == (COUNT, 1, 4)
  widths = moved[:, 0, 2] - moved[:, 0, 0]
  assert (least - 0.01 <= widths).all() and (widths <= most + 0.01).all()
  for window, box in zip(seen, moved[:, 0], strict=True):
    np.testing.assert_allclose(ink_box(window), box, atol=tolerance)
  if 'zoom' in changes or 'stretch' in changes:
    assert widths.std() > 1  # Each window is changed in its own way.


def test_windows_come_from_everywhere_on_the_tile():
  _, moved = look(*tiles())
  lefts = moved[:, 0, 0]  # The window begins at 0 to 64 in the tile.
  assert 56 <= lefts.min() < 70 and 106 < lefts.max() <= 120


def test_paper_and_ink_change():
  seen, _ = look(*tiles(), paper=0.4, ink=1.0)
  paper, ink = (f(seen, (1, 2, 3)) for f in (np.max, np.min))
  assert paper.std() > 5 and ink.std() > 5 and (paper >= 255 * 0.8 - 1).all() and (ink < 110).all()
  noisy, _ = look(*tiles(), noise=9.0)
  assert 0 < noisy[:, :20].std() < 9


def test_some_windows_are_out_of_focus_and_none_moves():
  sharp, places = look(*tiles())
  seen, moved = look(*tiles(), blur=2.0)
  np.testing.assert_array_equal(moved, places)
  changes = np.abs(seen - sharp).max((1, 2, 3))
  blurred = changes > 0.1
  assert 0.05 < blurred.mean() < 0.6 and (changes[~blurred] < 1e-3).all() and changes.max() > 40
  np.testing.assert_allclose(seen.mean((1, 2, 3)), sharp.mean((1, 2, 3)), rtol=1e-4)  # No ink lost.


def test_some_windows_lie_in_a_shadow():
  paper = np.full((COUNT, 256, 256), 255, np.uint8), tiles()[1]
  seen, _ = look(*paper, shadow=0.4)
  darkest = seen.min((1, 2, 3))
  assert darkest.min() >= 255 * 0.6 - 1e-3 and 0.05 < (darkest < 250).mean() < 0.6
