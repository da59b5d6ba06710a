"""The runs on the five folds of writers, joined: networks are tested on writers they never saw.

Each page of the 43 writers is tested once, by the network that was not trained on its writer. The
joined report, in the workdir of the folds, is like that of one run. Confidences are calibrated by
each run for itself; the threshold of all pages is the mean of those of the runs.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
from ml_collections import ConfigDict

from omr_jax.errors import UserError
from omr_jax.evaluation import boxes, finished_run
from omr_jax.recipe import writers
from omr_jax.report.write import write_pages
from omr_jax.tasks.pages.report import in_words
from omr_jax.tasks.pages.run import Decision, DetectedRun, save_joined
from omr_jax.utils.words import one_line
from tfds_builders.folds import PAGE_FOLDS

_SOURCE = 'muscima_pp'  # The data whose pages have writers.
# The joined report would replace that of a run in the workdir.
refuse_workdir = finished_run.refuse_run


def check(config: ConfigDict, over: str, given: Collection[str]) -> None:
  """Refuses data without writers, and a command line that sets `data.protocol`.

  Args:
    config: A finished config.
    over: 'writers'.
    given: Keys that the command line sets, such as 'data.protocol'.

  Raises:
    UserError: The config has other data, or `data.protocol` is among the keys.
  """
  if config.data.source != _SOURCE:
    raise UserError(f'--over {over} needs config.data.source={_SOURCE!r}, as in pages_handwriting.')
  writers.refuse_given(over, given)


def members(
  config: ConfigDict, over: str, data_dir: Path, raw_dir: str | None
) -> dict[str, ConfigDict]:
  """The config of each fold by the name of its folder."""
  del over, data_dir, raw_dir
  return writers.members(config, PAGE_FOLDS)


def joined(runs: Mapping[str, DetectedRun]) -> DetectedRun:
  """Joins the runs on all folds.

  Args:
    runs: The run on each fold by its name, such as `writers_0`.

  Raises:
    UserError: Two runs have tested the same page, or differ in their data or in their configs.
  """
  every, names = list(runs.values()), list(runs)
  shares = {name: boxes.weighted_ap50(run.pages) for name, run in runs.items()}
  return every[0].replace(
    **writers.joined(runs, f'{names[0]} ... {names[-1]}', {'folds': shares}),
    validation_ap50=float(np.mean([run.validation_ap50 for run in every])),
    pages=[page for run in every for page in run.pages],
    pictures=[picture for run in every for picture in run.pictures],
    scales=np.concatenate([run.scales for run in every]),
    decision=Decision(float(np.mean([run.decision.threshold for run in every])), 1.0, 0.0),
  )


def write(workdir: Path, over: str, runs: Mapping[str, DetectedRun]) -> tuple[str, Path]:
  """Writes the report of all folds into `workdir`; returns a table and the report's path."""
  del over
  whole = joined(runs).replace(workdir=workdir)
  save_joined(whole)
  return table(write_pages(whole)), workdir / 'report' / 'report.html'


def table(summary: Mapping) -> str:
  """A table for a terminal: AP50 on each fold and on all pages."""
  lines = [f'{one_line(name):10}  {100 * share:6.2f} %' for name, share in summary['folds'].items()]
  return '\n'.join([*lines, f'all pages: {in_words(summary)}'])
