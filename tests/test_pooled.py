import csv
import json
import math
import subprocess
import sys

import numpy as np
import pytest
from html_page import Page
from small_runs import ROOT, config_page

from omr_jax import pooled
from omr_jax.errors import UserError
from omr_jax.evaluation import finished_run, metrics
from omr_jax.report import write
from omr_jax.report.parts import DASH
from omr_jax.tasks.scores import pool

LN = math.log
# id: source, log-odds. With even odds, at temperature 1: p2 and s2 are wrong, at odds of 3.5 and 2.
FIRST = {
  'p1': ('other/photos', -LN(3)),
  'p2': ('other/photos', LN(3.5)),
  's1': ('scores/x', LN(9)),
  's2': ('scores/x', -LN(2)),
}
# Called 'scores' from 1.25 on, at a temperature of 1 / ln 8: d1 is wrong, at odds of 1 to 8.
SECOND = {'p3': ('other/photos', 1.0), 's3': ('scores/x', 2.0), 'd1': ('scores/desk', 1.0)}
EVEN = (np.array([-2.0, -3.0, 3.0, 5.0]), np.array([0, 0, 1, 1]))
# The highest is an other: no picture may be called 'scores'. 8 of 9 are right by 1: T = 1 / ln 8.
STRICT = (np.array([1.0] + [-1.0] * 4 + [1.0] * 4), np.array([0] * 5 + [1] * 4))


def logits(log_odds):
  return np.stack([np.zeros(len(log_odds)), np.asarray(log_odds)], axis=1).astype(np.float32)


def made_run(workdir, config, tested, validation, threshold, probes=(-1.0, 4.0), digest='abc'):
  """A finished run that has answered `tested`; its pictures are each of one grey, from 10 on."""
  workdir.mkdir(parents=True)
  (workdir / 'config.json').write_text(config.to_json())
  row = {'epoch': 1, 'step': 1, 'loss': 0.5, 'validation_loss': 0.5, 'learning_rate': 0.1}
  row |= {'validation_accuracy': 0.9, 'images_per_s': 5.0, 'seconds': 60.0}
  (workdir / 'metrics.jsonl').write_text(json.dumps(row) + '\n')
  sources = [source for source, _ in tested.values()]
  log_odds = np.array([score for _, score in tested.values()])
  labels = np.array([source.startswith('scores/') for source in sources], int)
  greys = np.arange(10, 10 + len(tested), dtype=np.uint8)
  finished_run.save_evaluation(
    workdir,
    ['other', 'scores'],
    (validation[1], logits(validation[0])),
    finished_run.Tested(
      np.array(list(tested)),
      labels,
      logits(log_odds),
      (log_odds >= threshold).astype(int),
      np.broadcast_to(greys[:, None, None, None], (len(tested), 8, 6, 3)),
    ),
    {
      'test_sources': np.array(sources),
      'probe_names': np.array(['table 1', 'music 1']),
      'probe_expected': np.array(['other', 'scores']),
      'probe_logits': logits(probes),
    },
  )
  facts = {'config_name': 'scores', 'protocol': f'fold {config.data.fold}', 'data_digest': digest}
  facts |= {
    'origin': 'pictures in folders',
    'seed': 0,
    'epochs': 60,
    'tested_epoch': 60,
    'parameters': 9,
  }
  write.write(workdir, {**facts, 'seconds': 90.0})
  return workdir


@pytest.fixture
def configs():
  return pooled.members(config_page('scores'), 'folds', ())


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
  folder, configs = (
    tmp_path_factory.mktemp('runs'),
    pooled.members(config_page('scores'), 'folds', ()),
  )
  made_run(folder / 'fold_0', configs['fold_0'], FIRST, EVEN, 0)
  made_run(folder / 'fold_1', configs['fold_1'], SECOND, STRICT, 1.25, probes=(2.0, 1.0))
  return read(folder, 'fold_0', 'fold_1')


def read(folder, *names):
  return {name: finished_run.read(folder / name) for name in names}


def test_members():
  config = config_page('scores')
  before = config.to_json()
  folds = pooled.members(config, 'folds', ())
  assert list(folds) == ['fold_0', 'fold_1', 'fold_2', 'fold_3', 'fold_4']
  assert [one.data.fold for one in folds.values()] == [0, 1, 2, 3, 4]
  held_out = pooled.members(config, 'sources', ['other/a', 'scores/b'])
  assert list(held_out) == ['other__a', 'scores__b']
  assert config.to_json() == before
  # Each is what --config.data.fold=3 or --config.data.hold_out=scores/b alone gives.
  config.data.fold = 3
  assert folds['fold_3'].to_json() == config.to_json()
  config.data.fold, config.data.hold_out = 0, 'scores/b'
  assert held_out['scores__b'].to_json() == config.to_json()


