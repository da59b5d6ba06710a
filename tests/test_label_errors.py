"""Lists of probable label errors, from runs whose logits are known."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from made_runs import made_run

from omr_jax import label_errors
from omr_jax.errors import UserError
from omr_jax.evaluation import finished_run

HEADER = '\t'.join(label_errors.COLUMNS)


def test_most_confident_mistake_first(tmp_path, capsys):
  run = made_run(tmp_path / 'a', wrong={'1-4': 5.0, '2-1': 9.0, '2-6': 1.0})
  assert label_errors.main([str(run), '--list', '2']) == 0
  lines = capsys.readouterr().out.splitlines()
  assert lines[0] == HEADER
  # With T = 4 / ln 16 a lead of 9 is 16^(9/4) = 512 against 1 and 1, one of 5 is 32.
  assert lines[1:] == ['2-1\tDot\tFlat\t0.9961\t', '1-4\tDot\tFlat\t0.9412\t']


def test_with_and_without_wrong_labels(tmp_path, capsys):
  run = made_run(tmp_path / 'a', wrong={'1-4': 5.0, '2-1': 9.0, '2-6': 1.0})
  judged = tmp_path / 'judged.tsv'
  judged.write_text(
    f'{HEADER}\n2-1\tDot\tFlat\t0.9961\twrong label\n1-4\tDot\tFlat\t0.9412\teither\n'
    # Answered as it is labelled, though that is not what is written there.
    '1-2\tFlat\tDot\t0.9\twrong label\n99-1\tDot\tFlat\t0.5\t\n'
  )
  found = label_errors.without(finished_run.read(run), label_errors.read(judged))
  assert found == label_errors.Without(right=9, n=12, right_kept=8, n_kept=10, as_read=1)
  assert label_errors.main([str(run), '--judged', str(judged)]) == 0
  said = capsys.readouterr().out
  assert 'wrong label: 2  either: 1  not judged: 1' in said
  assert '75.00 % (9 of 12' in said and '80.00 % (8 of 10' in said


@pytest.mark.parametrize(
  ('text', 'words'),
  [
    ('', 'must begin with id label'),
    ('id,label\n', 'must begin with id label'),
    (f'{HEADER}\n2-1\tDot\tFlat\t0.9\n', 'line 2: 4 fields'),
    (f'{HEADER}\n2-1\tDot\tFlat\t0.9\twrong labl\n', "line 2: .* did you mean 'wrong label'"),
    (f'{HEADER}\n2-1\tDot\tFlat\tsure\t\n', "line 2: 'sure' is no confidence"),
    (f'{HEADER}\n2-1\tDot\tFlat\tnan\t\n', "line 2: 'nan' is no confidence"),
    (f'{HEADER}\n2-1\tDot\tFlat\t1.01\t\n', r"line 2: '1\.01' is no confidence"),
    (f'{HEADER}\n2-1\tDot\tFlat\t1\t\n2-1\tDot\tFlat\t1\t\n', 'line 3: 2-1 comes twice'),
  ],
)
def test_other_lists_are_refused(tmp_path, text, words):
  path = tmp_path / 'judged.tsv'
  path.write_text(text)
  with pytest.raises(UserError, match=words):
    label_errors.read(path)


def test_a_list_of_other_data_is_refused(tmp_path, capsys):
  run = made_run(tmp_path / 'a')
  judged = tmp_path / 'judged.tsv'
  judged.write_text(f'{HEADER}\n2-1\tSharp\tFlat\t0.9\twrong label\n')
  assert label_errors.main([str(run), '--judged', str(judged)]) == 2
  assert '2-1 is labelled Dot, in the list Sharp' in capsys.readouterr().err
  assert label_errors.main([str(run), '--judged', str(tmp_path / 'none.tsv')]) == 2
  assert 'none.tsv: cannot be read' in capsys.readouterr().err
  assert label_errors.main([str(run), str(run), '--list', '3']) == 2
  assert 'takes one run' in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='needs named pipes')
def test_a_list_that_is_no_file_is_refused(tmp_path):
  """Reading a pipe would wait for ever."""
  os.mkfifo(tmp_path / 'pipe')
  for path in (tmp_path / 'pipe', tmp_path):
    with pytest.raises(UserError, match=r'cannot be read .*no regular file'):
      label_errors.read(path)


def test_an_answer_that_is_no_class_and_a_list_of_everything_are_refused(tmp_path):
  run = finished_run.read(made_run(tmp_path / 'a'))
  path = tmp_path / 'judged.tsv'
  path.write_text(f'{HEADER}\n2-1\tDot\tFlot\t0.9\teither\n', 'utf-8-sig')  # As Excel saves it.
  with pytest.raises(UserError, match=r"'Flot', the answer to 2-1 .* did you mean 'Flat'"):
    label_errors.without(run, label_errors.read(path))
  all_wrong = {
    name: label_errors.Suspect(name, run.classes[label], 'Flat', 1.0, label_errors.CLEAR)
    for name, label in zip(run.test_ids.tolist(), run.test_labels, strict=True)
  }
  with pytest.raises(UserError, match='no symbol is left'):
    label_errors.without(run, all_wrong)


@pytest.mark.skipif(not Path('/dev/full').exists(), reason='needs a device that is always full')
def test_full_disk(tmp_path):
  run = made_run(tmp_path / 'a', wrong={'1-4': 5.0})
  command = [sys.executable, '-m', 'omr_jax.label_errors', str(run), '--list', '1']
  with open('/dev/full', 'w') as full:
    done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
  assert done.returncode == 2
  assert 'standard output: cannot be written' in done.stderr and 'Traceback' not in done.stderr


def test_runs_of_pictures_are_refused(score_run):
  with pytest.raises(UserError, match='answers by a threshold'):
    label_errors.ranked(finished_run.read(score_run))
