"""Sweeps and answers by launch/slurm.sbatch over Ray, with stand-ins for SLURM and Ray."""

import signal

import pytest
from slurm import PREDICT, SWEEP
from waiting import HANG, wait_for

RAY_STEP = 'srun --overlap --cpu-bind=none --kill-on-bad-exit=0 --wait=0 --ntasks-per-node=1'


def test_sweep_starts_ray_then_its_driver_and_stops_all(cluster):
  last = 'block on 127.0.0.2'
  assert cluster.run(*SWEEP, PYTHON_WAITS_FOR=last, PYTHON_CODE='4') == (4, '', '')
  calls = cluster.calls()
  start = 'bash -c exec ray start "$@" --num-cpus="$SLURM_CPUS_ON_NODE" --block ray'
  port = 6379 + 345
  head = f'{RAY_STEP} --nodes=1 --ntasks=1 --nodelist=127.0.0.1 {start} --head --port={port}'
  others = f'{RAY_STEP} --nodes=1 --ntasks=1 --exclude=127.0.0.1 {start} --address=127.0.0.1:{port}'
  assert calls[:2] == [head, f'ray start --head --port={port} --num-cpus=3 --block on 127.0.0.1']
  assert sorted(calls[2:5]) == [
    'python -m omr_jax.sweep --sweep configs/sweeps/quick.py --out runs/quick '
    f'--address 127.0.0.1:{port} as 0/0 of 2',
    f'ray start --address=127.0.0.1:{port} --num-cpus=3 --block on 127.0.0.2',
    others,
  ]
  assert sorted(calls[5:]) == ['ray stopped on 127.0.0.1', 'ray stopped on 127.0.0.2']


def test_one_node_has_only_a_head_of_ray(cluster):
  assert cluster.run(*PREDICT, nodes='127.0.0.1') == (0, '', '')
  assert sum(call.startswith('srun') for call in cluster.calls()) == 1
  words = 'python -m omr_jax.predict --shards answers pictures --address 127.0.0.1:6724 as '
  assert any(call.startswith(words) for call in cluster.calls())


@pytest.mark.parametrize('number', [signal.SIGUSR1, signal.SIGTERM])
def test_signal_ends_the_driver_before_ray(number, cluster):
  with cluster.start(*SWEEP, PYTHON_WAITS_FOR='the end of time') as job:
    wait_for(lambda: sum(call.startswith(('python', 'ray')) for call in cluster.calls()) == 3, job)
    job.send_signal(number)
    job.communicate(timeout=HANG)
  assert job.returncode == 1
  rest = cluster.calls()[5:]
  requeued = ['scontrol requeue 12345'] if number == signal.SIGUSR1 else []
  assert rest[:-2] == ['saved by 0', *requeued]
  assert sorted(rest[-2:]) == ['ray stopped on 127.0.0.1', 'ray stopped on 127.0.0.2']


def test_ray_that_does_not_start_is_told(cluster):
  code, _, errors = cluster.run(*SWEEP, RAY_BROKEN='yes')
  assert (code, errors) == (1, 'slurm.sbatch: Ray does not start on 127.0.0.1, port 6724.\n')
  assert not any(call.startswith('python') for call in cluster.calls())


def test_signal_ends_the_waiting_for_ray(cluster):
  with cluster.start(*SWEEP, RAY_SAYS='not yet') as job:
    wait_for(lambda: 'not yet' in cluster.calls(), job)
    job.send_signal(signal.SIGUSR1)
    job.communicate(timeout=HANG)
  assert job.returncode == 1
  calls = cluster.calls()
  assert calls[1:] == ['not yet', 'scontrol requeue 12345', 'ray stopped on 127.0.0.1']
