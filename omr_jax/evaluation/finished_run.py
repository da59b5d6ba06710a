"""Writes and reads the folder of a finished run, with everything that a report needs."""

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, NamedTuple

import numpy as np

from omr_jax.errors import UserError
from omr_jax.evaluation import decision as decisions
from omr_jax.evaluation import evaluation_file, history
from omr_jax.evaluation.decision import Decision
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
_REMEDY = 'train again into an empty workdir, or give another run'


class FinishedRun(NamedTuple):
  """The folder of a run, read and checked."""

  workdir: Path
  config: dict
  history: list[dict]  # The lines of metrics.jsonl, one per epoch; empty for several joined runs.
  facts: dict  # What the training noted about itself: `FACTS` and more.
  classes: list[str]
  validation_labels: np.ndarray  # int [examples]
  validation_logits: np.ndarray  # float32 [examples, classes]
  test_ids: np.ndarray  # str [examples]
  test_labels: np.ndarray  # int [examples]
  test_logits: np.ndarray  # float32 [examples, classes]
  test_predicted: np.ndarray  # int [examples], the answers
  pictures: np.ndarray  # uint8 [misclassified test examples, height, width, channels]
  further: dict[str, np.ndarray]  # The task's own arrays, by name.
  decision: Decision

  @property
  def task(self) -> Task:
    """The task that the network was trained for."""
    return tasks.of_config(self.config)

  @property
  def correct(self) -> np.ndarray:
    """Which answers are right, bool [examples]."""
    return self.test_predicted == self.test_labels


class Tested(NamedTuple):
  """The test examples and the answers to them."""

  ids: np.ndarray  # str [examples]
  labels: np.ndarray  # int [examples]
  logits: np.ndarray  # float [examples, classes]
  predicted: np.ndarray  # int [examples]
  pictures: np.ndarray  # uint8 [examples, height, width, channels], as the network sees them


def save_evaluation(
  workdir: str | os.PathLike,
  classes: Sequence[str],
  validation: tuple[np.ndarray, np.ndarray],
  test: Tested,
  further: Mapping[str, np.ndarray],
  decision: Decision,
) -> None:
  """Writes `evaluation.npz` and `decision.json`: all that a report needs of data and network.

  Args:
    workdir: The run's folder.
    classes: Names of the classes, in the order of the logits.
    validation: Labels, int [examples], and logits, float [examples, classes].
    test: The test examples. Only the pictures of misclassified ones are kept.
    further: The arrays of the task's own evaluation.
    decision: The threshold and the temperature.

  Raises:
    UserError: A file cannot be written.
  """
  arrays = {
    'classes': np.asarray(classes, str),
    'validation_labels': np.asarray(validation[0], np.int32),
    'validation_logits': np.asarray(validation[1], np.float32),
    'test_ids': np.asarray(test.ids, str),
    'test_labels': np.asarray(test.labels, np.int32),
    'test_logits': np.asarray(test.logits, np.float32),
    'test_predicted': np.asarray(test.predicted, np.int32),
    'pictures': np.asarray(test.pictures)[test.predicted != test.labels],
  }
  evaluation_file.write(Path(workdir), {**arrays, **further})
  decisions.write(Path(workdir), decision)


def save_joined(run: FinishedRun) -> None:
  """Writes the joined results of several runs into a folder that can be read like that of a run.

  The folder has no metrics.jsonl. `read` does not expect one if summary.json, which is written with
  the report, has the key 'runs'.

  Raises:
    UserError: The folder is that of a trained run or holds files of other programs, or it cannot be
      written.
  """
  refuse_run(run.workdir)
  _refuse_foreign(run.workdir)
  summary = run.workdir / 'summary.json'
  try:
    # Without a summary the folder is unfinished until the new report is written.
    summary.unlink(missing_ok=True)
  except OSError as error:
    raise UserError(f'{summary}: cannot be replaced ({error.strerror}).') from error
  arrays = {name: np.asarray(getattr(run, name)) for name in evaluation_file.ARRAYS}
  evaluation_file.write(run.workdir, arrays)
  decisions.write(run.workdir, run.decision)
  write_file(run.workdir / 'config.json', (json.dumps(run.config, indent=2) + '\n').encode())


def refuse_run(workdir: Path) -> None:
  """Raises a UserError if the folder is that of a trained run."""
  if os.path.exists(workdir / history.FILE):
    raise UserError(f'{workdir}: is the folder of a run; choose another one.')


