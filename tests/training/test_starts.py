"""The starts of a run: its code and its hardware."""

from pathlib import Path

import jax

from omr_jax.training import backend, starts
from omr_jax.utils.revision import revision

A = {'revision': 'abc', 'hardware': '2 x cpu, 2 cores'}
B = {'revision': 'abc', 'hardware': '2 x cpu, 4 cores'}
C = {'revision': 'def and changes', 'hardware': '2 x cpu, 4 cores'}


def test_this_start():
  cores = backend.cores()
  hardware = f'{jax.device_count()} x cpu, {cores} cores'
  assert starts.here() == {'revision': revision(), 'hardware': hardware}


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
