"""Lists of probable label errors, from runs whose logits are known."""

import pytest
from test_report import made_run

from omr_jax import finished_run, label_errors
from omr_jax.errors import UserError

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


def test_runs_of_pictures_are_refused(score_run):
  with pytest.raises(UserError, match='of pictures'):
    label_errors.ranked(finished_run.read(score_run))
