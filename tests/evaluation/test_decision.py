"""From logits to answers."""

import numpy as np
import pytest

from omr_jax.evaluation import decision


def logits(log_odds):
  return np.stack([np.zeros(len(log_odds)), np.asarray(log_odds)], axis=1)


@pytest.mark.parametrize(
  ('others', 'scores', 'rate', 'expected'),
  [
    # A quarter of the way from the highest that must not pass to the next one.
    ([-3, 1], [5, 6], 0, 2),
    # Never below even odds.
    ([-5, -4], [1, 5], 0, 0),
    # One of four may pass, or none.
    ([-3, -2, 1, 3], [4, 5], 0.25, 1.5),
    ([-3, -2, 1, 3], [4, 5], 0.24, 3.25),
    # The highest of all must not pass.
    ([6, -1], [4, 5], 0, 6.25),
    # All may, as in the paper.
    ([6, -1], [4, 5], 1, 0),
  ],
)
def test_threshold(others, scores, rate, expected):
  log_odds = np.array([*others, *scores], float)
  labels = np.array([0] * len(others) + [1] * len(scores))
  config = {'data': {'name': 'music_scores'}, 'decision': {'false_positive_rate': rate}}
  assert decision.fit(config, labels, logits(log_odds)).threshold == pytest.approx(expected)
  symbols = {'data': {'name': 'homus'}}
  assert decision.fit(symbols, labels, logits(log_odds)).threshold is None


def test_decide():
  found = logits([-1, 0.5, 2])
  np.testing.assert_array_equal(decision.decide(found, None), [0, 1, 1])
  np.testing.assert_array_equal(decision.decide(found, 0.5), [0, 1, 1])
  np.testing.assert_array_equal(decision.decide(found, 1), [0, 0, 1])


def test_confidence_is_that_of_the_answer_given():
  """Log-odds of ln 9 at a temperature of 2 are odds of 3 to 1."""
  found = decision.confidence(logits([np.log(9), np.log(9)]), np.array([1, 0]), 2)
  np.testing.assert_allclose(found, [3 / 4, 1 / 4])
