"""Folds by writer, from runs whose logits are known."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from made_runs import made_run
from small_runs import config_page

from omr_jax import ensemble
from omr_jax.errors import UserError
from omr_jax.evaluation import finished_run
from omr_jax.report import write
from omr_jax.tasks.symbols import folds


def fold(tmp_path, number, wrong, **changes):
  """A run whose twelve test symbols are named after the fold."""
  made = made_run(tmp_path / f'writers_{number}', prefix=str(number), wrong=wrong, **changes)
  path = made / 'config.json'
  data = {'name': 'homus', 'protocol': f'writers_{number}'}
  config = json.loads(path.read_text()) | {'data': data}
  path.write_text(json.dumps(config))
  return finished_run.read(made)


def test_every_fold_is_one_run(tmp_path):
  names = list(folds.members(config_page('homus'), 'writers', Path(), None))
  assert names == [f'writers_{k}' for k in range(10)]


def test_report_of_all_folds(tmp_path):
  # 11 and 9 of 12 right: 20 of 24 symbols, the folds' mean the same.
  runs = {
    'writers_0': fold(tmp_path, 1, {'1-4': 5.0}),
    'writers_1': fold(tmp_path, 2, {'1-4': 5.0, '2-1': 9.0, '2-6': 1.0}),
  }
  text, page = folds.write(tmp_path, 'writers', runs)
  summary = json.loads((tmp_path / 'summary.json').read_text())
  assert (summary['correct'], summary['n']) == (20, 24)
  assert summary['folds'] == {'writers_0': 11 / 12, 'writers_1': 9 / 12}
  assert summary['mean_of_folds'] == pytest.approx(20 / 24)
  # All logits are divided by 4 / ln 16, their own temperature, and then need none.
  assert summary['temperature'] == pytest.approx(1, rel=1e-4)
  with (tmp_path / 'report/test_predictions.csv').open(newline='') as file:
    rows = {row['id']: row for row in csv.DictReader(file)}
  assert len(rows) == 24
  # A lead of 9 for one of three: 16^(9/4) against 1 and 1.
  assert float(rows['22-1']['confidence']) == pytest.approx(512 / 514, abs=1e-5)
  assert page == tmp_path / 'report/report.html'
  shown = page.read_text()
  assert shown.index('22-1') < shown.index('11-4') < shown.index('22-6')
  again = finished_run.read(tmp_path)
  assert again.history == [] and write.rebuild(again) == summary
  np.testing.assert_array_equal(again.test_ids, list(rows))
  assert again.test_ids[again.example_rows].tolist() == [
    *('11-1', '11-2', '11-3', '21-1', '21-2', '21-3')
  ]
  # Another recipe's folds may be asked with them.
  whole = ensemble.joined([again, again.replace(workdir=tmp_path / 'writers_0')], '')
  assert whole.facts['parameters'] == 2 * summary['parameters'] == 200
  # Of 91.67 and 75 the deviation is 16.67 / sqrt(2).
  assert 'mean of the folds 83.33 %, standard deviation 11.79' in text
  assert 'writers_0    91.67 %' in text and '83.33 % (20 of 24)' in text
  # Of the four writers 5, 6, 5 and 4 of 6 are right: the deviation is sqrt(2 / 36 / 3), and 3.18245
  # the quantile of three degrees of freedom. More than everything cannot be right.
  low = 5 / 6 - 3.18245 * (2 / 36 / 3) ** 0.5 / 4**0.5
  assert summary['accuracy_by_writer_95'] == pytest.approx([low, 1], rel=1e-5)
  assert '95 % interval with the writer as the unit' in text
  # Each run has divided its logits by its own temperature: nothing is known of them without it.
  assert 'ece_uncalibrated' not in summary and 'nll_uncalibrated' not in summary
  assert 'a temperature of its own' in shown and 'without the temperature' not in shown


def test_unlike_runs_are_refused(tmp_path):
  first = fold(tmp_path, 1, {})
  with pytest.raises(UserError, match='tested twice'):
    folds.joined({'writers_0': first, 'writers_1': first})
  with pytest.raises(UserError, match='other data'):
    folds.joined({'a': first, 'b': fold(tmp_path, 2, {}, digest='other')})
  with pytest.raises(UserError, match='another config'):
    folds.joined({'a': first, 'b': fold(tmp_path, 3, {}, epochs=3)})


def test_the_most_epochs_of_the_folds_are_told(tmp_path):
  """With early stopping each fold has its own."""
  runs = {}
  for number, (epochs, tested) in enumerate(((7, 2), (5, 4)), start=1):
    run = fold(tmp_path, number, {})
    facts = run.facts | {'epochs': epochs, 'tested_epoch': tested}
    runs[f'writers_{number}'] = run.replace(facts=facts)
  assert folds.joined(runs).epochs == '7, tested 4 (the most of any fold)'
  assert runs['writers_1'].epochs == '7, tested 2'


def test_pictures_stay_with_their_symbols(tmp_path):
  runs = {'a': fold(tmp_path, 1, {'1-4': 5.0}), 'b': fold(tmp_path, 2, {'2-1': 9.0, '2-6': 1.0})}
  whole = folds.joined(runs)
  assert whole.pictures[:, 2, 2, 0].tolist() == [3, 6, 11]
  wrong = whole.test_ids[whole.test_predicted != whole.test_labels]
  assert wrong.tolist() == ['11-4', '22-1', '22-6']
  assert np.isfinite(whole.test_logits).all()
