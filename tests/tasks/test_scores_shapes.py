"""The answers to cuts: counted by kind and by shape."""

import re

import numpy as np
import pytest

from omr_jax.evaluation import metrics
from omr_jax.tasks.scores import shapes


def shown():
  return shapes.Shown(
    np.array([shapes.WHOLE, shapes.WHOLE, 'strip', 'strip', 'strip', 'turned']),
    # Long to short: 1.25, 2.5, 4, 4, 12, 1.25.
    np.array([0.8, 2.5, 4.0, 0.25, 12.0, 1.25]),
    np.array([1, 0, 1, 1, 0, 0]),
    np.array([True, True, True, False, True, False]),
  )


def test_counts():
  found = shapes.measure(shown())
  kinds = [(row['label'], row['name'], row['right'], row['n']) for row in found['kinds']]
  assert kinds == [
    ('scores', shapes.WHOLE, 1, 1),
    ('scores', 'strip', 1, 2),
    ('other', shapes.WHOLE, 1, 1),
    ('other', 'strip', 1, 1),
    ('other', 'turned', 0, 1),
  ]
  assert [(row['label'], row['name'], row['right'], row['n']) for row in found['shapes']] == [
    ('scores', 'up to 1.5:1', 1, 1),
    ('scores', '2.5:1 to 5:1', 1, 2),
    ('other', 'up to 1.5:1', 0, 1),
    ('other', '1.5:1 to 2.5:1', 1, 1),
    ('other', 'longer than 10:1', 1, 1),
  ]
  strips = found['kinds'][1]
  assert strips['share'] == 0.5
  assert (strips['low'], strips['high']) == metrics.wilson_interval(1, 2)


def test_several_runs():
  twice = shapes.measure(shapes.joined([shown(), shown()]))
  assert [row['n'] for row in twice['kinds']] == [2, 4, 2, 2, 2]


GOOD = {
  'test_proportions': np.ones(2, np.float32),
  'cut_kinds': np.array(['strip']),
  'cut_labels': np.array([1]),
  'cut_proportions': np.ones(1, np.float32),
  'cut_logits': np.zeros((1, 2), np.float32),
}


@pytest.mark.parametrize(
  ('wrong', 'words'),
  [
    ({}, None),
    ({'test_proportions': np.ones(3, np.float32)}, '3 proportions for 2 pictures'),
    ({'cut_labels': np.array([1, 1])}, '1 kinds of cuts, but other numbers'),
    ({'cut_labels': np.array([2])}, 'unknown classes'),
    ({'cut_logits': np.zeros((2, 2), np.float32)}, r'logits \(2, 2\) for 1 cuts'),
    ({'cut_logits': np.full((1, 2), np.nan, np.float32)}, 'not finite'),
  ],
)
def test_arrays_that_do_not_fit(wrong, words):
  found = shapes.problem(GOOD | wrong, 2)
  assert (found is None) if words is None else re.search(words, found)


def test_a_run_without_cuts():
  made = shapes.arrays({'test': {'proportion': np.ones(2)}}, None)
  assert set(made) == set(shapes.ARRAYS)
  assert shapes.problem(made, 2) is None
