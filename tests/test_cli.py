"""`omr NAME`: which command it runs, what it says of all, and what it refuses."""

import importlib
import os
import signal
import subprocess
import sys
import tomllib

import pytest
from commands import answer
from small_runs import ROOT

import omr_jax
from omr_jax import cli
from omr_jax.utils import arguments as command_arguments


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch):
  """What running a command inside this process changes."""
  monkeypatch.setattr(sys, 'argv', ['omr'])
  monkeypatch.setattr(sys, 'path', [*sys.path])
  monkeypatch.setattr(command_arguments, 'typed', command_arguments.typed)
  before = signal.getsignal(signal.SIGINT)
  yield
  signal.signal(signal.SIGINT, before)


def test_the_help_fits_a_screen_and_names_every_command(capsys):
  assert cli.main([]) == 0
  said = capsys.readouterr().out
  assert cli.main(['--help']) == cli.main(['-h']) == 0
  assert capsys.readouterr().out == 2 * said
  lines = said.splitlines()
  assert len(lines) <= 24 and max(map(len, lines)) <= 100
  names = [line.split()[0] for line in lines if line.startswith('  ')]
  assert names == list(cli.COMMANDS)


def test_every_command_of_the_package_is_there():
  """All modules at the top, and folders that run."""
  modules = {path.stem for path in (ROOT / 'omr_jax').glob('*.py')}
  modules |= {path.parent.name for path in (ROOT / 'omr_jax').glob('*/__main__.py')}
  modules -= {'__init__', 'cli', 'errors'}
  assert modules == {module for module, _ in cli.COMMANDS.values()}


def test_the_help_imports_no_command():
  """Nor what makes them slow."""
  code = (
    'import sys; from omr_jax import cli; cli.main(["--help"]);'
    'print(*(name for name in sys.modules if name.startswith("omr_jax")))'
  )
  done = subprocess.run(
    [sys.executable, '-X', 'importtime', '-c', code],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=True,
  )
  own = done.stdout.splitlines()[-1].split()
  assert {name for name in own if not name.startswith('omr_jax.utils')} == {
    *('omr_jax', 'omr_jax.cli', 'omr_jax.errors')
  }
  imported = {line.rpartition('|')[2].strip() for line in done.stderr.splitlines()}
  assert not imported & {'numpy', 'PIL', 'jax', 'flax', 'absl', 'tensorflow_datasets', 'tqdm'}


def test_the_version(capsys):
  assert cli.main(['--version']) == 0
  assert capsys.readouterr().out == f'omr_jax {omr_jax.__version__}\n'


@pytest.mark.parametrize(
  ('name', 'words'),
  [
    ('predikt', "omr: 'predikt' is no command: did you mean 'predict'?"),
    ('label-error', "did you mean 'label_errors'?"),
    ('--verbose', "omr: '--verbose' is no command"),
    ('errors', 'is no command'),
    ('wbe', "omr: 'wbe' is no command: did you mean 'web'?"),
    ('nonsense', "omr: 'nonsense' is no command: there are train,"),
  ],
)
def test_an_unknown_command_is_refused(name, words, capsys):
  assert cli.main([name, '--help']) == 2
  out, err = capsys.readouterr()
  assert words in err and len(err.splitlines()) == 2 and not out


# Commands lie in packages and modules that the tests have imported already; a program has not.
@pytest.mark.filterwarnings('ignore:.*found in sys.modules after import:RuntimeWarning')
@pytest.mark.parametrize(
  ('arguments', 'code', 'words'),
  [
    (['report', '/nowhere'], 2, '/nowhere: no such folder'),
    (['evaluate', '--model', 'homus', '--on', 'pages'], 2, '--on pages needs --pages'),
    (['human', 'merge', '/nowhere.json'], 2, '/nowhere.json'),
    (['predict'], 2, 'usage: omr predict '),
    (['label-errors'], 2, 'usage: omr label_errors '),
    (['predict', '--on-error=skip', 'x'], 2, '--on_error: invalid choice'),
    (['predict', '--on-error', 'stop', '/nowhere.png'], 2, '/nowhere.png: cannot be read'),
    (['human', 'prepare'], 2, 'usage: omr human prepare '),
  ],
)
def test_a_command_gets_its_arguments_and_gives_its_exit_code(arguments, code, words, capsys):
  with pytest.raises(SystemExit) as ended:
    cli.main(arguments)
  assert ended.value.code == code
  assert words in capsys.readouterr().err


