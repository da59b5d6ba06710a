"""How a command answers to what went wrong."""

import errno
import gc
import os
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time

import pytest
from small_runs import ROOT
from waiting import HANG

from omr_jax.errors import UserError, nearest
from omr_jax.recipe import pages
from omr_jax.utils.ending import answered


def fails_with(error):
  def command():
    raise error

  return command


@pytest.mark.parametrize(
  ('error', 'code', 'words'),
  [
    (UserError('file: empty; give another.'), 2, 'file: empty; give another.'),
    (PermissionError(errno.EACCES, 'Permission denied', 'a/b'), 2, 'a/b: Permission denied; ch'),
    (OSError(errno.ENAMETOOLONG, 'File name too long', 'aa'), 2, 'aa: File name too long; change'),
    (OSError(errno.EROFS, 'Read-only file system', 'a'), 2, 'a: Read-only file system; change'),
    (KeyboardInterrupt(), 1, 'stopped.'),
    (MemoryError(), 2, 'out of memory; a smaller batch_size'),
    (RuntimeError('RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes'), 2, 'out of memory;'),
  ],
)
def test_what_a_user_can_put_right_is_said_in_a_line(error, code, words, capsys):
  assert answered(fails_with(error)) == code
  out, err = capsys.readouterr()
  assert words in err and len(err.strip().splitlines()) == 1
  assert not out


def test_other_errors_are_not_hidden():
  with pytest.raises(RuntimeError, match='a bug'):
    answered(fails_with(RuntimeError('a bug')))
  with pytest.raises(FileNotFoundError):
    answered(fails_with(FileNotFoundError(errno.ENOENT, 'No such file or directory', 'a')))


def test_no_folder_for_temporary_files(monkeypatch, capsys):
  monkeypatch.setattr(tempfile, 'tempdir', None)
  monkeypatch.setattr(tempfile, '_candidate_tempdir_list', lambda: ['/nowhere'])
  assert answered(tempfile.mkdtemp) == 2
  assert re.search(r"\['/nowhere'\]; set \$TMPDIR to a folder", capsys.readouterr().err)


def test_a_command_without_errors(capsys):
  assert answered(lambda: print('done')) == 0
  assert capsys.readouterr() == ('done\n', '')


def test_a_warning_that_is_made_an_error_names_its_variable(monkeypatch, capsys):
  """Libraries warn of what they will change; under PYTHONWARNINGS=error they would fail."""
  error = DeprecationWarning('load() is deprecated')
  monkeypatch.delenv('PYTHONWARNINGS', raising=False)
  with pytest.raises(DeprecationWarning):
    answered(fails_with(error))
  monkeypatch.setenv('PYTHONWARNINGS', 'error')
  assert answered(fails_with(error)) == 2
  words = "$PYTHONWARNINGS is 'error', and a library warns: load() is deprecated; unset it."
  assert capsys.readouterr().err == f'\n{words}\n'
  with pytest.raises(UserError, match=re.escape(words)), pages.failures_named('page.py'):
    raise error


def test_a_wrong_variable_of_a_library_is_named(monkeypatch, capsys):
  error = ValueError("could not convert string to float: 'x'")
  monkeypatch.delenv('TQDM_MININTERVAL', raising=False)
  with pytest.raises(ValueError, match='could not convert'):
    answered(fails_with(error))
  monkeypatch.setenv('TQDM_MININTERVAL', 'x')
  assert answered(fails_with(error)) == 2
  assert capsys.readouterr().err == (
    "\n$TQDM_MININTERVAL is 'x' (could not convert string to float: 'x'); change it, or unset it.\n"
  )
  with pytest.raises(ValueError, match='another'):
    answered(fails_with(ValueError('another')))


def test_a_variable_that_ends_an_import_is_named():
  done = subprocess.run(
    [sys.executable, '-m', 'omr_jax.predict', 'x'],
    cwd=ROOT,
    env=os.environ | {'TQDM_MININTERVAL': 'x'},
    capture_output=True,
    text=True,
    check=False,
  )
  assert (done.returncode, done.stdout) == (2, '')
  assert done.stderr.startswith("\n$TQDM_MININTERVAL is 'x'") and done.stderr.count('\n') == 2


def test_nearest_name_or_all():
  assert nearest('widht', ['width', 'height']) == ": did you mean 'width'?"
  assert nearest('AdamW', ['adam', 'adamw']) == ": did you mean 'adamw'?"
  assert nearest('FLAT', ['Dot', 'Flat']) == ": did you mean 'Flat'?"
  assert nearest('x', ['width', 'height']) == ': there are width, height.'


PROGRAM = """
import sys
from omr_jax.utils.ending import answered
def command():
  for _ in range(100_000):
    print('a line that nobody reads')
sys.exit(answered(command))
"""


def test_whatever_reads_the_pipe_may_end():
  command = [sys.executable, '-c', PROGRAM]
  with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
    process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()
  assert (process.returncode, said) == (1, b'')


def test_another_pipe_that_breaks_is_not_hidden(capsys):
  with pytest.raises(BrokenPipeError):
    answered(fails_with(BrokenPipeError()))


