"""A finished run's folder: what a report needs of it, written whole and read with care."""

import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from omr_jax.errors import UserError
from omr_jax.evaluation import decision as decisions
from omr_jax.evaluation import history
from omr_jax.evaluation.decision import Decision
from omr_jax.tasks import task as tasks
from omr_jax.tasks.task import Task
from omr_jax.utils.files import read_json, write_file

# What the training has to tell about itself; it may tell more.
FACTS = {
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
# Kind of dtype and number of dimensions of each array in evaluation.npz.
ARRAYS = {
  'classes': ('U', 1),
  'validation_labels': ('i', 1),
  'validation_logits': ('f', 2),
  'test_ids': ('U', 1),
  'test_labels': ('i', 1),
  'test_logits': ('f', 2),
  'test_predicted': ('i', 1),
  'pictures': ('u', 4),
}
# What NumPy and zipfile raise on a damaged archive.
UNREADABLE = (
  OSError,
  EOFError,
  KeyError,
  ValueError,
  SyntaxError,
  RuntimeError,
  zipfile.BadZipFile,
  zlib.error,
)
AGAIN = 'train again into an empty workdir, or give another run'


class FinishedRun(NamedTuple):
  """A run's folder, read and checked."""

  workdir: Path
  config: dict
  history: list[dict]  # metrics.jsonl, a dict per epoch; none of what several runs gave together
  facts: dict  # what the training told about itself, `FACTS` and more
  classes: list[str]
  validation_labels: np.ndarray  # int [symbols]
  validation_logits: np.ndarray  # float32 [symbols, classes]
  test_ids: np.ndarray  # str [symbols]
  test_labels: np.ndarray
  test_logits: np.ndarray
  test_predicted: np.ndarray  # int [symbols], the answers given
  pictures: np.ndarray  # uint8 [misclassified test symbols, height, width, channels]
  further: dict[str, np.ndarray]  # the task's own arrays, by name
  decision: Decision

  @property
  def task(self) -> Task:
    """What its network was asked."""
    return tasks.of_config(self.config)

  @property
  def correct(self) -> np.ndarray:
    """Which answers are right, bool [symbols]."""
    return self.test_predicted == self.test_labels


class Tested(NamedTuple):
  """The test examples and what came of them."""

  ids: np.ndarray  # str [symbols]
  labels: np.ndarray  # int [symbols]
  logits: np.ndarray  # float [symbols, classes]
  predicted: np.ndarray  # int [symbols]
  pictures: np.ndarray  # uint8 [symbols, height, width, channels], as the network sees them


def save_evaluation(
  workdir: str | os.PathLike,
  classes: Sequence[str],
  validation: tuple[np.ndarray, np.ndarray],
  test: Tested,
  further: Mapping[str, np.ndarray],
  decision: Decision,
) -> None:
  """Write `evaluation.npz` and `decision.json`: all that a report needs of data and network.

  Args:
    workdir: the run's folder.
    classes: names of the classes, in the order of the logits.
    validation: labels int [symbols] and logits float [symbols, classes].
    test: of its pictures only those of misclassified symbols are kept.
    further: the arrays of the task's evaluation.
    decision: how the logits are read.

  Raises:
    UserError: a file cannot be written.
  """
  content = io.BytesIO()
  np.savez_compressed(
    content,
    classes=np.asarray(classes, str),
    validation_labels=np.asarray(validation[0], np.int32),
    validation_logits=np.asarray(validation[1], np.float32),
    test_ids=np.asarray(test.ids, str),
    test_labels=np.asarray(test.labels, np.int32),
    test_logits=np.asarray(test.logits, np.float32),
    test_predicted=np.asarray(test.predicted, np.int32),
    pictures=np.asarray(test.pictures)[test.predicted != test.labels],
    **further,
  )
  write_file(Path(workdir) / 'evaluation.npz', content.getvalue())
  decisions.write(Path(workdir), decision)


def save_joined(run: FinishedRun) -> None:
  """Writes what several runs gave together into a folder of its own, so that it reads as a run.

  It has no metrics; `facts['runs']` says so, once the summary is written.

  Raises:
    UserError: The folder is that of a run that has trained, or cannot be written.
  """
  refuse_run(run.workdir)
  summary = run.workdir / 'summary.json'
  try:
    summary.unlink(missing_ok=True)  # Until the new one is there, the folder holds nothing whole.
  except OSError as error:
    raise UserError(f'{summary}: cannot be replaced ({error.strerror}).') from error
  content = io.BytesIO()
  np.savez_compressed(content, **{name: np.asarray(getattr(run, name)) for name in ARRAYS})
  write_file(run.workdir / 'evaluation.npz', content.getvalue())
  decisions.write(run.workdir, run.decision)
  write_file(run.workdir / 'config.json', (json.dumps(run.config, indent=2) + '\n').encode())


def refuse_run(workdir: Path) -> None:
  """UserError where the folder is that of a run that has trained."""
  if os.path.exists(workdir / history.FILE):
    raise UserError(f'{workdir}: is the folder of a run; choose another one.')


def read(workdir: str | os.PathLike) -> FinishedRun:
  """A finished run. UserError where `workdir` is none or a file in it is missing or damaged."""
  workdir = Path(workdir)
  # Unlike those of a Path, these say no of what may not be looked at, or is no name.
  if not os.path.isdir(workdir):
    raise UserError(f'{workdir}: no such folder; give the workdir of a finished run.')
  if not os.path.exists(workdir / 'config.json'):
    raise UserError(f'{workdir}: holds no run (no config.json); give the workdir of one.')
  for name in ('evaluation.npz', 'summary.json'):
    if not os.path.exists(workdir / name):
      raise UserError(
        f'{workdir}: the run has no finished evaluation ({name} is missing); start it again with '
        f'the same --config and --workdir={workdir} and it goes on to its end.'
      )
  return read_with_facts(workdir, read_json(workdir / 'summary.json', AGAIN))


def read_with_facts(workdir: Path, facts: dict) -> FinishedRun:
  """The same for a run whose facts are not yet in its folder."""
  wrong = [key for key, kind in FACTS.items() if not _is_fact(facts.get(key), kind)]
  if wrong:
    raise UserError(f'{workdir}/summary.json: {", ".join(wrong)} missing or wrong; {AGAIN}.')
  config = read_json(workdir / 'config.json', AGAIN)
  try:
    of_task = tasks.of_config(config).evaluation
  except UserError as error:
    raise UserError(f'{workdir}/config.json: {error} {AGAIN}.') from error
  path = workdir / 'evaluation.npz'
  kinds = {**ARRAYS, **of_task.ARRAYS}
  arrays = _read_arrays(path, kinds)
  further = {name: arrays[name] for name in of_task.ARRAYS}
  problem = _problem(arrays, kinds) or of_task.problem(further, len(arrays['test_labels']))
  if problem:
    raise UserError(f'{path}: damaged ({problem}); {AGAIN}.')
  arrays = {name: arrays[name] for name in ARRAYS} | {'classes': arrays['classes'].tolist()}
  decision = decisions.read(workdir, AGAIN) or decisions.fit(
    config, arrays['validation_labels'], arrays['validation_logits']
  )
  lines = [] if 'runs' in facts else _read_history(workdir / history.FILE)
  return FinishedRun(workdir, config, lines, facts, **arrays, further=further, decision=decision)


def _is_fact(value: object, kind: type) -> bool:
  return isinstance(value, kind) and (kind is str or (history.is_number(value) and value >= 0))


def _read_history(path: Path) -> list[dict]:
  rows = []
  for number, line in enumerate(_read_text(path).splitlines(), start=1):
    row = _parse(path, line, f'line {number}, ')
    if not history.is_line(row, number):
      raise UserError(f'{path}: line {number} is not that of epoch {number}; {AGAIN}.')
    rows.append(row)
  if not rows:
    raise UserError(f'{path}: holds no epoch; {AGAIN}.')
  return rows


def _read_text(path: Path) -> str:
  try:
    return path.read_text('utf-8')
  except (OSError, UnicodeDecodeError) as error:
    raise UserError(f'{path}: cannot be read ({error}); {AGAIN}.') from error


def _parse(path: Path, text: str, place: str = ''):
  try:
    return json.loads(text)
  except (ValueError, RecursionError) as error:
    raise UserError(f'{path}: damaged ({place}{error}); {AGAIN}.') from error


def _read_arrays(path: Path, names: Iterable[str]) -> dict[str, np.ndarray]:
  try:
    # Through memory: NumPy leaves the file open where it refuses it.
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
      return {name: file[name] for name in names}
  except UNREADABLE as error:
    raise UserError(f'{path}: cannot be read ({error}); {AGAIN}.') from error


def _problem(arrays: Mapping[str, np.ndarray], kinds: Mapping[str, tuple[str, int]]) -> str | None:
  """What does not fit together in an evaluation, or None."""
  for name, kind in kinds.items():
    if (arrays[name].dtype.kind, arrays[name].ndim) != kind:
      return f'{name} is {arrays[name].dtype} {arrays[name].shape}'
  classes = len(arrays['classes'])
  for split in ('validation', 'test'):
    labels, logits = arrays[f'{split}_labels'], arrays[f'{split}_logits']
    if logits.shape != (len(labels), classes):
      return f'{split} logits {logits.shape} for {len(labels)} labels of {classes} classes'
    if not np.isfinite(logits).all():
      return f'{split} logits that are not finite'
    if not ((labels >= 0) & (labels < classes)).all():
      return f'{split} labels outside the {classes} classes'
  labels, logits, ids = arrays['test_labels'], arrays['test_logits'], arrays['test_ids']
  if len(labels) == 0 or len(ids) != len(labels) or len(set(ids)) != len(ids):
    return f'{len(set(ids))} distinct ids for {len(labels)} test symbols'
  predicted, pictures = arrays['test_predicted'], arrays['pictures']
  if len(predicted) != len(labels) or not ((predicted >= 0) & (predicted < classes)).all():
    return f'answers {predicted.shape} for {len(labels)} test symbols'
  wrong = int((predicted != labels).sum())
  if pictures.dtype != np.uint8 or len(pictures) != wrong or pictures.shape[3] not in (1, 3):
    return f'pictures {pictures.dtype} {pictures.shape} for {wrong} misclassified symbols'
  return None
