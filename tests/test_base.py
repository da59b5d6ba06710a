"""With the libraries that a plain `pip install` brings, and no others: what works, what is said."""

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from PIL import Image
from small_runs import ROOT

import omr_jax


def with_needed(requirements: list[str]) -> set[str]:
  """Names of the distributions that requirements bring, as they are installed here."""
  names: set[str] = set()
  waiting = [Requirement(each) for each in requirements]
  while waiting:
    wanted = waiting.pop()
    if wanted.name not in names and (not wanted.marker or wanted.marker.evaluate({'extra': ''})):
      names.add(wanted.name)
      waiting += map(Requirement, distribution(wanted.name).requires or ())
  return names


@pytest.fixture(scope='session')
def base(tmp_path_factory) -> Path:
  """A folder with links to these libraries, as `site-packages` would have them."""
  folder = tmp_path_factory.mktemp('base')
  project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
  for name in with_needed(project['dependencies']):
    found = distribution(name)
    for top in {file.parts[0] for file in found.files} - {'..', '__pycache__'}:
      if not (folder / top).exists():
        (folder / top).symlink_to(found.locate_file(top))
  assert (folder / 'numpy').is_dir() and not (folder / 'jax').exists()
  return folder


def python(base, cwd, *arguments, **options) -> subprocess.CompletedProcess:
  """Runs Python with these libraries and this package, and a home folder in `cwd`."""
  paths = {'PYTHONPATH': f'{base}{os.pathsep}{ROOT}', 'PYTHONWARNINGS': 'error'}
  # In tests of its own and where CI is set ONNX Runtime is quiet by itself.
  kept = {n: v for n, v in os.environ.items() if n != 'CI' and not n.startswith(('ORT_', 'XDG_'))}
  return subprocess.run(
    [sys.executable, '-S', *arguments],  # -S: without the libraries of the tests.
    cwd=cwd,
    env=kept | paths | {'HOME': str(cwd / 'home')},
    capture_output=True,
    text=True,
    check=False,
    **options,
  )


def pictures(folder: Path) -> dict[str, Path]:
  """A page with staff lines, the same as a TIFF, which a child process reads, and a symbol."""
  page = np.full((700, 531), 255, np.uint8)
  for top in range(50, 600, 80):
    page[top : top + 40 : 10] = 30
  symbol = np.full((60, 40), 255, np.uint8)
  symbol[5:55, 18:22] = 0
  paths = {name: folder / name for name in ('page.png', 'page.tif', 'symbol.png')}
  for name, path in paths.items():
    Image.fromarray(symbol if name == 'symbol.png' else page).save(path)
  return paths


def test_answers_are_those_of_a_whole_installation(base, tmp_path):
  made = pictures(tmp_path)
  code = (
    'import sys, omr_jax\n'
    'gate = omr_jax.load()\n'
    "assert 'scipy' not in sys.modules, 'the score gate needs no SciPy'\n"
    "symbols = omr_jax.load('homus_scans')\n"
    "strokes = omr_jax.load('homus_strokes')\n"
    "found = [gate('page.png'), gate('page.tif'), symbols('symbol.png')]\n"
    "found.append(strokes({'strokes': [[[0, 0], [0, 90]]]}))\n"
    'for answer in found: print(answer.label, answer.confidence)\n'
  )
  done = python(base, tmp_path, '-c', code)
  assert (done.returncode, done.stderr) == (0, ''), done.stderr
  gate, symbols = omr_jax.load(), omr_jax.load('homus_scans')
  expected = [
    gate(made['page.png']),
    gate(made['page.tif']),
    symbols(made['symbol.png']),
    omr_jax.load('homus_strokes')({'strokes': [[[0, 0], [0, 90]]]}),
  ]
  lines = [f'{answer.label} {answer.confidence}' for answer in expected]
  assert done.stdout.splitlines() == lines
  # ONNX Runtime would leave a number of this machine there, and send it with what it runs.
  assert not (tmp_path / 'home').exists()


# Runs each command in a fork of one process, which has imported what they share, and prints as JSON
# its exit code, standard output and standard error.
COMMANDS = """
import json, os, sys, tempfile
import numpy, onnxruntime, scipy.special, PIL.Image, tqdm
from omr_jax import cli

for arguments in json.load(sys.stdin):
  files = [tempfile.TemporaryFile() for _ in range(2)]
  process = os.fork()
  if not process:
    for number, file in enumerate(files, start=1):
      os.dup2(file.fileno(), number)
    code = 1
    try:
      code = cli.main(arguments)
    except SystemExit as error:
      code = error.code
    finally:
      sys.stdout.flush()
      os._exit(code)
  code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
  said = []
  for file in files:
    file.seek(0)
    said.append(file.read().decode())
  print(json.dumps([code, *said]), flush=True)
"""
PREDICT, DOCTOR = ('predict', 'page.png', 'page.pdf'), ('doctor',)
NEEDS_MORE = (
  (('train', '--config=homus'), 'train'),
  (('train', '--help'), 'train'),
  (('pooled', '--config=homus', '--over=writers'), 'train'),
  (('evaluate', '--model=homus', '--on=homus'), 'train'),
  (('export', '--model=run', '--out=exported'), 'export'),
  (('predict', '--model=run', 'page.png'), 'train'),
  (('human', 'prepare', 'symbols'), 'train'),
  (('sweep', '--sweep=quick', '--out=sweep'), 'sweep'),
)


