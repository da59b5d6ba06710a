"""Which of the found symbols count, and how sure each is, on pages made by hand."""

import numpy as np
import pytest

from omr_jax.evaluation import confidence
from omr_jax.evaluation.box_matching import Page
from omr_jax.tasks.pages import decide
from omr_jax.tasks.pages.matching import match
from omr_jax.tasks.pages.run import Decision

IDENTITY = Decision(0.5, 1.0, 0.0)


def row(count, top=0.0):
  """Boxes of 10x10 pixels, 20 apart."""
  left = 20.0 * np.arange(count)
  return np.stack([left, np.full(count, top), left + 10, np.full(count, top + 10)], 1)


def page_of(log_odds, right, missed=0):
  """A page of dots: a found one for each of the log-odds, of which some are right."""
  right = np.array(right, bool)
  true = np.concatenate([row(len(right))[right], row(missed, 500)])
  found = row(len(right)) + np.where(right, 0, 200)[:, None]
  scores = confidence.probability(np.array(log_odds, float))
  return Page(true, ['dot'] * len(true), found, ['dot'] * len(found), scores)


def test_calibration_gives_each_log_odds_their_share_of_right_boxes():
  """At log-odds 4 are 3 of 4 right, at 0 are 1 of 4: these are log-odds of log 3 and -log 3."""
  page = page_of([4.0] * 4 + [0.0] * 4, [1, 1, 1, 0, 1, 0, 0, 0])
  found = decide.fit([page], IDENTITY)
  # (4 - bias) / T = log 3 and (0 - bias) / T = -log 3.
  assert found.bias == pytest.approx(2, abs=1e-3)
  assert found.temperature == pytest.approx(2 / np.log(3), rel=1e-3)
  np.testing.assert_allclose(found.confidence(np.array([4.0, 0.0])), [0.75, 0.25], atol=1e-3)


@pytest.mark.parametrize(
  ('log_odds', 'right'),
  [([], []), ([1.0, 2.0], [1, 1]), ([1.0, 2.0], [0, 0]), ([3.0, 3.0, 1.0, 1.0], [0, 0, 1, 1])],
  ids=['nothing', 'all right', 'none right', 'the right ones are less sure'],
)
def test_what_tells_nothing_about_confidence_changes_none(log_odds, right):
  found = decide.fit([page_of(log_odds, right, missed=1)], IDENTITY)
  assert found[1:] == IDENTITY[1:]
  assert 0 < found.threshold < 1


def test_threshold_has_the_highest_f():
  """Of 4 symbols: the two surest have F = 2 * 2 / (2 + 4), all six 2 * 3 / (6 + 4)."""
  page = page_of([3.0, 2.0, 1.0, 0.9, 0.8, -1.0], [1, 1, 0, 0, 0, 1], missed=1)
  found = decide.fit([page], IDENTITY)
  low, high = found.confidence(np.array([1.0, 2.0]))
  assert found.threshold == pytest.approx((low + high) / 2)


def test_boxes_of_a_page_are_matched():
  """A head found, one called a dot, one missed; a dot made up; a stem too unsure to count."""
  true = row(4)
  found = np.concatenate([row(2), row(1, 300), row(4)[3:]])
  page = Page(
    true,
    ['head', 'head', 'head', 'stem'],
    found,
    ['head', 'dot', 'dot', 'stem'],
    np.array([0.8, 0.9, 0.7, 0.2]),
  )
  matched = match(page, 0.5)
  assert matched.found.tolist() == [1, 0, 2]
  assert matched.right.tolist() == [False, True, False]
  assert matched.others == ['head', '', '']
  assert matched.missed.tolist() == [False, True, True, True]


def test_a_box_is_found_once():
  page = Page(row(1), ['dot'], np.repeat(row(1), 2, 0), ['dot'] * 2, np.array([0.6, 0.7]))
  matched = match(page, 0.5)
  assert matched.found.tolist() == [1, 0] and matched.right.tolist() == [True, False]
  assert matched.others == ['', '']


def test_nothing_at_all():
  page = Page(np.empty((0, 4)), [], np.empty((0, 4)), [], np.empty(0))
  matched = match(page, 0.5)
  assert not len(matched.found) and not len(matched.missed) and not matched.others
