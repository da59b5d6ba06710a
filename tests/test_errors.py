"""How a command answers to what went wrong."""

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
  assert nearest('x', ['width', 'height']) == ': there are width, height.'
