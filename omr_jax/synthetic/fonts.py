"""Fonts for drawn pictures: Pillow's own, and those that come with matplotlib, if it is there."""

import functools
import importlib.util
from pathlib import Path
from typing import cast

import numpy as np
from PIL import ImageFont

_NAMES = (
  *('DejaVuSans', 'DejaVuSans-Bold', 'DejaVuSans-Oblique', 'DejaVuSansMono', 'DejaVuSerif'),
  *('DejaVuSerif-Bold', 'DejaVuSerif-Italic', 'STIXGeneral', 'STIXGeneralBol', 'STIXGeneralItalic'),
)


def plain_font(size: float) -> ImageFont.FreeTypeFont:
  """Pillow's own font, `size` pixels high (at least 6)."""
  font = ImageFont.load_default(max(6, size))
  return cast(ImageFont.FreeTypeFont, font)  # A Pillow without FreeType has another one.


def any_font(rng: np.random.Generator, size: float) -> ImageFont.FreeTypeFont:
  """One of all fonts, `size` pixels high (at least 6)."""
  size = max(6, round(size))
  number = int(rng.integers(len(_NAMES) + 2))  # Pillow's own counts twice.
  return _font(_NAMES[number] if number < len(_NAMES) else '', size)


def named(name: str, size: float) -> ImageFont.FreeTypeFont:
  """The font of this name, or Pillow's own where matplotlib is missing."""
  return _font(name, max(6, round(size)))


@functools.lru_cache(maxsize=512)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
  path = _folder() / f'{name}.ttf'
  return ImageFont.truetype(str(path), size) if path.is_file() else plain_font(size)


@functools.cache
def _folder() -> Path:
  found = importlib.util.find_spec('matplotlib')  # Found without importing it, which takes long.
  return Path(found.origin).parent / 'mpl-data/fonts/ttf' if found and found.origin else Path()
