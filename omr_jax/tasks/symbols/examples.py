"""Symbols to test exported networks with, and to show to people."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from omr_jax.data.dataset import Split
from omr_jax.inputs import render, strokes
from omr_jax.tasks.classifiers.examples import FORMS as FORMS
from omr_jax.tasks.classifiers.examples import MOST_OFF as MOST_OFF
from omr_jax.tasks.classifiers.examples import answers as answers
from omr_jax.tasks.classifiers.examples import of_splits as of_splits
from omr_jax.tasks.symbols import inputs
from tfds_builders.homus import made_up as symbols


def made_up(picture: render.Drawing, reads: Sequence[str]) -> dict[str, np.ndarray]:
  """The inputs that `reads` names, of 76 symbols drawn by code; each array is [symbols, ...]."""
  written = [strokes.parse(text, name) for name, text in symbols.files(writers=2).items()]
  found = [inputs.of_strokes(each.points, each.stroke, picture, reads) for each in written]
  return {name: np.stack([each[name] for each in found]) for name in reads}


def as_given(array: np.ndarray, name: str, picture: render.Drawing) -> np.ndarray:
  """An array of the data set as an exported network reads it: unchanged."""
  del name, picture
  return array


def questions(
  config: Mapping[str, Any],
  picture: render.Drawing,
  size: int,
  data_dir: Path,
  raw_dir: str | None,
) -> tuple[Split, np.ndarray]:
  """The test split of a run, and the pictures to show to people, uint8 [symbols, height, width].

  Args:
    config: The config of the run.
    picture: The picture settings of its network: how symbols are drawn.
    size: Not used: people see what the network sees.
    data_dir: Folder of prepared data.
    raw_dir: Folder of raw data.

  Raises:
    UserError: The data is not there.
  """
  from omr_jax.tasks.symbols import data

  del size
  chosen = config['data']
  loaded = data.load(
    chosen['protocol'], picture, data_dir, raw_dir, allow_changed=chosen['allow_changed']
  )
  test = loaded.splits['test']
  return test, test['image'][..., 0]


def cheat_sheet(picture: render.Drawing) -> dict[str, np.ndarray]:
  """A picture of each class, drawn by code: uint8 [height, width] by name."""
  found: dict[str, np.ndarray] = {}
  for name, content in symbols.files(writers=1).items():
    symbol = strokes.parse(content, name)
    if symbol.label not in found:
      found[symbol.label] = render.draw(symbol.points, symbol.stroke, picture)
  return found
