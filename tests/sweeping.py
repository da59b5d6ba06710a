"""Sweeps of tiny runs."""

import csv
import sys

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
