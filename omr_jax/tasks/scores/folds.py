"""Tests on all folds or all sources of the pictures, one run each, with their answers pooled."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
from ml_collections import ConfigDict

from omr_jax.errors import UserError
from omr_jax.evaluation import metrics
from omr_jax.inputs.pictures import CLASSES
from omr_jax.report.write import csv_file
from omr_jax.tasks.classifiers.run import ClassifiedRun
from omr_jax.tasks.scores import data, pool, pooled_page
from omr_jax.tasks.scores.pool import Pool
from omr_jax.utils.files import write_file
from omr_jax.utils.words import one_line
from tfds_builders.folds import SCORE_FOLDS

_LONGEST = 255  # Bytes of a name on most disks.


def check(config: ConfigDict, over: str, given: Collection[str]) -> None:
  """Refuses a config without folds and sources, and keys of it that --over sets.

  Args:
    config: A finished config.
    over: 'folds' or 'sources'.
    given: Keys that the command line sets, such as 'data.fold'.

  Raises:
    UserError: The config has another protocol than `folders`, or a key that --over sets is given.
  """
  if config.data.protocol != 'folders':
    raise UserError(f"--over {over} needs config.data.protocol='folders', as in the config scores.")
  for key in ('data.fold', 'data.hold_out'):
    if key in given:
      raise UserError(f'--over {over} sets config.{key} for each run; leave it out.')


def members(
  config: ConfigDict, over: str, data_dir: Path, raw_dir: str | None
) -> dict[str, ConfigDict]:
  """The config of each run by the name of its folder.

  Raises:
    UserError: Two sources would have the same folder, or a name is too long for one; the pictures
      are not there, or are too few without a source.
  """
  if over == 'folds':
    folds = range(SCORE_FOLDS)
    chosen = {f'fold_{fold}': {'fold': fold, 'hold_out': ''} for fold in folds}
  else:
    sources = data.sources(config.data.protocol, data_dir, raw_dir)
    chosen = {source.replace('/', '__'): {'hold_out': source} for source in sources}
    if len(chosen) < len(sources):
      raise UserError('two sources have the same name but for / and __; rename a folder.')
    for folder in chosen:
      if len(folder.encode()) > _LONGEST:
        raise UserError(f'{folder}: is too long for the name of a folder; rename the source.')
  configs = {}
  for name, values in chosen.items():
    configs[name] = config.copy_and_resolve_references()
    configs[name].data.update(values)
  return configs


def refuse_workdir(workdir: Path) -> None:
  """Accepts any folder: the pooled files have other names than those of a run."""
  del workdir


def write(workdir: Path, over: str, runs: Mapping[str, ClassifiedRun]) -> tuple[str, Path]:
  """Pools finished runs, given by name, and writes pooled.csv, pooled.html and pooled.json.

  Returns:
    A table for a terminal, and the path of the page.

  Raises:
    UserError: The runs do not fit together (`pool.pool`), or a file can't be written.
  """
  pooled, page = pool.pool(runs), workdir / 'pooled.html'
  numbers = {'over': over, **pool.measure(runs, pooled)}
  write_file(workdir / 'pooled.csv', _csv(pooled))
  write_file(page, pooled_page.page(numbers, pooled).encode(errors='backslashreplace'))
  text = json.dumps(numbers, indent=2, allow_nan=False) + '\n'
  write_file(workdir / 'pooled.json', text.encode())
  return _table(numbers), page


def _table(numbers: Mapping) -> str:
  """A table for a terminal: a row for each source, then one for all pictures."""
  measured = numbers['gate']
  lowest = min(measured['sources'], key=lambda row: row['share'])
  counted = [
    (one_line(row['source']), row['n'], row['right'], row['share'], row['low'], row['high'])
    for row in measured['sources']
  ]
  together = measured['n'], measured['correct'], measured['accuracy']
  counted.append(('all pictures', *together, *measured['accuracy_wilson_95']))
  width = max(len(row[0]) for row in counted)
  return '\n'.join(
    [
      f'{"source":{width}}  pictures   right     share  95 % interval',
      *(
        f'{name:{width}}  {n:8}  {right:6}  {100 * share:6.2f} %  '
        f'{metrics.percent_range(low, high)} %'
        for name, n, right, share, low, high in counted
      ),
      f'mean of the sources {100 * measured["mean_share"]:.2f} %, lowest '
      f'{100 * lowest["share"]:.2f} % ({one_line(lowest["source"])})',
      f'false positives {measured["false_positives"]} of {measured["negatives"]}, false negatives '
      f'{measured["false_negatives"]} of {measured["positives"]}',
    ]
  )


def _csv(pooled: Pool) -> bytes:
  answers = pooled.answers
  rows = zip(
    pooled.ids,
    answers.sources,
    (CLASSES[label] for label in answers.labels),
    (CLASSES[index] for index in answers.predicted),
    (f'{value:.6f}' for value in answers.confidence),
    (f'{value:.6f}' for value in answers.log_odds),
    (f'{value:.6f}' for value in np.asarray(answers.threshold)),
    pooled.run,
    strict=True,
  )
  header = ('id', 'source', 'true', 'predicted', 'confidence', 'log_odds', 'threshold', 'run')
  return csv_file(header, rows)
