"""What a command line says of keys that it cannot set, and of how to go on."""

import shlex
import sys
from pathlib import Path

import pytest

from omr_jax.configs import homus
from omr_jax.errors import UserError
from omr_jax.recipe import command_line, config_keys
from omr_jax.utils.interrupt import Interrupted


@pytest.fixture(scope='module')
def config():
  config = homus.get_config()
  config_keys.extend(config)
  return config


@pytest.mark.parametrize(
  ('key', 'words'),
  [
    ('lr', "there is no config.lr: did you mean 'optimizer.learning_rate'?"),
    ('learning_rate', "did you mean 'optimizer.learning_rate'?"),
    ('Optimizer.Learning_Rate', "did you mean 'optimizer.learning_rate'?"),
    ('optimiser.learning_rate', "did you mean 'optimizer.learning_rate'?"),
    ('epoch', "did you mean 'epochs'?"),
    ('height', "did you mean 'drawing.height'?"),
    ('optimizer.momentun', "config.optimizer has no key 'momentun': did you mean 'momentum'?"),
    ('model.width', "config.model has no key 'width': did you mean 'widths'?"),  # Not drawing's.
    ('model.height', "there is no config.model.height: did you mean 'drawing.height'?"),
    ('optimizer.lr', "there is no config.optimizer.lr: did you mean 'optimizer.learning_rate'?"),
    ('drawing', 'config.drawing is a section; give a value to one of its keys: --config.drawing.'),
    ('data', '--config.data.name, --config.data.protocol.'),
    ('seed.x', 'there is no config.seed.x'),
    ('xyzzy', ': there are augment, average_decay, batch_size, data, drawing'),
    ('', 'there is no config.'),
  ],
)
def test_an_unknown_key_is_refused_with_the_nearest(config, key, words):
  with pytest.raises(UserError) as error:
    config_keys.refuse_unknown(config, key)
  assert words in str(error.value) and len(str(error.value).splitlines()) == 1


def test_known_keys_are_let_through(config):
  for key in ('seed', 'optimizer.learning_rate', 'optimizer.rho', 'drawing.max_zoom'):
    config_keys.refuse_unknown(config, key)


def test_the_suggested_flag_can_be_pasted(capsys):
  def command():
    raise Interrupted

  with pytest.raises(SystemExit):
    command_line.end(command, Path("my runs/it's"))
  suggested = capsys.readouterr().err.partition('command with ')[2].partition(' resumes')[0]
  assert shlex.split(suggested) == ["--workdir=my runs/it's"]


@pytest.mark.parametrize(
  ('given', 'read'),
  [
    (['--config', 'homus', '--config.seed', '4'], ['--config=homus', '--config.seed=4']),
    (['--config.optimizer.learning-rate', '-1'], ['--config.optimizer.learning_rate=-1']),
    (['--raw-dir', 'a-b', '--print-config'], ['--raw_dir', 'a-b', '--print_config']),
    (['--workdir=a-b', '--config.augment.flip'], ['--workdir=a-b', '--config.augment.flip']),
    (['--config', '--workdir', 'a'], ['--config', '--workdir', 'a']),
  ],
)
def test_flags_are_read_in_one_style(given, read, monkeypatch):
  monkeypatch.setattr(command_line.members, 'take_lists', lambda words: 1 / 0)
  monkeypatch.setattr(sys, 'argv', [])
  with pytest.raises(ZeroDivisionError):
    command_line.parse(['main', *given])
  assert sys.argv == ['main', *read]  # There ml_collections looks for them.
