"""What a fork of the process finds."""

import subprocess
import sys

# Another thread holds the lock and waits for the condition, when the process is forked.
FORKED = """
import os, sys, threading
from omr_jax.utils import thread_locks

lock = thread_locks.free_in_forks(threading.Lock())
change = thread_locks.free_in_forks(threading.Condition())
waits, has_ended = threading.Event(), threading.Event()

def hold_and_wait():
  with lock, change:
    waits.set()
    change.wait()
  has_ended.set()

threading.Thread(target=hold_and_wait).start()
waits.wait()
with change:  # It has been released, so that thread waits.
  pass
if (fork := os.fork()) == 0:
  assert lock.acquire(blocking=False) and change.acquire(blocking=False)
  assert not change._waiters
  os._exit(0)
assert lock.locked()
with change:
  change.notify()
has_ended.wait()
assert not lock.locked()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1]))
"""


def test_a_fork_finds_it_free_and_the_process_as_it_was():
  done = subprocess.run(
    [sys.executable, '-c', FORKED], capture_output=True, text=True, timeout=60, check=False
  )
  assert done.returncode == 0, done.stderr
