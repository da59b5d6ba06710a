"""Scripts of a shell, written and run by tests."""

import subprocess
import textwrap

from small_runs import ROOT
from waiting import HANG

TPU_POD = ROOT / 'launch' / 'tpu_pod.sh'
SBATCH = ROOT / 'launch' / 'slurm.sbatch'


def write_program(path, text):
  path.parent.mkdir(parents=True, exist_ok=True)
  path.write_text(textwrap.dedent(text).lstrip())
  path.chmod(0o755)


def run(command, **options):
  options = {'stdin': subprocess.DEVNULL} | options if 'input' not in options else options
  return subprocess.run(
    [*map(str, command)], text=True, capture_output=True, timeout=HANG, check=False, **options
  )
