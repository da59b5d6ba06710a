"""A page that Verovio drew: its groups, and in each group the ink with its bounds.

Verovio names each group of its SVG file after what it is, such as `note`, `stem` or `barLine`.
"""

from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree

from tfds_builders.typeset import bounds
from tfds_builders.typeset.bounds import Affine, Box, Points

SVG = '{http://www.w3.org/2000/svg}'
_LINK = '{http://www.w3.org/1999/xlink}href'
STAFF_SPACE = 180.0  # In the units of the page, for Verovio's own `unit`.
GLYPH_SCALE = 0.72  # Of glyphs of full size; they have 1000 units for four staff spaces.
_STROKE = 1.0  # The width of an outline that the file does not name.
_NUMBERS = ('stroke-width', 'cx', 'cy', 'rx', 'ry', 'x', 'y', 'width', 'height')


class Ink(NamedTuple):
  """A shape on the page.

  Attributes:
    kind: Its element: `use` (a glyph), `path`, `polygon`, `polyline`, `ellipse` or `rect`.
    box: The bounds of what is drawn, in units of the page.
    code: Of a glyph, its SMuFL code point as four hexadecimal digits.
    scale: Of a glyph, its size: 1 for full size.
    points: The corners of a polyline.
    contours: The bounds of each part of a glyph.
  """

  kind: str
  box: Box
  code: str = ''
  scale: float = 1.0
  points: Points = []  # noqa: RUF012, never changed
  contours: tuple[Box, ...] = ()


class Group(NamedTuple):
  """A group of the page.

  Attributes:
    name: What it is, the first word of its class; empty if it has none.
    ink: The shapes directly in it.
    groups: The groups directly in it.
    texts: The elements with text directly in it, and the map to the page.
  """

  name: str
  ink: list[Ink]
  groups: list['Group']
  texts: list[tuple[ElementTree.Element, Affine]]

  def all_ink(self) -> list[Ink]:
    """The shapes in it and in all groups below."""
    return [*self.ink, *(one for group in self.groups for one in group.all_ink())]

  def named(self, *names: str) -> Iterator['Group']:
    """All groups below it with these names, in the order of the file."""
    for group in self.groups:
      if group.name in names:
        yield group
      yield from group.named(*names)


def read(svg: ElementTree.Element) -> Group:
  """The groups of a page, in units of the page (`STAFF_SPACE` of them are a staff space).

  Raises:
    ValueError: The file is not as Verovio writes it.
  """
  page = next(svg.iter(f'{SVG}svg'), None) if svg.tag != f'{SVG}svg' else svg.find(f'{SVG}svg')
  if page is None:
    raise ValueError('no page in it')
  glyphs: dict[str, tuple[Box, ...]] = {}
  for glyph in svg.iterfind(f'{SVG}defs/{SVG}g'):
    for path in glyph.iterfind(f'{SVG}path'):
      placed = bounds.affine(path.get('transform', ''))
      boxes = bounds.contours(path.get('d', ''))
      glyphs[glyph.get('id', '')] = tuple(placed.box(box) for box in boxes)
  return _group(page, Affine(), glyphs)


def _group(
  element: ElementTree.Element, above: Affine, glyphs: dict[str, tuple[Box, ...]]
) -> Group:
  to_page = above.after(bounds.affine(element.get('transform', '')))
  words = element.get('class', '').split()
  found = Group(words[0] if words else '', [], [], [])
  for child in element:
    if child.tag == f'{SVG}g':
      # Marks of breaks and sections are not shown.
      if 'placeholder' not in child.get('class', ''):
        found.groups.append(_group(child, to_page, glyphs))
    elif child.tag == f'{SVG}text':
      found.texts.append((child, to_page))
    elif (one := _ink(child, to_page, glyphs)) is not None:
      found.ink.append(one)
  return found


def _ink(
  element: ElementTree.Element, to_page: Affine, glyphs: dict[str, tuple[Box, ...]]
) -> Ink | None:
  kind = element.tag.removeprefix(SVG)
  number = {name: float(value) for name, value in element.items() if name in _NUMBERS}
  half = number.get('stroke-width', _STROKE) / 2
  if kind == 'use':
    link = element.get(_LINK, '').removeprefix('#')
    placed = to_page.after(bounds.affine(element.get('transform', '')))
    if not glyphs.get(link):  # A space, or a glyph that no font has.
      return None
    contours = tuple(placed.box(box) for box in glyphs[link])
    size = max(abs(placed.a), abs(placed.b)) / GLYPH_SCALE
    return Ink(kind, bounds.union(list(contours)), link[:4], size, contours=contours)
  if kind == 'path':
    box = bounds.union(list(bounds.contours(element.get('d', ''))))
    butt = element.get('stroke-linecap', 'butt') == 'butt'
    wide, high = box[2] - box[0], box[3] - box[1]
    # A straight line that ends without caps is wider than its path only across.
    beside, below = (0 if butt and side else half for side in (wide, high))
    box = bounds.grown(box, beside, below)
  elif kind in ('polygon', 'polyline'):
    values = [float(each) for each in element.get('points', '').replace(',', ' ').split()]
    points = [to_page.of(x, y) for x, y in zip(values[::2], values[1::2], strict=True)]
    return Ink(kind, bounds.grown(bounds.around(points), half, half), points=points)
  elif kind == 'ellipse':
    x, y, rx, ry = (number[name] for name in ('cx', 'cy', 'rx', 'ry'))
    box = bounds.grown((x - rx, y - ry, x + rx, y + ry), half, half)
  elif kind == 'rect':
    x, y = number['x'], number['y']
    box = bounds.grown((x, y, x + number['width'], y + number['height']), half, half)
  else:
    return None
  return Ink(kind, to_page.box(box))
