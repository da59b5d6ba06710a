"""Reads the folder of a finished run, with everything that a report needs.

What was tested and how well depends on the task, and so does the type of a run: each is a subclass
of `FinishedRun`, which the task's module `evaluation` makes from the arrays of the run.
"""

import dataclasses
import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Self

import numpy as np

from omr_jax.errors import UserError, reason
from omr_jax.evaluation import evaluated, evaluation_file, history
from omr_jax.evaluation.evaluated import Evaluated
from omr_jax.tasks import earlier
from omr_jax.tasks import task as tasks
from omr_jax.tasks.task import Task
from omr_jax.utils import rules
from omr_jax.utils.files import read_bytes, read_json, write_file

# The facts that every training has to note about itself, with their types; it may note more.
FACTS: Mapping[str, type | UnionType] = {
  'config_name': str,
  'protocol': str,
  'data_digest': str,
  'origin': str,
  'seed': int,
  'epochs': int,
  'tested_epoch': int,
  'seconds': int | float,
  'parameters': int,
}
REMEDY = 'train again into an empty workdir, or give another run'


@dataclasses.dataclass(frozen=True)
class FinishedRun:
  """The folder of a run, read and checked: what the runs of all tasks have.

  Attributes:
    workdir: The folder.
    config: The config, with the keys of today if an earlier version wrote it.
    history: The lines of metrics.jsonl, one per epoch; empty for several joined runs.
    facts: What the training noted about itself: FACTS and more.
    classes: The names of the classes.
    test_ids: The ids of the test examples, str [examples].
  """

  workdir: Path
  config: dict
  history: list[dict]
  facts: dict
  classes: list[str]
  test_ids: np.ndarray

  @property
  def epochs(self) -> str:
    """How many epochs it has and which one was tested, in words; of folds the largest numbers."""
    words = f'{self.facts["epochs"]}, tested {self.facts["tested_epoch"]}'
    return f'{words} (the most of any fold)' if 'folds' in self.facts else words

  @property
  def is_joined(self) -> bool:
    """Whether it is several runs, whose outputs were calibrated one by one."""
    return 'runs' in self.facts

  @property
  def task(self) -> Task:
    """The task that the network was trained for."""
    return tasks.of_config(self.config)

  def replace(self, **changes: Any) -> Self:
    """The same run with other values of some attributes."""
    return dataclasses.replace(self, **changes)


def refuse_run(workdir: Path) -> None:
  """Raises a UserError if the folder is that of a run, or holds files of other programs."""
  if os.path.exists(workdir / history.FILE):
    raise UserError(f'{workdir}: is the folder of a run; choose another one.')
  for name in ('config.json', 'summary.json'):
    # Joined runs write the arrays first, so that they are there even after an interruption.
    if os.path.exists(workdir / name) and not os.path.exists(workdir / evaluation_file.FILE):
      raise UserError(f'{workdir}: holds another {name}; choose another folder.')


def save_joined(run: FinishedRun, found: Evaluated) -> None:
  """Writes the joined results of several runs into a folder that can be read like that of a run.

  The folder gets no metrics.jsonl. `read` does not expect one if summary.json, which is written
  with the report, has the key 'runs'.

  Raises:
    UserError: The folder is that of a trained run or holds files of other programs, an earlier
      summary in it cannot be removed, or a file cannot be written.
  """
  refuse_run(run.workdir)
  summary = run.workdir / 'summary.json'
  try:
    # Without a summary the folder is unfinished until the new report is written.
    summary.unlink(missing_ok=True)
  except OSError as error:
    raise UserError(
      f'{summary}: cannot be replaced ({error.strerror}); choose another folder.'
    ) from error
  evaluated.save(run.workdir, found)
  write_file(run.workdir / 'config.json', (json.dumps(run.config, indent=2) + '\n').encode())


def read(workdir: str | os.PathLike) -> Any:
  """Reads a finished run: a subclass of FinishedRun, by the task of the run.

  Raises:
    UserError: `workdir` is not the folder of a finished run, or a file in it is damaged.
  """
  workdir = Path(workdir)
  # Unlike the methods of Path, os.path.isdir and os.path.exists return False, and do not raise, for
  # a path that may not be read or is no valid name.
  if not os.path.isdir(workdir):
    raise UserError(f'{workdir}: no such folder; give the workdir of a finished run.')
  if not os.path.exists(workdir / 'config.json'):
    raise UserError(f'{workdir}: holds no run (no config.json); give the workdir of one.')
  for name in (evaluation_file.FILE, 'summary.json'):
    if not os.path.exists(workdir / name):
      flag = shlex.quote(f'--workdir={workdir}')
      raise UserError(
        f'{workdir}: the run has no finished evaluation ({name} is missing); start it again with '
        f'the same --config and {flag} to finish it.'
      )
  return read_with_facts(workdir, read_json(workdir / 'summary.json', REMEDY))


def read_with_facts(workdir: Path, facts: dict) -> Any:
  """Reads a run whose summary.json, which would hold `facts`, is not written yet."""
  wrong = [key for key, kind in FACTS.items() if not _is_fact(facts.get(key), kind)]
  if wrong:
    raise UserError(f'{workdir}/summary.json: {", ".join(wrong)} missing or wrong; {REMEDY}.')
  config = read_json(workdir / 'config.json', REMEDY)
  try:
    task = tasks.of_config(config)
    config = earlier.with_keys_of_today(config, task)
    _check_decision(config, task)
  except UserError as error:
    raise UserError(f'{workdir}/config.json: {str(error).rstrip(".")}; {REMEDY}.') from error
  of_task, path = task.evaluation, workdir / evaluation_file.FILE
  arrays = evaluation_file.read(path, of_task.ARRAYS, REMEDY, of_task.LATER)
  problem = evaluation_file.wrong_kind(arrays, of_task.ARRAYS) or of_task.problem(arrays)
  if problem:
    raise UserError(f'{path}: damaged ({problem}); {REMEDY}.')
  lines = [] if 'runs' in facts else _read_history(workdir / history.FILE, task.validated)
  return of_task.run_of(workdir, config, lines, facts, arrays)


def _check_decision(config: Mapping, task: Task) -> None:
  """Refuses a config without the values by which the task's answers are decided, or wrong ones."""
  for key, rule in task.limits.LIMITS.items():
    section, _, name = key.partition('.')
    if section == 'decision':
      rules.refuse_unless(rules.OBJECT, config.get(section), f'config.{section}')
      rules.refuse_unless(rule, config[section].get(name), f'config.{key}')


def _is_fact(value: object, kind: type | UnionType) -> bool:
  return isinstance(value, kind) and (kind is str or (history.is_number(value) and value >= 0))


def _read_history(path: Path, validated: str) -> list[dict]:
  try:
    lines = read_bytes(path).decode().splitlines()
  except (OSError, UnicodeDecodeError) as error:
    raise UserError(f'{path}: cannot be read ({reason(error)}); {REMEDY}.') from error
  rows = []
  for number, line in enumerate(lines, start=1):
    try:
      row = json.loads(line)
    except (ValueError, RecursionError) as error:
      raise UserError(f'{path}: damaged (line {number}, {error}); {REMEDY}.') from error
    if not history.is_line(row, number, validated):
      raise UserError(f'{path}: line {number} is not that of epoch {number}; {REMEDY}.')
    rows.append(row)
  if not rows:
    raise UserError(f'{path}: holds no epoch; {REMEDY}.')
  return rows
