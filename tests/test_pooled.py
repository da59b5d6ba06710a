"""Training on every part of the data in turn: what is refused, and what the command ends with."""

import json

import pytest
from commands import answer
from made_score_runs import EVEN, FIRST, made_run
from small_runs import config_page

from omr_jax import pooled
from omr_jax.errors import UserError
from omr_jax.evaluation import finished_run
from omr_jax.tasks.pages import folds as page_folds
from omr_jax.tasks.scores import folds
from omr_jax.tasks.symbols import folds as symbol_folds


def command(*arguments):
  """Exit code, what is printed and what is on stderr."""
  done = answer('omr_jax.pooled', *arguments)
  assert 'Traceback' not in done.stderr
  return done


def test_finished_runs_are_only_pooled(tmp_path):
  configs = folds.members(config_page('scores'), 'folds', tmp_path, None)
  for number, (name, config) in enumerate(configs.items()):
    tested = {f'{number}-{key}': value for key, value in FIRST.items()}
    made_run(tmp_path / name, config, tested, EVEN, 0)
  code, out, err = answer(  # The pages of the five runs are empty.
    *('tests.saving_all', 'omr_jax.pooled', '--config=configs/scores.py', '--over=folds'),
    *(f'--workdir={tmp_path}', '--data_dir=/nowhere'),
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
    (('--config=configs/homus.py', '--over=writers', '--distributed'), 2, "flag 'distributed'"),
    (('--config=configs/homus.py', '--over=writers', '--config.seed=0,1'), 2, 'instead of a list'),
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
  (tmp_path / 'metrics.jsonl').rename(tmp_path / 'config.json')  # As a run that has just begun.
  for of_writers in (symbol_folds, page_folds):
    with pytest.raises(UserError, match=r'holds another config\.json; choose another folder'):
      of_writers.refuse_workdir(tmp_path)


@pytest.mark.parametrize(
  ('page', 'over', 'given', 'words'),
  [
    (('homus',), 'folds', (), "config.data.name='music_scores'"),
    (('scores_paper', '128'), 'sources', (), "config.data.protocol='folders'"),
    (('scores',), 'folds', ('seed', 'data.fold'), r'--over folds sets config\.data\.fold '),
    (('scores',), 'sources', ('data.hold_out',), r'--over sources sets config\.data\.hold_out '),
    (('scores',), 'writers', (), "config.data.name='homus' or 'pages'"),
    (('homus',), 'writers', ('data.protocol',), r'--over writers sets config\.data\.protocol '),
    (('pages',), 'writers', (), r"--over writers needs config\.data\.source='muscima_pp'"),
    (('pages_handwriting',), 'writers', ('data.protocol',), 'leave it out'),
  ],
)
def test_configs_without_folds_and_sources(page, over, given, words):
  pooled.check_over(config_page('scores'), 'folds', ('seed', 'data.balance'))
  pooled.check_over(config_page('homus'), 'writers', ('seed', 'data.allow_changed'))
  pooled.check_over(config_page('pages_handwriting'), 'writers', ('seed',))
  with pytest.raises(UserError, match=words):
    pooled.check_over(config_page(*page), over, given)
