"""Pictures pooled over folds or sources, from runs whose answers are known."""

import csv
import json
from pathlib import Path

import pytest
from html_page import Page
from made_score_runs import EVEN, FIRST, SECOND, STRICT, STRICT_T, made_run
from scipy.special import expit
from small_runs import config_page

from omr_jax.errors import UserError
from omr_jax.evaluation import finished_run, metrics
from omr_jax.report.parts import DASH
from omr_jax.tasks.scores import data, folds, pool


def members():
  return folds.members(config_page('scores'), 'folds', Path(), None)


@pytest.fixture
def configs():
  return members()


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
  folder, configs = tmp_path_factory.mktemp('runs'), members()
  made_run(folder / 'fold_0', configs['fold_0'], FIRST, EVEN, 0)
  made_run(folder / 'fold_1', configs['fold_1'], SECOND, STRICT, 1.25, probes=(2.0, 1.0))
  return read(folder, 'fold_0', 'fold_1')


def read(folder, *names):
  return {name: finished_run.read(folder / name) for name in names}


def written(folder, over, runs):
  folds.write(folder, over, runs)
  return json.loads((folder / 'pooled.json').read_text())


def test_members(monkeypatch):
  monkeypatch.setattr(data, 'sources', lambda *_: ['other/a', 'scores/b'])
  config = config_page('scores')
  before = config.to_json()
  of_folds = folds.members(config, 'folds', Path(), None)
  assert list(of_folds) == ['fold_0', 'fold_1', 'fold_2', 'fold_3', 'fold_4']
  assert [one.data.fold for one in of_folds.values()] == [0, 1, 2, 3, 4]
  held_out = folds.members(config, 'sources', Path(), None)
  assert list(held_out) == ['other__a', 'scores__b']
  assert config.to_json() == before
  # Each is what --config.data.fold=3 or --config.data.hold_out=scores/b alone gives.
  config.data.fold = 3
  assert of_folds['fold_3'].to_json() == config.to_json()
  config.data.fold, config.data.hold_out = 0, 'scores/b'
  assert held_out['scores__b'].to_json() == config.to_json()


def test_two_sources_in_one_folder(monkeypatch):
  monkeypatch.setattr(data, 'sources', lambda *_: ['other/a__b', 'other/a/b'])
  with pytest.raises(UserError, match='same name but for / and __'):
    folds.members(config_page('scores'), 'sources', Path(), None)


def test_a_source_whose_name_is_too_long_for_a_folder(monkeypatch):
  """It is refused before the first run."""
  monkeypatch.setattr(data, 'sources', lambda *_: ['other/a', f'other/{"é" * 125}'])
  with pytest.raises(UserError, match='é: is too long for the name of a folder'):
    folds.members(config_page('scores'), 'sources', Path(), None)


def test_numbers(tmp_path, runs):
  numbers = written(tmp_path, 'folds', runs)
  gate = numbers['gate']
  assert (numbers['over'], numbers['config_name'], numbers['seconds']) == ('folds', 'scores', 180)
  assert (gate['n'], gate['correct'], gate['accuracy']) == (7, 4, pytest.approx(4 / 7))
  assert (gate['false_positives'], gate['negatives']) == (1, 3)
  assert (gate['false_negatives'], gate['positives']) == (2, 4)
  # Music at 2.20, -0.69, 0.5, -0.5 above its run's threshold, others at -1.10, 1.25, -0.5:
  # 3 + 1 + 2 + 1.5 of 12 pairs.
  assert gate['auc'] == pytest.approx(7.5 / 12)
  assert [(row['source'], row['n'], row['right']) for row in gate['sources']] == [
    ('other/photos', 3, 2),
    ('scores/desk', 1, 0),
    ('scores/x', 3, 2),
  ]
  near = expit(0.25 / STRICT_T)  # p3, 0.25 below the threshold of its run.
  assert gate['sources'][0]['confidence'] == pytest.approx((3 / 4 + 7 / 9 + near) / 3, rel=1e-5)
  assert gate['mean_share'] == pytest.approx((2 / 3 + 0 + 2 / 3) / 3)
  first, second = numbers['runs'].values()
  assert (first['tested'], first['correct'], first['n']) == ('fold 0', 2, 4)
  assert (first['threshold'], first['temperature']) == (0, 1)
  assert first['probes'] == {'n': 2, 'right': 2, 'wrong': [], 'open': {}}
  assert (second['threshold'], second['correct']) == (pytest.approx(1.25), 2)
  assert second['temperature'] == pytest.approx(STRICT_T, rel=1e-5)
  assert second['probes']['wrong'] == ['table 1', 'music 1']


def test_calibration_is_that_of_the_pooled_answers(tmp_path, runs):
  numbers = written(tmp_path, 'folds', runs)
  # Right: p1 at 3/4, s1 at 9/10, p3 and s3 near and far from their threshold; wrong: p2 at 7/9, s2
  # at 2/3, d1 as near as p3. Of 15 bins p1 and p2 share the 12th, and p3 and d1 the 9th; s3 is
  # alone in the 10th, and s2, whose float32 is a little above 2/3, in the 11th.
  near, far = expit(0.25 / STRICT_T), expit(0.75 / STRICT_T)
  assert 8 < 15 * near < 9 < 15 * far < 10
  gaps = [3 / 4 + 7 / 9 - 1, 1 - 9 / 10, 2 * near - 1, 1 - far, 2 / 3]
  assert numbers['ece'] == pytest.approx(sum(gaps) / 7, rel=1e-4)


