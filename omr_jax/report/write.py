"""Measures a finished run and writes its report and summary."""

import csv
import errno
import io
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from omr_jax.errors import UserError
from omr_jax.evaluation.finished_run import FinishedRun, read_with_facts
from omr_jax.utils.files import write_file

_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


def write(workdir: str | os.PathLike, facts: dict) -> dict:
  """Writes `report/` and then `summary.json`, with which a run is finished; returns the summary.

  Args:
    workdir: The run's folder with config.json, metrics.jsonl and evaluation.npz.
    facts: What the training notes about itself, in types that JSON can hold: at least the keys of
      `finished_run.FACTS`. The report shows all of them. A key that is also the name of a measured
      number, such as accuracy, is ignored.

  Raises:
    UserError: A file is missing, damaged or cannot be written.
  """
  return write_pages(read_with_facts(Path(workdir), facts))


def rebuild(run: FinishedRun) -> dict:
  """Writes the report of a finished run again from its own files; returns the summary.

  A folder that this user may not write to, such as another user's, stays as it is. A line on stderr
  says so.
  """
  try:
    return write_pages(run)
  except UserError as error:
    cause = error.__cause__
    if not isinstance(cause, OSError) or cause.errno not in _READ_ONLY:
      raise
    print(f'{run.workdir}: {cause.strerror}, so its report is not written.', file=sys.stderr)
  run, numbers = _measured(run)
  return {**numbers, **run.facts}


def _measured(run: FinishedRun) -> tuple[FinishedRun, dict]:
  """The run without facts that have the name of a measured number, and the measured numbers."""
  numbers = run.task.report.numbers(run)
  facts = {key: value for key, value in run.facts.items() if key not in numbers}
  return run.replace(facts=facts), numbers


def write_pages(run: FinishedRun) -> dict:
  """Writes `report/` and `summary.json` into a run's folder; returns the summary."""
  run, numbers = _measured(run)
  summary = {**numbers, **run.facts}
  for name, content in run.task.report.files(run, numbers).items():
    write_file(run.workdir / 'report' / name, content)
  write_file(run.workdir / 'summary.json', (json.dumps(summary, indent=2) + '\n').encode())
  return summary


def csv_file(header: tuple[str, ...], rows: Iterable[Iterable]) -> bytes:
  """The content of a CSV file."""
  text = io.StringIO()
  writer = csv.writer(text, lineterminator='\n')
  writer.writerow(header)
  writer.writerows(rows)
  # A name read from JSON may hold half of a surrogate pair, which has no UTF-8.
  return text.getvalue().encode(errors='backslashreplace')
