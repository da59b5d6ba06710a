"""What holds for every script in launch/, and the token of a sweep's own Ray."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from scripts import SBATCH, TPU_POD, run, write_program
from small_runs import ROOT


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