def test_every_picture_is_a_row(tmp_path, runs):
  folds.write(tmp_path, 'folds', runs)
  with (tmp_path / 'pooled.csv').open(newline='') as file:
    rows = {row['id']: row for row in csv.DictReader(file)}
  assert list(rows) == [*FIRST, *SECOND]
  assert {name for name, row in rows.items() if row['true'] != row['predicted']} == {
    'p2', 's2', 'd1',
  }  # fmt: skip
  assert list(rows['s3'].values())[:4] == ['s3', 'scores/x', 'scores', 'scores']
  assert [float(rows['s3'][key]) for key in ('confidence', 'log_odds', 'threshold')] == [
    pytest.approx(expit(0.75 / STRICT_T), abs=1e-5),
    2,
    pytest.approx(1.25),
  ]
  assert (rows['s3']['run'], rows['s2']['run']) == ('fold_1', 'fold_0')


def test_pictures_are_those_of_the_wrong_answers(runs):
  found = pool.pool(runs).pictures
  # p2 and s2 are the 2nd and 4th picture of the first run, d1 the 3rd of the second.
  assert {name: picture[0, 0, 0] for name, picture in found.items()} == {
    'p2': 11, 's2': 13, 'd1': 12,
  }  # fmt: skip


@pytest.mark.parametrize('over', ('folds', 'sources'))
def test_page(tmp_path, runs, over):
  folds.write(tmp_path, over, runs)
  text = (tmp_path / 'pooled.html').read_text('utf-8')
  page = Page(text)
  words = ''.join(page.words)
  assert page.alts == [  # The most confident first: 7/9, 2/3 and 1/9.
    'Picture p2, other taken for scores',
    'Picture s2, scores taken for other',
    'Picture d1, scores taken for other',
  ]
  assert all(address.startswith(('#', 'data:image/png')) for address in page.addresses)
  assert {address[1:] for address in page.addresses if address[0] == '#'} <= set(page.ids)
  assert len(set(page.ids)) == len(page.ids)
  assert ('decision' in page.ids) == (over == 'folds')
  assert {'sources', 'wrong-pictures', 'runs', 'probes'} <= set(page.ids)
  assert ('False positives at 99 % recall' in words) == (over == 'folds')
  title = {'folds': '57.14 % of 7 pictures right', 'sources': 'Sources held out: 44.44 % right'}[
    over
  ]
  assert title in words
  low, high = metrics.wilson_interval(4, 7)
  assert f'{100 * low:.2f}{DASH}{100 * high:.2f} %' in words
  assert 'table 1' in words and '1 of 2' in words


def test_a_perfect_pool(tmp_path, configs):
  right = {name: FIRST[name] for name in ('p1', 's1')}
  made_run(tmp_path / 'fold_0', configs['fold_0'], right, EVEN, 0)
  folds.write(tmp_path, 'folds', read(tmp_path, 'fold_0'))
  page = Page((tmp_path / 'pooled.html').read_text('utf-8'))
  words = ''.join(page.words)
  assert 'None.' in words and 'All runs answer all probes as expected.' in words


def test_table_for_a_terminal(tmp_path, runs):
  lines = folds.write(tmp_path, 'sources', runs)[0].splitlines()
  assert lines[0].split() == ['source', 'pictures', 'right', 'share', '95', '%', 'interval']
  assert lines[1].split()[:5] == ['other/photos', '3', '2', '66.67', '%']
  assert lines[4].split()[:6] == ['all', 'pictures', '7', '4', '57.14', '%']
  assert lines[5] == 'mean of the sources 44.44 %, lowest 0.00 % (scores/desk)'
  assert lines[6] == 'false positives 1 of 3, false negatives 2 of 4'


def test_a_picture_that_two_runs_have_tested(tmp_path, configs, runs):
  made_run(tmp_path / 'again', configs['fold_2'], {'s3': SECOND['s3']}, EVEN, 0)
  with pytest.raises(UserError, match=r'again: has tested s3, as .*fold_1 has'):
    pool.pool(runs | read(tmp_path, 'again'))


def test_runs_that_differ_in_more_than_what_they_test(tmp_path, configs, runs):
  other = {'other': ('scores/x', 1.0)}
  made_run(tmp_path / 'data', configs['fold_2'], other, EVEN, 0, digest='other')
  with pytest.raises(UserError, match='data: was trained on other data than'):
    pool.pool(runs | read(tmp_path, 'data'))
  configs['fold_2'].epochs = 3
  made_run(tmp_path / 'config', configs['fold_2'], other, EVEN, 0)
  with pytest.raises(UserError, match='config: has another config than'):
    pool.pool(runs | read(tmp_path, 'config'))
  symbols = runs['fold_1'].replace(config={'data': {'name': 'homus'}})
  with pytest.raises(UserError, match='fold_1: is no run on pictures'):
    pool.pool(runs | {'fold_1': symbols})
