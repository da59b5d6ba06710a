"""What a log says of work that takes long."""

import io
import subprocess
import sys

import pytest

from omr_jax.utils import progress


@pytest.fixture
def clock(monkeypatch):
  """A list whose only number is the time; in a log, which is what pytest makes of stderr."""
  now = [1000.0]
  monkeypatch.setattr(progress.time, 'monotonic', lambda: now[0])
  return now


def worked(clock, items, seconds, *told):
  found = []
  for item in progress.shown(items, *told):
    found.append(item)
    clock[0] += seconds
  return found


def test_a_log_has_a_line_after_ten_seconds_and_then_each_minute(clock, capsys):
  # Item 2 begins after 12 s. The next lines are due 60 s after the last one: at 72 and 132 s.
  assert worked(clock, list('abcdefghijklmnopqrstuvwx'), 6, 'drawing', 'page') == [
    *'abcdefghijklmnopqrstuvwx'
  ]
  assert capsys.readouterr().err.splitlines() == [
    'drawing: 2 of 24 pages in 12 s',
    'drawing: 12 of 24 pages in 1 min 12 s',
    'drawing: 22 of 24 pages in 2 min 12 s',
  ]


def test_of_an_unknown_number_what_is_done_is_said(clock, capsys):
  assert worked(clock, iter(range(3)), 10, 'listing', 'file') == [0, 1, 2]
  assert capsys.readouterr().err == 'listing: 1 file in 10 s\n'


def test_a_log_of_short_work_is_empty(clock, capsys):
  assert worked(clock, range(100), 0.09, 'drawing', 'page') == [*range(100)]
  assert capsys.readouterr().err == ''


def test_a_terminal_has_a_bar(monkeypatch):
  class Terminal(io.StringIO):
    def isatty(self):
      return True

  terminal = Terminal()
  monkeypatch.setattr(sys, 'stderr', terminal)
  monkeypatch.setattr(progress, '_DELAY', 0)
  assert [*progress.shown(iter('ab'), 'drawing', 'page', 2)] == ['a', 'b']
  assert 'drawing' in terminal.getvalue() and '/2' in terminal.getvalue()


# Printed: what is drawn on a terminal of so many columns and rows.
ON_A_TERMINAL = """
import fcntl, os, pty, struct, sys, termios
child, terminal = pty.fork()
if not child:
  fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack('HHHH', int(sys.argv[2]), int(sys.argv[1]), 0, 0))
  from omr_jax.utils import progress
  progress._DELAY = 0
  for _ in progress.shown(range(2), 'drawing', 'page'):
    pass
  os._exit(0)
found = b''
try:
  while part := os.read(terminal, 1000):
    found += part
except OSError:  # Linux says so where the child has ended.
  pass
print(found)
"""


@pytest.mark.skipif(sys.platform == 'win32', reason='its terminals have no pty')
@pytest.mark.parametrize('size', ['0 0', '0 24', '80 24'])
def test_a_terminal_that_does_not_know_its_size_has_a_bar_too(size):
  command = [sys.executable, '-c', ON_A_TERMINAL, *size.split()]
  done = subprocess.run(command, capture_output=True, text=True, check=True)
  assert 'drawing' in done.stdout


def test_what_is_no_terminal_has_no_size(capfd):
  assert progress.size() == {}
