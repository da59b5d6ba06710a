"""Stand-ins for gcloud and for SLURM."""

import os

import pytest
from scripts import write_program
from slurm import Cluster


@pytest.fixture
def cloud(tmp_path, monkeypatch):
  """A stand-in for gcloud on PATH, and a function that gives the arguments of its calls.

  It fails with $GCLOUD_FAILS as part of its arguments. Each of the folders $WORKERS is the home of
  a worker that does what ssh tells it.
  """
  write_program(
    tmp_path / 'bin' / 'gcloud',
    """
    #!/bin/bash
    printf '%s\\0' "$@" $'\\n' >> "$GCLOUD_CALLS"
    [[ ! $GCLOUD_FAILS || $* != *"$GCLOUD_FAILS"* ]] || exit 7
    code=0 IFS=:
    for argument in "$@"; do
      [[ $argument != --worker=0 ]] || WORKERS=${WORKERS%%:*}
      [[ $argument == --command=* ]] || continue
      for worker in $WORKERS; do
        HOME=$worker setsid --wait bash -c "${argument#*=}" || code=$?
      done
    done
    exit $code
    """,
  )
  calls = tmp_path / 'calls'
  monkeypatch.setenv('PATH', f'{tmp_path / "bin"}:{os.environ["PATH"]}')
  for name, value in {'CALLS': calls, 'FAILS': ''}.items():
    monkeypatch.setenv(f'GCLOUD_{name}', str(value))
  monkeypatch.setenv('WORKERS', '')
  monkeypatch.chdir(tmp_path)

  def called():
    if not calls.exists():
      return []
    lines = calls.read_text().split('\0\n\0')[:-1]
    calls.unlink()
    return [line.split('\0') for line in lines]

  return called


@pytest.fixture
def cluster(tmp_path):
  return Cluster(tmp_path)
