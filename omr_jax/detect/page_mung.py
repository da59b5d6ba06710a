"""The symbols of a page in the format MuNG, with masks: the ink in the box of each."""

import numpy as np
from numpy.typing import NDArray

from omr_jax.detect.pages import Detected
from omr_jax.inputs import mung
from omr_jax.predict.detector import Symbol
from omr_jax.structure.scale import darkness
from omr_jax.structure.straight import INK

FILE = 'mung.xml'  # Its name in the folder of a page.


def written(found: Detected, folder: str) -> bytes:
  """The file; the name of its document is that of the page's folder.

  Boxes are rounded to whole pixels. The mask of a symbol is all ink in its box, also that of staff
  lines and other symbols.
  """
  ink = darkness(found.page.grey) > INK if found.symbols else np.zeros((1, 1), bool)
  nodes = [_node(n, symbol, ink, found) for n, symbol in enumerate(found.symbols)]
  return mung.written(nodes, 'omr_jax', folder)


def _node(number: int, symbol: Symbol, ink: NDArray[np.bool_], found: Detected) -> mung.Node:
  box = _whole(symbol, found.page.size)
  left, top, right, bottom = box
  # The picture may be a reduced one.
  rows, columns = (np.arange(*side) // found.page.factor for side in ((top, bottom), (left, right)))
  data: list[tuple[str, int | float]] = [('confidence', round(symbol.confidence, 6))]
  if symbol.staff is not None and symbol.position is not None:
    data += [('staff', symbol.staff), ('position', symbol.position)]
  return mung.Node(number, symbol.label, box, ink[np.ix_(rows, columns)], (), tuple(data))


def _whole(symbol: Symbol, size: tuple[int, int]) -> tuple[int, int, int, int]:
  """The box of a symbol in whole pixels, inside the page and not empty."""
  corners = np.rint(symbol.box).astype(int).reshape(2, 2)
  begin = np.clip(corners[0], 0, np.array(size) - 1)
  end = np.clip(corners[1], begin + 1, size)
  (left, top), (right, bottom) = begin.tolist(), end.tolist()
  return left, top, right, bottom
