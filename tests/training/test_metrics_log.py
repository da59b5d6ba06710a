"""The log of a run's metrics on a full disk."""

import contextlib
import gc
import os
import subprocess
import sys

import pytest
from limits import full_disk

from omr_jax.errors import UserError
from omr_jax.evaluation import history
from omr_jax.training.metrics_log import MetricsLog


def write(workdir, epochs):
  workdir.mkdir()
  with contextlib.closing(MetricsLog(workdir, 0, 'validation_accuracy')) as log:
    for epoch in range(1, epochs + 1):
      log.write(
        dict.fromkeys((*history.KEYS, 'validation_accuracy'), 1.0)
        | {'epoch': epoch, 'step': 10 * epoch}
      )


# The library leaves its file open where it cannot be written.
@pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning')
def test_a_full_disk_is_said_whenever_it_is_noticed(tmp_path):
  """Sizes at which the start, the first epoch, the second epoch and closing fail."""
  write(tmp_path / 'whole', 2)
  files = [path for path in (tmp_path / 'whole').rglob('*') if path.is_file()]
  largest = max(path.stat().st_size for path in files)
  for size in range(0, largest, 16):
    with full_disk(size), pytest.raises(UserError, match=f'{size}: metrics could not be written'):
      write(tmp_path / str(size), 2)
  with full_disk(largest):
    write(tmp_path / str(largest), 2)
  gc.collect()  # Else Python tells of these open files during another test.


def test_pytorch_is_not_imported_for_events(tmp_path):
  """It takes 1 to 2 s at each start of a training, where it is installed."""
  for name in ('torch', 'boto3'):
    (tmp_path / f'{name}.py').write_text('Tensor = found = "as installed"')
  program = (
    'import sys\n'
    'import boto3\n'
    'import omr_jax.training.metrics_log\n'
    'assert "torch" not in sys.modules\n'
    'import torch\n'
    'print(torch.found, sys.modules["boto3"] is boto3)\n'
  )
  done = subprocess.run(
    [sys.executable, '-c', program],
    env=os.environ | {'PYTHONPATH': str(tmp_path)},
    capture_output=True,
    text=True,
  )
  assert (done.stdout, done.stderr) == ('as installed True\n', '')
