"""The starts of a run: its code, its hardware and its libraries."""

from importlib.metadata import version
from pathlib import Path

import jax
import pytest

from omr_jax.training import backend, starts
from omr_jax.utils import machine
from omr_jax.utils.revision import revision

A = {'revision': 'abc', 'hardware': '2 x cpu, 2 cores'}
B = {'revision': 'abc', 'hardware': '2 x cpu, 4 cores'}
C = {'revision': 'def and changes', 'hardware': '2 x cpu, 4 cores'}


@pytest.fixture
def environment(monkeypatch):
  for name in ('NPROC', 'XLA_FLAGS'):
    monkeypatch.delenv(name, raising=False)
  return monkeypatch


def test_this_start(environment):
  environment.setattr(starts, 'processor', lambda: ['a processor'])
  assert starts.here() == {
    'revision': revision(),
    'hardware': f'{jax.device_count()} x cpu, {machine.cores()} threads, a processor',
    'software': f'jax {version("jax")}, jaxlib {version("jaxlib")}',
  }


def test_threads_and_flags_of_xla_are_noted(environment):
  environment.setenv('NPROC', '3')
  environment.setenv('XLA_FLAGS', '--xla_cpu_enable_fast_math=true')
  found = starts.here()
  assert found['hardware'].startswith(f'{jax.device_count()} x cpu, 3 threads')
  assert found['software'].endswith(', XLA_FLAGS=--xla_cpu_enable_fast_math=true')


def test_threads_are_those_of_xla():
  """So a limit of CPU time, which changes neither $NPROC nor the cores, changes no result."""
  tasks = Path('/proc/self/task')
  if not tasks.exists():
    pytest.skip('needs the list of threads of Linux')
  jax.block_until_ready(jax.numpy.zeros(1))
  names = [(task / 'comm').read_text().strip() for task in tasks.iterdir()]
  assert names.count('tf_XLAEigen') == max(backend.threads(), jax.device_count())


def test_a_run_that_goes_on_as_it_began_says_nothing(capsys):
  assert starts.going_on([], A, Path('run')) == [A]  # New, or of an earlier version.
  assert starts.going_on([A], A, Path('run')) == [A]
  assert starts.facts([A]) == A
  assert capsys.readouterr().err == ''


def test_other_cores_and_another_commit_are_said_and_kept(capsys):
  assert starts.going_on([A], B, Path('run')) == [A, B]
  said = capsys.readouterr().err
  assert said.startswith(
    'run: this run was trained with 2 x cpu, 2 cores and goes on with 2 x cpu, 4 cores.'
  )
  assert starts.going_on([A, B], C, Path('run')) == [A, B, C]
  said = capsys.readouterr().err
  assert said.startswith('run: this run was trained with abc and goes on with def and changes.')
  assert starts.facts([A, B, C]) == {**A, 'starts': [A, B, C]}
