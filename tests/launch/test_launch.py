"""The scripts in launch/, with stand-ins for gcloud, SLURM and Ray."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import textwrap
from pathlib import Path

import pytest
from small_runs import ROOT, STEPS
from waiting import HANG, wait_for

TPU_POD = ROOT / 'launch' / 'tpu_pod.sh'
SBATCH = ROOT / 'launch' / 'slurm.sbatch'
PARTS = ('create', 'install', 'run', 'collect', 'delete')


def write_program(path, text):
  path.parent.mkdir(parents=True, exist_ok=True)
  path.write_text(textwrap.dedent(text).lstrip())
  path.chmod(0o755)


def run(command, **options):
  options = {'stdin': subprocess.DEVNULL} | options if 'input' not in options else options
  return subprocess.run(
    [*map(str, command)], text=True, capture_output=True, timeout=HANG, check=False, **options
  )


@pytest.mark.parametrize('script', [TPU_POD, SBATCH], ids=lambda path: path.name)
def test_shellcheck_has_nothing_to_say(script):
  shellcheck = shutil.which(
    'shellcheck', path=f'{Path(sys.executable).parent}:{os.environ["PATH"]}'
  )
  if shellcheck is None:
    pytest.skip("shellcheck is not installed; it comes with pip install '.[dev]'")
  done = run([shellcheck, script])
  assert (done.returncode, done.stdout) == (0, '')


@pytest.mark.parametrize(
  'name', ['launch/tpu_pod.sh', 'launch/slurm.sbatch', 'Makefile', '.ci/run']
)
def test_no_script_that_was_downloaded_is_run(name):
  assert not re.search(r'\|\s*(sudo\s+)?(ba)?sh\b', (ROOT / name).read_text())


# Sweeps.


@pytest.mark.parametrize(
  ('flags', 'said'), [((), 'token 64'), (('--address', 'host:6379'), 'None 0')]
)
def test_a_ray_of_our_own_has_a_token_when_it_is_imported(tmp_path, flags, said):
  """With an address the cluster has the token of whoever started it."""
  write_program(
    tmp_path / 'ray' / '__init__.py',
    """
    import os
    print(os.environ.get('RAY_AUTH_MODE'), len(os.environ.get('RAY_AUTH_TOKEN', '')))
    raise ModuleNotFoundError(name='ray')
    """,
  )
  command = [sys.executable, ROOT / 'launch' / 'sweep.py', '--sweep', 'x', '--out', 'y', *flags]
  kept = {name: value for name, value in os.environ.items() if not name.startswith('RAY_')}
  done = run(command, env=kept | {'PYTHONPATH': f'{tmp_path}:{ROOT}'})
  assert (done.returncode, done.stdout.strip()) == (2, said)
  assert "ray is needed and not installed; pip install 'omr_jax[sweep]'." in done.stderr


# TPU pods.

SLICE = ('--name', 'homus', '--project', 'my-project', '--zone', 'us-west4-a')
MADE = (*SLICE, '--type', 'v5litepod-16')
STORED = (*SLICE, '--bucket', 'my-bucket')
TRAINED = ('--', '--config', 'configs/homus.py', '--config.model.widths=(4, 8)')
ALL = (*MADE, '--bucket', 'my-bucket', '--repository', 'https://host/omr.git', '--to', 'here')
ALL += TRAINED

# What a worker must be told in each step, and gcloud itself; the workers below do what `run` says.
SAID = {
  'create': (
    *('--accelerator-type=v5litepod-16', '--version=v2-alpha-tpuv5-lite'),
    '--scopes=https://www.googleapis.com/auth/cloud-platform',
  ),
  'install': (
    *('flock -n ~/omr_jax.lock true', 'rm -rf ~/omr_jax'),  # Not under a run that goes on.
    'git clone --quiet https://host/omr.git ~/omr_jax',
    *('checkout --quiet HEAD', 'apt-get', 'install gcsfuse', 'my-bucket ~/bucket'),
    *(
      'pip install --quiet --user uv',
      'cd ~/omr_jax',
      'uv venv --clear --python 3.12 ~/venv',
      "-e '.[tpu]'",
    ),
  ),
  'run': (
    *('gcsfuse --implicit-dirs', '--rename-dir-limit=200000 my-bucket ~/bucket'),
    *('-m omr_jax.main --config configs/homus.py', '--workdir ~/bucket/runs/homus --distributed'),
  ),
  'collect': (
    'cp ~/omr_jax.log ~/bucket/logs/homus/$(hostname).log',
    'storage rsync --recursive gs://my-bucket/runs/homus here',
    'storage rsync --recursive gs://my-bucket/logs/homus here/logs',
  ),
  'delete': ('tpu-vm delete homus',),
}


def dry_run(*arguments):
  done = run([TPU_POD, arguments[0], '--dry-run', *arguments[1:]])
  assert (done.returncode, done.stderr) == (0, '')
  return done.stdout


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


def gcloud_calls(lines):
  """What gcloud gets when a shell reads the lines of a dry run."""
  words = [shlex.split(line) for line in lines.splitlines()]
  return [line[1:] for line in words if line[0] == 'gcloud']


@pytest.mark.parametrize('step', PARTS)
def test_a_step_says_what_its_workers_need_in_order(step):
  calls = [' '.join(call) for call in gcloud_calls(dry_run(step, *ALL))]
  said = '\n'.join(calls)
  places = [said.find(words) for words in SAID[step]]
  assert -1 not in places and places == sorted(places), said
  for call in calls:
    if 'tpu-vm' in call:  # Of this slice; none of them waits for an answer.
      assert re.search(r'\bhomus\b.* --zone=us-west4-a --project=my-project --quiet', call)
    if ' ssh ' in call and 'tail -n 20' not in call:
      assert '--worker=all' in call


def test_all_is_its_steps_and_can_begin_at_each(cloud):
  by_step = [dry_run(step, *ALL) for step in PARTS]
  assert dry_run('all', *ALL) == ''.join(by_step)
  for number, step in enumerate(PARTS):
    assert dry_run('all', '--from', step, *ALL) == ''.join(by_step[number:])
  assert cloud() == []


def test_steps_need_only_their_own_flags():
  for step, own in (
    *(('create', MADE), ('run', (*STORED, *TRAINED)), ('delete', SLICE)),
    ('collect', (*STORED, '--to', 'here')),
  ):
    assert dry_run(step, *own) == dry_run(step, *ALL)
  copied = gcloud_calls(dry_run('install', *STORED))  # Without a repository this commit is sent.
  _, *sent, unpacked = copied[:3]
  assert [call[3] for call in sent] == ['scp'] and '--worker=all' in sent[0]
  assert unpacked[-1].endswith('tar -xzf ~/omr_jax.tar.gz -C ~/omr_jax')
  cloned = gcloud_calls(dry_run('install', *ALL))
  assert copied[0] == cloned[0] and copied[3:] == cloned[2:]


def test_flags_reach_their_commands():
  assert dry_run('create', *MADE, '--spot') == dry_run('create', *MADE)[:-1] + ' --spot\n'
  created = dry_run('create', *SLICE, '--type', 'v6e-8', '--runtime', 'a b')
  assert " --accelerator-type=v6e-8 '--version=a b' " in created
  assert '--version=v2-alpha-tpuv6e ' in dry_run('create', *SLICE, '--type', 'v6e-8')
  assert '--version=v2-alpha-tpuv5 ' in dry_run('create', *SLICE, '--type', 'v5p-8')
  assert '--version=tpu-ubuntu2204-base ' in dry_run('create', *SLICE, '--type', 'v4-8')
  cloned = dry_run('install', *STORED, '--repository', 'a b', '--revision', 'v1; reboot')
  words = gcloud_calls(cloned)[1][-1]
  assert words.endswith(
    "git clone --quiet 'a b' ~/omr_jax && git -C ~/omr_jax checkout --quiet 'v1; reboot'"
  )
  started = gcloud_calls(dry_run('run', *STORED, '--workdir', 'a/b', '--raw', 'c d', *TRAINED))[0][
    -1
  ]
  assert "{ OMR_RAW_DIR=~/bucket/'c d' ~/venv/bin/python -m omr_jax.main " in started
  assert ' --workdir ~/bucket/a/b --distributed;' in started
  collected = dry_run('collect', *STORED, '--workdir', 'a/b')
  assert 'rsync --recursive gs://my-bucket/a/b runs/homus\n' in collected


@pytest.mark.parametrize(
  ('arguments', 'words'),
  [
    ((), 'say first what to do'),
    (('start', *ALL), 'say first what to do'),
    (('create install', *ALL), 'say first what to do'),
    (('all', '--nmae', 'homus'), 'unknown flag --nmae'),
    (('all', '--config=configs/homus.py'), 'unknown flag --config=configs/homus.py'),
    (('create', '--name'), '--name needs a value'),
    (('create', '--name', '--zone', 'z'), '--name needs a value'),
    (('create', *MADE[2:]), 'create needs --name'),
    (('create', *SLICE), 'create needs --type'),
    (('install', *SLICE), 'install needs --bucket'),
    (('run', *STORED), 'run needs the flags of omr_jax.main'),
    (('run', *STORED, '--'), 'run needs the flags of omr_jax.main'),
    (('collect', *SLICE), 'collect needs --bucket'),
    (('delete', '--name', 'homus', '--zone', 'z'), 'delete needs --project'),
    (('all', *MADE, *TRAINED), 'all needs --bucket'),
    (('all', '--from', 'start', *ALL), '--from needs one of'),
    (('run', *STORED, *TRAINED, '--workdir=a'), '--workdir is added by itself'),
    (('run', *STORED, *TRAINED, '--distributed'), '--distributed is added by itself'),
    (('all', *ALL), 'needs --yes'),
  ],
)
def test_wrong_command_is_refused_in_a_line(arguments, words, cloud):
  done = run([TPU_POD, *arguments])
  assert (done.returncode, done.stdout, done.stderr.count('\n')) == (2, '', 1)
  assert done.stderr.startswith('tpu_pod.sh: ')
  assert words in done.stderr
  assert cloud() == []


def test_gcloud_is_asked_for_where_there_is_none(tmp_path):
  for name in ('bash', 'dirname'):
    (tmp_path / name).symlink_to(shutil.which(name))
  done = run([TPU_POD, 'create', *MADE], env={'PATH': str(tmp_path)})
  assert (done.returncode, 'needs gcloud' in done.stderr) == (2, True)


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


# SLURM.

NODES = '127.0.0.1,127.0.0.2'  # Both are this machine, for a real run too.

SRUN = """
  #!/bin/bash
  # Starts the tasks of a step on this machine, with the variables SLURM gives them.
  echo "srun $*" >> "$CALLS"
  IFS=, read -ra nodes <<< "$SLURM_JOB_NODELIST"
  each=${SLURM_NTASKS_PER_NODE:-1}
  while [[ $1 == --* ]]; do
    case $1 in
      --nodelist=*) nodes=("${1#*=}") ;;
      --exclude=*) nodes=("${nodes[@]:1}") ;;
      --ntasks-per-node=*) each=${1#*=} ;;
    esac
    shift
  done
  export SLURM_NNODES=${#nodes[@]} SLURM_NTASKS=$((${#nodes[@]} * each)) SLURM_STEP_ID=0
  export SLURM_NPROCS=$SLURM_NTASKS SLURM_STEP_NUM_TASKS=$SLURM_NTASKS
  export SLURM_STEP_NUM_NODES=$SLURM_NNODES SLURM_CPUS_ON_NODE=3
  SLURM_STEP_NODELIST=$(IFS=,; echo "${nodes[*]}")
  export SLURM_STEP_NODELIST
  tasks=()
  for ((id = 0; id < SLURM_NTASKS; id++)); do
    SLURM_PROCID=$id SLURM_LOCALID=$((id % each)) SLURM_NODEID=$((id / each)) \\
      SLURMD_NODENAME=${nodes[id / each]} "$@" &
    tasks+=($!)
  done
  signals=0 highest=0
  trap 'signals=$((signals + 1)); kill -TERM "${tasks[@]}" 2> /dev/null' TERM
  for task in "${tasks[@]}"; do
    while :; do
      before=$signals code=0
      wait "$task" || code=$?
      ((signals > before)) || break
    done
    ((code <= highest)) || highest=$code
  done
  exit $highest
"""
SCONTROL = """
  #!/bin/bash
  case $1 in
    show) tr , '\\n' <<< "$3" ;;
    requeue) echo "scontrol $*" >> "$CALLS"; exit "${REQUEUE_CODE:-0}" ;;
  esac
