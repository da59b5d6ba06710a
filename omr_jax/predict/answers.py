"""The rows of files: what a model answers for every page, or why a page can't be read."""

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from omr_jax.errors import UserError
from omr_jax.predict import classifier, prepare, rows
from omr_jax.predict.classifier import Answer, Classifier
from omr_jax.predict.pool import Pool
from omr_jax.utils import machine

# Files that a process is given at a time, and how many times as many are answered before their
# turn while a long document is read.
_FILES, _AHEAD = 32, 64


def answers(
  model: Classifier, paths: Iterable[str | os.PathLike[str]], threads: int | None = None
) -> Iterator[rows.Row]:
  """A row for every page of the files, in their order.

  Args:
    model: From `classifier.load`.
    paths: The paths of the files, such as `listing.files` gives.
    threads: How many files are read at the same time; None for one on each core.

  Yields:
    `path` and `page` (from 1), and either `error` or `class` and `confidence`, the calibrated
    probability of that class; for models that give them, also `sure`, `unknown` and `boxes` as in
    `Answer`.
  """
  rule = model.model.rule
  names = (os.fspath(path) for path in paths)
  for batch in prepare.batches(
    lambda path: prepare.pages(path, path, rule), names, classifier.BATCH, threads
  ):
    whole = [page.inputs for page in batch if not isinstance(page.inputs, UserError)]
    found = iter(_asked(model, whole))
    for path, number, inputs in batch:
      answer = inputs if isinstance(inputs, UserError) else next(found)
      yield {'path': path, 'page': number} | _said(answer, path)


def workers(path_or_name: str, count: int, threads: int | None = None) -> Pool:
  """Processes that answer for the files of `pieces`; each has the model of `classifier.load`.

  Args:
    path_or_name: As in `classifier.load`.
    count: The number of processes.
    threads: How many cores each may use; None if they share all of this machine.
  """
  threads = threads or max(1, machine.cores() // count)
  return Pool(partial(by_model, path_or_name, threads), count, _lost, _AHEAD)


def pieces(paths: Iterable[str]) -> Iterator[list[str]]:
  """Cuts a list of files into what a process is given at a time."""
  paths = iter(paths)
  while piece := list(itertools.islice(paths, _FILES)):
    yield piece


def by_model(path_or_name: str, threads: int) -> Callable[[Sequence[str]], list[rows.Row]]:
  """A function from files to their rows, as `Pool` makes it in each of its processes.

  Args:
    path_or_name: As in `classifier.load`.
    threads: How many cores the process may use.
  """
  model = classifier.load(path_or_name, threads)
  return lambda paths: list(answers(model, paths, threads))


def _lost(path: str, error: UserError) -> rows.Row:
  return {'path': path, 'page': 1} | rows.error(error, path)


def _asked(model: Classifier, batch: Sequence[prepare.Inputs]) -> Sequence[Answer | UserError]:
  """The answers to a batch; if the network fails on it, each page is tried alone."""
  try:
    return model.answers(batch)
  except UserError as error:
    return [error] if len(batch) == 1 else [_asked(model, [page])[0] for page in batch]


def _said(answer: Answer | UserError, path: str) -> dict[str, Any]:
  if isinstance(answer, UserError):
    return rows.error(answer, path)
  row = {'class': answer.label, 'confidence': round(answer.confidence, 6)}
  if answer.sure is not None:
    row['sure'] = answer.sure
  if answer.unknown is not None:
    row['unknown'] = answer.unknown
  if answer.boxes is not None:
    row['boxes'] = [
      box._replace(confidence=round(box.confidence, 6))._asdict() for box in answer.boxes
    ]
  return row
