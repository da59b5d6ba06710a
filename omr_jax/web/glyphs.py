"""Writes the symbols of the page's gallery: one of each class, made up by code.

  python -m omr_jax.web.glyphs

They are kept in the repository, since `tfds_builders` needs more than a plain installation has.
"""

import json
from pathlib import Path

import numpy as np

from omr_jax.inputs import strokes
from omr_jax.utils.files import write_file

PATH = Path(__file__).parent / 'site' / 'common' / 'glyphs.json'
_WRITER = 6  # Of the made-up writers the one whose symbols are easiest to read.


def glyphs() -> dict[str, list[list[list[int]]]]:
  """For each class the strokes of one symbol, for each its points [x, y]; the smallest are 0."""
  from tfds_builders.homus import made_up

  found: dict[str, list[list[list[int]]]] = {}
  for name, content in made_up.files(writers=_WRITER).items():
    symbol = strokes.parse(content, name)
    if symbol.writer == _WRITER and symbol.label not in found:
      points = symbol.points - symbol.points.min(0)
      found[symbol.label] = [
        points[symbol.stroke == number].tolist() for number in np.unique(symbol.stroke)
      ]
  return found


if __name__ == '__main__':
  write_file(PATH, json.dumps(glyphs(), separators=(',', ':')).encode() + b'\n')
