"""What comes of the logits of views."""

import jax
import numpy as np
import pytest

from omr_jax.models import multi_view

is_blank = jax.jit(multi_view.is_blank)


def combined(odds, blank=(), lower_weight=0.0):
  """Odds of a picture from those of its views."""
  logits = np.stack([np.full((1, len(odds)), 2.0), 2 + np.log([odds])], -1).astype(np.float32)
  is_blank = np.array([[place in blank for place in range(len(odds))]])
  return float(np.exp(np.diff(jax.jit(multi_view.combined)(logits, is_blank, lower_weight))[0, 0]))


def test_combined():
  """Parts with odds of 1, 4, 9 to 1: the mean of the roots is 2, so the odds are 4."""
  assert combined([3.0, 1, 4, 9]) == pytest.approx(4, rel=1e-5)
  assert combined([5.0, 1, 4, 9]) == pytest.approx(5, rel=1e-5)
  # Without the first of them: ((2 + 3) / 2)^2 = 6.25.
  assert combined([5.0, 1, 4, 9], blank=(0, 1)) == pytest.approx(6.25, rel=1e-5)
  # Nothing but the whole picture, even a blank one.
  assert combined([0.5, 1, 4, 9], blank=(0, 1, 2, 3)) == pytest.approx(0.5, rel=1e-5)
  assert combined([0.5]) == pytest.approx(0.5, rel=1e-5)


def test_lower_of_whole_and_parts():
  """The parts have odds of 4 together. A weight of 1/4: the higher to 3/4 by the lower to 1/4."""
  assert combined([1 / 16, 1, 4, 9], lower_weight=0.25) == pytest.approx(2**0.5, rel=1e-5)
  assert combined([64.0, 1, 4, 9], lower_weight=0.25) == pytest.approx(32, rel=1e-5)
  # The whole alone, where all parts are blank or there are none.
  assert combined([0.5, 1, 4], blank=(1, 2), lower_weight=0.25) == pytest.approx(0.5, rel=1e-5)
  assert combined([0.5], lower_weight=0.25) == pytest.approx(0.5, rel=1e-5)


def test_log_odds_of_views():
  """Blank parts have none, and say nothing; a blank whole counts."""
  logits = np.log([[[1.0, 3], [2, 8], [1, 5]]])
  found = jax.jit(multi_view.log_odds)(logits, np.array([[True, False, True]]))
  np.testing.assert_allclose(np.exp(found), [[3, 4, 0]], rtol=1e-6)


def test_blank():
  """Half black, half white has a deviation of half the difference."""
  seen = np.full((3, 4, 4, 3), 100, np.uint8)
  seen[1, :2] += 29
  seen[2, :2] += 31
  np.testing.assert_array_equal(is_blank(seen), [True, True, False])
  np.testing.assert_array_equal(is_blank(seen[..., :1]), [True, True, False])


@pytest.mark.parametrize('low', [10, 100, 225])
def test_blank_at_the_bound_is_exact(low):
  """Half of the pixels are 30 brighter: the deviation is 15. One of them a bit darker: blank."""
  seen = np.full((2, 128, 128, 1), low, np.uint8)
  seen[:, 64:] += 30
  seen[1, 64, 0] -= 1
  np.testing.assert_array_equal(is_blank(seen), [False, True])
