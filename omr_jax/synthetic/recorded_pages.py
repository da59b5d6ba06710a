"""Pages of music drawn by code, with the boxes of all symbols, as examples of a data set.

  python -m omr_jax.synthetic.recorded_pages page.png    # draws a page, to try commands with

They need no data. A page depends on its number and the seed alone.
"""

import argparse
import itertools
import math
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from omr_jax.structure import arrays
from omr_jax.structure.arrays import POINTS
from omr_jax.structure.structure import LINES, Measure, Structure
from omr_jax.synthetic import full_music, music
from omr_jax.synthetic.record import Record, Symbol
from omr_jax.synthetic.systems import OVERSAMPLING
from omr_jax.utils import paths
from omr_jax.utils.ending import answered
from omr_jax.utils.files import write_file

HEIGHT, WIDTH = 1600, 1150  # In pixels; a staff space has 9 to 14 of them.
_SEED = 2**36  # The first number of the seeds; other drawings have smaller ones.


class Page(NamedTuple):
  """A page, and what is on it.

  Attributes:
    picture: uint8 [height, width], black on white, grey at edges.
    symbols: Its symbols with boxes in whole pixels; right and bottom are not part of a box.
    structure: Its staves, systems and measures.
  """

  picture: NDArray[np.uint8]
  symbols: list[Symbol]
  structure: Structure


def page(rng: np.random.Generator, height: int = HEIGHT, width: int = WIDTH) -> Page:
  """Draws a page, of at least 300 pixels a side.

  The size of the staves follows from the width alone, so a page that is broader than high may end
  within a staff. Symbols below it are none of the page.
  """
  record = Record()
  picture = music.page(rng, height, width, compose=full_music.system_of, record=record)
  placed = [(one.label, _on_page(one, height, width)) for one in record.symbols]
  symbols = [
    Symbol(label, box)
    for label, box in placed
    if label != 'staffLine' and box[0] < box[2] and box[1] < box[3]
  ]
  return Page(picture, symbols, _structure(record, height, width))


def example(
  number: int, classes: Sequence[str], seed: int = 0, height: int = HEIGHT, width: int = WIDTH
) -> dict[str, Any]:
  """A page as the builders of pages store it (`arrays.example`), with boxes in int32.

  Args:
    number: Other numbers give other pages.
    classes: The names of all classes, of which the labels are places.
    seed: Other seeds give other pages, too.
    height: Of the page in pixels.
    width: Of the page in pixels.
  """
  drawn = page(np.random.default_rng((_SEED, seed, number)), height, width)
  boxes = np.array([one.box for one in drawn.symbols], np.int32)
  labels = [classes.index(one.label) for one in drawn.symbols]
  name = f'made_up_{seed}_{number}'
  return arrays.example(name, drawn.picture, boxes, labels, drawn.structure)


def _on_page(symbol: Symbol, height: int, width: int) -> tuple[int, int, int, int]:
  """The pixels of the page that a box on the oversampled canvas touches."""
  left, top, right, bottom = (edge / OVERSAMPLING for edge in symbol.box)
  return (
    max(0, math.floor(left)),
    max(0, math.floor(top)),
    min(width, math.ceil(right)),
    min(height, math.ceil(bottom)),
  )


def _structure(record: Record, height: int, width: int) -> Structure:
  """The structure from the boxes of staff lines, which are drawn before the rest of a system."""
  staves: list[NDArray[np.float64]] = []
  systems: list[list[int]] = []
  measures: list[Measure] = []
  for is_line, symbols in itertools.groupby(record.symbols, lambda one: one.label == 'staffLine'):
    boxes = np.array(
      [one.box for one in symbols if is_line or one.label == 'measureSeparator'], float
    ).reshape(-1, 4)
    boxes /= OVERSAMPLING
    if is_line:
      systems.append([len(staves) + n for n in range(len(boxes) // LINES)])
      staves += [_lines(boxes[i : i + LINES]) for i in range(0, len(boxes), LINES)]
    elif systems:  # The title comes before the first system.
      begin = float(staves[-1][0, 0, 0])
      edges = [begin, *sorted(((boxes[:, 0] + boxes[:, 2]) / 2).tolist())]
      measures += [
        Measure(staff, left, right)
        for staff in systems[-1]
        for left, right in itertools.pairwise(edges)
      ]
  space = float(np.diff(staves[0][:, 0, 1]).mean())
  return Structure(width, height, space, staves, systems, measures)


def _lines(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
  """The lines of a staff, the upper one first, from their boxes: float64 [LINES, POINTS, 2]."""
  boxes = boxes[np.argsort(boxes[:, 1])]
  x = np.linspace(boxes[:, 0].min(), boxes[:, 2].max(), POINTS)
  return np.stack([np.stack([x, np.full(POINTS, y)], 1) for y in boxes[:, [1, 3]].mean(1)])


def main(arguments: list[str] | None = None) -> int:
  """The command that draws a page into a file; returns its exit code."""
  parser = argparse.ArgumentParser(description='Draws a made-up page of music.')
  parser.add_argument('file', type=paths.path, metavar='FILE', help='the PNG file to be written')
  file = parser.parse_args(arguments).file
  return answered(lambda: write_file(file, arrays.png(page(np.random.default_rng(0)).picture)))


if __name__ == '__main__':
  sys.exit(main())
