"""Typesets MusicXML with Verovio: pages as pictures, with the boxes of their symbols.

How a song looks (staff space, size of the page, thickness of lines, distances) depends on its name.
"""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from omr_jax.errors import UserError
from omr_jax.structure.structure import Structure
from omr_jax.utils import extras
from tfds_builders.typeset import drawing, songs, staves, symbols, text
from tfds_builders.typeset.bounds import Affine
from tfds_builders.typeset.symbols import Symbol

PAGES = 2  # The most pages of a song.
TRAINING_FONTS = ('Bravura', 'Gootville', 'Leipzig', 'Petaluma')
TEST_FONT = 'Leland'
_UNIT = 10  # Units of a pixel at Verovio's own scale.
_A4 = 2**0.5  # Height of a page by its width.

ElementTree.register_namespace('', drawing.SVG.strip('{}'))
ElementTree.register_namespace('xlink', 'http://www.w3.org/1999/xlink')


class Page(NamedTuple):
  """A typeset page.

  Attributes:
    number: From 1.
    font: The font of its symbols.
    picture: uint8 [height, width], black on white, grey at edges.
    symbols: The symbols, with boxes in pixels, not rounded.
    structure: Its staves, systems and measures.
  """

  number: int
  font: str
  picture: NDArray[np.uint8]
  symbols: list[Symbol]
  structure: Structure


def programs() -> str:
  """Names the programs that typeset and draw, whose versions decide how pages look.

  Raises:
    UserError: They are not installed.
  """
  with extras.needed('engrave'):
    import resvg_py
    import verovio
  return f'Verovio {verovio.toolkit(False).getVersion()}, resvg {resvg_py.__resvg_version__}'


def look(name: str, test: bool) -> tuple[int, dict[str, Any]]:
  """How a song looks, by its name: pixels of a staff space, and Verovio's options.

  Args:
    name: Of the song.
    test: Whether it is for the test, which has a font of its own.
  """
  seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
  rng = np.random.default_rng(seed)
  wide = int(rng.integers(1350, 1900))  # 75 to 106 staff spaces.
  options = {
    'font': TEST_FONT if test else str(rng.choice(TRAINING_FONTS)),
    'pageWidth': wide,
    'pageHeight': round(wide * _A4),
    'spacingNonLinear': rng.uniform(0.52, 0.65),
    'spacingStaff': int(rng.integers(8, 15)),
    'spacingSystem': int(rng.integers(4, 11)),
    'staffLineWidth': rng.uniform(0.1, 0.22),
    'ledgerLineThickness': rng.uniform(0.18, 0.32),
    'stemWidth': rng.uniform(0.15, 0.28),
    'barLineWidth': rng.uniform(0.2, 0.4),
    'slurMidpointThickness': rng.uniform(0.4, 0.8),
    'tieMidpointThickness': rng.uniform(0.35, 0.65),
  }
  return int(rng.integers(18, 27)), options


def pages_of(path: Path, name: str, test: bool) -> list[Page]:
  """`pages` of a file, as a function that a child process can call (`inputs.isolated`)."""
  return list(pages(songs.read(path), name, test))


def pages(music: str, name: str, test: bool) -> Iterator[Page]:
  """Typesets a song; of many pages the first and others, at equal distances.

  Args:
    music: MusicXML.
    name: Of the song, which decides how it looks.
    test: Whether it is for the test, which has a font of its own.

  Raises:
    UserError: Verovio can't read it, or finds no music in it.
  """
  import verovio

  space, options = look(name, test)
  verovio.enableLog(verovio.LOG_OFF)
  engraver = verovio.toolkit()
  engraver.setOptions({**options, 'footer': 'none', 'svgFormatRaw': True, 'xmlIdSeed': 1})
  if not engraver.loadData(music) or not (count := engraver.getPageCount()):
    raise UserError(f'{name}: Verovio cannot read it.')
  # Last pages are often half empty, so they are only taken of short songs.
  chosen = np.ceil(np.linspace(1, count, PAGES + 1)[:-1]).astype(int)
  for number in sorted(set(chosen.tolist())):
    try:
      svg = ElementTree.fromstring(engraver.renderToSVG(number))
      page = _page(svg, number, options['font'], space / drawing.STAFF_SPACE)
    except (ElementTree.ParseError, KeyError, ValueError) as error:
      raise UserError(f'{name}: page {number} of Verovio cannot be read ({error}).') from error
    if not page.structure.staves:
      raise UserError(f'{name}: no staff of five lines on page {number}.')
    yield page


def _page(svg: ElementTree.Element, number: int, font: str, scale: float) -> Page:
  """The page of an SVG file, whose units are `scale` pixels."""
  drawn = drawing.read(svg)
  found = symbols.symbols(drawn) + text.rewrite(drawn)
  picture = _picture(ElementTree.tostring(svg, 'unicode'), scale * _UNIT)
  height, width = picture.shape
  to_pixels = Affine(scale, 0, 0, scale)
  placed = [Symbol(label, to_pixels.box(box)) for label, box in found]
  return Page(number, font, picture, placed, staves.structure(drawn, scale, height, width))


def _picture(svg: str, zoom: float) -> NDArray[np.uint8]:
  import resvg_py

  content = resvg_py.svg_to_bytes(
    svg_string=svg,
    zoom=zoom,
    background='white',
    skip_system_fonts=True,
    font_files=text.font_files(),
  )
  return np.array(Image.open(io.BytesIO(content)).convert('L'))
