"""Processes that answer together: the order, killed ones, their end."""

import multiprocessing
import signal
from pathlib import Path

import deadly
import pytest
from small_runs import picture_file

from omr_jax.errors import UserError
from omr_jax.predict import __main__ as predict
from omr_jax.predict import answers, pool


def found(names, make=deadly.ready, count=2, **more):
  with deadly.workers(make, count, **more) as workers:
    return [row for rows in workers.answers(answers.pieces(names)) for row in rows]


def test_rows_have_the_order_of_the_files(monkeypatch):
  monkeypatch.setattr(answers, '_FILES', 3)
  names = [f'{number}.png' for number in range(50)]
  assert [row['path'] for row in found(names, ahead=2)] == names
  assert multiprocessing.active_children() == []


def test_no_file_is_lost_or_doubled_when_processes_are_killed(tmp_path, monkeypatch):
  """One file ends every process, two end one each; the files beside them are answered."""
  monkeypatch.setattr(answers, '_FILES', 4)
  names = [f'{number}.png' for number in range(20)]
  names[5:7] = 'deadly.png', str(tmp_path / 'once.png')
  names[17] = str(tmp_path / 'once more.png')
  rows = found(names)
  assert [row['path'] for row in rows] == names
  wrong = [row for row in rows if 'error' in row]
  assert [row['path'] for row in wrong] == ['deadly.png'] and wrong[0]['page'] == 1
  assert wrong[0]['error'] == (
    'deadly.png: 3 processes have ended over it (signal 9); leave it out.'
  )
  assert len(list(tmp_path.iterdir())) == 2


def test_an_exception_is_raised_here_and_says_where_it_comes_from():
  with pytest.raises(ValueError, match=r'wrong.png') as raised:
    found(['wrong.png'], count=1)
  assert 'deadly.py' in raised.value.__notes__[0]
  assert multiprocessing.active_children() == []


def test_processes_that_can_not_start_are_told():
  with pytest.raises(UserError, match=r'end as they start \(exit code 7\)'):
    found(['a.png'], deadly.ends)


@pytest.fixture
def ctrl_c():
  """Ctrl-C interrupts, also in a job in the background, whose shell has it ignored."""
  before = signal.signal(signal.SIGINT, signal.default_int_handler)
  yield
  signal.signal(signal.SIGINT, before)


def test_ctrl_c_is_for_the_command_and_ends_all(ctrl_c):
  with pytest.raises(KeyboardInterrupt):
    found(['ctrl-c.png'], count=1)
  assert multiprocessing.active_children() == []


def test_answers_are_those_of_one_process(tmp_path, monkeypatch, capsys):
  """In the folder from which the command is called, with the options of the command."""
  monkeypatch.chdir(tmp_path)
  monkeypatch.setattr(answers, '_FILES', 1)
  for number in range(3):
    Path(f'{number}.png').write_bytes(picture_file(number, stripes=number % 2 == 0))
  Path('broken.png').write_bytes(b'no picture')
  assert predict.main(['.', '--out=one.jsonl']) == 0
  assert predict.main(['.', '--out=two.jsonl', '--workers=2']) == 0
  assert Path('one.jsonl').read_text() == Path('two.jsonl').read_text()
  assert Path('two.jsonl').read_text().count('\n') == 4
  said = capsys.readouterr().err
  assert said.count('4 pages in') == 2 and said.count('1 of them not read') == 2


def test_an_error_that_stops_the_command_stops_all_processes(tmp_path, capsys):
  (tmp_path / 'broken.png').write_bytes(b'no picture')
  assert predict.main([str(tmp_path), '--on_error=stop', '--workers=2']) == 2
  assert 'broken.png' in capsys.readouterr().err
  assert multiprocessing.active_children() == []


def test_no_more_processes_than_work(monkeypatch):
  started = []
  start = pool._Worker.__init__
  monkeypatch.setattr(
    pool._Worker, '__init__', lambda self, make: (started.append(self), start(self, make))[1]
  )
  assert len(found(['a.png', 'b.png'], count=8)) == 2 and len(started) == 1


def test_nothing_ahead_of_a_long_document_is_kept_for_ever(monkeypatch):
  """The names of files are taken from their list as they are needed."""
  taken = []

  def names():
    for number in range(10**6):
      taken.append(number)
      yield f'{number}.png'

  with deadly.workers(count=1, ahead=5) as workers:
    rows = workers.answers([name] for name in names())
    assert [next(rows)[0]['path'] for _ in range(3)] == ['0.png', '1.png', '2.png']
    assert len(taken) <= 3 + 5