@pytest.mark.skipif(not os.path.exists('/dev/full'), reason='needs a device that is always full')
def test_standard_output_on_a_full_disk():
  with open('/dev/full', 'w') as full:
    command = [sys.executable, '-c', PROGRAM.replace('100_000', '10')]
    done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
  assert done.returncode == 2 and done.stderr.strip() == (
    'standard output: cannot be written (No space left on device); make room.'
  )


def test_no_file_gets_the_number_of_a_closed_stream(tmp_path):
  """Else what a library prints would be in that file."""
  program = (
    'import os, sys\n'
    'from omr_jax.utils.ending import answered\n'
    'def command():\n'
    '  with open(sys.argv[1], "w") as file:\n'
    '    assert file.fileno() > 2\n'
    '    os.write(1, b"from a library")\n'
    '    print("said", file=sys.stderr)\n'
    'sys.exit(answered(command))\n'
  )
  path = tmp_path / 'a'
  shell = f"exec '{sys.executable}' -c '{program}' '{path}' <&- >&- 2>&-"
  done = subprocess.run(['sh', '-c', shell], capture_output=True)
  assert (done.returncode, done.stdout, done.stderr) == (0, b'', b'')
  assert path.read_text() == ''


@pytest.fixture
def ctrl_c():
  """SIGINT raises KeyboardInterrupt here and in processes started here, as in the foreground."""
  before = signal.signal(signal.SIGINT, signal.default_int_handler)
  yield
  signal.signal(signal.SIGINT, before)


class Interrupting:
  """Ctrl-C arrives in its finalizer, where Python drops what is raised."""

  def __del__(self):
    signal.raise_signal(signal.SIGINT)


def test_ctrl_c_in_a_finalizer_is_not_lost(ctrl_c, capsys):
  ends = []

  def command():
    Interrupting()
    threading.Event().wait(HANG)  # The signal comes again before long.
    ends.append(True)

  hook = sys.unraisablehook
  assert answered(command) == 1
  assert not ends and capsys.readouterr().err == '\nstopped.\n'
  assert sys.unraisablehook is hook


def test_ctrl_c_in_a_callback_of_the_garbage_collector_is_not_lost(ctrl_c, capsys):
  """JAX has such a callback; where Ctrl-C arrived in it, `predict` just went on."""
  ends = []

  def interrupted(phase, info):
    # A signal that another thread gets, whose turn to collect it may be, would not end the wait.
    if threading.current_thread() is threading.main_thread():
      gc.callbacks.remove(interrupted)
      signal.raise_signal(signal.SIGINT)

  def command():
    gc.callbacks.append(interrupted)
    while interrupted in gc.callbacks:
      gc.collect()
    threading.Event().wait(HANG)
    ends.append(True)

  assert answered(command) == 1
  assert not ends and capsys.readouterr().err == '\nstopped.\n'


def test_ctrl_c_that_comes_while_it_is_raised_again_is_not_lost(ctrl_c, monkeypatch, capsys):
  threads = []

  class Interrupted(threading.Thread):
    def start(self):
      threads.append(self)
      if len(threads) == 1:
        signal.raise_signal(signal.SIGINT)
      super().start()

  def command():
    monkeypatch.setattr(threading, 'Thread', Interrupted)
    Interrupting()
    threading.Event().wait(HANG)

  assert answered(command) == 1
  assert capsys.readouterr().err == '\nstopped.\n' and len(threads) == 2


def test_ctrl_c_is_raised_again_only_where_it_is_not_dropped_again(ctrl_c, monkeypatch, capsys):
  """On a busy machine the thread that raises it may run long before it has been started."""
  waited = []

  class Slow(threading.Thread):
    def start(self):
      super().start()
      time.sleep(0.1)
      waited.append(self)

  def command():
    monkeypatch.setattr(threading, 'Thread', Slow)
    Interrupting()
    threading.Event().wait(HANG)

  assert answered(command) == 1
  assert capsys.readouterr().err == '\nstopped.\n' and len(waited) == 1


def test_other_errors_in_a_finalizer_are_still_told(monkeypatch):
  class Failing:
    def __del__(self):
      raise ValueError('told')

  said = []
  monkeypatch.setattr(sys, 'unraisablehook', lambda what: said.append(str(what.exc_value)))
  assert answered(lambda: Failing() and None) == 0
  assert said == ['told']


@pytest.mark.parametrize('name', ['main', 'predict', 'report', 'ensemble', 'export', 'cli'])
def test_ctrl_c_while_a_command_is_imported_ends_in_a_line(ctrl_c, tmp_path, name):
  """What all commands import first sends the signal, and drops exceptions."""
  stub = """
    import os, signal, time
    try:
      os.kill(os.getpid(), signal.SIGINT)
      time.sleep(60)
    except BaseException:
      print('dropped')
  """
  for module in ('numpy', 'absl'):
    (tmp_path / f'{module}.py').write_text(textwrap.dedent(stub))
  done = subprocess.run(
    [sys.executable, '-m', f'omr_jax.{name}', *(['predict'] if name == 'cli' else []), 'x'],
    cwd=ROOT,
    env=os.environ | {'PYTHONPATH': f'{tmp_path}{os.pathsep}{ROOT}', 'PYTHONSAFEPATH': '1'},
    capture_output=True,
    text=True,
    check=False,
  )
  assert (done.returncode, done.stdout, done.stderr) == (1, '', '\nstopped.\n')
