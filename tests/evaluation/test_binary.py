import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omr_jax.evaluation import binary, curves
from omr_jax.evaluation import metrics as evaluate

# Three pages of music and three others; one of each is tied at 0.7.
SCORES = np.array([0.6, 0.8, 0.9, 0.2, 0.7, 0.7])
LABELS = np.array([1, 0, 1, 0, 1, 0])
# Few values, so that ties are common.
PICTURES = st.lists(st.tuples(st.integers(-4, 4), st.integers(0, 1)), max_size=30)


def arrays(pictures):
  scores, labels = zip(*pictures, strict=True) if pictures else ((), ())
  return np.array(scores, float), np.array(labels, int)


def test_curve_counts_tied_pictures_together():
  points = curves.curve(SCORES, LABELS)
  assert points.threshold.tolist() == [math.inf, 0.9, 0.8, 0.7, 0.6, 0.2]
  assert points.true_positives.tolist() == [0, 1, 1, 2, 3, 3]
  assert points.false_positives.tolist() == [0, 0, 1, 2, 2, 3]
  assert (points.positives, points.negatives) == (3, 3)
  np.testing.assert_allclose(points.recall, [0, 1 / 3, 1 / 3, 2 / 3, 1, 1])
  np.testing.assert_allclose(points.false_positive_rate, [0, 0, 1 / 3, 2 / 3, 2 / 3, 1])
  np.testing.assert_allclose(points.precision, [1, 1, 1 / 2, 1 / 2, 3 / 5, 1 / 2])


def test_areas():
  points = curves.curve(SCORES, LABELS)
  # 0.9 beats all three others; 0.7 beats 0.2 and ties with 0.7; 0.6 beats 0.2: 3 + 1.5 + 1 of 9.
  assert curves.auc(points) == pytest.approx(5.5 / 9)
  # The pages of music are found at precisions 1/1, 2/4 and 3/5.
  assert curves.average_precision(points) == pytest.approx((1 + 1 / 2 + 3 / 5) / 3)
  perfect = curves.curve(np.array([3.0, 2.0, 1.0]), np.array([1, 1, 0]))
  assert (curves.auc(perfect), curves.average_precision(perfect)) == (1, 1)
  constant = curves.curve(np.zeros(5), np.array([1, 1, 0, 0, 0]))
  assert curves.auc(constant) == pytest.approx(1 / 2)
  assert curves.average_precision(constant) == pytest.approx(2 / 5)


@pytest.mark.parametrize('labels', [[], [0, 0], [1, 1]])
def test_one_class_has_no_curve(labels):
  scores = np.zeros(len(labels))
  assert curves.curve(scores, labels) is None


@given(PICTURES)
@settings(max_examples=60)
def test_curve_agrees_with_scikit_learn(pictures):
  metrics = pytest.importorskip('sklearn.metrics')
  scores, labels = arrays(pictures)
  points = curves.curve(scores, labels)
  if points is None:
    assert len(set(labels.tolist())) < 2
    return
  fpr, tpr, thresholds = metrics.roc_curve(labels, scores, drop_intermediate=False)
  np.testing.assert_allclose(points.false_positive_rate, fpr)
  np.testing.assert_allclose(points.recall, tpr)
  np.testing.assert_array_equal(points.threshold, thresholds)
  assert curves.auc(points) == pytest.approx(metrics.roc_auc_score(labels, scores))
  expected = metrics.average_precision_score(labels, scores)
  assert curves.average_precision(points) == pytest.approx(expected)
  precision, recall, _ = metrics.precision_recall_curve(labels, scores)
  np.testing.assert_allclose(points.precision, precision[::-1])
  np.testing.assert_allclose(points.recall, recall[::-1])


@pytest.mark.parametrize(('recall', 'threshold'), [(0.99, 0.6), (0.6, 0.7), (1 / 3, 0.9)])
def test_threshold_at_recall(recall, threshold):
  assert curves.threshold_at_recall(curves.curve(SCORES, LABELS), recall) == threshold


