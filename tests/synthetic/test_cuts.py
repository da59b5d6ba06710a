"""Pictures cut out of pictures: what they show, their shapes, and that a name decides them."""

import collections

import numpy as np
import pytest
from PIL import Image

from omr_jax.synthetic import cuts, music


@pytest.fixture(scope='module')
def page():
  return Image.fromarray(music.page(np.random.default_rng(2), 1400, 1000))


def made(page, name, music, count):
  return list(cuts.cuts(page, name, music, count))


def test_a_name_decides_all(page):
  first, again, other = (made(page, name, True, 3) for name in ('a', 'a', 'b'))
  for one, two in zip(first, again, strict=True):
    assert one.kind == two.kind
    np.testing.assert_array_equal(one.picture, two.picture)
  assert any(one.picture.shape != two.picture.shape for one, two in zip(first, other, strict=True))
  # More cuts do not change the first ones.
  more = made(page, 'a', True, 4)
  np.testing.assert_array_equal(more[2].picture, first[2].picture)


@pytest.mark.parametrize('music', [True, False])
def test_kinds_and_shapes(page, music):
  found = made(page, 'page', music, 60)
  kinds = collections.Counter(cut.kind for cut in found)
  assert set(kinds) == set(cuts.KINDS)
  for cut in found:
    assert cut.picture.dtype == np.uint8
    assert cut.picture.ndim == 3
    assert min(cut.picture.shape[:2]) >= 4
    height, width = cut.picture.shape[:2]
    if cut.kind == 'scroll':
      assert height >= 2.4 * width
    if cut.kind == 'strip':
      assert width > height
    if cut.kind == 'inverse':
      assert np.median(cut.picture) < 128


def test_strips_and_bars_show_a_staff(page):
  for cut in made(page, 'staves', True, 40):
    if cut.kind in ('strip', 'bar'):
      grey = cut.picture.mean(axis=2)
      # The rows of five lines are darker than the rows between them; a beam may join two lines.
      rows = np.mean(grey < 160, axis=1) > 0.5
      assert np.sum(rows[1:] & ~rows[:-1]) >= 4, cut.kind


def test_a_photo_of_music_keeps_the_music():
  """Where no staff is found, a cut shows at least one half."""
  grain = np.random.default_rng(0).integers(0, 255, (90, 60, 3), np.uint8)
  for cut in made(Image.fromarray(grain), 'photo', True, 20):
    assert np.prod(cut.picture.shape[:2]) >= 90 * 60 / 2 - 90
