"""Runs that are made of known logits, asked together."""

import csv
import json

import numpy as np
import pytest
from made_runs import made_run

from omr_jax import ensemble
from omr_jax.errors import UserError
from omr_jax.evaluation import finished_run
from omr_jax.report import compare, write


def read(*folders):
  return [finished_run.read(folder) for folder in folders]


def test_mean_of_calibrated_probabilities_by_hand(tmp_path):
  # All temperatures are 4 / ln 16, so a logit of 4 is a factor of 16, and one of 5 of 32.
  runs = read(made_run(tmp_path / 'a', wrong={'1-1': 5.0}), made_run(tmp_path / 'b', wrong={}))
  whole = ensemble.joined(runs, 'both')
  assert whole.facts['config_name'] == 'both'  # Also where a symbol is wrong, as 1-1 is.
  # Of 1-1, class 0: 1, 32 and 1 of 34 by the one, 16, 1 and 1 of 18 by the other.
  expected = (np.array([1, 32, 1]) / 34 + np.array([16, 1, 1]) / 18) / 2
  np.testing.assert_allclose(np.exp(whole.test_logits[0]), expected, rtol=1e-4)
  np.testing.assert_allclose(np.exp(whole.test_logits[1]), np.array([1, 16, 1]) / 18, rtol=1e-4)
  # 1/34 + 16/18 is less than 32/34 + 1/18.
  assert whole.test_predicted.tolist() == [1, 1, 2, *[0, 1, 2] * 3]


def test_symbols_may_be_in_another_order(tmp_path):
  a, b = read(made_run(tmp_path / 'a', wrong={'1-4': 9.0}), made_run(tmp_path / 'b', wrong={}))
  straight = ensemble.joined([a, b], '')
  order = np.random.default_rng(0).permutation(12)
  fields = ('test_ids', 'test_labels', 'test_logits', 'test_predicted')
  turned = b.replace(**{name: getattr(b, name)[order] for name in fields})
  np.testing.assert_allclose(ensemble.joined([a, turned], '').test_logits, straight.test_logits)


def test_runs_may_have_drawn_on_other_canvases(tmp_path):
  a, b = read(
    made_run(tmp_path / 'a', wrong={'1-4': 5.0, '2-1': 9.0}),
    made_run(tmp_path / 'b', wrong={'1-4': 5.0}),
  )
  a = a.replace(pictures=np.full((2, 3, 4, 1), 7, np.uint8))
  b = b.replace(pictures=np.full((1, 5, 2, 1), 9, np.uint8))
  whole = ensemble.joined([a, b], '')
  assert whole.test_ids[~whole.correct].tolist() == ['1-4', '2-1']
  edge, two, one = [255] * 4, [255, 9, 9, 255], [7] * 4
  np.testing.assert_array_equal(whole.pictures[0, ..., 0], [two] * 5)
  np.testing.assert_array_equal(whole.pictures[1, ..., 0], [edge, one, one, one, edge])


def test_logits_that_belie_the_answers_are_refused(tmp_path):
  a, b = read(made_run(tmp_path / 'a', wrong={}), made_run(tmp_path / 'b', wrong={}))
  # Its answers are said to be right, and its logits call everything the first class.
  a = a.replace(test_logits=np.tile(np.float32([9, 0, 0]), (12, 1)))
  with pytest.raises(UserError, match=r'/a, .*/b: all are said to be right on 1-2, .* is damaged'):
    ensemble.joined([a, b], '')


def test_a_run_may_be_called_data(tmp_path, capsys, monkeypatch):
  """The configs of the runs are kept under the names of their folders."""
  monkeypatch.chdir(tmp_path)
  for seed, name in enumerate(('data', 'other')):
    made_run(tmp_path / name, wrong={}, seed=seed)
  assert ensemble.main(['data', 'other', '--out', 'both']) == 0
  assert 'report: both/report/report.html' in capsys.readouterr().out
  assert finished_run.read('both').task.name == 'symbols'


