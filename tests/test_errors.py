"""How a command answers to what went wrong."""

import os
import subprocess
import sys

import pytest

from omr_jax.errors import UserError, answered, nearest


def fails_with(error):
  def command():
    raise error

  return command


@pytest.mark.parametrize(
  ('error', 'code', 'words'),
  [
    (UserError('file: empty; give another.'), 2, 'file: empty; give another.'),
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


def test_a_command_without_errors(capsys):
  assert answered(lambda: print('done')) == 0
  assert capsys.readouterr() == ('done\n', '')


def test_nearest_name_or_all():
  assert nearest('widht', ['width', 'height']) == ": did you mean 'width'?"
  assert nearest('AdamW', ['adam', 'adamw']) == ": did you mean 'adamw'?"
  assert nearest('FLAT', ['Dot', 'Flat']) == ": did you mean 'Flat'?"
  assert nearest('x', ['width', 'height']) == ': there are width, height.'


PROGRAM = """
import sys
from omr_jax.errors import answered
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
    'from omr_jax.errors import answered\n'
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