def test_two_sources_in_one_folder():
  with pytest.raises(UserError, match='same name but for / and __'):
    pooled.members(config_page('scores'), 'sources', ['other/a__b', 'other/a/b'])


def test_numbers(tmp_path, runs):
  numbers = pooled.write(tmp_path, 'folds', runs)
  assert json.loads((tmp_path / 'pooled.json').read_text()) == numbers
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
  assert gate['sources'][0]['confidence'] == pytest.approx((3 / 4 + 7 / 9 + 1 / 9) / 3, rel=1e-5)
  assert gate['mean_share'] == pytest.approx((2 / 3 + 0 + 2 / 3) / 3)
  first, second = numbers['runs'].values()
  assert (first['tested'], first['correct'], first['n']) == ('fold 0', 2, 4)
  assert (first['threshold'], first['temperature']) == (0, 1)
  assert first['probes'] == {'n': 2, 'right': 2, 'wrong': [], 'open': {}}
  # A quarter of the way from 1 to 2.
  assert (second['threshold'], second['correct']) == (pytest.approx(1.25), 2)
  assert second['temperature'] == pytest.approx(1 / LN(8), rel=1e-5)
  assert second['probes']['wrong'] == ['table 1', 'music 1']


def test_calibration_is_that_of_the_pooled_answers(tmp_path, runs):
  numbers = pooled.write(tmp_path, 'folds', runs)
  # Right: p1 at 3/4, s1 at 9/10, p3 at 1/9, s3 at 64/65; wrong: p2 at 7/9, s2 at 2/3, d1 at 1/9.
  # Of 15 bins p1 and p2 share the 12th, p3 and d1 the 2nd; the others have one each.
  gaps = [3 / 4 + 7 / 9 - 1, 1 - 9 / 10, 2 / 3, 1 - 2 / 9, 1 - 64 / 65]
  assert numbers['ece'] == pytest.approx(sum(gaps) / 7, rel=1e-4)


