"""Sweeps of tiny runs, and what programs of sweeps do in tests in place of training."""

import csv
import json
import os
import signal
import sys

from omr_jax.utils.interrupt import Interrupted, signals

# The summary of a finished run.
SUMMARY = {
  **{'validation_accuracy': 0.5, 'accuracy': 1.0, 'accuracy_wilson_95': [0.2, 1], 'correct': 1},
  **{'n': 1, 'epochs': 2, 'tested_epoch': 1, 'parameters': 9, 'trained_together': 1},
  **{'seconds': 0.5, 'images_per_s': 0.0, 'peak_memory_gib': 1, 'devices': ['cpu'], 'more': None},
}
TINY = {
  'data.protocol': 'writers_0',
  'data.allow_changed': True,
  'drawing.height': 16,
  'drawing.width': 16,
  'model.widths': (4, 8),
  'model.blocks': (1, 1),
  'batch_size': 8,
  'epochs': 2,
}


def write_page(path, runs, together=1, config='configs/homus.py'):
  path.write_text(f'CONFIG = {config!r}\nTOGETHER = {together}\nget_sweep = lambda: {runs!r}\n')
  return str(path)


def sweep(tmp_path, folders, runs, *more, together=1):
  """A command that runs a sweep of tiny runs."""
  path = write_page(
    tmp_path / 'page.py', {name: TINY | each for name, each in runs.items()}, together
  )
  command = [sys.executable, 'launch/sweep.py', '--sweep', path, '--out', str(tmp_path / 'out')]
  return [*command, '--data_dir', str(folders[0]), '--raw_dir', str(folders[1]), *more]


def table(out):
  """What of sweep.csv doesn't depend on time."""
  kept = ('run', 'state', 'validation_accuracy', 'accuracy', 'correct', 'n', 'epochs')
  rows = csv.DictReader((out / 'sweep.csv').read_text().splitlines())
  return [[row[key] for key in kept] for row in rows]


def finish(pack):
  """Writes that each run is finished."""
  for workdir in pack.workdirs.values():
    workdir.mkdir(parents=True)
    (workdir / 'summary.json').write_text(json.dumps(SUMMARY))


def stopped_often(pack, data_dir, raw_dir):
  """A program that gets SIGTERM in its first four starts, and finishes in the fifth."""
  if len(pack.starts_file.read_text().splitlines()) < 5:
    with signals() as is_stopped:
      os.kill(os.getpid(), signal.SIGTERM)
      assert is_stopped()
    raise Interrupted
  finish(pack)


def killed(pack, data_dir, raw_dir):
  """A program that is killed whenever it is started."""
  os.kill(os.getpid(), signal.SIGKILL)


def terminated(pack, data_dir, raw_dir):
  """A program that gets SIGTERM before it can save."""
  os.kill(os.getpid(), signal.SIGTERM)
