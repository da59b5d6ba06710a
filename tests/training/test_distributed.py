"""One network trained by several processes on this machine, which talk over the loopback."""

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from commands import refused, together
from made_runs import no_page
from small_runs import PLAIN_STEPS, ROOT, STEPS, plain_config
from waiting import HANG

from omr_jax.training import loop

LOST = 'another process has stopped'


def free_port():
  with socket.socket() as listening:
    listening.bind(('127.0.0.1', 0))
    return listening.getsockname()[1]


def commands_of(folders, workdir, count, epochs=12, flags=STEPS):
  """The module and the arguments of each process of a run."""
  common = (
    *('tests.saving_all', 'omr_jax.main', *flags, f'--config.epochs={epochs}'),
    *(f'--workdir={workdir}', f'--data_dir={folders[0]}', f'--raw_dir={folders[1]}'),
  )
  if count == 1:
    return [common]
  common += ('--distributed', f'--coordinator=127.0.0.1:{free_port()}', f'--num_processes={count}')
  return [(*common, f'--process_id={number}') for number in range(count)]


@pytest.fixture
def start(folders):
  """Starts the processes of a run; at the end none is left."""
  started = []

  def start(workdir, count):
    processes = [
      subprocess.Popen(
        [sys.executable, '-m', *command],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
      )
      for command in commands_of(folders, workdir, count)
    ]
    started.extend(processes)
    return processes

  yield start
  for process in started:
    process.kill()
    process.wait()
    process.stdout.close()


def end(processes, code=0):
  """Their outputs; all end with that code."""
  said = [process.communicate(timeout=HANG)[0] for process in processes]
  assert [process.returncode for process in processes] == [code] * len(processes), said
  return said


def losses(workdir):
  return [json.loads(line)['loss'] for line in (workdir / 'metrics.jsonl').read_text().splitlines()]


def files(workdir):
  """Names of what a run has written, but for what checkpoints consist of."""
  names = {str(path.relative_to(workdir)) for path in workdir.rglob('*') if path.is_file()}
  names = {re.sub(r'^(checkpoints/\d+)/.*', r'\1', name) for name in names}
  return {re.sub(r'events\..*', 'events', name) for name in names}


def test_two_processes_have_the_losses_and_files_of_one(tmp_path, folders, monkeypatch):
  alone, shared = tmp_path / 'alone', tmp_path / 'shared [2]'
  first, second = together(*commands_of(folders, shared, 2, epochs=6, flags=PLAIN_STEPS))
  assert first.returncode == second.returncode == 0, (first, second)
  assert 'test accuracy' in first.stdout  # The first one tells.
  assert 'test accuracy' not in second.stdout + second.stderr
  assert '2 x cpu, 1 by member and 2 by batch' in first.stdout
  config = plain_config()
  config.batch_size, config.epochs = 304, 6
  monkeypatch.setattr(loop, 'MOST_SAVING', float('inf'))
  with no_page():
    loop.train_and_evaluate(config, 'homus', alone, *folders)
  assert len(losses(alone)) == 6
  np.testing.assert_allclose(losses(shared)[:5], losses(alone)[:5], atol=1e-5, rtol=0)
  assert files(shared) == files(alone)


@pytest.mark.slow
@pytest.mark.parametrize(('count', 'count_then'), [(2, 1), (4, 2)])
def test_killed_processes_stop_all_and_another_number_goes_on(start, tmp_path, count, count_then):
  alone, shared = tmp_path / 'alone', tmp_path / 'shared'
  end(start(alone, 1))
  processes = start(shared, count)
  for line in processes[0].stdout:
    assert f'{count} x cpu' in line or not line.startswith('devices')
    if line.startswith('epoch   5/'):
      break
  killed = processes.pop(1)
  killed.kill()
  killed.wait()
  for said in end(processes, code=1):
    assert said.count(LOST) == 1 and 'Traceback' not in said
  assert len(losses(shared)) < 12
  saved = max(int(path.name) for path in (shared / 'checkpoints').iterdir() if path.name.isdigit())
  assert saved >= 4  # Of the epochs that were over at most one is lost.
  # The global batch is the same, so another number of processes can go on.
  first, *others = end(start(shared, count_then))
  assert f'resuming   after step {saved}' in first and 'test accuracy' in first
  assert not any('accuracy' in said for said in others)  # The first one tells.

  assert len(losses(alone)) == 12
  np.testing.assert_allclose(losses(shared)[:5], losses(alone)[:5], atol=1e-5, rtol=0)
  np.testing.assert_allclose(losses(shared), losses(alone), atol=1e-3, rtol=0)
  assert files(shared) == files(alone)
  summary = json.loads((shared / 'summary.json').read_text())
  assert summary['processes'] == count_then


def test_what_is_refused_is_refused_in_all_processes(tmp_path, folders):
  (tmp_path / 'run').write_text('a file')
  for code, out, err in together(*commands_of(folders, tmp_path / 'run', 2)):
    said = out + err
    assert code == 2 and 'run: cannot be written' in said, said
    assert 'Traceback' not in said and LOST not in said


@pytest.mark.parametrize(
  ('arguments', 'words'),
  [
    (('--num_processes=2',), '--num_processes needs --distributed'),
    (('--distributed', '--workdir=a', '--num_processes=2'), 'together'),
    (('--distributed',), 'needs a --workdir'),
    (
      (
        *('--distributed', '--workdir=a', '--coordinator=127.0.0.1:1'),
        *('--num_processes=2', '--process_id=2'),
      ),
      '--process_id must be from 0 to 1',
    ),
    (('--distributed', '--workdir=a', '--config.seed=0,1'), 'trains one network'),
    (('--distributed', '--workdir=a'), 'the other processes are not found'),
  ],
)
def test_flags_that_do_not_fit_together_are_refused(arguments, words, monkeypatch):
  for name in ('SLURM_JOB_ID', 'OMPI_MCA_orte_hnp_uri', 'OMPI_COMM_WORLD_RANK'):
    monkeypatch.delenv(name, raising=False)
  code, said = refused('--config=configs/homus.py', *arguments)
  assert code == 2 and words in said, said
  assert not Path(ROOT / 'a').exists()
