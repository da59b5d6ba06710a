"""From logits to answers."""

import math

import numpy as np
import pytest

from omr_jax.errors import UserError
from omr_jax.evaluation import confidence, decision


def logits(log_odds):
  return np.stack([np.zeros(len(log_odds)), np.asarray(log_odds)], axis=1)


@pytest.mark.parametrize(
  ('others', 'scores', 'cost', 'expected'),
  [
    # One picture a class, so that a further one is wrong with 1/3: odds of 1 to 2 at -1, of 2 to 1
    # at 1. Their logarithm is ln 2 times the log-odds, so odds of `cost` are at log2(cost).
    ([-1], [1], 1, 0),
    ([-1], [1], 2, 1),
    ([-1], [1], 8, 3),
    ([2], [4], 2, 4),
    # Two others: odds of 1 to 3 at -1. From there to 2 to 1 the logarithm grows by ln 6.
    ([-1, -1], [1], 1, -1 + 2 * math.log(3) / math.log(6)),
    # However many, both classes weigh the same: odds of 1 to 9 at -1, of 9 to 1 at 1.
    ([-1] * 8, [1] * 8, 3, 1 / 2),
    # Never below even odds.
    ([-5], [-3], 2, 0),
    # False positives cost nothing: the more probable class, as in the paper.
    ([6], [8], 0, 0),
    # The network tells nothing, or there is one class.
    ([3], [1], 2, 0),
    ([6], [], 2, 0),
    ([], [6], 2, 0),
  ],
)
def test_threshold(others, scores, cost, expected):
  log_odds = np.array([*others, *scores], float)
  labels = np.array([0] * len(others) + [1] * len(scores))
  config = {'data': {'name': 'music_scores'}, 'decision': {'false_positive_cost': cost}}
  threshold = decision.fit(config, labels, logits(log_odds)).threshold
  assert threshold == pytest.approx(expected, abs=1e-6)
  symbols = {'data': {'name': 'homus'}}
  assert decision.fit(symbols, labels, logits(log_odds)).threshold is None


def test_decide():
  found = logits([-1, 0.5, 2])
  np.testing.assert_array_equal(decision.decide(found, None), [0, 1, 1])
  np.testing.assert_array_equal(decision.decide(found, 0.5), [0, 1, 1])
  np.testing.assert_array_equal(decision.decide(found, 1), [0, 0, 1])


def test_confidence_is_that_of_the_answer_given():
  """Log-odds of ln 9 at a temperature of 2 are odds of 3 to 1."""
  found = decision.confidence(
    logits([np.log(9), np.log(9)]), np.array([1, 0]), decision.Decision(None, 2)
  )
  np.testing.assert_allclose(found, [3 / 4, 1 / 4])


def test_confidence_is_counted_from_the_threshold():
  """At a temperature of 2, ln 9 above or below the threshold: odds of 3 to 1 for the answer."""
  chosen = decision.Decision(5.0, 2.0)
  found = logits([5 + np.log(9), 5 - np.log(9), 5])
  predicted = decision.decide(found, chosen.threshold)
  assert predicted.tolist() == [1, 0, 1]
  sure = decision.confidence(found, predicted, chosen)
  np.testing.assert_allclose(sure, [3 / 4, 3 / 4, 1 / 2])
  # The same by the softmax of the logits that the temperature is fitted to.
  odds = np.exp(np.diff(decision.from_threshold(found, 5.0))[:, 0] / 2)
  np.testing.assert_allclose(odds, [3, 1 / 3, 1])
  # An exported network gives probabilities, of which some are rounded to 1.
  given = confidence.log_odds(np.array([0.5, 9 / 10, 1]))
  np.testing.assert_allclose(
    confidence.of_threshold(given, confidence.log_odds(0.75)), [3 / 4, 3 / 4, 1], atol=1e-9
  )
  assert confidence.of_threshold(confidence.log_odds(1.0), confidence.log_odds(1.0)) == 1 / 2


def test_the_temperature_makes_the_confidence_of_both_classes_the_accuracy():
  """All at 1 from the threshold, which is 0: of the others 3 of 4 are right, of the scores all 2.

  With equal weight of the classes 7/8 are right, so odds of 7 to 1 at a distance of 1.
  """
  log_odds = np.array([1.0, -1, -1, -1, 1, 1])
  config = {'data': {'name': 'music_scores'}, 'decision': {'false_positive_cost': 0}}
  found = decision.fit(config, np.array([0, 0, 0, 0, 1, 1]), logits(log_odds))
  assert found == (0, pytest.approx(1 / np.log(7), rel=1e-5))


@pytest.mark.parametrize(
  ('content', 'words'),
  [
    ('{"temperature": 1}', 'threshold or temperature missing'),
    ('{"threshold": 1, "threshold": 2, "temperature": 1}', 'a key is there twice'),
  ],
)
def test_a_damaged_decision_is_refused(tmp_path, content, words):
  (tmp_path / decision.FILE).write_text(content)
  with pytest.raises(UserError, match=f'decision.json: .*{words}.*; report it again'):
    decision.read(tmp_path, 'report it again')
