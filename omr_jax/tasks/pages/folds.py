"""The runs on the five folds of writers, joined: networks are tested on writers they never saw.

Each page of the 43 writers is tested once, by the network that was not trained on its writer. The
joined report, in the workdir of the folds, is like that of one run; the threshold of each page is
that of its own run.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
from ml_collections import ConfigDict

from omr_jax.errors import UserError
from omr_jax.evaluation import finished_run
from omr_jax.recipe.config_keys import read_values
from omr_jax.report.write import write_pages
from omr_jax.tasks.pages import run as runs_of_pages
from omr_jax.tasks.pages.run import DetectedRun
from omr_jax.utils.words import one_line
from tfds_builders.folds import PAGE_FOLDS

_SOURCE = 'muscima_pp'  # The data whose pages have writers.
_COMMON = ('config_name', 'data_digest', 'origin', 'parameters', 'seed', 'epochs', 'tested_epoch')


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
  if 'data.protocol' in given:
    raise UserError(f'--over {over} sets config.data.protocol for each run; leave it out.')


def members(
  config: ConfigDict, over: str, data_dir: Path, raw_dir: str | None
) -> dict[str, ConfigDict]:
  """The config of each fold by the name of its folder."""
  del over, data_dir, raw_dir
  configs = {}
  for fold in range(PAGE_FOLDS):
    name = f'writers_{fold}'
    configs[name] = config.copy_and_resolve_references()
    configs[name].data.protocol = name
  return configs


def refuse_workdir(workdir: Path) -> None:
  """Raises UserError if the folder is that of a run, whose report this one would replace."""
  finished_run.refuse_run(workdir)
