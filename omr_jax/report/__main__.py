"""Writes the reports of finished runs again, and compares the runs.

  python -m omr_jax.report runs/a runs/b

The report (RUN/report/ and RUN/summary.json) is made from the run's own files alone. Several runs
are also compared: a table, the exact McNemar test of each pair that was tested on the same
examples, and mean and standard deviation of runs that differ only in their seed.
"""

import sys

from omr_jax.evaluation.finished_run import read
from omr_jax.report.compare import compare
from omr_jax.report.write import rebuild
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils.ending import answered


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  parser = command_arguments.parser('report', __doc__)
  command_arguments.add_runs(parser)
  options = command_arguments.parse(parser, arguments)
  return answered(lambda: _rebuild_all(options.runs))


def _rebuild_all(paths: list[str]) -> None:
  runs = [read(path) for path in paths]
  summaries = [rebuild(run) for run in runs]
  for run in runs:
    page = run.workdir / 'report' / 'report.html'
    if page.exists():  # Not where it was removed from a folder that is read-only.
      print(page)
  print()
  print(compare(runs, summaries))


if __name__ == '__main__':
  sys.exit(main())