"""
RAY = """
  #!/bin/bash
  if [[ $1 == status ]]; then grep -q 'ray start --head' "$CALLS"; exit; fi
  [[ ! $RAY_BROKEN ]] || exit 1
  echo "${RAY_SAYS:-ray $* on $SLURMD_NODENAME}" >> "$CALLS"
  trap 'echo "ray stopped on $SLURMD_NODENAME" >> "$CALLS"; exit 143' TERM
  while :; do sleep 0.1; done
"""
PYTHON = """
  #!/bin/bash
  trap 'echo "saved by $SLURM_PROCID" >> "$CALLS"; exit "${SAVED_CODE:-1}"' TERM
  echo "python $* as $SLURM_PROCID/$SLURM_LOCALID of $SLURM_NTASKS" >> "$CALLS"
  until [[ ! $PYTHON_WAITS_FOR ]] || grep -q "$PYTHON_WAITS_FOR" "$CALLS"; do sleep 0.1; done
  exit "${PYTHON_CODE:-0}"
"""


class Cluster:
  """Runs slurm.sbatch as SLURM would: a copy elsewhere, in a job's environment."""

  def __init__(self, folder: Path):
    self.project = folder / 'project'
    self.submitted_in = self.project
    for name in ('omr_jax/main.py', 'launch/sweep.py'):
      write_program(self.project / name, '')
    write_program(self.project / '.venv' / 'bin' / 'python', PYTHON)
    self.bin = folder / 'bin'
    for name, text in {'srun': SRUN, 'scontrol': SCONTROL, 'ray': RAY}.items():
      write_program(self.bin / name, text)
    self.script = folder / 'spool' / 'job12345' / 'slurm_script'
    write_program(self.script, SBATCH.read_text())
    self._calls = folder / 'calls'
    self._calls.touch()

  def start(self, *arguments, nodes=NODES, tasks=1, job=12345, **variables):
    """The job's process: tasks on each of the nodes."""
    environment = {key: os.environ[key] for key in os.environ if not key.startswith('SLURM_')}
    environment |= {
      'PATH': f'{self.bin}:{os.environ["PATH"]}',
      'CALLS': str(self._calls),
      'SLURM_JOB_ID': str(job),
      'SLURM_SUBMIT_DIR': str(self.submitted_in),
      'SLURM_JOB_NODELIST': nodes,
      'SLURM_NNODES': str(len(nodes.split(','))),
      'SLURM_NTASKS': str(len(nodes.split(',')) * tasks),
      'SLURM_NTASKS_PER_NODE': str(tasks),
      'SLURM_PROCID': '0',
      'SLURM_LOCALID': '0',
    }
    return subprocess.Popen(
      ['bash', self.script, *map(str, arguments)],
      env=environment | variables,
      cwd=self.script.parent,
      stdin=subprocess.DEVNULL,
      stdout=subprocess.PIPE,
      stderr=subprocess.PIPE,
      text=True,
    )

  def run(self, *arguments, **options):
    """Exit code, stdout and stderr of a job that nobody disturbs."""
    with self.start(*arguments, **options) as job:
      out, errors = job.communicate(timeout=HANG)
    return job.returncode, out, errors

  def calls(self):
    return self._calls.read_text().splitlines()


@pytest.fixture
def cluster(tmp_path):
  return Cluster(tmp_path)


TRAIN = ('train', '--config', 'configs/homus.py', '--workdir', 'runs/a b')
SWEEP = ('sweep', '--sweep', 'configs/sweeps/quick.py', '--out', 'runs/quick')
PREDICT = ('predict', '--shards', 'answers', 'pictures')
TRAIN_STEP = 'srun --kill-on-bad-exit=0 --wait=0 python -m omr_jax.main --distributed'
RAY_STEP = 'srun --overlap --cpu-bind=none --kill-on-bad-exit=0 --wait=0 --ntasks-per-node=1'


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
