"""Waiting for what other processes do."""

import time

HANG = 1800  # Seconds that a wait has where only a hang takes so long, however busy the machine is.


def wait_for(is_so, pause=0.05):
  """Waits until `is_so()`; the test fails where it never becomes so."""
  until = time.monotonic() + HANG
  while not is_so():
    assert time.monotonic() < until
    time.sleep(pause)
