"""The folders of data that commands are given."""

import os

import pytest
from commands import answer

from omr_jax import evaluate, human, open_set, sweep
from omr_jax.export import __main__ as export
from omr_jax.utils import arguments
from omr_jax.utils.paths import joined

TRAINING = ('--config=homus', '--config.data.protocol=made_up')


@pytest.mark.parametrize(
  ('command', 'flags'),
  [
    (evaluate.main, ['--model=homus', '--on=homus']),
    (export.main, ['--model=run', '--out=exported']),
    (sweep.main, ['--sweep=quick', '--out=runs', '--dry_run']),
    (human.main, ['prepare', 'symbols', '--site=site']),
  ],
)
def test_a_folder_of_raw_data_that_is_not_there_is_refused(
  tmp_path, monkeypatch, capsys, command, flags
):
  """Also where prepared data would be read, and beside a folder that is there."""
  if command is sweep.main:
    pytest.importorskip('ray', reason='needs the extra [sweep]')
  monkeypatch.chdir(tmp_path)
  (tmp_path / 'site').mkdir()
  (tmp_path / 'site' / 'index.html').write_text('')
  monkeypatch.setenv('RAY_AUTH_MODE', '')  # So that what the sweep sets ends with the test.
  monkeypatch.setenv('RAY_AUTH_TOKEN', '')
  gone = tmp_path / 'gone'
  assert command([*flags, f'--raw_dir={joined([tmp_path, gone])}']) == 2
  assert capsys.readouterr().err == f'\n{gone}: no such folder; correct --raw_dir.\n'
  monkeypatch.setenv('OMR_RAW_DIR', joined([gone, tmp_path]))
  assert command(flags) == 2
  assert capsys.readouterr().err == f'\n{gone}: no such folder; correct $OMR_RAW_DIR.\n'


@pytest.mark.parametrize(
  ('module', 'flags'), [('main', TRAINING), ('pooled', ('--config=homus', '--over=writers'))]
)
def test_commands_that_train_refuse_it_too(tmp_path, module, flags):
  gone = tmp_path / 'gone'
  flags = (*flags, f'--workdir={tmp_path / "run"}', f'--data_dir={tmp_path}')
  done = answer(f'omr_jax.{module}', *flags, f'--raw_dir={joined([tmp_path, gone])}')
  assert (done.returncode, done.stdout) == (2, '')
  assert done.stderr == f'\n{gone}: no such folder; correct --raw_dir.\n'
  assert not list(tmp_path.iterdir())


def test_folders_of_raw_data_that_are_there_are_taken(tmp_path, monkeypatch):
  monkeypatch.delenv('OMR_RAW_DIR', raising=False)
  file = tmp_path / 'file'
  file.write_text('')
  for name in ('a', f'b{os.pathsep}c'):  # The second is one folder.
    (tmp_path / name).mkdir()
    arguments.refuse_missing(str(tmp_path / name))
  arguments.refuse_missing(None)
  monkeypatch.setenv('OMR_RAW_DIR', str(tmp_path / 'gone'))
  arguments.refuse_missing(str(tmp_path / 'a'))  # It goes before the variable.
  with pytest.raises(arguments.UserError, match='file: no such folder'):
    arguments.refuse_missing(str(file))


@pytest.mark.parametrize(
  ('command', 'flags'),
  [
    (evaluate.main, ['--model=homus', '--on=scans']),
    (open_set.main, ['--model=exported']),
    (human.main, ['prepare', 'symbols']),
  ],
)
def test_what_is_no_seed_is_refused(command, flags, capsys):
  for seed in ('-1', '1.5', 'one'):
    with pytest.raises(SystemExit, match='2'):
      command([*flags, f'--seed={seed}'])
    assert f"--seed: '{seed}' is no seed; give a whole number of at" in capsys.readouterr().err
