"""The name of the code's version, and what is called unknown in it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from omr_jax.utils import revision

SOURCE = Path(revision.__file__)
VERSION = f'version {revision.VERSION}'


@pytest.fixture
def tree(tmp_path):
  """A repository with one commit, and the commit."""
  shutil.copyfile(SOURCE, tmp_path / SOURCE.name)  # Without its mode: it may be read-only.
  who = ('-c', 'user.name=a', '-c', 'user.email=a@example.org')
  for command in (('init', '-q'), ('add', '.'), (*who, 'commit', '-qm', 'one')):
    subprocess.run(['git', '-C', tmp_path, *command], check=True)
  commit = subprocess.check_output(['git', '-C', tmp_path, 'rev-parse', 'HEAD'], text=True)
  return tmp_path, commit.strip()


def said(folder, **variables):
  code = 'import revision; print(revision.revision())'
  return subprocess.run(
    [sys.executable, '-c', code],
    cwd=folder,
    env=os.environ | variables,
    capture_output=True,
    text=True,
    check=True,
  ).stdout.strip()


def test_a_working_tree(tree):
  folder, commit = tree
  assert said(folder) == commit
  (folder / 'new.txt').touch()
  assert said(folder) == commit
  with (folder / SOURCE.name).open('a') as file:
    file.write('\n')
  assert said(folder) == f'{commit} and changes'


def test_no_working_tree(tree, tmp_path_factory):
  other = tmp_path_factory.mktemp('other')
  shutil.copy(SOURCE, other)
  assert said(other) == VERSION
  inside = tree[0] / 'installed'
  inside.mkdir()
  shutil.copy(SOURCE, inside)
  assert said(inside) == VERSION
  assert said(tree[0], PATH='/nowhere') == VERSION


def test_a_git_that_fails_does_not_mean_that_nothing_was_changed(tree, tmp_path_factory):
  """By a git that is killed at one of the questions."""
  folder, commit = tree
  bin_dir = tmp_path_factory.mktemp('bin')
  real = shutil.which('git')
  script = bin_dir / 'git'
  for word, expected in (
    ('status', f'{commit}, changes unknown'),
    ('rev-parse', f'{VERSION}, commit unknown'),
    ('ls-files', f'{VERSION}, commit unknown'),
  ):
    script.write_text(f'#!/bin/sh\n[ "$3" = {word} ] && kill -9 $$\nexec {real} "$@"\n')
    script.chmod(0o755)
    assert said(folder, PATH=f'{bin_dir}:{os.environ["PATH"]}') == expected


def test_a_signal_to_the_group_of_the_process_leaves_git_alone(tree, tmp_path_factory):
  folder, commit = tree
  bin_dir = tmp_path_factory.mktemp('bin')
  script = bin_dir / 'git'
  # Git itself sends the signal, so that it comes while git runs.
  script.write_text(f'#!/bin/sh\nkill -INT -$GROUP\nexec {shutil.which("git")} "$@"\n')
  script.chmod(0o755)
  code = (
    'import os, signal, revision\n'
    'signal.signal(signal.SIGINT, lambda *_: None)\n'
    'os.environ["GROUP"] = str(os.getpgrp())\n'
    'print(revision.revision())'
  )
  done = subprocess.run(
    [sys.executable, '-c', code],
    cwd=folder,
    env=os.environ | {'PATH': f'{bin_dir}:{os.environ["PATH"]}'},
    capture_output=True,
    text=True,
    check=True,
    start_new_session=True,
  )
  assert done.stdout.strip() == commit
