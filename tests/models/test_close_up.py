"""What a network sees of a symbol on staff lines."""

from functools import partial

import jax
import numpy as np
import pytest
from networks import drawn_variables

from omr_jax import models
from omr_jax.errors import UserError
from omr_jax.models import close_up

enlarged = jax.jit(close_up.enlarged, static_argnums=(1, 2))
cleaned = jax.jit(close_up.cleaned)


def page(*rectangles, lines=(), dark=1.0):
  """[1, 96, 64]: rectangles of (top, bottom, left, right), ends included, and whole rows."""
  ink = np.zeros((1, 96, 64), np.float32)
  for top, bottom, left, right in rectangles:
    ink[0, top : bottom + 1, left : right + 1] = 1
  for row in lines:
    ink[0, row] = np.maximum(ink[0, row], dark)
  return ink


STEM = (20, 70, 30, 32)


@pytest.mark.parametrize('dark', [1.0, 0.5])
def test_what_lines_hid_is_filled_from_above_and_below(dark):
  lines = (34, 35, 36, 48, 49, 50)
  without, on_lines = page(STEM), page(STEM, lines=lines, dark=dark)
  np.testing.assert_allclose(cleaned(without), without, atol=1e-6)
  # All that is near and visible in these columns is ink, in the others none is.
  np.testing.assert_allclose(cleaned(on_lines), without, atol=1e-5)


def test_a_symbol_between_lines_is_seen_as_without():
  head = (60, 69, 20, 33)
  plain = enlarged(page(head)[..., None], 40, 30)
  on_lines = enlarged(page(head, lines=(40, 41, 80))[..., None], 40, 30)
  for found, expected in zip(on_lines, plain, strict=True):
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_rectangle_fills_the_close_up():
  # Pixels 20 to 39 by 10 to 15: 5 wide and 19 high. Room in 50x40 is 45 high and 35 wide, by the
  # factors 45 / 19 = 2.37 and 35 / 5 = 7, which may be 2.5 times 2.37 = 5.92 at most.
  seen, size = enlarged(page((20, 39, 10, 15))[..., None], 50, 40)
  assert seen.shape == (1, 50, 40, 1)
  np.testing.assert_allclose(size, np.log([[5, 19]]), atol=1e-5)
  ink = np.asarray(seen)[0, ..., 0]
  # About row 24.5 by 22.5, and column 19.5 by 14.80; from there ink falls to 0 in one pixel of the
  # picture: at row 0, 2 / 2.368 pixels away, to 0.155, at column 0, 4.70 / 5.92 away, to 0.206.
  assert ink[2:48, 5:35].min() > 0.9
  np.testing.assert_allclose(ink[[0, 49], 20], 0.155, atol=0.002)
  np.testing.assert_allclose(ink[25, [0, 39]], 0.206, atol=0.002)


def test_what_is_made_smaller_is_averaged():
  # 1 of 2 columns: 60 wide, into 11 pixels of a canvas 16 wide.
  stripes = page(*((10, 80, column, column) for column in range(2, 63, 2)))
  ink = np.asarray(enlarged(stripes[..., None], 32, 16)[0])[0, 4:28, 4:12, 0]
  np.testing.assert_allclose(ink, 0.5, atol=0.1)


@pytest.mark.parametrize('lines', [(), (40, 41)])
def test_nothing_is_no_error(lines):
  seen, size = enlarged(page(lines=lines)[..., None], 32, 24)
  assert not np.asarray(seen).any() and not np.asarray(size).any()


def test_the_network_reads_the_picture_alone_whatever_its_height():
  few = {'widths': (8, 16), 'blocks': (1, 1)}
  module = models.create('preact_resnet11', 5, close_up=(32, 24), use_size=True, **few)
  assert module.inputs == ('image',)
  low, high = (
    (255 * (1 - page((top, top + 19, 20, 33), lines=(60, 61, 62))[..., None])).astype(np.uint8)
    for top in (10, 30)
  )
  variables = drawn_variables(module, {'image': low})
  answer = jax.jit(partial(module.apply, train=False))
  answers = [answer(variables, {'image': each}) for each in (low, high)]
  np.testing.assert_allclose(*answers, atol=1e-4)


@pytest.mark.parametrize('value', [(112,), (112, 8), (112, 0.5), (10_000, 80)])
def test_close_ups_that_no_network_has(value):
  with pytest.raises(UserError, match=r'close_up is .*; it must be a height and a width'):
    models.create('preact_resnet11', 5, close_up=value)
