import json
import math
import re
from types import SimpleNamespace

import numpy as np
import pytest
from html_page import Page

from omr_jax.evaluation import metrics
from omr_jax.evaluation.decision import Decision
from omr_jax.report import templates
from omr_jax.report.parts import DASH
from omr_jax.tasks.scores import answers as tested
from omr_jax.tasks.scores import evaluation, report, shapes
from omr_jax.tasks.scores.answers import Answers, Probes

CLASSES = ('other', 'scores')
# Two of three others and two of three pages of music are right at a threshold of ln 2.
ANSWERS = Answers(
  np.log([1 / 4, 1, 9, 1, 3, 4]),
  np.array([0, 0, 0, 1, 1, 1]),
  np.array(['other/a', 'other/a', 'other/<b>', 'scores/c', 'scores/c', 'scores/c']),
  math.log(2),
  1.0,
)
PROBES = Probes(
  np.array(['table 1', 'table 2', 'music 1', 'music 2', 'staff paper 1', 'staff paper 2']),
  np.array(['other', 'other', 'scores', 'scores', '', '']),
  np.log([1 / 4, 3, 4, 9, 3, 1 / 2]),
)
VALIDATION = {
  'threshold': 0.7,
  'recall': 0.9,
  'false_positives': 1,
  'negatives': 200,
  'false_positive_rate': 0.005,
  'false_positive_rate_wilson_95': [0.001, 0.03],
}


def measured(answers=ANSWERS, validation=VALIDATION, probes=PROBES):
  return tested.measure(answers, validation, 2.0, probes)


def logits(log_odds):
  return np.stack([np.zeros(len(log_odds)), log_odds], 1)


def run_of(answers, **more):
  """A run with these answers."""
  return SimpleNamespace(
    classes=CLASSES,
    test_logits=logits(answers.log_odds),
    test_labels=answers.labels,
    decision=Decision(answers.threshold, answers.temperature),
    further={
      'test_sources': answers.sources,
      'probe_names': PROBES.names,
      'probe_expected': PROBES.expected,
      'probe_logits': logits(PROBES.log_odds),
      'test_proportions': np.ones(len(answers.labels), np.float32),
      'cut_kinds': np.array(['strip']),
      'cut_labels': np.array([1]),
      'cut_proportions': np.array([4.0]),
      'cut_logits': logits([5.0]),
    },
    correct=answers.predicted == answers.labels,
    **more,
  )


def sections(answers, found):
  """The sections of a report as HTML by title."""
  run = run_of(answers)
  found = report.sections(run, {'gate': found | shapes.measure(shapes.of_run(run))})
  return {title: templates.html(section) for title, section in found.items()}


@pytest.mark.parametrize(
  ('threshold', 'recall', 'count'), [(0.6, 1, 2), (0.7, 2 / 3, 2), (0.9, 1 / 3, 0)]
)
def test_false_positives(threshold, recall, count):
  # Three pages of music and three others; one of each is tied at 0.7.
  values, labels = np.array([0.6, 0.8, 0.9, 0.2, 0.7, 0.7]), np.array([1, 0, 1, 0, 1, 0])
  found = tested.false_positives(values, labels, threshold)
  assert (found['threshold'], found['recall']) == (threshold, pytest.approx(recall))
  assert (found['false_positives'], found['negatives']) == (count, 3)
  assert found['false_positive_rate'] == pytest.approx(count / 3)
  assert found['false_positive_rate_wilson_95'] == list(metrics.wilson_interval(count, 3))


def test_no_false_positive_of_a_thousand_still_has_an_interval():
  values = np.append(np.zeros(1000), 1)  # They are their labels.
  found = tested.false_positives(values, values, 1)
  assert (found['recall'], found['negatives'], found['false_positives']) == (1, 1000, 0)
  low, high = found['false_positive_rate_wilson_95']
  # z^2 / (n + z^2) with z = 1.96
  assert (low, high) == (0, pytest.approx(3.8415 / 1003.8415, rel=1e-4))