@pytest.mark.filterwarnings('ignore:.*found in sys.modules after import:RuntimeWarning')
@pytest.mark.parametrize('name', [name for name in cli.COMMANDS if name not in ('train', 'pooled')])
def test_a_command_has_its_own_help(name, capsys):
  with pytest.raises(SystemExit) as ended:
    cli.main([name, '--help'])
  assert ended.value.code == 0
  said = capsys.readouterr().out
  module = importlib.import_module(command_module(name))
  assert said.startswith(f'usage: omr {name} ')
  assert module.__doc__.strip() in said and f'python -m omr_jax.{name}' in said


def command_module(name):
  """The module that `python -m` runs."""
  module = cli.COMMANDS[name][0]
  is_folder = (ROOT / 'omr_jax' / module / '__main__.py').exists()
  return f'omr_jax.{module}' + ('.__main__' if is_folder else '')


@pytest.mark.parametrize(
  ('name', 'flag'), [('train', '--coordinator'), ('main', '--coordinator'), ('pooled', '--over')]
)
def test_the_help_of_commands_that_train(name, flag):
  done = answer('omr_jax.cli', name, '--help')
  module = importlib.import_module(f'omr_jax.{name.replace("train", "main")}')
  assert done.returncode == 0 and done.stdout.lstrip().startswith(module.__doc__.strip())
  for each in (flag, '--config', '--workdir', '--raw_dir', '--data_dir'):
    assert f'  {each}: ' in done.stdout
  assert command_arguments.RAW_DIR in ' '.join(done.stdout.split())


def test_a_wrong_config_is_refused_as_without_omr():
  flags = ('--config=configs/homus.py', '--config.epochs=-1')
  done = answer('omr_jax.cli', 'train', *flags)
  assert done == answer('omr_jax.main', *flags)
  assert (done.returncode, done.stdout) == (2, '') and 'config.epochs is -1' in done.stderr


def test_pages_are_found_in_the_folder_it_is_called_in(tmp_path):
  """As with python -m: a page may import another one beside it."""
  (tmp_path / 'base.py').write_text('from ml_collections import ConfigDict\n')
  (tmp_path / 'page.py').write_text('import base\n\nget_config = base.ConfigDict\n')
  code = 'import sys; sys.path.pop(0); from omr_jax import cli; cli.main(sys.argv[1:])'
  done = subprocess.run(
    [sys.executable, '-c', code, 'train', '--config=page.py'],
    cwd=tmp_path,
    env=os.environ | {'PYTHONPATH': str(ROOT)},
    capture_output=True,
    text=True,
    check=False,
  )
  assert done.returncode == 2
  assert done.stderr.strip().startswith("config lacks the section 'data'")


def test_ctrl_c_ends_in_a_line():
  """Also while a command is still being imported."""
  before = signal.signal(signal.SIGINT, signal.default_int_handler)
  code = (
    'import os, runpy, signal; from omr_jax import cli\n'
    'runpy.run_module = lambda *_, **__: os.kill(os.getpid(), signal.SIGINT)\n'
    'raise SystemExit(cli.main(["predict", "x"]))'
  )
  done = subprocess.run(
    [sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True, check=False
  )
  signal.signal(signal.SIGINT, before)
  assert (done.returncode, done.stdout, done.stderr.split()) == (1, '', ['stopped.'])


def test_a_reader_that_has_gone_is_no_error():
  read, write = os.pipe()
  os.close(read)
  command = [sys.executable, '-m', 'omr_jax.cli', '--help']
  done = subprocess.run(command, cwd=ROOT, stdout=write, stderr=subprocess.PIPE, text=True)
  os.close(write)
  assert (done.returncode, done.stderr) == (0, '')


def test_the_script_is_declared():
  project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
  assert project['scripts'] == {'omr': 'omr_jax.cli:main'}


def test_files_beside_the_code_are_in_the_package():
  """What modules read beside themselves matches package-data."""
  tables = tomllib.loads((ROOT / 'pyproject.toml').read_text())['tool']['setuptools']
  folder = ROOT / 'omr_jax'
  packed = {path for pattern in tables['package-data']['omr_jax'] for path in folder.glob(pattern)}
  found = {path for kind in ('css', 'html', 'js', 'tsv') for path in folder.rglob(f'*.{kind}')}
  assert len(found) >= 12 and found <= packed
