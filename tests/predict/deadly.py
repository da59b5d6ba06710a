"""What the processes of a test's pool run: they answer with made-up rows, or end."""

import os
import signal
from pathlib import Path

from omr_jax.predict import pool, rows


def ready():
  """Answers with the name of each file, and ends by a signal where one is called deadly."""
  return _answer


def _answer(paths):
  for path in map(Path, paths):
    if path.name.startswith('deadly'):
      os.kill(os.getpid(), signal.SIGKILL)
    if path.name.startswith('once') and not path.exists():
      path.touch()
      os.kill(os.getpid(), signal.SIGKILL)
    if path.name == 'ctrl-c.png':  # A terminal sends it to all processes.
      os.kill(os.getpid(), signal.SIGINT)
      os.kill(os.getppid(), signal.SIGINT)
      signal.pause()
    if path.name.startswith('wrong'):
      raise ValueError(path.name)
  return [{'path': path, 'page': 1, 'class': 'other'} for path in paths]


def ends():
  """Ends while the process starts."""
  os._exit(7)


def workers(make=ready, count=2, ahead=64):
  """Processes for lists of files."""
  return pool.Pool(make, count, lost, ahead)


def lost(path, error):
  """The row of a file over which every process has ended."""
  return {'path': path, 'page': 1} | rows.error(error, path)
