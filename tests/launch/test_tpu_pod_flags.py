"""What launch/tpu_pod.sh would do, by its flags, and which commands it refuses."""

import re
import shutil

import pytest
from scripts import TPU_POD, run
from tpu_pods import ALL, MADE, PARTS, SLICE, STORED, TRAINED, dry_run, gcloud_calls

# What a worker must be told in each step, and gcloud itself; the workers of test_tpu_pod.py do what
# `run` says.
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
