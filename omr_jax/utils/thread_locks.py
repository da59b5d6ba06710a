"""Locks between the threads of a process, where the process may be forked."""

import os
import threading
from typing import TypeVar

Lock = TypeVar('Lock', threading.Lock, threading.Condition)


def free_in_forks(lock: Lock) -> Lock:
  """The same lock, which every later fork of this process finds free.

  Of the threads only the one that forks goes on in the fork. What another holds at that moment
  would never be released there.
  """
  if hasattr(os, 'register_at_fork'):  # Not on Windows.
    # As `logging` and `concurrent.futures` do it; there is no other name for it.
    os.register_at_fork(after_in_child=lock._at_fork_reinit)  # type: ignore[attr-defined]
  return lock
