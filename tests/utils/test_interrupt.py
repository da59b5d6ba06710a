"""Signals are noted, whoever reads what is said."""

import os
import subprocess
import sys

import pytest

CODE = """
import signal
from omr_jax.utils.interrupt import signals
with signals('saving') as is_stopped:
  print(is_stopped())
  signal.raise_signal(signal.{})
  print(is_stopped())
"""


@pytest.mark.parametrize('name', ['SIGINT', 'SIGTERM'])
def test_a_signal_is_noted_though_nobody_reads_standard_error(name):
  """As with `2>&1 | tee log`, since Ctrl-C in a terminal ends `tee` too."""
  reader, writer = os.pipe()
  os.close(reader)
  command = [sys.executable, '-c', CODE.format(name)]
  done = subprocess.run(command, stdout=subprocess.PIPE, stderr=writer, text=True)
  os.close(writer)
  assert (done.returncode, done.stdout) == (0, 'False\nTrue\n')
