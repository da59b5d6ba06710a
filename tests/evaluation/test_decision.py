"""From logits to answers."""

import math

import numpy as np
import pytest

from omr_jax.errors import UserError
from omr_jax.evaluation import confidence, decision


def logits(log_odds):
  return np.stack([np.zeros(len(log_odds)), np.asarray(log_odds)], axis=1)


LN2, LN10 = math.log(2), math.log(10)


@pytest.mark.parametrize(
  ('others', 'rate', 'expected'),
  [
    # The highest of ten exceeds the next by 2: every 2 that the threshold is above the next make
    # the rate, there 1 in 10, smaller by a factor of e.
    ([-9] * 8 + [1, 3], 0.1, 1),
    ([-9] * 8 + [1, 3], 0.05, 1 + 2 * LN2),
    ([-9] * 8 + [1, 3], 0.01, 1 + 2 * LN10),
    # Rarer than a tenth of one picture is not computed.
    ([-9] * 8 + [1, 3], 0, 1 + 2 * LN10),
    # Never below even odds.
    ([-9] * 8 + [-5, -4], 0.01, 0),
    ([-9] * 8 + [-5, -4], 0.0001, 0),
    # Two of twenty exceed the next by 1 and 3, so by 2 in the mean.
    ([-9] * 17 + [1, 2, 4], 0.05, 1 + 2 * LN2),
    # One of fifteen is less than a tenth, so it is two again: 2 of 15 are above the next one.
    ([-9] * 12 + [1, 2, 4], 0.1, 1 + 2 * math.log(4 / 3)),
    # Half of four may pass, and the next one must not.
    ([-3, 1, 3, 5], 0.5, 1),
    # Equal ones must not pass.
    ([2] * 10, 0.01, 2),
    # All may, as in the paper; a single picture says nothing.
    ([6, 5], 1, 0),
    ([6], 0.01, 0),
    ([], 0.01, 0),
  ],
)
def test_threshold(others, rate, expected):
  log_odds = np.array([*others, 4, 5, -3], float)
  labels = np.array([0] * len(others) + [1] * 3)
  config = {'data': {'name': 'music_scores'}, 'decision': {'false_positive_rate': rate}}
  threshold = decision.fit(config, labels, logits(log_odds)).threshold
  assert threshold == pytest.approx(expected, abs=1e-9)
  if threshold > 0:  # A picture at the threshold passes; this one may not.
    assert threshold > expected - 1e-12
  symbols = {'data': {'name': 'homus'}}
  assert decision.fit(symbols, labels, logits(log_odds)).threshold is None


def test_threshold_of_an_exponential_distribution():
  """The log-odds at 1/2000, 3/2000 ... of it: 0.3 % are above -ln(0.003) = 5.81."""
  log_odds = -np.log((np.arange(1000) + 0.5) / 1000)
  config = {'data': {'name': 'music_scores'}, 'decision': {'false_positive_rate': 0.003}}
  found = decision.fit(config, np.zeros(1000, int), logits(log_odds)).threshold
  assert found == pytest.approx(-math.log(0.003), abs=0.05)


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
  config = {'data': {'name': 'music_scores'}, 'decision': {'false_positive_rate': 0.25}}
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
