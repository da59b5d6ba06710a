"""Draws docs/page.png: a made-up page of music, and what the shipped model finds on it.

  python docs/page_picture.py

The page is drawn by code of this repository, nothing comes from a data set. All that
`omr_jax.load('pages')` finds is shown, mistakes too: staves in the colour of their system, and
symbols in the colour of their kind.
"""

from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import omr_jax
from omr_jax.detect import overlay
from omr_jax.inputs import symbol_names
from omr_jax.predict.detector import Page
from omr_jax.synthetic import recorded_pages

OUT = Path(__file__).with_name('page.png')
SEED = 3
HEIGHT, WIDTH = 640, 1150  # Of the page in pixels.
LEGEND = 52  # Height of the legend below it.


def picture() -> Image.Image:
  """The page with what was found on it, and the legend: RGB."""
  drawn = recorded_pages.page(np.random.default_rng(SEED), HEIGHT, WIDTH).picture
  found = omr_jax.load('pages')(drawn)
  canvas = Image.new('RGB', (WIDTH, HEIGHT + LEGEND), 'white')
  canvas.paste(Image.fromarray(drawn))
  over = Image.new('RGBA', canvas.size)
  _found(ImageDraw.Draw(over), found)
  canvas.paste(over, mask=over)
  _legend(ImageDraw.Draw(canvas), found)
  return canvas


def _found(draw: ImageDraw.ImageDraw, page: Page) -> None:
  for number, system in enumerate(page.systems):
    colour = overlay.COLOURS[number % len(overlay.COLOURS)]
    for line in (line for staff in system for line in page.staves[staff].tolist()):
      draw.line([tuple(point) for point in line], colour, 1)
  for symbol in page.symbols:
    colour = symbol_names.COLOURS[symbol_names.kind(symbol.label)]
    box = [round(side) for side in symbol.box]
    draw.rectangle(box, fill=f'{colour}38', outline=colour)


def _legend(draw: ImageDraw.ImageDraw, page: Page) -> None:
  font = ImageFont.load_default(size=15)
  counts = Counter(symbol_names.kind(symbol.label) for symbol in page.symbols)
  kinds = [kind for kind in symbol_names.COLOURS if counts[kind]]
  entries = [('staves', overlay.COLOURS[0], len(page.staves))]
  entries += [(kind, symbol_names.COLOURS[kind], counts[kind]) for kind in kinds]
  x, y = 12.0, HEIGHT + LEGEND // 2
  for name, colour, count in entries:
    words = f'{name} {count}'
    draw.rectangle((x, y - 7, x + 14, y + 7), colour)
    draw.text((x + 20, y), words, 'black', font, anchor='lm')
    x += font.getlength(words) + 40


if __name__ == '__main__':
  picture().quantize(64, Image.Quantize.MAXCOVERAGE).save(OUT, optimize=True)
  print(OUT, OUT.stat().st_size // 1000, 'kB')