def _refuse_foreign(workdir: Path) -> None:
  """Raises a UserError where joined results would replace the files of another program."""
  for name in ('config.json', 'summary.json'):
    # The arrays are written first, so that they are beside the others even after an interruption.
    if os.path.exists(workdir / name) and not os.path.exists(workdir / evaluation_file.FILE):
      raise UserError(f'{workdir}: holds another {name}; choose another folder.')


def read(workdir: str | os.PathLike) -> FinishedRun:
  """Reads a finished run.

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
  return read_with_facts(workdir, read_json(workdir / 'summary.json', _REMEDY))


def read_with_facts(workdir: Path, facts: dict) -> FinishedRun:
  """Reads a run whose summary.json, which would hold `facts`, is not written yet."""
  wrong = [key for key, kind in FACTS.items() if not _is_fact(facts.get(key), kind)]
  if wrong:
    raise UserError(f'{workdir}/summary.json: {", ".join(wrong)} missing or wrong; {_REMEDY}.')
  config = read_json(workdir / 'config.json', _REMEDY)
  try:
    task = tasks.of_config(config)
    _check_decision(config, task)
  except UserError as error:
    raise UserError(f'{workdir}/config.json: {str(error).rstrip(".")}; {_REMEDY}.') from error
  of_task, path = task.evaluation, workdir / evaluation_file.FILE
  kinds = {**evaluation_file.ARRAYS, **of_task.ARRAYS}
  arrays = evaluation_file.read(path, kinds, _REMEDY, of_task.LATER)
  kinds = {name: kind for name, kind in kinds.items() if name in arrays}
  further = {name: arrays[name] for name in of_task.ARRAYS if name in arrays}
  problem = evaluation_file.problem(arrays, kinds) or of_task.problem(
    further, len(arrays['test_labels'])
  )
  has_threshold = not rules.holds(task.limits.THRESHOLD, None)
  if has_threshold and len(arrays['classes']) != 2:
    problem = f'{len(arrays["classes"])} classes, where a threshold parts two'
  if problem:
    raise UserError(f'{path}: damaged ({problem}); {_REMEDY}.')
  own: dict[str, Any] = {name: arrays[name] for name in evaluation_file.ARRAYS}
  own['classes'] = own['classes'].tolist()
  decision = decisions.read(workdir, _REMEDY) or decisions.fit(
    config, arrays['validation_labels'], arrays['validation_logits']
  )
  if has_threshold != (decision.threshold is not None):
    raise UserError(
      f'{workdir}/{decisions.FILE}: threshold is {decision.threshold}, which does not fit the task '
      f'of the run; {_REMEDY}.'
    )
  lines = [] if 'runs' in facts else _read_history(workdir / history.FILE)
  return FinishedRun(workdir, config, lines, facts, **own, further=further, decision=decision)


def _check_decision(config: Mapping, task: Task) -> None:
  """Refuses values of a config by which the task's answers are decided."""
  for key, rule in task.limits.LIMITS.items():
    section, _, name = key.partition('.')
    if section == 'decision':
      rules.refuse_unless(rules.OBJECT, config.get(section), f'config.{section}')
      rules.refuse_unless(rule, config[section].get(name), f'config.{key}')


def _is_fact(value: object, kind: type | UnionType) -> bool:
  return isinstance(value, kind) and (kind is str or (history.is_number(value) and value >= 0))


def _read_history(path: Path) -> list[dict]:
  rows = []
  for number, line in enumerate(_read_text(path).splitlines(), start=1):
    row = _parse(path, line, f'line {number}, ')
    if not history.is_line(row, number):
      raise UserError(f'{path}: line {number} is not that of epoch {number}; {_REMEDY}.')
    rows.append(row)
  if not rows:
    raise UserError(f'{path}: holds no epoch; {_REMEDY}.')
  return rows


def _read_text(path: Path) -> str:
  try:
    return read_bytes(path).decode()
  except (OSError, UnicodeDecodeError) as error:
    raise UserError(f'{path}: cannot be read ({error}); {_REMEDY}.') from error


def _parse(path: Path, text: str, place: str = ''):
  try:
    return json.loads(text)
  except (ValueError, RecursionError) as error:
    raise UserError(f'{path}: damaged ({place}{error}); {_REMEDY}.') from error