def test_recall_is_not_missed_by_rounding():
  # 0.07 * 100 is 7.000000000000001 in floating point; the 7th highest of 1 ... 100 is 94.
  scores = np.append(np.arange(1, 101), 0)
  labels = np.append(np.ones(100, int), 0)
  assert curves.threshold_at_recall(curves.curve(scores, labels), 0.07) == 94


def test_decisions():
  # Called: 0.8, 0.9 and both 0.7; right are 0.9, 0.7 (music) and 0.2.
  found = binary.decisions(SCORES, LABELS, 0.7)
  assert found[:4] == (3, 3, 2, 1)
  assert (found.accuracy, found.low, found.high) == (0.5, *evaluate.wilson_interval(3, 6))
  assert found.recall == pytest.approx(2 / 3)
  assert found.false_positive_rate == pytest.approx(2 / 3)


def test_decisions_of_pooled_folds_have_their_own_thresholds():
  found = binary.decisions(SCORES, LABELS, np.array([0.6, 0.9, 0.9, 0.9, 0.6, 0.71]))
  assert (found.false_positives, found.false_negatives, found.accuracy) == (0, 0, 1)


def test_decisions_on_one_class_and_on_nothing():
  assert binary.decisions([2.0, 0.0], [1, 1], 1)[:5] == (2, 0, 0, 1, 0.5)
  assert binary.decisions([2.0, 0.0], [1, 1], 1)[7:] == (0.5, None)
  assert binary.decisions([2.0, 0.0], [0, 0], math.inf)[5:] == (
    pytest.approx(2 / (2 + 3.8415), rel=1e-4),  # n / (n + z^2): two of two are right
    1,
    None,
    0,
  )
  assert binary.decisions([], [], 0) == (0, 0, 0, 0, None, None, None, None, None)


def test_table_by_source():
  log_odds = np.log([3.0, 1 / 4, 1 / 9, 9.0])
  sources = ['scores/a', 'scores/a', 'other/b', 'other/c']
  rows = binary.by_source(log_odds, [1, 1, 0, 0], sources, 0.0)
  assert [(row['source'], row['label'], row['n'], row['right'], row['share']) for row in rows] == [
    ('other/b', 0, 1, 1, 1),
    ('other/c', 0, 1, 0, 0),
    ('scores/a', 1, 2, 1, 0.5),
  ]
  # Probabilities of the answers given: 9/10, 9/10, and the mean of 3/4 and 4/5.
  assert [row['confidence'] for row in rows] == [
    pytest.approx(0.9),
    pytest.approx(0.9),
    pytest.approx(0.775),
  ]
  assert (rows[2]['low'], rows[2]['high']) == evaluate.wilson_interval(1, 2)
  assert binary.mean_share(rows) == pytest.approx((1 + 0 + 1 / 2) / 3)
  assert binary.mean_share([]) is None


def test_confidence_is_in_the_answer_at_the_temperature():
  # 2 ln 3 above the threshold: e^(2 ln 3 / 2) = 3, so 3/4. 4 ln 3 below it: 'other' has 9/10.
  log_odds, threshold = np.full(2, 2 * math.log(3)), np.array([0, 6 * math.log(3)])
  (row,) = binary.by_source(log_odds, [1, 1], ['a', 'a'], threshold, temperature=2)
  assert (row['right'], row['confidence']) == (1, pytest.approx((3 / 4 + 9 / 10) / 2))


def test_a_source_with_both_labels_has_two_rows():
  rows = binary.by_source(np.array([1.0, 1.0]), [1, 0], ['mixed', 'mixed'], 0.0)
  assert [(row['label'], row['n'], row['right']) for row in rows] == [(0, 1, 0), (1, 1, 1)]
  assert binary.by_source(np.array([]), [], [], 0.0) == []


def test_log_odds_tell_apart_what_probabilities_can_not():
  logits = np.array([[0, 40], [0, 50], [3, 1]], np.float32)
  assert binary.log_odds(logits).tolist() == [40, 50, -2]
  assert len(set(np.exp(evaluate.log_probabilities(logits))[:2, 1])) == 1
