"""Paths with special characters, and with a `~` in them."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import answer

import omr_jax
from omr_jax.errors import UserError
from omr_jax.predict import __main__ as predict
from omr_jax.utils import paths

SPECIAL = ['runs [old]', 'a*b', 'a?b', 'back\\slash', 'two\nlines', '**', '50%', 's3:']
SPECIAL += ['zwölf', 'bad\udcff']


def test_an_empty_path_is_refused(capsys):
  """Python takes it for the current folder."""
  for use in (paths.expanded, paths.path, paths.data_dir, omr_jax.load):
    with pytest.raises(UserError, match='the path is empty'):
      use('')
  for arguments in (['--model', '', 'x'], ['']):
    with pytest.raises(SystemExit) as ended:
      predict.main(arguments)
    assert ended.value.code == 2 and ': the path is empty' in capsys.readouterr().err
  done = answer('omr_jax.main', '--config=configs/homus.py', '--workdir=')
  assert (done.returncode, done.stderr.splitlines()[0]) == (
    2,
    '--workdir: the path is empty; is a variable not set?',
  )


@pytest.mark.parametrize('name', ['runs', 'lr=0.1,seed=2', 'two words', 'a.b-c_d+e'])
def test_an_ordinary_name_stays(tmp_path, name):
  assert paths.plain(tmp_path / name) == tmp_path / name
  assert paths.real(tmp_path / name) == tmp_path / name


@pytest.mark.parametrize('name', SPECIAL)
def test_a_special_name_gets_a_plain_one(tmp_path, name):
  folder = tmp_path / name
  folder.mkdir()
  plain = paths.plain(folder)
  assert not set('[]*?\\%:') & set(str(plain)) and str(plain).isascii()
  (plain / 'inside').write_text('')
  assert [path.name for path in folder.iterdir()] == ['inside']
  assert paths.plain(folder) == plain
  assert paths.real(plain / 'inside') == folder / 'inside'


@pytest.mark.parametrize('folder', ['/gs/runs', '/s3/runs', '/az/runs', '/hf/runs'])
def test_what_etils_takes_for_a_bucket_gets_a_plain_name(folder):
  assert os.readlink(paths.plain(Path(folder))) == folder


def test_links_go_when_the_process_ends(tmp_path):
  code = (
    'from pathlib import Path; from omr_jax.utils import paths; print(paths.plain(Path("[a]")))'
  )
  done = subprocess.run(
    [sys.executable, '-c', code], capture_output=True, text=True, check=True, env=os.environ
  )
  link = Path(done.stdout.strip())
  assert link.name == '0' and not link.parent.exists()


def test_a_home_folder_is_found(monkeypatch):
  monkeypatch.setenv('HOME', '/home/ada')
  monkeypatch.setenv('OMR_CACHE_DIR', '~/cache')
  assert paths.expanded('~/runs') == '/home/ada/runs'
  assert paths.path('~') == Path('/home/ada')
  assert paths.data_dir('~/data') == Path('/home/ada/data')
  assert paths.cache_dir() == Path('/home/ada/cache')
  for name in ('a~', './~/a', '~nobody_of_this_name/a', '-'):
    assert paths.expanded(name) == name


@pytest.mark.parametrize(
  ('module', 'arguments'),
  [
    ('report.__main__', ['~/run']),
    ('ensemble', ['~/run', '~/other']),
    ('label_errors', ['~/run', '--list=1']),
    ('export.__main__', ['--model=~/run', '--out=~/out']),
    ('predict.__main__', ['~/run', '--on_error=stop']),
    ('predict.__main__', ['README.md', '--model=~/run']),
    ('evaluate', ['--model=~/run', '--on=homus']),
    ('human', ['merge', '~/run']),
    ('human', ['prepare', 'symbols', '--site=~/run']),
    ('web.__main__', ['--site=~/run']),
  ],
)
def test_commands_find_the_home_folder(tmp_path, monkeypatch, capsys, module, arguments):
  if module == 'export.__main__':
    pytest.importorskip('onnx', reason='needs the extra [export]')
  monkeypatch.setenv('HOME', str(tmp_path))
  assert importlib.import_module(f'omr_jax.{module}').main(arguments) == 2
  said = capsys.readouterr().err
  assert str(tmp_path / 'run') in said and '~' not in said


@pytest.mark.parametrize(('module', 'more'), [('main', ()), ('pooled', ('--over=writers',))])
def test_commands_that_train_find_the_home_folder(tmp_path, module, more):
  (tmp_path / 'file').write_text('in the way')
  flags = '--config=configs/homus.py', '--workdir=~/file', *more
  done = answer(f'omr_jax.{module}', *flags, HOME=str(tmp_path))
  assert done.returncode == 2, done
  assert str(tmp_path / 'file') in done.stderr and '~' not in done.stderr


def test_several_folders_are_separated_as_in_path(tmp_path, monkeypatch):
  monkeypatch.setenv('HOME', str(tmp_path))
  assert paths.folders(f'a{os.pathsep}~/b') == [Path('a'), tmp_path / 'b']
  # A folder with such a sign in its name is one.
  odd = tmp_path / f'a{os.pathsep}b'
  odd.mkdir()
  assert paths.folders(odd) == [odd]
  with pytest.raises(UserError, match='a folder without a name'):
    paths.folders(f'a{os.pathsep}')