@pytest.mark.parametrize('name', ['config.json', 'summary.json'])
def test_files_of_other_programs_are_not_replaced(tmp_path, name, capsys):
  runs = [str(made_run(tmp_path / each, wrong={}, seed=n)) for n, each in enumerate('ab')]
  (tmp_path / name).write_text('{"a": "setting"}')
  assert ensemble.main([*runs, '--out', str(tmp_path)]) == 2
  assert f'{tmp_path}: holds another {name}; choose another folder.' in capsys.readouterr().err
  assert (tmp_path / name).read_text() == '{"a": "setting"}'
  assert sorted(path.name for path in tmp_path.iterdir()) == ['a', 'b', name]


def test_an_empty_path_is_not_the_current_folder(tmp_path, capsys):
  with pytest.raises(SystemExit) as end:
    ensemble.main([str(tmp_path), str(tmp_path), '--out', ''])
  assert end.value.code == 2 and 'argument --out: the path is empty' in capsys.readouterr().err


def test_report_and_table(tmp_path, capsys):
  # Both wrong on 1-4; one alone on 2-1, which the other outvotes by no more than it leads.
  a = made_run(tmp_path / 'a', wrong={'1-4': 5.0, '2-1': 1.0})
  b = made_run(tmp_path / 'b', wrong={'1-4': 5.0}, seed=1)
  out = tmp_path / 'out'
  assert ensemble.main([str(a), str(b), '--out', str(out)]) == 0
  said = capsys.readouterr().out
  assert '91.67' in said and f'report: {out}/report/report.html' in said
  summary = json.loads((out / 'summary.json').read_text())
  assert (summary['correct'], summary['n'], summary['parameters']) == (11, 12, 200)
  with (out / 'report/test_predictions.csv').open(newline='') as file:
    wrong = [row['id'] for row in csv.DictReader(file) if row['true'] != row['predicted']]
  assert wrong == ['1-4']
  # Right examples of the first run, in which symbols 0, 1 and 2 are right, as in the ensemble.
  assert finished_run.read(out).example_rows.tolist() == [0, 1, 2]
  assert '1-4' in (out / 'report/report.html').read_text()
  # All together read as a run, which can be compared and asked again.
  compared = compare.compare(runs := read(out, a), [write.write_pages(run) for run in runs])
  assert 'only the first is right on 1 symbols, only the second on 0' in compared
  row = next(line for line in said.splitlines() if line.startswith(str(a)))
  assert row.split()[-3:] == ['0', '1', '1']  # Right alone, together alone, p.


@pytest.mark.parametrize(
  ('changes', 'words'),
  [
    ({'digest': 'other'}, 'data_digest is other'),
    ({'prefix': '9'}, 'other symbols'),
    ({'classes': ['Dot', 'Flat', 'Sharp']}, 'other symbols'),
  ],
)
def test_runs_on_other_symbols_are_refused(tmp_path, changes, words):
  a, b = made_run(tmp_path / 'a'), made_run(tmp_path / 'b', **changes)
  with pytest.raises(UserError, match=words):
    ensemble.joined(read(a, b), '')


def test_one_run_is_no_ensemble(tmp_path, capsys):
  a = made_run(tmp_path / 'a')
  assert ensemble.main([str(a)]) == 2 and 'two or more' in capsys.readouterr().err
  assert ensemble.main([str(a), str(a)]) == 2 and 'twice' in capsys.readouterr().err
  b = made_run(tmp_path / 'b')
  before = (b / 'summary.json').read_bytes()
  assert ensemble.main([str(a), str(b), '--out', str(b)]) == 2
  assert (b / 'summary.json').read_bytes() == before