def test_no_validation_without_other_pictures():
  log_odds, labels = np.array([-1.0, 3.0]), np.array([1, 1])
  assert evaluation.choose(log_odds, labels, 2.0) == 0
  config = {'decision': {'false_positive_cost': 2.0}}
  validation = {'validation_logits': logits(log_odds), 'validation_labels': labels}
  run = run_of(ANSWERS, config=config, **validation)
  found = evaluation.measure(run)['gate']
  assert found == measured(validation=None) | shapes.measure(shapes.of_run(run))


def test_answers():
  assert ANSWERS.predicted.tolist() == [0, 0, 1, 0, 1, 1]
  # Of the threshold's odds, 2, they are 1/8, 1/2, 9/2, 1/2, 3/2, 2; of the class that is named:
  np.testing.assert_allclose(ANSWERS.confidence, [8 / 9, 2 / 3, 9 / 11, 2 / 3, 3 / 5, 2 / 3])
  sharper = ANSWERS._replace(temperature=0.5)  # Odds of 2 become 4.
  assert sharper.confidence[5] == pytest.approx(4 / 5)
  assert ANSWERS.margins is ANSWERS.log_odds
  own = ANSWERS._replace(threshold=np.arange(6.0))
  np.testing.assert_allclose(own.margins, ANSWERS.log_odds - np.arange(6))


def test_measured():
  found = measured()
  assert json.loads(json.dumps(found, allow_nan=False)) == found
  assert (found['threshold'], found['false_positive_cost']) == (math.log(2), 2.0)
  assert found['validation'] == VALIDATION
  assert (found['n'], found['correct'], found['accuracy']) == (6, 4, 4 / 6)
  assert found['accuracy_wilson_95'] == list(metrics.wilson_interval(4, 6))
  assert found['sure'] == {'n': 2, 'correct': 1}  # Those at 8/9 and 9/11.
  assert (found['false_positives'], found['negatives']) == (1, 3)
  assert (found['false_negatives'], found['positives']) == (1, 3)
  assert found['false_positive_rate_wilson_95'] == list(metrics.wilson_interval(1, 3))
  # To find all three, even odds have to pass, and two others with them.
  at_99 = found['at_recall']['0.99']
  assert (at_99['threshold'], at_99['false_positives'], at_99['recall']) == (0, 2, 1)
  assert at_99['false_positive_rate_wilson_95'] == list(metrics.wilson_interval(2, 3))
  assert found['at_recall']['0.95'] == at_99
  # Pages at 1, 3 and 4 against others at 1/4, 1 and 9: 1.5, 2 and 2 of nine pairs.
  assert found['auc'] == pytest.approx(5.5 / 9)
  # Found at 4 (of 2 called), 3 (of 3) and 1 (of 5).
  assert found['average_precision'] == pytest.approx((1 / 2 + 2 / 3 + 3 / 5) / 3)
  shares = {row['source']: row['share'] for row in found['sources']}
  assert shares == {'other/a': 1, 'other/<b>': 0, 'scores/c': pytest.approx(2 / 3)}
  assert found['mean_share'] == pytest.approx((1 + 0 + 2 / 3) / 3)


def test_measured_probes():
  # Called 'scores' from odds of 2 on: the table at 3 is wrong, staff paper gets both answers.
  assert measured()['probes'] == {
    'n': 4,
    'right': 3,
    'wrong': ['table 2'],
    'open': {'staff paper 1': 'scores', 'staff paper 2': 'other'},
  }
  confidence = tested.answered(PROBES, ANSWERS).confidence
  np.testing.assert_allclose(confidence, [8 / 9, 3 / 5, 2 / 3, 9 / 11, 3 / 5, 4 / 5])
  assert measured(probes=None)['probes'] is None


@pytest.mark.parametrize('label', [0, 1])
def test_a_held_out_source_has_one_class(label):
  here = ANSWERS.labels == label
  one = ANSWERS._replace(**{n: getattr(ANSWERS, n)[here] for n in Answers._fields[:3]})
  found = measured(one)
  assert json.loads(json.dumps(found, allow_nan=False)) == found
  assert (found['n'], found['correct']) == (3, 2)
  assert (found['auc'], found['average_precision']) == (None, None)
  assert found['at_recall'] == {'0.99': None, '0.95': None}
  assert found['recall'] == (pytest.approx(2 / 3) if label else None)
  assert (found['false_positive_rate_wilson_95'] is None) == (label == 1)
  page = Page(''.join(sections(one, found).values()))
  assert 'No curves' in ''.join(page.words)


