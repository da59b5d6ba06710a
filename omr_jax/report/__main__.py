"""A finished run's numbers and report, written, rebuilt and compared.

  python -m omr_jax.report RUN [RUN ...]

rebuilds the report of each run from what its folder holds and compares several runs.
"""

import argparse
import sys

from omr_jax.errors import answered
from omr_jax.evaluation.finished_run import read
from omr_jax.report.compare import compare
from omr_jax.report.write import write_pages


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  parser = argparse.ArgumentParser(
    prog='python -m omr_jax.report',
    description='Rebuild the report (RUN/report/, RUN/summary.json) of each finished run from its '
    'own files. Several runs are also compared: a table, the exact McNemar test for each pair '
    'with the same test symbols, and mean and standard deviation of runs that differ only in seed.',
  )
  parser.add_argument('runs', nargs='+', metavar='RUN', help='the workdir of a finished run')
  options = parser.parse_args(arguments)
  return answered(lambda: _rebuild_all(options.runs))


def _rebuild_all(paths: list[str]) -> None:
  runs = [read(path) for path in paths]
  summaries = [write_pages(run) for run in runs]
  for run in runs:
    print(run.workdir / 'report' / 'report.html')
  print()
  print(compare(runs, summaries))


if __name__ == '__main__':
  sys.exit(main())
