"""Words on a page that Verovio drew: which they are, where they are, and in which of our fonts.

Verovio leaves the choice of a font to the program that draws the page. Here it is STIX, which comes
with matplotlib, so that pages look the same everywhere and the bounds of words are known.
"""

import functools
import importlib.util
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from PIL import ImageFont

from tfds_builders.typeset import bounds
from tfds_builders.typeset.bounds import Affine, Box
from tfds_builders.typeset.drawing import SVG, Group
from tfds_builders.typeset.symbols import Symbol

FAMILY = 'STIXGeneral'
_PIXELS = 160  # The size at which words are measured; widths are rounded to whole pixels.
_BOLD = ('ending', 'fing', 'reh', 'tempo')  # Groups whose words are bold in Verovio's style sheet.
_ITALIC = ('dir', 'dynam', 'mNum')
# The classes of the words of some groups.
_LABELS = {
  'dir': 'otherText',
  'dynam': 'otherText',
  'label': 'instrumentName',
  'labelAbbr': 'instrumentName',
  'mNum': 'barNumber',
  'pgHead': 'otherText',
  'syl': 'lyricsText',
  'tempo': 'tempoText',
  'voltaBracket': 'otherNumericSign',
}


class Style(NamedTuple):
  """How words are written.

  Attributes:
    size: Of the font in units of the page; 0 if it is not known yet.
    bold: Whether they are bold.
    italic: Whether they are italic.
  """

  size: float
  bold: bool
  italic: bool


class Line(NamedTuple):
  """A line of words.

  Attributes:
    x: Where it begins, ends or has its middle.
    y: Its base line.
    anchor: `start`, `end` or `middle`.
    runs: The words in each style, from left to right.
  """

  x: float
  y: float
  anchor: str
  runs: list[tuple[str, Style]]


def font_files() -> list[str]:
  """The files of the fonts that words are written with."""
  return [str(_font_path(bold, italic)) for bold in (False, True) for italic in (False, True)]


def rewrite(page: Group) -> list[Symbol]:
  """Writes the words of a page in our fonts, line by line, and says where each line is.

  The SVG elements that `page` refers to are changed. Notes between words are left out, as no such
  font has them.
  """
  found = []
  for element, to_page in page.texts:
    lines = _lines(element, Style(0, page.name in _BOLD, page.name in _ITALIC))
    element.tag = f'{SVG}g'
    element.text, element[:] = None, [_element(line) for line in lines]
    label = _LABELS.get(page.name)
    boxes = [box for line in lines if (box := _box(line, to_page))]
    found += [Symbol(label, box) for box in boxes if label]
  for group in page.groups:
    found += rewrite(group)
  return found


def _lines(element: ElementTree.Element, style: Style) -> list[Line]:
  """The lines of an element with text; each begins where one inside it has a place of its own."""
  lines: list[Line] = []

  def read(part: ElementTree.Element, x: float, y: float, anchor: str, style: Style) -> None:
    if 'letter-spacing' in part.attrib or part.get('font-family', FAMILY) != FAMILY:
      return  # In the font of the notes.
    style = Style(
      float(part.get('font-size', f'{style.size}px').removesuffix('px')),
      part.get('font-weight', 'bold' if style.bold else '') == 'bold',
      part.get('font-style', 'italic' if style.italic else '') == 'italic',
    )
    anchor = part.get('text-anchor', anchor)
    if part.tag == f'{SVG}text' or 'x' in part.attrib or 'y' in part.attrib:
      x, y = float(part.get('x', x)), float(part.get('y', y))
      lines.append(Line(x, y, anchor, []))
    if part.text and part.text.strip('\n') and style.size:
      lines[-1].runs.append((part.text, style))
    for child in part:
      if child.tag == f'{SVG}tspan':
        read(child, x, y, anchor, style)

  read(element, 0.0, 0.0, 'start', style)
  return [line for line in lines if line.runs]


def _element(line: Line) -> ElementTree.Element:
  place = {'x': f'{line.x:g}', 'y': f'{line.y:g}', 'text-anchor': line.anchor}
  found = ElementTree.Element(f'{SVG}text', {**place, 'xml:space': 'preserve'})
  for words, style in line.runs:
    run = ElementTree.SubElement(found, f'{SVG}tspan', {
      'font-family': FAMILY,
      'font-size': f'{style.size:g}px',
      'font-weight': 'bold' if style.bold else 'normal',
      'font-style': 'italic' if style.italic else 'normal',
    })  # fmt: skip
    run.text = words
  return found


def _box(line: Line, to_page: Affine) -> Box | None:
  """The bounds of the letters of a line, on the page; None if there is nothing to see."""
  boxes, at = [], 0.0
  for words, style in line.runs:
    font, unit = _font(style.bold, style.italic), style.size / _PIXELS
    mask, (left, top) = font.getmask2(words, 'L', anchor='ls')
    if inked := mask.getbbox():
      edges = (inked[0] + left, inked[1] + top, inked[2] + left, inked[3] + top)
      boxes.append(Affine(unit, 0, 0, unit, at).box(edges))
    at += font.getlength(words) * unit
  if not boxes:
    return None
  begin = line.x - at * {'start': 0, 'middle': 0.5, 'end': 1}[line.anchor]
  return to_page.after(Affine(e=begin, f=line.y)).box(bounds.union(boxes))


@functools.cache
def _font(bold: bool, italic: bool) -> ImageFont.FreeTypeFont:
  # The other layout engine, if it is there at all, refuses some words.
  basic = ImageFont.Layout.BASIC
  return ImageFont.truetype(_font_path(bold, italic), _PIXELS, layout_engine=basic)


def _font_path(bold: bool, italic: bool) -> Path:
  found = importlib.util.find_spec('matplotlib')  # Found without importing it, which takes long.
  if not found or not found.origin:
    raise ModuleNotFoundError('No module named matplotlib', name='matplotlib')
  style = {(0, 0): '', (0, 1): 'Italic', (1, 0): 'Bol', (1, 1): 'BolIta'}[bold, italic]
  return Path(found.origin).parent / f'mpl-data/fonts/ttf/{FAMILY}{style}.ttf'
