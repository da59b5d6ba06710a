"""The benchmarks for a GPU, whose time is scarce, in miniature, and what another one reads."""

import ast
import json
import os
import signal
import subprocess
import sys
import time
import types
from functools import partial
from importlib.util import find_spec

import pytest
from small_runs import ROOT
from waiting import HANG, wait_for

GPU = ROOT / 'benchmarks/gpu.sh'


@pytest.fixture
def gpu(monkeypatch):
  monkeypatch.syspath_prepend(str(ROOT / 'benchmarks'))
  monkeypatch.setenv('XLA_PYTHON_CLIENT_PREALLOCATE', 'false')
  import gpu

  handler = signal.getsignal(signal.SIGTERM)
  yield gpu
  signal.signal(signal.SIGTERM, handler)
  for name in ('gpu', 'gpu_parts', 'gpu_contenders', 'measure', 'train_step'):
    sys.modules.pop(name)


@pytest.fixture
def parts(gpu):
  import gpu_parts

  return gpu_parts


def test_the_benchmark_of_answers_reads_all_shipped_models(monkeypatch):
  """Their configs may lack keys of today."""
  monkeypatch.syspath_prepend(str(ROOT / 'benchmarks'))
  import inference

  for name in inference.models.pretrained():
    model, _ = inference.models.opened(name)
    assert inference._config(model).precision == 'float32'
  for name in ('inference', 'measure', 'train_step'):
    sys.modules.pop(name)


def test_the_benchmark_of_answers_knows_all_operations_of_exported_graphs():
  """By the text of its module, as PyTorch is rarely installed where tests run."""
  pytest.importorskip('onnx')
  from onnx import defs

  text = (ROOT / 'benchmarks/torch_graphs.py').read_text()
  (table,) = [
    node.value
    for node in ast.walk(ast.parse(text))
    if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == '_OPERATIONS'
  ]
  known = {key.value for key in table.keys}
  operations = {schema.name for schema in defs.get_all_schemas()}
  exporter = [ROOT / f'omr_jax/export/{name}.py' for name in ('onnx_graph', 'onnx_ops')]
  words = {
    node.value
    for path in exporter
    for node in ast.walk(ast.parse(path.read_text()))
    if isinstance(node, ast.Constant) and isinstance(node.value, str)
  }
  # Weights in 8 bits are for ONNX Runtime only.
  assert operations & words - {'DequantizeLinear', 'QuantizeLinear'} <= known


def test_a_part_is_measured_once(gpu, tmp_path):
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


def test_the_rows_of_a_part_that_is_ended_are_kept_until_it_is_measured_whole(
  gpu, monkeypatch, tmp_path
):
  is_ended = True

  def part(sizes, out):
    yield {'what': 'cache empty'}
    if is_ended:
      os.kill(os.getpid(), signal.SIGTERM)
    yield {'what': 'cache full'}

  monkeypatch.setitem(gpu.PARTS, 'compile', part)
  command = ['compile', '--tiny', '--out', str(tmp_path)]
  with pytest.raises(SystemExit):
    gpu.main(command)
  assert not (tmp_path / 'compile.json').exists()
  said = gpu.written(tmp_path)
  assert 'cache empty' in said and 'not to the end: peak, ' in said and ' compile, ' in said
  is_ended = False
  gpu.main(command)
  assert '| cache full |' in gpu.written(tmp_path)
  assert [path.name for path in tmp_path.iterdir()] == ['compile.json']


def test_parts_of_one_machine_make_one_table(gpu, tmp_path):
  def measured(part, about, *rows):
    found = {'rows': rows, 'surroundings': about, 'seconds': 1}
    (tmp_path / f'{part}.json').write_text(json.dumps(found))

  lost = {'what': 'step of vgg13', 'by': 'PyTorch, eager', 'note': 'failed: no memory'}
  measured('peak', 'a card', {'what': 'product', 'ms': '1.25', 'rate': 1e12})
  measured('vgg13', 'a card', lost)
  measured('compile', 'another card', {'what': 'homus_best'})
  header = (
    '| what | by | ms | images/s | share of peak | compiles in, s | note |\n'
    '| --- | --- | --- | --- | --- | --- | --- |\n'
  )
  assert gpu.written(tmp_path).split('\n\n') == [
    'a card',
    f'{header}| product |  | 1.25 |  |  |  |  |\n'
    '| step of vgg13 | PyTorch, eager |  |  |  |  | failed: no memory |',
    'another card',
    f'{header}| homus_best |  |  |  |  |  |  |',
    'Not measured, or not to the end: preact_resnet11, resnet25, accuracy, population.',
  ]


