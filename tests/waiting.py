"""Waiting for what other processes do."""

import subprocess
import time

HANG = 1800  # Seconds that a wait has where only a hang takes so long, however busy the machine is.


def wait_for(is_so, process: subprocess.Popen | None = None, pause=0.05):
  """Waits until `is_so()`; the test fails where it never becomes so.

  It fails at once where the process that is to make it so has ended, and shows what it has said.
  """
  until = time.monotonic() + HANG
  while True:
    has_ended = process is not None and process.poll() is not None
    if is_so():
      return
    assert not has_ended, (process.returncode, *map(_rest, (process.stdout, process.stderr)))
    assert time.monotonic() < until
    time.sleep(pause)


def _rest(stream):
  return stream and stream.read()
