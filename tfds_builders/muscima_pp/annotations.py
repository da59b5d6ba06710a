"""One page of MUSCIMA++: its symbols and their links, from the release's XML, and its picture.

The release annotates every symbol with a box, a class, a mask and links to others. The masks
together are the ink of the page, so the picture is rebuilt from them: black ink on white paper.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from omr_jax.errors import UserError
from omr_jax.inputs import mung
from omr_jax.inputs.mung import Node

# Objects that are not symbols: they describe the staves.
STAFF_CLASSES = frozenset(('staff', 'staffLine', 'staffSpace'))
NAME = re.compile(r'(?:.*/)?CVC-MUSCIMA_W-(\d{2})_N-(\d{2})_D-ideal\.xml')

_MARGIN = 100  # White pixels right of and below the last ink; the others are as in the original.
_NO_INK = frozenset(('staff', 'staffSpace'))  # The lines of a staff are its ink.


class Page(NamedTuple):
  """A page as it is annotated.

  Attributes:
    id: Its name without folder and suffix.
    writer: 1 to 50.
    piece: 1 to 20.
    nodes: The objects by their ids, in the order of the file.
  """

  id: str
  writer: int
  piece: int
  nodes: Mapping[int, Node]


def writer_and_piece(name: str) -> tuple[int, int]:
  """The numbers in the name of a page or its file, such as `CVC-MUSCIMA_W-02_N-13_D-ideal`."""
  match = NAME.fullmatch(name if name.endswith('.xml') else f'{name}.xml')
  if not match:
    raise UserError(f'{name}: no name of a page of MUSCIMA++; use the archive of its release.')
  return int(match[1]), int(match[2])


def parse(content: bytes, name: str) -> Page:
  """Reads the annotations of a page.

  Args:
    content: The bytes of the XML file.
    name: Its name in the archive.

  Raises:
    UserError: It is damaged, or of another kind.
  """
  writer, piece = writer_and_piece(name)
  try:
    nodes = mung.read(content)
  except ValueError as error:
    raise _damaged(name, str(error)) from error
  if not nodes:
    raise _damaged(name, 'it has no objects')
  right, bottom = (max(node.box[side] for node in nodes.values()) for side in (2, 3))
  if right * bottom > mung.MOST_PIXELS:
    raise _damaged(name, f'{right} x {bottom} pixels are too many')
  return Page(name.rpartition('/')[2].removesuffix('.xml'), writer, piece, nodes)


def picture(page: Page) -> NDArray[np.uint8]:
  """The page, rebuilt from the masks: uint8 [height, width], ink 0 and paper 255.

  The release does not say how large a page is. Right of and below the last ink there are 100 white
  pixels.
  """
  right, bottom = (max(node.box[side] for node in page.nodes.values()) for side in (2, 3))
  drawn = np.full((bottom + _MARGIN, right + _MARGIN), 255, np.uint8)
  for node in page.nodes.values():
    if node.label not in _NO_INK:
      left, top, end, low = node.box
      drawn[top:low, left:end][node.mask] = 0
  return drawn


def _damaged(name: str, reason: str) -> UserError:
  return UserError(f'{name}: damaged ({reason}); get the archive of MUSCIMA++ again.')