def test_what_a_step_took_becomes_a_row(parts, monkeypatch, tmp_path):
  """Two steps of 16 pictures in 8 ms, 3 000 operations each; the peak is 1.5 million a second."""
  jax, torch, lost = ('float32', 'omr_jax'), ('float32', 'PyTorch, eager'), ('bfloat16', 'omr_jax')
  times = {jax: {'steps': [8.0, 8.0, 9.0]}, torch: {'steps': [8.0]}, lost: {}}
  found = {jax: {'compile': 7.4, 'loss': 3.5}, torch: {'compile': 1.0, 'loss': 4.0}}
  found[lost] = RuntimeError('no\nmemory')
  monkeypatch.setattr(parts, 'in_processes', lambda *_: (times, found))
  monkeypatch.setattr(parts, 'operations', lambda *_: 3000)
  (tmp_path / 'peak.json').write_text(json.dumps({'rows': [{'rate': 1.5e6}, {'rate': 3e6}]}))
  rows = parts.steps('vgg13', parts.TINY._replace(batch=16, steps=2), tmp_path)
  assert rows[0] == {
    'what': 'step of vgg13, 16, float32',
    'by': 'omr_jax',
    'ms': '4.000',
    'images/s': '4000',
    'compiles in, s': '7',
    'share of peak': '50 %',
    'note': '',
  }
  assert rows[1]['note'] == 'another loss! 4.0000 instead of 3.5000'
  assert rows[2] == {
    **{'what': 'step of vgg13, 16, bfloat16', 'by': 'omr_jax', 'note': 'failed: no memory'}
  }
  assert [row['note'] for row in rows[3:]] == [] if find_spec('torch') else ['no PyTorch here']


def test_operations_of_a_step_are_three_times_those_of_its_convolutions_and_dense_layers(parts):
  pixels, channels, products = 96 * 96, 1, 0  # The canvas of this network.
  for width, depth in ((32, 2), (64, 2), (128, 3), (256, 3), (512, 3)):
    for _ in range(depth):
      products += pixels * 9 * channels * width
      channels = width
    pixels //= 4
  products += pixels * channels * 32  # To 32 classes, from all pixels that are left.
  assert parts.operations('vgg13', 2) == 3 * 2 * 2 * products


def test_a_contender_that_fails_does_not_end_the_others(gpu, capfd):
  import measure

  well = partial(tuple, [{'steps': partial(time.sleep, 0)}, 1.5])
  # It makes two calls, and fails in its first turn.
  later = partial(tuple, [{'steps': partial(next, iter([0, 0]))}, 2.5])
  contenders = {'ends': partial(os._exit, 1), 'later': later, 'well': well}
  times, found = measure.in_processes(contenders, rounds=2, patience=HANG)
  assert list(times) == ['ends', 'later', 'well'] and times['ends'] == times['later'] == {}
  assert len(times['well']['steps']) == 4 and found['well'] == 1.5
  assert str(found['ends']) == 'its process has ended'
  assert isinstance(found['later'], RuntimeError) and 'StopIteration' in capfd.readouterr().err


def test_a_contender_that_is_not_ready_in_time_is_left_out(gpu):
  import multiprocessing

  import measure

  pipe, _theirs = multiprocessing.Pipe()
  said = measure._said(pipe, until=time.monotonic())
  assert isinstance(said, TimeoutError) and str(said) == 'it has not compiled in time'


@pytest.mark.parametrize('sizes', ['FULL', 'TINY'])
def test_no_flag_is_given_twice_where_compiling_is_measured(parts, monkeypatch, tmp_path, sizes):
  given = []

  def measured(flags):
    given.append([*flags, '--config.epochs=4'])
    return [], 1, 64, 3200.0, 7.0

  monkeypatch.setitem(sys.modules, 'pace', types.SimpleNamespace(measured=measured))
  rows = list(parts.compile_(getattr(parts, sizes), tmp_path))
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
  names = ('peak', 'preact_resnet11', 'resnet25', 'vgg13', 'accuracy', 'compile', 'population')
  lines = [f'{part} --out {out} --tiny' for part in names] + [f'table --out {out}']
  assert calls.read_text().splitlines() == lines
  assert (out / 'table.md').read_text() == 'the table\n'
  done = run()
  assert calls.read_text().splitlines()[8:] == [f'accuracy --out {out}', f'table --out {out}']
  assert done.stdout.count('is there') == 6
  calls.unlink()
  assert run('peak').returncode == 0
  assert calls.read_text() == f'table --out {out}\n'
  assert 'no time left' in run('accuracy', SECONDS_IN_ALL='0').stdout
  done = run('speed')
  assert done.returncode == 2 and 'speed is no part' in done.stderr
