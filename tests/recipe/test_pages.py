"""Pages are found by name, and read from their text, however short ago they were changed."""

import os
import py_compile
from pathlib import Path

import pytest
from commands import answer
from small_runs import ROOT
from sweeping import write_page

from omr_jax.errors import UserError
from omr_jax.recipe import pages
from omr_jax.sweeps import page as sweeps


def write_again(path, before, after):
  """Changes a page within the second of its last change, after Python has cached its bytecode."""
  py_compile.compile(str(path))
  stat = path.stat()
  path.write_text(path.read_text().replace(before, after))
  os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
  assert path.stat().st_size == stat.st_size


def printed(path, cwd):
  done = answer('omr_jax.main', f'--config={path}', '--print_config', cwd=cwd, PYTHONPATH=str(ROOT))
  assert done.returncode == 0, done.stderr
  return done.stdout


def test_a_config_that_was_just_changed(tmp_path):
  path = tmp_path / 'page.py'
  path.write_text((ROOT / 'omr_jax' / 'configs' / 'homus.py').read_text())
  path.write_text(path.read_text().replace('config.seed = 0', 'config.seed = 3'))
  assert 'config.seed = 3' in printed(path, tmp_path)
  write_again(path, 'config.seed = 3', 'config.seed = 4')
  assert 'config.seed = 4' in printed(path, tmp_path)


def test_a_page_that_another_page_imports_was_just_changed(tmp_path):
  imported, path = tmp_path / 'base_of_page.py', tmp_path / 'page.py'
  imported.write_text((ROOT / 'omr_jax' / 'configs' / 'homus.py').read_text())
  path.write_text('import base_of_page\nget_config = lambda: base_of_page.get_config()\n')
  assert 'config.seed = 0' in printed(path, tmp_path)
  write_again(imported, 'config.seed = 0', 'config.seed = 5')
  assert 'config.seed = 5' in printed(path, tmp_path)
  assert not list(tmp_path.glob('__pycache__/page*'))


def test_a_sweep_that_was_just_changed(tmp_path):
  path = tmp_path / 'page.py'
  write_page(path, {'a': {'seed': 1}})
  assert sweeps.read(str(path)).configs['a'].seed == 1
  write_again(path, "'seed': 1", "'seed': 2")
  assert sweeps.read(str(path)).configs['a'].seed == 2


def test_a_page_in_the_home_folder(tmp_path):
  (tmp_path / 'page.py').write_text((ROOT / 'omr_jax' / 'configs' / 'homus.py').read_text())
  done = answer('omr_jax.main', '--config=~/page.py', '--print_config', HOME=str(tmp_path))
  assert (done.returncode, done.stderr) == (0, '')


@pytest.mark.parametrize(
  ('text', 'code', 'words'),
  [
    ('import sys\nsys.exit(3)', 2, 'page.py: SystemExit: 3'),
    ('raise KeyboardInterrupt', 1, 'stopped.'),
    ('def get_config():\n  exit()', 2, 'page.py: SystemExit: None'),
    ('1 / 0', 2, 'page.py: ZeroDivisionError: division by zero'),
  ],
)
def test_a_config_that_ends_the_program(tmp_path, text, code, words):
  (tmp_path / 'page.py').write_text(text)
  done = answer('omr_jax.main', '--config=page.py', cwd=tmp_path, PYTHONPATH=str(ROOT))
  assert (done.returncode, done.stdout) == (code, '')
  assert words in done.stderr and 'Traceback' not in done.stderr


@pytest.mark.parametrize(
  ('lines', 'words'),
  [
    ('raise SystemExit(3)', 'SystemExit: 3'),
    ("CONFIG, TOGETHER = 'configs/homus.py', 1\ndef get_sweep(): exit()", 'SystemExit'),
    ('CONFIG, TOGETHER, get_sweep = 3, 1, dict', 'CONFIG is 3; it must be the path of a config'),
    ("CONFIG, TOGETHER, get_sweep = 'page.py', 1, lambda: {'a': {}}", 'AttributeError'),
    ("CONFIG, TOGETHER, get_sweep = 'x.py', 1, lambda: {'a': {}}", 'returns no ConfigDict'),
    (
      f"CONFIG, TOGETHER, get_sweep = '{ROOT}/configs/homus.py', 1, lambda: {{'a': 3}}",
      'a: its overrides must be a dict with keys of the config',
    ),
  ],
)
def test_a_sweep_that_fails(tmp_path, monkeypatch, lines, words):
  monkeypatch.chdir(tmp_path)
  (tmp_path / 'x.py').write_text('get_config = dict')
  (tmp_path / 'page.py').write_text(lines)
  with pytest.raises(UserError, match=r'^(page|x)\.py: ') as raised:
    sweeps.read('page.py')
  assert words in str(raised.value)


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='needs named pipes')
def test_a_config_that_is_no_file_is_refused(tmp_path):
  os.mkfifo(tmp_path / 'pipe.py')
  for path in (tmp_path / 'pipe.py', tmp_path):
    done = answer('omr_jax.main', f'--config={path}')
    assert done.returncode == 2 and done.stderr.splitlines()[0].endswith(
      f'{path}: is no file; give the page of a config, as in configs/.'
    )


def test_files_with_flags_are_not_read():
  done = answer('omr_jax.main', '--flagfile=/nope')
  assert (done.returncode, done.stderr.splitlines()[0]) == (
    2,
    '--flagfile is not read; write the values into the page of a config.',
  )


def test_names_mean_the_same_in_any_folder(tmp_path, monkeypatch):
  shipped = ROOT / 'omr_jax' / 'configs' / 'homus.py'
  for folder in (ROOT, tmp_path):
    monkeypatch.chdir(folder)
    for name in ('homus', 'homus.py', 'configs/homus.py'):
      assert Path(pages.find(name)).samefile(shipped)
  quick = str(ROOT / 'omr_jax' / 'configs' / 'sweeps' / 'quick.py')
  for name in ('quick', 'quick.py', 'configs/sweeps/quick.py'):
    assert pages.find(name, pages.SWEEPS) == quick
  (tmp_path / 'homus.py').touch()
  assert pages.find('homus.py') == 'homus.py'
  assert Path(pages.find('homus')).samefile(shipped)


@pytest.mark.parametrize(
  ('name', 'words'),
  [
    ('homos', "'homos': there is no such config: did you mean 'homus'?"),
    ('elsewhere/homus.py', "'elsewhere/homus.py': there is no such config"),
    ('__init__', ': there are homus, homus_best, homus_fused, homus_paper, homus_scans, homus_st'),
    ('', "'': there is no such config: there are homus, "),
    ('sweeps', 'there is no such config'),
  ],
)
def test_other_names_are_refused(name, words):
  with pytest.raises(UserError) as error:
    pages.find(name)
  assert words in str(error.value)


def test_a_variant_of_a_config_in_any_folder(tmp_path):
  """And a page of one's own that derives from a config of the package."""
  (tmp_path / 'mine.py').write_text(
    'from omr_jax.configs import homus\n\n\ndef get_config():\n'
    '  config = homus.get_config()\n  config.epochs = 7\n  return config\n'
  )
  assert 'config.epochs = 7' in printed('mine.py', tmp_path)
  assert "config.model.name = 'vgg13'" in printed('homus_paper:vgg', tmp_path)
