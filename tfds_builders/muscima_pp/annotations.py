"""One page of MUSCIMA++: its symbols and their links, from the release's XML, and its picture.

The release annotates every symbol with a box, a class, a mask and links to others. The masks
together are the ink of the page, so the picture is rebuilt from them: black ink on white paper.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from omr_jax.errors import UserError

# Objects that are not symbols: they describe the staves.
STAFF_CLASSES = frozenset(('staff', 'staffLine', 'staffSpace'))
NAME = re.compile(r'(?:.*/)?CVC-MUSCIMA_W-(\d{2})_N-(\d{2})_D-ideal\.xml')

_MARGIN = 100  # White pixels right of and below the last ink; the others are as in the original.
_MOST_PIXELS = 2**26  # The most pixels of a page; the largest page has 9 million.
_NO_INK = frozenset(('staff', 'staffSpace'))  # The lines of a staff are its ink.


class Node(NamedTuple):
  """An annotated object.

  Attributes:
    label: Its class, such as `noteheadFull`.
    box: left, top, right and bottom edge in pixels; right and bottom are not part of it.
    links: Ids of the objects that it points to.
    mask: bool [height, width], its ink in the box.
  """

  label: str
  box: tuple[int, int, int, int]
  links: tuple[int, ...]
  mask: NDArray[np.bool_]


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
  if b'<!DOCTYPE' in content:
    raise _damaged(name, 'it has a document type, which no file of the release has')
  try:
    root = ElementTree.fromstring(content)
  except ElementTree.ParseError as error:
    raise _damaged(name, str(error)) from error
  nodes = {}
  for element in root.iter('Node'):
    try:
      number = int(element.findtext('Id', ''))
      node = _node(element)
    except ValueError as error:
      where = element.findtext('Id')
      raise _damaged(name, f'object {where}: {error}') from error
    if number in nodes:
      raise _damaged(name, f'object {number} is there twice')
    nodes[number] = node
  if not nodes:
    raise _damaged(name, 'it has no objects')
  for number, node in nodes.items():
    if lost := [each for each in node.links if each not in nodes]:
      raise _damaged(name, f'object {number} links to {lost[0]}, which is not there')
  right, bottom = (max(node.box[side] for node in nodes.values()) for side in (2, 3))
  if right * bottom > _MOST_PIXELS:
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


def _node(element: ElementTree.Element) -> Node:
  left, top, width, height = (
    int(element.findtext(tag, '')) for tag in ('Left', 'Top', 'Width', 'Height')
  )
  if min(left, top) < 0 or min(width, height) < 1 or width * height > _MOST_PIXELS:
    raise ValueError(f'its box ({left}, {top}, {width}, {height}) is impossible')
  label = element.findtext('ClassName', '')
  if not label:
    raise ValueError('it has no class')
  links = tuple(int(each) for each in element.findtext('Outlinks', '').split())
  mask = _mask(element.findtext('Mask', ''), width, height)
  return Node(label, (left, top, left + width, top + height), links, mask)


def _mask(text: str, width: int, height: int) -> NDArray[np.bool_]:
  """The mask of run lengths such as `0:3 1:2 0:7`, row by row."""
  runs = [int(each) for each in text.replace(':', ' ').split()]
  values, lengths = runs[::2], runs[1::2]
  right = len(values) == len(lengths) and set(values) <= {0, 1} and min(lengths, default=0) >= 0
  if not right or sum(lengths) != width * height:
    raise ValueError('its mask does not fill its box')
  return np.repeat(np.array(values, bool), lengths).reshape(height, width)


def _damaged(name: str, reason: str) -> UserError:
  return UserError(f'{name}: damaged ({reason}); get the archive of MUSCIMA++ again.')
