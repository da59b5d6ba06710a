import math
import warnings

import numpy as np
import pytest

from omr_jax.evaluation import metrics


def one_hot_logits(predictions, num_classes, gap):
  return gap * np.eye(num_classes)[predictions]


def test_probabilities_of_a_temperature():
  # exp(2 ln 3 / 2) = 3 against 1: probabilities 3/4 and 1/4; undivided 9/10 and 1/10.
  logits = np.array([[2 * math.log(3), 0]])
  np.testing.assert_allclose(np.exp(metrics.log_probabilities(logits, 2)), [[0.75, 0.25]])
  np.testing.assert_allclose(np.exp(metrics.log_probabilities(logits)), [[0.9, 0.1]])
  # No overflow: the second class is e^-10000 times as likely.
  np.testing.assert_allclose(metrics.log_probabilities(np.array([[1e4, 0]])), [[0, -1e4]])


def test_negative_log_likelihood():
  logits = np.array([[math.log(3), 0], [0, math.log(3)]])
  expected = -(math.log(3 / 4) + math.log(1 / 4)) / 2
  assert metrics.negative_log_likelihood(logits, np.array([0, 0])) == pytest.approx(expected)


@pytest.mark.parametrize(
  ('classes', 'right', 'gap'), [(2, 0.75, 4.0), (2, 0.9, 0.5), (5, 0.6, 3.0), (32, 0.98, 12.0)]
)
def test_temperature_makes_confidence_the_accuracy(classes, right, gap):
  # All symbols have one logit `gap` above the equal rest: the fit has confidence = accuracy p,
  # e^(gap/T) / (e^(gap/T) + C - 1) = p, so T = gap / ln((C - 1) p / (1 - p)).
  n = 200
  labels = np.arange(n) % classes
  predictions = np.where(np.arange(n) < right * n, labels, (labels + 1) % classes)
  temperature = metrics.fit_temperature(one_hot_logits(predictions, classes, gap), labels)
  expected = gap / math.log((classes - 1) * right / (1 - right))
  assert temperature == pytest.approx(expected, rel=1e-4)


def test_temperature_of_labels_drawn_from_the_softmax():
  rng = np.random.default_rng(0)
  logits = rng.normal(0, 2, (20_000, 4))
  # Adding Gumbel noise and taking the largest draws from the softmax.
  labels = np.argmax(logits + rng.gumbel(size=logits.shape), axis=1)
  assert metrics.fit_temperature(2.5 * logits, labels) == pytest.approx(2.5, rel=0.05)


@pytest.mark.parametrize(
  ('predictions', 'labels'),
  [([0, 1, 2], [0, 1, 2]), ([1, 2, 0], [0, 1, 2]), ([], []), ([1], [1]), ([0], [1])],
  ids=['all right', 'all wrong', 'none', 'one right', 'one wrong'],
)
def test_temperature_is_one_where_nothing_can_be_fitted(predictions, labels):
  logits = one_hot_logits(np.array(predictions, int), 3, 5.0)
  assert metrics.fit_temperature(logits, np.array(labels, int)) == 1


def test_temperature_stays_within_its_bounds():
  # 999 symbols right by 1 and one wrong by 1e-9: the derivative by b = 1/T is about
  # -999 e^-b + 1e-9 / 2, zero at b = ln(2e12) = 28, T = 0.035.
  labels = np.zeros(1000, int)
  logits = np.tile([1.0, 0.0], (1000, 1))
  logits[0] = [0, 1e-9]
  assert metrics.fit_temperature(logits, labels) == pytest.approx(0.05, rel=1e-3)


def test_accuracy_is_exact():
  logits = one_hot_logits([0, 1, 2, 2, 0, 1, 1], 3, 1.0)
  assert metrics.accuracy(logits, np.array([0, 1, 2, 0, 1, 1, 2])) == (4, 7)


@pytest.mark.parametrize(('correct', 'n'), [(1485, 1515), (8, 10), (0, 5), (5, 5)])
def test_wilson_interval_is_the_closed_formula(correct, n):
  z, p = 1.959963984540054, correct / n
  centre = (p + z * z / (2 * n)) / (1 + z * z / n)
  half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
  low, high = metrics.wilson_interval(correct, n)
  assert (low, high) == pytest.approx((centre - half, centre + half), abs=1e-9)


