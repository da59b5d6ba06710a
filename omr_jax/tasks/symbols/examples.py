"""Symbols to test exported networks with, and to show to people."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from omr_jax.data.dataset import Split
from omr_jax.inputs import render, strokes
from omr_jax.inputs.geometry import STAFF_SPACE
from omr_jax.tasks.classifiers.examples import COMPUTES_IN_INT8 as COMPUTES_IN_INT8
from omr_jax.tasks.classifiers.examples import FORMS as FORMS
from omr_jax.tasks.classifiers.examples import MOST_OFF as MOST_OFF
from omr_jax.tasks.classifiers.examples import answers as answers
from omr_jax.tasks.classifiers.examples import of_splits as of_splits
from omr_jax.tasks.symbols import inputs
from tfds_builders import homus
from tfds_builders.homus import made_up as symbols

# How people see symbols: pixels for each one of the tablet, the width of lines in pixels of the
# tablet, the grey of the staff, and the least height and width in spaces of the staff.
_ZOOM, _PEN, _STAFF, _LEAST = 2, 3, 190, 10


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
) -> tuple[Split, list[np.ndarray]]:
  """The test split of a run, and the pictures to show to people, see `on_staff`.

  Args:
    config: The config of the run.
    picture: The picture settings of its network: how symbols are drawn.
    size: Not used: symbols have their own size.
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
  builder = homus.prepare(chosen['protocol'], data_dir, raw_dir, chosen['allow_changed'])
  source = builder.as_data_source(split='test')
  examples = source.__getitems__(list(range(len(source))))
  shown = {each['id'].decode(): on_staff(each['points'], each['stroke']) for each in examples}
  return test, [shown[str(name)] for name in np.asarray(test['id'])]


def on_staff(points: np.ndarray, stroke: np.ndarray) -> np.ndarray:
  """A symbol in its own size and proportions on a grey staff of that scale: uint8 [height, width].

  It is in the middle, as where it stood on a staff is not known.

  Args:
    points: [points, 2], x and y in pixels of the tablet.
    stroke: int [points], the stroke each point belongs to.
  """
  low, high = points.min(0), points.max(0)
  shape = np.maximum(high - low + 4 * STAFF_SPACE, _LEAST * STAFF_SPACE)
  width, height = (int(side) * _ZOOM for side in shape)
  image = Image.new('L', (width, height), 255)
  pen = ImageDraw.Draw(image)
  for line in range(-2, 3):
    y = height / 2 + line * STAFF_SPACE * _ZOOM
    pen.line([(0, y), (width, y)], _STAFF, _ZOOM)
  placed = (points - (low + high) / 2) * _ZOOM + (width / 2, height / 2)
  radius = _PEN * _ZOOM / 2
  for number in np.unique(stroke):
    line = placed[stroke == number].tolist()
    pen.line([tuple(point) for point in line], 0, _PEN * _ZOOM, 'curve')
    for x, y in (line[0], line[-1]):
      pen.ellipse([x - radius, y - radius, x + radius, y + radius], 0)
  return np.asarray(image)


def cheat_sheet(picture: render.Drawing) -> dict[str, np.ndarray]:
  """A picture of each class, drawn by code: uint8 [height, width] by name."""
  found: dict[str, np.ndarray] = {}
  for name, content in symbols.files(writers=1).items():
    symbol = strokes.parse(content, name)
    if symbol.label not in found:
      found[symbol.label] = render.draw(symbol.points, symbol.stroke, picture)
  return found
