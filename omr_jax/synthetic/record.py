"""What code draws on a page of music, and where: the classes and boxes of its symbols."""

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import NamedTuple

Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels of the canvas


class Symbol(NamedTuple):
  """A symbol that was drawn.

  Attributes:
    label: Its class in MUSCIMA++, such as `noteheadFull`.
    box: Smallest upright box around its ink.
  """

  label: str
  box: Box


@dataclasses.dataclass
class Record:
  """The symbols of a page, in the order in which they were finished.

  Attributes:
    symbols: The finished ones.
  """

  symbols: list[Symbol] = dataclasses.field(default_factory=list)
  _begun: list[list[Box]] = dataclasses.field(default_factory=list)

  @contextlib.contextmanager
  def symbol(self, *labels: str) -> Iterator[None]:
    """What is drawn inside `with` is one symbol, of one or several classes that share its box.

    Symbols may be nested: the ink of a numeral also belongs to its time signature.
    """
    self._begun.append([])
    yield
    boxes = self._begun.pop()
    if boxes:
      lefts, tops, rights, bottoms = zip(*boxes, strict=True)
      box = (min(lefts), min(tops), max(rights), max(bottoms))
      self.symbols += [Symbol(label, box) for label in labels]

  def ink(self, box: Box) -> None:
    """Adds the bounds of new ink to all symbols that are not yet finished."""
    for boxes in self._begun:
      boxes.append(box)