# Six symbols of class 0 (five right, one taken for 1), three of class 1 (two right, one taken for
# 3), one of class 2 taken for 0; class 3 has no symbols and class 2 is never predicted.
LABELS = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 2])
PREDICTIONS = np.array([0, 0, 0, 0, 0, 1, 1, 1, 3, 0])
CONFUSION = [[5, 1, 0, 0], [0, 2, 0, 1], [1, 0, 0, 0], [0, 0, 0, 0]]


def test_confusion_has_true_rows_and_predicted_columns():
  assert metrics.confusion_matrix(LABELS, PREDICTIONS, 4).tolist() == CONFUSION


def test_precision_and_recall_of_absent_classes_are_nan():
  with warnings.catch_warnings():
    warnings.simplefilter('error')
    precision, recall = metrics.precision_recall(np.array(CONFUSION))
  np.testing.assert_allclose(precision, [5 / 6, 2 / 3, math.nan, 0])
  np.testing.assert_allclose(recall, [5 / 6, 2 / 3, 0, math.nan])


def test_f1_is_the_harmonic_mean_of_precision_and_recall():
  with warnings.catch_warnings():
    warnings.simplefilter('error')
    shown = metrics.f1(np.array(CONFUSION))
  np.testing.assert_allclose(shown, [5 / 6, 2 / 3, 0, math.nan])  # Twice of two equal numbers.
  # Of class 0 two of three are found, and two of four that are called so are right.
  np.testing.assert_allclose(metrics.f1(np.array([[2, 1], [2, 5]])), [4 / 7, 10 / 13])


def test_averages_count_an_ignored_class_and_not_an_absent_one():
  shown = metrics.averages(np.array(CONFUSION))
  assert shown['micro'] == pytest.approx((7 / 10, 7 / 10, 7 / 10))
  assert shown['macro'] == pytest.approx((1 / 2, 1 / 2, 1 / 2))  # (5/6 + 2/3 + 0) / 3
  # (6 x 5/6 + 3 x 2/3 + 1 x 0) / 10
  assert shown['weighted'] == pytest.approx((7 / 10, 7 / 10, 7 / 10))


def test_reliability_bins_are_closed_above():
  # Bin 14 is (14/15, 1], bin 7 is (7/15, 8/15]; 8/15 itself belongs to bin 7.
  confidence = np.array([1.0, 0.96, 0.95, 0.94, 0.5, 8 / 15])
  correct = np.array([True, True, True, False, False, True])
  bins = metrics.reliability(confidence, correct)
  assert bins.n.tolist() == [0] * 7 + [2] + [0] * 6 + [4]
  np.testing.assert_allclose(bins.accuracy[[7, 14]], [1 / 2, 3 / 4])
  np.testing.assert_allclose(bins.confidence[[7, 14]], [(0.5 + 8 / 15) / 2, 3.85 / 4])
  assert np.isnan(bins.accuracy[0])
  # 2/6 |1/2 - 0.51667| + 4/6 |0.75 - 0.9625| = 0.0055556 + 0.1416667
  assert metrics.expected_calibration_error(bins) == pytest.approx(0.1472222, abs=1e-6)


def test_expected_calibration_error_extremes():
  sure = np.ones(4)
  perfect = metrics.reliability(sure, np.array([True] * 4))
  wrong = metrics.reliability(sure, np.array([False] * 4))
  assert metrics.expected_calibration_error(perfect) == 0
  assert metrics.expected_calibration_error(wrong) == 1


def test_mcnemar_is_exact():
  # 1 against 7 of 8 disagreements: p = 2 (C(8,0) + C(8,1)) / 2^8 = 18/256. Agreements don't count.
  a = np.array([True] * 1 + [False] * 7 + [True] * 50 + [False] * 3)
  b = np.array([False] * 1 + [True] * 7 + [True] * 50 + [False] * 3)
  assert metrics.mcnemar(a, b) == (1, 7, pytest.approx(18 / 256))
  assert metrics.mcnemar(b, a) == (7, 1, pytest.approx(18 / 256))
  assert metrics.mcnemar(a, a) == (0, 0, 1)
