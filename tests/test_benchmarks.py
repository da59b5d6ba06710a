"""The benchmarks for a GPU, whose time is scarce, in miniature."""

import json
import os
import subprocess
import sys
import types

import pytest
from small_runs import ROOT
from waiting import HANG, wait_for

GPU = ROOT / 'benchmarks/gpu.sh'


@pytest.fixture
def gpu(monkeypatch):
  monkeypatch.syspath_prepend(str(ROOT / 'benchmarks'))
  monkeypatch.setenv('XLA_PYTHON_CLIENT_PREALLOCATE', 'false')
  import gpu

  yield gpu
  for name in ('gpu', 'measure', 'train_step'):
    sys.modules.pop(name)


def test_a_part_is_measured_once_and_all_parts_make_one_table(gpu, tmp_path, capsys):
  part = ['peak', '--tiny', '--out', str(tmp_path)]
  gpu.main(part)
  found = json.loads((tmp_path / 'peak.json').read_text())
  assert [row['what'] for row in found['rows']] == [
    *('product of matrices of 64, float32', 'product of matrices of 64, bfloat16')
  ]
  # 64 x 64 results of 64 products and sums each: 524 288 operations.
  for row in found['rows']:
    assert row['rate'] > 0 and row['note'].endswith(' TFLOP/s')
  before = (tmp_path / 'peak.json').stat().st_mtime_ns
  gpu.main(part)
  assert (tmp_path / 'peak.json').stat().st_mtime_ns == before
  lost = {'what': 'step of vgg13', 'by': 'PyTorch, default', 'note': 'failed: no memory'}
  steps = {'rows': [lost], 'surroundings': found['surroundings'], 'seconds': 1}
  (tmp_path / 'steps.json').write_text(json.dumps(steps))
  capsys.readouterr()
  gpu.main(['table', '--out', str(tmp_path)])
  said = capsys.readouterr().out
  assert said.count(found['surroundings']) == 1  # The same machine and versions.
  assert said.splitlines()[-1] == (
    '| step of vgg13 | PyTorch, default |  |  |  |  | failed: no memory |'
  )


def test_what_a_step_took_becomes_a_row(gpu):
  """Two steps of 16 pictures in 8 ms, 3 000 operations each; the peak is 1.5 million a second."""
  jax, torch = ('vgg13', 'float32', 'omr_jax'), ('vgg13', 'float32', 'PyTorch, default')
  found = {jax: {'compile': 7.4, 'flop': 3000.0, 'loss': 3.5}, torch: RuntimeError('no\nmemory')}
  rates = {'float32': 1.5e6, 'bfloat16': 3e6}
  row = gpu._row(*jax, 16, [8.0, 8.0, 9.0], found, rates, 2)
  assert row == {
    'what': 'step of vgg13, 16, float32',
    'by': 'omr_jax',
    'ms': '4.000',
    'images/s': '4000',
    'compiles in, s': '7',
    'share of peak': '50 %',
    'note': '',
  }
  row = gpu._row(*torch, 16, None, found, rates, 2)
  assert row['note'] == 'failed: no memory'
  found[torch] = {'compile': 1.0, 'loss': 4.0}
  assert gpu._row(*torch, 16, [8.0], found, rates, 2)['note'] == 'another loss!'


@pytest.mark.parametrize('sizes', ['FULL', 'TINY'])
def test_no_flag_is_given_twice_where_compiling_is_measured(gpu, monkeypatch, tmp_path, sizes):
  given = []

  def measured(flags):
    given.append([*flags, '--config.epochs=4'])
    return [], 1, 64, 3200.0, 7.0

  monkeypatch.setitem(sys.modules, 'pace', types.SimpleNamespace(measured=measured))
  rows = gpu.compile_(getattr(gpu, sizes), tmp_path)
  assert [row['what'] for row in rows] == [f'homus_best, 64, cache {n}' for n in ('empty', 'full')]
  assert rows[0]['ms'] == '20.00'  # 64 images at 3 200 a second.
  for flags in given:
    names = [flag.partition('=')[0] for flag in flags]
    assert sorted(names) == sorted(set(names))


WAITING = """#!/bin/bash
# Stands for Python: a part that does not end by itself.
echo $$ > "$CALLS.new"
mv "$CALLS.new" "$CALLS"
exec sleep 3600
"""


def test_the_part_that_is_measured_ends_with_the_command(tmp_path):
  (tmp_path / 'python').write_text(WAITING)
  (tmp_path / 'python').chmod(0o755)
  calls = tmp_path / 'calls'
  environment = os.environ | {'PYTHON': str(tmp_path / 'python'), 'CALLS': str(calls)}
  command = subprocess.Popen([GPU, '--out', tmp_path / 'out', 'peak'], env=environment)
  wait_for(calls.exists, command)
  command.terminate()
  assert command.wait(HANG) == 130

  def has_ended():
    try:
      os.kill(int(calls.read_text()), 0)
    except ProcessLookupError:
      return True
    return False

  wait_for(has_ended)


FAKE = """#!/bin/bash
# Stands for Python: writes down what it is asked for, and fails at one part.
echo "${*:2}" >> "$CALLS"
case $2 in
  table) echo 'the table' ;;
  accuracy) echo 'no data' >&2; exit 2 ;;
  *) echo '{}' > "$4/$2.json" ;;
esac
"""


def test_the_command_goes_on_after_a_part_that_fails_and_does_only_what_is_missing(tmp_path):
  (tmp_path / 'python').write_text(FAKE)
  (tmp_path / 'python').chmod(0o755)
  calls, out = tmp_path / 'calls', tmp_path / 'out'
  environment = os.environ | {'PYTHON': str(tmp_path / 'python'), 'CALLS': str(calls)}

  def run(*arguments, **variables):
    return subprocess.run(
      [GPU, '--out', out, *arguments],
      env=environment | variables,
      capture_output=True,
      text=True,
      timeout=HANG,
      check=False,
    )

  done = run('--tiny')
  assert done.returncode == 1 and 'no data' in done.stdout and done.stdout.endswith('the table\n')
  parts = ('peak', 'steps', 'accuracy', 'compile', 'population')
  lines = [f'{part} --out {out} --tiny' for part in parts] + [f'table --out {out}']
  assert calls.read_text().splitlines() == lines
  assert (out / 'table.md').read_text() == 'the table\n'
  done = run()
  assert calls.read_text().splitlines()[6:] == [f'accuracy --out {out}', f'table --out {out}']
  assert done.stdout.count('is there') == 4
  calls.unlink()
  assert run('peak').returncode == 0
  assert calls.read_text() == f'table --out {out}\n'
  assert 'no time left' in run('accuracy', SECONDS_IN_ALL='0').stdout
  done = run('speed')
  assert done.returncode == 2 and 'speed is no part' in done.stderr