@pytest.mark.usefixtures('no_page')
def test_no_member_is_replaced(tmp_path, capsys):
  a, b, c = (made_run(tmp_path / name) for name in 'abc')
  both = tmp_path / 'both'
  assert ensemble.main([str(a), str(b), '--out', str(both)]) == 0
  before = (both / 'summary.json').read_bytes()
  capsys.readouterr()
  assert ensemble.main([str(both), str(c), '--out', f'{a}/../both']) == 2
  assert 'is one of the runs themselves' in capsys.readouterr().err
  assert (both / 'summary.json').read_bytes() == before


@pytest.mark.usefixtures('no_page')
def test_no_run_counts_twice(tmp_path, capsys, monkeypatch):
  """Not beside an ensemble of which it is a member, however deep, nor in two ensembles."""
  a, b, c, d = (made_run(tmp_path / name) for name in 'abcd')
  both, three, other = (tmp_path / 'joined' / name for name in ('both', 'three', 'other'))
  monkeypatch.chdir(tmp_path)
  assert ensemble.main(['a', 'b', '--out', str(both)]) == 0
  assert json.loads((both / 'summary.json').read_text())['runs'] == ['../../a', '../../b']
  assert ensemble.main([str(both), 'c', '--out', str(three)]) == 0
  assert ensemble.main(['b', 'd', '--out', str(other)]) == 0
  capsys.readouterr()
  monkeypatch.chdir('/')
  for runs in ((both, a), (b, both), (three, a), (c, three), (both, other), (three, both)):
    assert ensemble.main([str(run) for run in runs]) == 2
    assert 'would count twice' in capsys.readouterr().err
  assert ensemble.main([str(both), str(c), str(d)]) == 0


def test_members_as_earlier_versions_wrote_them(tmp_path, monkeypatch):
  """By the path that was given, from the folder in which the command ran."""
  a = made_run(tmp_path / 'a')
  whole = made_run(tmp_path / 'joined' / 'both')
  summary = json.loads((whole / 'summary.json').read_text()) | {'runs': ['a', 'b', 5, '\0']}
  (whole / 'summary.json').write_text(json.dumps(summary))
  monkeypatch.chdir(tmp_path)
  with pytest.raises(UserError, match='a would count twice'):
    ensemble.joined(read(whole, a), '')


def test_a_name_cannot_forge_a_row(tmp_path, capsys):
  a, b = made_run(tmp_path / 'a'), made_run(tmp_path / 'b\nensemble  99.99 %\x1b[1m')
  assert ensemble.main([str(a), str(b)]) == 0
  head, *rows = capsys.readouterr().out.splitlines()
  assert len(rows) == 3 and r'b\nensemble  99.99 %\x1b[1m' in rows[1]
  assert {row.index('.') for row in (rows[0], rows[2])} == {head.index('validation') + 5}


def test_a_result_that_is_replaced_half_reads_as_none(tmp_path, monkeypatch):
  a, b, c = (made_run(tmp_path / name) for name in 'abc')
  both = str(tmp_path / 'both')
  assert ensemble.main([str(a), str(b), '--out', both]) == 0

  def interrupted(run):
    raise KeyboardInterrupt

  monkeypatch.setattr(write, 'write_pages', interrupted)
  assert ensemble.main([str(a), str(c), '--out', both]) == 1
  with pytest.raises(UserError, match='no finished evaluation'):
    finished_run.read(both)


def test_a_name_that_is_none_is_refused(capsys):
  assert ensemble.main(['x' * 300, 'y']) == 2
  assert 'no such folder' in capsys.readouterr().err


def test_a_link_that_leads_to_itself_is_no_folder(tmp_path, capsys):
  runs = [str(made_run(tmp_path / name)) for name in 'ab']
  (tmp_path / 'itself').symlink_to('itself')
  assert ensemble.main([*runs, '--out', str(tmp_path / 'itself')]) == 2
  assert 'itself' in capsys.readouterr().err


def test_runs_of_pictures_are_refused(tmp_path, score_run):
  with pytest.raises(UserError, match='answers by a threshold'):
    ensemble.joined(read(made_run(tmp_path / 'a'), score_run), '')