def test_every_picture_is_a_row(tmp_path, runs):
  pooled.write(tmp_path, 'folds', runs)
  with (tmp_path / 'pooled.csv').open(newline='') as file:
    rows = {row['id']: row for row in csv.DictReader(file)}
  assert list(rows) == [*FIRST, *SECOND]
  assert {name for name, row in rows.items() if row['true'] != row['predicted']} == {
    'p2', 's2', 'd1',
  }  # fmt: skip
  assert list(rows['s3'].values())[:4] == ['s3', 'scores/x', 'scores', 'scores']
  assert [float(rows['s3'][key]) for key in ('confidence', 'log_odds', 'threshold')] == [
    pytest.approx(64 / 65, abs=1e-5),  # e^(2 ln 8) = 64
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
  pooled.write(tmp_path, over, runs)
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
  pooled.write(tmp_path, 'folds', read(tmp_path, 'fold_0'))
  page = Page((tmp_path / 'pooled.html').read_text('utf-8'))
  words = ''.join(page.words)
  assert 'None.' in words and 'All runs answer all probes as expected.' in words


def test_table_for_a_terminal(tmp_path, runs):
  lines = pooled.table(pooled.write(tmp_path, 'sources', runs)).splitlines()
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
  symbols = runs['fold_1']._replace(test_sources=np.array([]))
  with pytest.raises(UserError, match='fold_1: is no run on pictures of scores'):
    pool.pool(runs | {'fold_1': symbols})


def command(*arguments, timeout=120):
  """Exit code, what is printed and what is on stderr."""
  done = subprocess.run(
    [sys.executable, '-m', 'omr_jax.pooled', *map(str, arguments)],
    cwd=ROOT,
    capture_output=True,
    text=True,
    timeout=timeout,
    check=False,
  )
  assert 'Traceback' not in done.stderr
  return done.returncode, done.stdout, done.stderr


def test_finished_runs_are_only_pooled(tmp_path, configs):
  for number, (name, config) in enumerate(configs.items()):
    tested = {f'{number}-{key}': value for key, value in FIRST.items()}
    made_run(tmp_path / name, config, tested, EVEN, 0)
  code, out, err = command(
    '--config=configs/scores.py', '--over=folds', f'--workdir={tmp_path}', '--data_dir=/nowhere'
  )
  assert (code, err) == (0, '')
  assert out.count('this run is finished.') == 5
  assert 'run 5 of 5: fold_4' in out
  assert 'false positives 5 of 10, false negatives 5 of 10' in out
  assert out.rstrip().endswith(f'report: {tmp_path}/pooled.html')
  numbers = json.loads((tmp_path / 'pooled.json').read_text())
  assert (numbers['gate']['correct'], numbers['gate']['n'], len(numbers['runs'])) == (10, 20, 5)


@pytest.mark.slow
def test_ten_folds_by_writer_from_the_archive_to_the_report(tmp_path, folders):
  data_dir, raw_dir = folders
  small = {'epochs': 1, 'batch_size': 8, 'data.allow_changed': True}
  small |= {'drawing.height': 16, 'drawing.width': 16, 'model.widths': (4, 8)}
  code, out, err = command(
    *('--config=configs/homus.py', '--over=writers', f'--workdir={tmp_path}'),
    *(f'--data_dir={data_dir}', f'--raw_dir={raw_dir}', '--config.model.blocks=(1, 1)'),
    *(f'--config.{key}={value}' for key, value in small.items()),
    timeout=600,
  )
  assert code == 0, err
  assert 'run 10 of 10: writers_9' in out
  summary = json.loads((tmp_path / 'summary.json').read_text())
  assert list(summary['folds']) == [f'writers_{fold}' for fold in range(10)]
  ids = finished_run.read(tmp_path).test_ids.tolist()
  assert len(set(ids)) == len(ids) == summary['n'] == 380  # Each of ten writers' 38 once.
  shares = list(summary['folds'].values())
  assert sum(shares) / 10 == pytest.approx(summary['correct'] / 380)  # All folds are as large.
  assert f'mean of the folds {10 * sum(shares):.2f} %' in out


@pytest.mark.parametrize(
  ('arguments', 'code', 'words'),
  [
    (('--config=configs/scores.py',), 1, '--over folds or sources'),
    (('--config=configs/scores.py', '--over=books'), 2, '<folds|sources|writers>'),
    (('--config=configs/scores.py', '--over=sources', '--raw_dir=/none'), 2, '/none'),
    (('--config=configs/homus.py', '--over=writers', '--distributed'), 1, 'leave --distributed'),
    (
      ('--config=configs/homus.py', '--over=writers', '--num_processes=2'),
      1,
      '--num_processes out',
    ),
  ],
)
def test_wrong_command_is_answered_in_a_few_words(arguments, code, words, tmp_path):
  given = (*arguments, f'--workdir={tmp_path / "runs"}', f'--data_dir={tmp_path / "data"}')
  returned, _, text = command(*given)
  assert (returned, len(text.splitlines()) <= 3) == (code, True), text
  assert words in text
  assert not (tmp_path / 'runs').exists()


def test_the_folder_of_a_run_is_refused_before_folds_are_trained_in_it(tmp_path):
  (tmp_path / 'metrics.jsonl').touch()
  code, out, err = command(
    '--config=configs/homus.py', '--over=writers', f'--workdir={tmp_path}', '--data_dir=/nowhere'
  )
  assert (code, out) == (2, '') and 'is the folder of a run; choose another' in err


@pytest.mark.parametrize(
  ('page', 'over', 'given', 'words'),
  [
    (('homus',), 'folds', (), "config.data.name='music_scores'"),
    (('scores_paper', '128'), 'sources', (), "config.data.protocol='folders'"),
    (('scores',), 'folds', ('seed', 'data.fold'), r'config\.data\.fold is what --over goes'),
    (('scores',), 'sources', ('data.hold_out',), r'config\.data\.hold_out is what --over goes'),
    (('scores',), 'writers', (), "config.data.name='homus'"),
    (('homus',), 'writers', ('data.protocol',), r'config\.data\.protocol is what --over goes'),
  ],
)
def test_configs_without_folds_and_sources(page, over, given, words):
  pooled.check_over(config_page('scores'), 'folds', ('seed', 'data.balance'))
  pooled.check_over(config_page('homus'), 'writers', ('seed', 'data.allow_changed'))
  with pytest.raises(UserError, match=words):
    pooled.check_over(config_page(*page), over, given)
