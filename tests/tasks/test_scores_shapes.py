"""The answers to cuts: counted by kind and by shape."""

import json
import re

import numpy as np
import pytest
from made_score_runs import EVEN, FIRST, made_run
from small_runs import config_page

from omr_jax.errors import UserError
from omr_jax.evaluation import finished_run, metrics
from omr_jax.report import write
from omr_jax.tasks.scores import folds, shapes


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


def without(workdir, names):
  """Takes arrays away from the evaluation of a run."""
  file = workdir / 'evaluation.npz'
  kept = {name: array for name, array in np.load(file).items() if name not in names}
  np.savez(file, **kept)


def test_runs_of_earlier_versions_are_read(tmp_path):
  """They lack these arrays and, in summary and report, what is counted from them."""
  workdir = made_run(tmp_path / 'fold_0', config_page('scores'), FIRST, EVEN, 0)
  new = json.loads((workdir / 'summary.json').read_text())
  assert [row['n'] for row in new['gate'].pop('kinds')] == [2, 1, 1, 2, 1]
  del new['gate']['shapes']
  without(workdir, shapes.ARRAYS)
  write.rebuild(finished_run.read(workdir))
  assert json.loads((workdir / 'summary.json').read_text()) == new
  page = (workdir / 'report' / 'report.html').read_text('utf-8')
  assert '<h2>Probes</h2>' in page and 'Kinds and shapes' not in page
  runs = {'fold_0': finished_run.read(workdir)}
  folds.write(tmp_path, 'folds', runs)
  assert 'kinds' not in json.loads((tmp_path / 'pooled.json').read_text())['gate']
  assert 'Kinds and shapes' not in (tmp_path / 'pooled.html').read_text('utf-8')


def test_a_run_that_lacks_some_of_the_arrays_is_damaged(tmp_path):
  workdir = made_run(tmp_path / 'run', config_page('scores'), FIRST, EVEN, 0)
  without(workdir, ['cut_logits'])
  with pytest.raises(UserError, match=r'damaged \(no cut_logits\)'):
    finished_run.read(workdir)
