"""Pictures of the page that code draws when the site is built: its icon, and examples to tap."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from omr_jax.synthetic import codes, looks, music, papers, recorded_pages, scenes, snippets

_PAPER, _LINES, _NOTE = '#fdfcf9', '#8d8a80', '#0b5394'
_DRAWN = 1024  # Pixels along each side of the icon before it is reduced.
_LONGEST = 800  # Longest side of an example in pixels.
_QUALITY = 75  # Of an example as WebP.
_SPACE = 14  # Units of the glyphs from one staff line to the next.
_ON_PAGE = (  # The classes of each row of the page of symbols.
  ('G-Clef', '3-4-Time', 'Sharp', 'Quarter-Note', 'Eighth-Note', 'Half-Note', 'Barline'),
  ('F-Clef', 'Cut-Time', 'Flat', 'Quarter-Rest', 'Sixteenth-Note', 'Whole-Note', 'Barline'),
  ('C-Clef', '6-8-Time', 'Natural', 'Eighth-Rest', 'Thirty-Two-Note', 'Double-Sharp', 'Barline'),
)


def icon(side: int, inner: float = 1.0) -> Image.Image:
  """The icon of icon.svg, a note on a staff, with `side` pixels along each side.

  Args:
    side: Height and width in pixels.
    inner: The share of the side that the note takes; systems cut the rest of a maskable icon.
  """
  large = Image.new('RGB', (_DRAWN, _DRAWN), _PAPER)
  pen = ImageDraw.Draw(large)
  for y in range(312, 713, 100):
    pen.line([(80, y), (944, y)], _LINES, 16)
  head = Image.new('L', (_DRAWN, _DRAWN))
  ImageDraw.Draw(head).ellipse([328, 574, 576, 750], 255)
  large.paste(_NOTE, mask=head.rotate(20, center=(452, 662)))
  pen.line([(564, 636), (564, 192)], _NOTE, 40)
  size = round(side * inner)
  canvas = Image.new('RGB', (side, side), _PAPER)
  place = (side - size) // 2
  canvas.paste(large.resize((size, size), Image.Resampling.LANCZOS), (place, place))
  return canvas


def write_examples(folder: Path, glyphs: Path) -> None:
  """Writes the example pictures as WebP; `glyphs` is the file of `omr_jax.web.glyphs`."""
  folder.mkdir()
  pictures = [*_examples(), ('symbols', _symbols(json.loads(glyphs.read_text())))]
  for name, picture in pictures:
    image = Image.fromarray(picture).convert('RGB')
    image.thumbnail((_LONGEST, _LONGEST))
    image.save(folder / f'{name}.webp', quality=_QUALITY)
  Image.fromarray(_page()).save(folder / 'page.webp', quality=_QUALITY)


def _examples() -> Iterator[tuple[str, np.ndarray]]:
  """A name, and uint8 [height, width] or [height, width, 3], for each example of the first part."""
  drawings: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    'music': lambda rng: music.page(rng, 1100, 850),
    'bars': lambda rng: looks.photographed(
      rng, looks.rotated(_coloured(snippets.bars(rng, 420, 700)), 4)
    ),
    'staff-paper': lambda rng: music.page(rng, 1100, 850, notes=False),
    'table': lambda rng: papers.table(rng, 1000, 800),
    'bar-code': lambda rng: codes.bars(rng, 500, 700),
    'scene': lambda rng: scenes.scene(rng, 600, 800),
  }
  for number, (name, draw) in enumerate(drawings.items()):
    yield name, draw(np.random.default_rng((34, number)))


def _page() -> np.ndarray:
  """The example of the part that looks for symbols, in full size: uint8 [height, width]."""
  return recorded_pages.page(np.random.default_rng((33, 1)), 880, 850).picture


def _coloured(picture: np.ndarray) -> np.ndarray:
  return picture if picture.ndim == 3 else np.repeat(picture[:, :, None], 3, axis=2)


def _symbols(glyphs: dict[str, list]) -> np.ndarray:
  """A page on which the symbols of `_ON_PAGE` are written on staves: uint8 [height, width]."""
  zoom, step, row = 4, 70, 150  # Pixels of a unit; units from symbol to symbol, from row to row.
  width, height = step * len(_ON_PAGE[0]) + 40, row * len(_ON_PAGE) + 20
  image = Image.new('L', (width * zoom, height * zoom), 248)
  pen = ImageDraw.Draw(image)
  for number, names in enumerate(_ON_PAGE):
    middle = row * number + row / 2 + 10
    for line in range(-2, 3):
      y = (middle + line * _SPACE) * zoom
      pen.line([(20 * zoom, y), ((width - 20) * zoom, y)], 120, zoom)
    for place, name in enumerate(names):
      points = np.concatenate(glyphs[name])
      centre = (points.min(0) + points.max(0)) / 2
      for stroke in glyphs[name]:
        at = (stroke - centre + (step * place + step / 2 + 20, middle)) * zoom
        pen.line([tuple(point) for point in at], 30, 2 * zoom + 2, 'curve')
  return np.asarray(image)
