"""Commands of launch/tpu_pod.sh, and what they would do."""

import shlex

from scripts import TPU_POD, run

PARTS = ('create', 'install', 'run', 'collect', 'delete')

SLICE = ('--name', 'homus', '--project', 'my-project', '--zone', 'us-west4-a')
MADE = (*SLICE, '--type', 'v5litepod-16')
STORED = (*SLICE, '--bucket', 'my-bucket')
TRAINED = ('--', '--config', 'configs/homus.py', '--config.model.widths=(4, 8)')
ALL = (*MADE, '--bucket', 'my-bucket', '--repository', 'https://host/omr.git', '--to', 'here')
ALL += TRAINED


def dry_run(*arguments):
  done = run([TPU_POD, arguments[0], '--dry-run', *arguments[1:]])
  assert (done.returncode, done.stderr) == (0, '')
  return done.stdout


def gcloud_calls(lines):
  """What gcloud gets when a shell reads the lines of a dry run."""
  words = [shlex.split(line) for line in lines.splitlines()]
  return [line[1:] for line in words if line[0] == 'gcloud']
