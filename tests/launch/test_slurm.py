"""Training by launch/slurm.sbatch, and which jobs it refuses, with stand-ins for SLURM."""

import os
import shutil
import signal
import socket
import sys
import textwrap
from pathlib import Path

import pytest
from scripts import write_program
from slurm import PREDICT, SWEEP, TRAIN
from small_runs import ROOT, STEPS
from waiting import HANG, wait_for

TRAIN_STEP = 'srun --kill-on-bad-exit=0 --wait=0 python -m omr_jax.main --distributed'


def test_train_starts_a_process_for_each_task(cluster):
  assert cluster.run(*TRAIN, tasks=2) == (0, '', '')
  calls = cluster.calls()
  assert calls[0] == f'{TRAIN_STEP} --config configs/homus.py --workdir runs/a b'
  words = 'python -m omr_jax.main --distributed --config configs/homus.py --workdir runs/a b as '
  assert sorted(calls[1:]) == [
    words + task for task in ('0/0 of 4', '1/1 of 4', '2/0 of 4', '3/1 of 4')
  ]


def test_train_gives_the_exit_code_and_is_not_queued_again_after_an_error(cluster):
  assert cluster.run(*TRAIN, PYTHON_CODE='3') == (3, '', '')
  assert not any('scontrol' in call for call in cluster.calls())


def signalled(cluster, number, started, *arguments, **variables):
  """Exit code, stderr and calls of a job that gets a signal once something has started."""
  with cluster.start(*arguments, PYTHON_WAITS_FOR='the end of time', **variables) as job:
    wait_for(lambda: sum(call.startswith('python') for call in cluster.calls()) == started, job)
    job.send_signal(number)
    _, errors = job.communicate(timeout=HANG)
  return job.returncode, errors, cluster.calls()


def test_before_the_time_limit_training_saves_and_is_queued_again(cluster):
  code, errors, calls = signalled(cluster, signal.SIGUSR1, 2, *TRAIN)
  assert code == 1
  assert 'the time limit is near; saving' in errors
  assert sorted(calls[3:5]) == ['saved by 0', 'saved by 1']
  assert calls[5:] == ['scontrol requeue 12345']


def test_cancelled_training_saves_and_is_not_queued_again(cluster):
  code, errors, calls = signalled(cluster, signal.SIGTERM, 2, *TRAIN)
  assert code == 1
  assert 'SIGTERM; saving' in errors
  assert sorted(calls[3:]) == ['saved by 0', 'saved by 1']


def test_training_that_ends_well_at_the_time_limit_is_not_queued_again(cluster):
  code, _, calls = signalled(cluster, signal.SIGUSR1, 2, *TRAIN, SAVED_CODE='0')
  assert code == 0
  assert sorted(calls[3:]) == ['saved by 0', 'saved by 1']


def test_job_that_can_not_be_queued_again_says_so(cluster):
  code, errors, _ = signalled(cluster, signal.SIGUSR1, 2, *TRAIN, REQUEUE_CODE='1')
  assert code == 1
  assert 'not queued again; the same sbatch command goes on' in errors


def test_job_finds_the_project_from_a_folder_in_it(cluster):
  cluster.submitted_in = cluster.project / 'launch'
  assert cluster.run(*TRAIN) == (0, '', '')


def test_environment_is_chosen_by_flag_then_variable(cluster, tmp_path):
  for name in ('flag', 'variable'):
    write_program(tmp_path / name / 'bin' / 'python', f'#!/bin/bash\necho {name}\n')
  variable = {'OMR_VENV': str(tmp_path / 'variable')}
  assert cluster.run(*TRAIN, **variable) == (0, 'variable\n' * 2, '')
  assert cluster.run('--venv', tmp_path / 'flag', *TRAIN, **variable) == (0, 'flag\n' * 2, '')
  shutil.move(cluster.project / '.venv' / 'bin' / 'python', cluster.bin)
  shutil.rmtree(cluster.project / '.venv')
  assert cluster.run(*TRAIN) == (0, '', '')
  assert len(cluster.calls()) == 5


@pytest.mark.parametrize(
  ('arguments', 'variables', 'words'),
  [
    (TRAIN, {'SLURM_JOB_ID': ''}, 'sbatch launch/slurm.sbatch train|sweep|predict'),
    (TRAIN, {'SLURM_SUBMIT_DIR': '/'}, '/ is not in the project'),
    ((), {}, 'say train, sweep or predict first'),
    (TRAIN[1:], {}, 'say train, sweep or predict first'),
    (('--venv',), {}, '--venv needs a folder'),
    (('--venv', 'nowhere', *TRAIN), {}, 'nowhere is no virtual environment'),
    (TRAIN[:3], {}, 'train needs a --workdir'),
    ((*TRAIN, '--distributed'), {}, '--distributed is added by itself'),
    (TRAIN, {'SLURM_GPUS_PER_TASK': '1'}, 'use --gpus-per-node'),
    (TRAIN, {'SLURM_GPUS_ON_NODE': '4'}, 'use sbatch --ntasks-per-node=4'),
    (SWEEP[:3], {}, 'sweep needs --out'),
    (('sweep', *SWEEP[3:]), {}, 'sweep needs --sweep'),
    ((*SWEEP, '--address=auto'), {}, '--address is added by itself'),
    (('predict', 'pictures'), {}, 'predict needs --shards'),
    ((*PREDICT, '--address=auto'), {}, '--address is added by itself'),
  ],
)
def test_wrong_job_is_refused_in_a_line(arguments, variables, words, cluster):
  code, out, errors = cluster.run(*arguments, **variables)
  assert (code, out, errors.count('\n')) == (2, '', 1)
  assert words in errors
  assert cluster.calls() == []


def free_job():
  """The number of a job whose port, by JAX's rule, is free."""
  for job in range(os.getpid() % 4096, 4096):
    with socket.socket() as tried:
      if tried.connect_ex(('127.0.0.1', 61440 + job)):
        return job
  raise AssertionError('no port is free')


def test_jax_finds_the_processes_of_a_job(cluster):
  (cluster.project / 'omr_jax' / '__init__.py').touch()
  (cluster.project / 'omr_jax' / 'main.py').write_text(
    textwrap.dedent("""
      import os

      import jax
      from jax.experimental import multihost_utils

      jax.distributed.initialize()
      seen = multihost_utils.process_allgather(jax.process_index())
      with open(os.environ['CALLS'], 'a') as calls:
        calls.write(f'{jax.process_index()} of {jax.process_count()} sees {seen}\\n')
    """)
  )
  environment = Path(sys.executable).parent.parent
  code, _, errors = cluster.run('--venv', environment, *TRAIN, job=free_job())
  assert code == 0, errors
  assert sorted(cluster.calls()[1:]) == ['0 of 2 sees [0 1]', '1 of 2 sees [0 1]']


@pytest.mark.slow
def test_job_trains_one_network_in_two_processes(cluster, folders, tmp_path):
  cluster.submitted_in = ROOT
  environment = Path(sys.executable).parent.parent
  data_dir, raw_dir = folders
  options = (*STEPS, '--config.epochs=12', f'--data_dir={data_dir}', f'--raw_dir={raw_dir}')
  flags = (*options, f'--workdir={tmp_path / "run"}')
  code, out, errors = cluster.run('--venv', environment, 'train', *flags, job=free_job())
  assert code == 0, errors
  assert '2 x cpu, 1 by member and 2 by batch' in out and out.count('test accuracy') == 1
