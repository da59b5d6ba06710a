"""Annotations of a page in the format MuNG, in which MUSCIMA++ is published.

Such an XML file lists the objects of a page (Hajič and Pecina, "The MUSCIMA++ Dataset for
Handwritten Optical Music Recognition", 2017). An object has a class, a box and a mask: which pixels
of the box are its ink.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

# The most pixels of a page, and of all boxes on it. The largest page of MUSCIMA++ has 9 million,
# and 12 million in its boxes.
MOST_PIXELS = 2**26
# Characters that XML can't have.
_FORBIDDEN = re.compile('[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')

# Left, top, right and bottom edge in pixels; right and bottom are not part of it.
Box = tuple[int, int, int, int]


class Node(NamedTuple):
  """An annotated object.

  Attributes:
    number: Its id in the file.
    label: Its class, such as `noteheadFull`.
    box: Where it is.
    mask: bool [height, width], its ink in the box.
    links: Ids of the objects that it points to.
    data: What else is said of it, as names and values. It is written, but not read.
  """

  number: int
  label: str
  box: Box
  mask: NDArray[np.bool_]
  links: tuple[int, ...] = ()
  data: tuple[tuple[str, int | float], ...] = ()


def read(content: bytes) -> dict[int, Node]:
  """The objects in a file, by their ids and in its order.

  Raises:
    ValueError: It is damaged, or of another kind.
  """
  found: dict[int, Node] = {}
  room = MOST_PIXELS
  for number, label, box, element in _objects(content):
    try:
      found[number] = Node(number, label, box, _mask(element, box, room), _links(element))
    except ValueError as error:
      raise ValueError(f'object {number}: {error}') from error
    room -= found[number].mask.size
  for node in found.values():
    if lost := [each for each in node.links if each not in found]:
      raise ValueError(f'object {node.number} links to {lost[0]}, which is not there')
  return found


def boxes(content: bytes) -> list[tuple[str, Box]]:
  """The class and the box of each object in a file, whatever its masks and links are.

  Raises:
    ValueError: It is damaged, or of another kind.
  """
  return [(label, box) for _, label, box, _ in _objects(content)]


def written(nodes: Iterable[Node], dataset: str, document: str) -> bytes:
  """A file with these objects.

  Args:
    nodes: The objects; no mask is empty.
    dataset: The name of the collection that the page belongs to.
    document: The name of the page. Characters that XML can't have are replaced by U+FFFD.
  """
  root = ElementTree.Element('Nodes', dataset=dataset, document=_FORBIDDEN.sub('\ufffd', document))
  for node in nodes:
    left, top, right, bottom = node.box
    element = ElementTree.SubElement(root, 'Node')
    values = {'Id': node.number, 'ClassName': node.label, 'Top': top, 'Left': left}
    values |= {'Width': right - left, 'Height': bottom - top, 'Mask': _runs(node.mask)}
    if node.links:
      values['Outlinks'] = ' '.join(map(str, node.links))
    for tag, value in values.items():
      ElementTree.SubElement(element, tag).text = str(value)
    if node.data:
      data = ElementTree.SubElement(element, 'Data')
      for key, value in node.data:
        item = ElementTree.SubElement(data, 'DataItem', key=key, type=type(value).__name__)
        item.text = str(value)
  ElementTree.indent(root)
  return ElementTree.tostring(root, encoding='utf-8', xml_declaration=True) + b'\n'


def _objects(content: bytes) -> Iterator[tuple[int, str, Box, ElementTree.Element]]:
  """The id, the class and the box of each object in a file, and the object itself."""
  known: set[int] = set()
  for element in _root(content).iter('Node'):
    try:
      number, label, box = _object(element)
    except ValueError as error:
      raise ValueError(f'object {element.findtext("Id")}: {error}') from error
    if number in known:
      raise ValueError(f'object {number} is there twice')
    known.add(number)
    yield number, label, box, element


def _root(content: bytes) -> ElementTree.Element:
  text = content.decode()  # Whatever encoding the file itself names.
  if '<!DOCTYPE' in text or '\0' in text:  # With NUL bytes it would be read as UTF-16.
    raise ValueError('it has a document type, which no file of this format has')
  try:
    root = ElementTree.fromstring(text)
  except ElementTree.ParseError as error:
    raise ValueError(str(error)) from error
  if root.tag == 'CropObjectList':
    raise ValueError('it is a file of MUSCIMA++ 1.0, and one of version 2.0 is needed')
  if root.tag != 'Nodes':
    raise ValueError(f'it begins with <{root.tag[:40]}>, and such a file with <Nodes>')
  return root


def _object(element: ElementTree.Element) -> tuple[int, str, Box]:
  number, left, top, width, height = (
    _whole(element.findtext(tag, ''), tag) for tag in ('Id', 'Left', 'Top', 'Width', 'Height')
  )
  far = max(left, top) > MOST_PIXELS
  if min(left, top) < 0 or far or min(width, height) < 1 or width * height > MOST_PIXELS:
    raise ValueError(f'its box ({left}, {top}, {width}, {height}) is impossible')
  label = element.findtext('ClassName', '')
  if not label:
    raise ValueError('it has no class')
  return number, label, (left, top, left + width, top + height)


def _links(element: ElementTree.Element) -> tuple[int, ...]:
  return tuple(_whole(each, 'Outlinks') for each in element.findtext('Outlinks', '').split())


def _whole(text: str, tag: str) -> int:
  try:
    return int(text)
  except ValueError as error:
    raise ValueError(f'{tag} has {text[:30]!r} in place of a whole number') from error


def _mask(element: ElementTree.Element, box: Box, room: int) -> NDArray[np.bool_]:
  """The mask of run lengths such as `0:3 1:2 0:7`, row by row, of no more pixels than `room`."""
  left, top, right, bottom = box
  height, width = bottom - top, right - left
  if width * height > room:
    raise ValueError(f'it and those before it have more than {MOST_PIXELS} pixels')
  text = element.findtext('Mask', '')
  runs = [_whole(each, 'Mask') for each in text.replace(':', ' ').split()]
  values, lengths = runs[::2], runs[1::2]
  is_right = len(values) == len(lengths) and set(values) <= {0, 1} and min(lengths, default=0) >= 0
  if not is_right or sum(lengths) != width * height:
    raise ValueError('its mask does not fill its box')
  return np.repeat(np.array(values, bool), lengths).reshape(height, width)


def _runs(mask: NDArray[np.bool_]) -> str:
  """The run lengths of a mask."""
  flat = mask.ravel()
  ends = np.append(np.flatnonzero(flat[1:] != flat[:-1]) + 1, flat.size)
  lengths = np.diff(ends, prepend=0)
  return ' '.join(f'{flat[end - 1]:d}:{length}' for end, length in zip(ends, lengths, strict=True))
