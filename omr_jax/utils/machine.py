"""What this machine has."""

import os


def cores() -> int:
  """Number of cores that this process may use."""
  if hasattr(os, 'sched_getaffinity'):  # Not on macOS and Windows.
    return len(os.sched_getaffinity(0))
  return os.cpu_count() or 1
