"""What launch/tpu_pod.sh does, with a stand-in for gcloud and homes of workers."""

import os
import shlex
import shutil
import signal
import subprocess
import tarfile
from pathlib import Path

import pytest
from scripts import TPU_POD, run, write_program
from tpu_pods import ALL, SLICE, STORED, TRAINED, dry_run, gcloud_calls
from waiting import HANG, wait_for


def test_all_does_what_the_dry_run_says(cloud, tmp_path):
  done = run([TPU_POD, 'all', '--yes', *ALL])
  assert (done.returncode, done.stderr) == (0, '')
  assert cloud() == gcloud_calls(dry_run('all', *ALL))
  assert (tmp_path / 'here' / 'logs').is_dir()


@pytest.mark.parametrize(
  ('step', 'call'),
  [
    ('create', 'tpu-vm create'),
    ('install', 'uv pip install'),
    ('run', 'tail -n 20'),
    ('collect', 'gs://my-bucket/logs'),
    ('delete', 'tpu-vm delete'),
  ],
)
def test_failure_says_where_it_was_and_how_to_go_on(step, call, cloud, monkeypatch):
  monkeypatch.setenv('GCLOUD_FAILS', call)
  done = run([TPU_POD, 'all', '--yes', *ALL])
  assert done.returncode == 7
  assert f'the step {step} ended with exit code 7. The slice homus ' in done.stderr
  assert ('may exist and cost money' if step == 'create' else 'costs money') in done.stderr
  assert call in ' '.join(cloud()[-1])  # Nothing after it.
  hints = dict(line.split(':', 1) for line in done.stderr.splitlines() if line.startswith('To '))
  monkeypatch.setenv('GCLOUD_FAILS', '')
  assert run(shlex.split(hints['To go on'])).returncode == 0
  assert cloud() == gcloud_calls(dry_run('all', '--from', step, *ALL))
  if step != 'delete':
    assert run(shlex.split(hints['To end it'])).returncode == 0
    assert cloud() == gcloud_calls(dry_run('delete', *SLICE))


def test_failure_of_a_step_alone_names_the_same_command(cloud, monkeypatch):
  monkeypatch.setenv('GCLOUD_FAILS', 'ssh')
  done = run([TPU_POD, 'run', *STORED, *TRAINED])
  assert done.returncode == 7
  command = shlex.join([str(TPU_POD), 'run', *STORED, *TRAINED])
  assert f'To go on:  {command}\n' in done.stderr


@pytest.mark.parametrize(
  ('answer', 'code', 'calls'), [('homus\n', 0, 1), ('yes\n', 1, 0), ('', 1, 0)]
)
def test_delete_wants_the_name_typed(answer, code, calls, cloud):
  done = run([TPU_POD, 'delete', *SLICE], input=answer)
  assert (done.returncode, len(cloud())) == (code, calls)
  assert ('not deleted' in done.stderr) == bool(code)


def test_install_sends_the_commit(cloud, tmp_path, monkeypatch):
  project = tmp_path / 'a project'
  write_program(project / 'launch' / 'tpu_pod.sh', TPU_POD.read_text())
  (project / 'new').write_text('not committed')
  git = ['git', '-C', project, '-c', 'user.name=a', '-c', 'user.email=a@b']
  for command in (['init', '-q'], ['add', 'launch'], ['commit', '-qm', 'a']):
    assert run([*git, *command]).returncode == 0
  done = run([project / 'launch' / 'tpu_pod.sh', 'install', *STORED])
  assert (done.returncode, done.stderr) == (0, '')
  archive = project / 'build' / 'homus.tar.gz'
  assert cloud()[1][3:6] == ['scp', str(archive), 'homus:omr_jax.tar.gz']
  with tarfile.open(archive) as packed:
    assert packed.getnames() == ['launch', 'launch/tpu_pod.sh']


@pytest.fixture
def workers(cloud, tmp_path, monkeypatch):
  """Homes of two workers whose Python trains until a file `end` says with which exit code."""
  if not (shutil.which('flock') and shutil.which('setsid')):
    pytest.skip('needs flock and setsid, which Linux has')
  for name in ('mountpoint', 'gcsfuse'):
    write_program(tmp_path / 'bin' / name, '#!/bin/bash\n')
  homes = [tmp_path / f'worker-{number}' for number in range(2)]
  for home in homes:
    (home / 'omr_jax').mkdir(parents=True)
    write_program(
      home / 'venv' / 'bin' / 'python',
      """
      #!/bin/bash
      echo "$PWD, $OMR_RAW_DIR: $*"
      until [[ -s ~/end ]]; do sleep 0.1; done
      exit "$(cat ~/end)"
      """,
    )
  monkeypatch.setenv('WORKERS', ':'.join(map(str, homes)))
  return homes


def test_run_outlives_its_command_and_is_watched_again(workers, cloud):
  command = [str(TPU_POD), 'run', *STORED, '--raw', 'data', *TRAINED]
  logs = [home / 'omr_jax.log' for home in workers]
  quiet = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}
  with subprocess.Popen(command, **quiet, start_new_session=True) as first:
    wait_for(lambda: all(log.exists() and log.read_text() for log in logs), first)
    wait_for(lambda: '--worker=0' in Path('calls').read_text(), first)
    os.killpg(first.pid, signal.SIGKILL)  # The connection breaks.
  with subprocess.Popen(
    command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
  ) as again:
    wait_for(lambda: Path('calls').read_text().count('--worker=0') == 2, again)  # It watches.
    for home, code in zip(workers, (0, 5), strict=True):
      (home / 'end').write_text(f'{code}\n')
    out, errors = again.communicate(timeout=HANG)
  assert again.returncode == 5
  assert out.count('goes on\n') == 2
  assert 'the step run ended with exit code 5' in errors
  assert 'A run that was started goes on' in errors
  for home, log in zip(workers, logs, strict=True):
    assert log.read_text() == (
      f'{home}/omr_jax, {home}/bucket/data: -m omr_jax.main --config configs/homus.py '
      f'--config.model.widths=(4, 8) --workdir {home}/bucket/runs/homus --distributed\n'
    )
  for home in workers:
    (home / 'end').write_text('0\n')
  assert run(command).returncode == 0  # It had ended: started again.
  assert [log.read_text().count('\n') for log in logs] == [2, 2]


def test_run_does_not_start_without_the_bucket(workers, tmp_path):
  for name in ('mountpoint', 'gcsfuse'):
    write_program(tmp_path / 'bin' / name, '#!/bin/bash\nexit 3\n')
  done = run([TPU_POD, 'run', *STORED, *TRAINED])
  assert (done.returncode, 'the step run ended with exit code 3' in done.stderr) == (3, True)
  assert not any((home / 'omr_jax.log').exists() for home in workers)