def test_each_pooled_picture_has_its_own_threshold():
  own = ANSWERS._replace(threshold=np.log([1, 2, 10, 1 / 2, 2, 6]))
  found = measured(own, validation=None, probes=None)
  assert found['threshold'] is None
  assert (found['false_positives'], found['false_negatives']) == (0, 1)
  # Above their thresholds by factors of 1/4, 1/2, 9/10 and 2, 3/2, 2/3: 3 + 3 + 2 of nine pairs.
  assert found['auc'] == pytest.approx(8 / 9)


def rows(text):
  """Cells of each row of a table's body, and whether one of them is tinted."""
  body = text[text.index('<tbody>') : text.index('</tbody>')]
  return [
    (re.findall(r'<t[hd][^>]*>([^<]*)</t[hd]>', row), '--e:' in row)
    for row in re.findall(r'<tr>.*?</tr>', body, re.DOTALL)
  ]


def test_sections():
  found = sections(ANSWERS, measured())
  assert list(found) == ['Decision', 'Sources', 'Kinds and shapes', 'Probes']
  assert rows(found['Kinds and shapes'])[:2] == [
    (['whole picture', 'scores', '3', '2', '66.67 %', percents(2, 3)], True),
    (['strip', 'scores', '1', '1', '100.00 %', percents(1, 1)], False),
  ]
  page = Page(''.join(found.values()))
  assert len(set(page.ids)) == len(page.ids)
  assert all(address.startswith('#') for address in page.addresses)
  assert found['Decision'].count('<svg') == 3
  words = ''.join(page.words)
  assert 'from log-odds of 0.693 on, odds of 2 to 1' in words
  assert 'a false positive that costs as much as 2 missed scores' in words
  assert '1 of 200 pass' in words
  assert rows(found['Decision']) == [
    (['scores called other', '1', '3', '33.33 %', percents(1, 3)], False),
    (['other called scores', '1', '3', '33.33 %', percents(1, 3)], False),
    (['wrong with a confidence of at least 80 %', '1', '2', '50.00 %', percents(1, 2)], False),
    *(
      (
        [f'other called scores, with a threshold that finds {recall} %', '2', '3', '66.67 %']
        + [percents(2, 3)],
        False,
      )
      for recall in (99, 95)
    ),
  ]
  assert rows(found['Sources']) == [
    (['other/&lt;b&gt;', 'other', '1', '0', '0.00 %', percents(0, 1), '81.82 %'], True),
    (['other/a', 'other', '2', '2', '100.00 %', percents(2, 2), '77.78 %'], False),
    # 2/3, 3/5 and 2/3
    (['scores/c', 'scores', '3', '2', '66.67 %', percents(2, 3), '64.44 %'], True),
  ]
  assert rows(found['Probes']) == [
    (['table', 'other', '1 other, 1 scores', f'60.0{DASH}88.9 %', '50 %'], True),
    (['music', 'scores', 'scores', f'66.7{DASH}81.8 %', '100 %'], False),
    (['staff paper', 'either', '1 scores, 1 other', f'60.0{DASH}80.0 %', DASH], False),
  ]
  assert '3 of 4 are answered as expected' in words
  assert 'the answers are: staff paper: 1 scores, 1 other.' in words


def percents(count, n):
  low, high = metrics.wilson_interval(count, n)
  return f'{100 * low:.2f}{DASH}{100 * high:.2f} %'


@pytest.mark.parametrize(
  ('threshold', 'validation', 'words'),
  [
    (0.0, VALIDATION, 'from even odds on'),
    (math.log(2), None, 'no other picture among the validation pictures'),
    (0.0, VALIDATION | {'recall': None}, 'finds none of scores'),
    (1e4, VALIDATION, 'from log-odds of 10000.000 on.'),  # Odds that no float can hold.
  ],
)
def test_where_the_threshold_comes_from(threshold, validation, words):
  answers = ANSWERS._replace(threshold=threshold)
  found = measured(answers, validation)
  page = Page(sections(answers, found)['Decision'])
  assert words in ''.join(page.words)