@pytest.fixture(scope='module')
def answers(base, tmp_path_factory) -> dict[tuple[str, ...], tuple[int, str, str]]:
  """By command what it has answered: its exit code, standard output and standard error."""
  folder = tmp_path_factory.mktemp('commands')
  pictures(folder)
  (folder / 'page.pdf').write_bytes(b'%PDF-1.4\n')
  (folder / 'run').mkdir()
  (folder / 'run' / 'config.json').write_text('{}')
  (folder / 'build' / 'web').mkdir(parents=True)
  (folder / 'build' / 'web' / 'index.html').touch()
  asked = [PREDICT, DOCTOR, *(arguments for arguments, _ in NEEDS_MORE)]
  done = python(base, folder, '-c', COMMANDS, input=json.dumps(asked))
  assert done.returncode == 0, done.stderr
  return dict(zip(asked, map(json.loads, done.stdout.splitlines()), strict=True))


def test_predict(answers):
  code, out, said = answers[PREDICT]
  assert code == 0, said
  first, second = map(json.loads, out.splitlines())
  assert first['class'] in ('scores', 'other')
  assert second['error'].endswith("pip install 'omr_jax[pdf]'.")


def test_doctor(answers):
  code, out, said = answers[DOCTOR]
  assert (code, said) == (0, '')
  lines = out.splitlines()
  (base,) = [line.split() for line in lines if line.startswith('  base')]
  assert 'missing:' not in base and f'{np.__version__},' in base
  models = lines[lines.index('models') + 1 : lines.index('folders') - 1]
  assert [line.split()[0] for line in models] == [
    *('homus', 'homus_scans', 'homus_strokes'),
    *('pages', 'pages_handwriting', 'scores'),
  ]
  missing = lines[lines.index('missing') + 1 :]
  extras = [re.search(r"pip install 'omr_jax\[(\w+)\]'$", line)[1] for line in missing]
  assert extras == ['train', 'engrave', 'export', 'heic', 'pdf', 'sweep', 'shards', 'tflite']


@pytest.mark.parametrize(('arguments', 'extra'), NEEDS_MORE)
def test_what_needs_more_says_so_in_a_line(answers, arguments, extra):
  code, out, err = answers[arguments]
  assert (code, out) == (2, ''), err
  (said,) = err.strip().splitlines()
  assert said.endswith(f" is needed and not installed; pip install 'omr_jax[{extra}]'.")


def test_so_does_a_command_that_python_starts(base, tmp_path):
  done = python(base, tmp_path, '-m', 'omr_jax.main', '--config=homus')
  assert (done.returncode, done.stdout) == (2, '')
  assert done.stderr == "\nabsl is needed and not installed; pip install 'omr_jax[train]'.\n"


def test_other_modules_that_are_missing_are_not_hidden(base, tmp_path):
  """They are faults of the package, or of the installation of a library."""
  (tmp_path / 'numpy.py').write_text('import no_such_library\n')
  done = python(base, tmp_path, '-m', 'omr_jax.predict', 'page.png')
  assert done.returncode == 1 and "No module named 'no_such_library'" in done.stderr


# What Windows has not: it is taken away before anything of the package is imported.
AS_ON_WINDOWS = """
import concurrent.futures, ctypes, http.server, os, pathlib, select, signal, subprocess, sys
import tempfile, threading, numpy, onnxruntime

class Finder:
  @staticmethod
  def find_spec(name, *args):
    if name in ('fcntl', 'resource', 'grp', 'pwd', 'termios', 'tty', 'readline', 'syslog'):
      raise ModuleNotFoundError(f'No module named {name!r}', name=name)

sys.meta_path.insert(0, Finder)
for name in ('fcntl', 'resource', 'grp', 'pwd', 'termios'):
  sys.modules.pop(name, None)
for module, names in (
  (os, 'O_NOFOLLOW O_DIRECTORY O_NONBLOCK fork forkpty getuid geteuid getgid getpgid setsid killpg '
       'register_at_fork sched_getaffinity sched_setaffinity sysconf posix_fallocate mkfifo uname '
       'getloadavg chown fchmod set_blocking'),
  (signal, 'SIGALRM SIGPROF SIGHUP SIGPIPE SIGUSR1 pthread_kill setitimer ITIMER_PROF '
           'alarm pthread_sigmask'),
  (select, 'poll epoll'),
):
  for name in names.split():
    if hasattr(module, name):
      delattr(module, name)
"""


def test_without_what_windows_has_not(base, tmp_path):
  """Prediction, loading, the server of the page and the help; training is not for Windows."""
  pictures(tmp_path)
  code = AS_ON_WINDOWS + (
    'import omr_jax\n'
    'from omr_jax import cli\n'
    "assert cli.main(['--help']) == 0\n"
    "print(omr_jax.load()('page.tif').label, omr_jax.load('homus_scans')('symbol.png').label)\n"
    'from omr_jax.predict import __main__ as predict\n'
    "assert predict.main(['page.png', '--out=answers.jsonl']) == 0\n"
    'from omr_jax.web import __main__ as web\n'
    'pathlib.Path("site").mkdir()\n'
    'pathlib.Path("site/index.html").write_text("<p>")\n'
    'web.serve(pathlib.Path("site"), 0).server_close()\n'
    'from omr_jax import doctor, human, sweep\n'
    'assert doctor.main([]) == 0\n'
    'from omr_jax.web import build\n'
  )
  done = python(base, tmp_path, '-c', code)
  assert done.returncode == 0, done.stderr
  assert 'Traceback' not in done.stderr
  (row,) = map(json.loads, (tmp_path / 'answers.jsonl').read_text().splitlines())
  assert row['path'] == 'page.png' and 'class' in row
