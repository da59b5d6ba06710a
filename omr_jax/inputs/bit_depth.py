"""Grey pictures of more than eight bits, brought to eight; pictures in bands, for the memory."""

from collections.abc import Iterator

import numpy as np
from PIL import ExifTags, Image


def to_grey(picture: Image.Image) -> Image.Image:
  """A picture of one channel of whole numbers or floats (Pillow's modes I and F) in mode L."""
  return _scaled(picture, *_range(picture))


def _range(picture: Image.Image) -> tuple[float, float]:
  """The numbers that are black and white in a picture of one channel with more than 8 bits.

  16-bit: 0 and 65535, 12-bit TIFFs: 0 and 4095. Of wider ones the header tells no range, so white
  is the first of 1, 255 and 65535 that no pixel exceeds; where that fails, or a pixel is negative,
  the lowest number is black and the highest white.
  """
  tags = picture.tag_v2 if picture.format == 'TIFF' else {}
  if picture.mode.startswith('I;16'):
    low, high = 0, 2 ** tags.get(ExifTags.Base.BitsPerSample, (16,))[0] - 1
  else:
    finite = [band[np.isfinite(band)] for _, band in bands(picture)]
    low = min((float(band.min()) for band in finite if band.size), default=0)
    high = max((float(band.max()) for band in finite if band.size), default=1)
    white = [value for value in (1, 255, 65535) if value >= high]
    if low >= 0 and white:
      low, high = 0, white[0]
  # Pillow leaves 0 for white as it is in these modes.
  inverted = tags.get(ExifTags.Base.PhotometricInterpretation) == 0
  return (high, low) if inverted else (low, high)


def _scaled(picture: Image.Image, black: float, white: float) -> Image.Image:
  """Mode L, from `black` to `white` and rounded; what is no number is black."""
  grey = Image.new('L', picture.size)
  for top, band in bands(picture):
    values = np.nan_to_num(band.astype(np.float64), nan=black)
    values = (values.clip(min(black, white), max(black, white)) - black) / (white - black or 1)
    grey.paste(Image.fromarray(np.rint(values * 255).astype(np.uint8)), (0, top))
  return grey


def bands(picture: Image.Image) -> Iterator[tuple[int, np.ndarray]]:
  """First row and pixels of each band: Pillow copies three times what it turns to an array."""
  rows = max(1, 2**20 // picture.width)
  for top in range(0, picture.height, rows):
    bottom = min(top + rows, picture.height)
    yield top, np.asarray(picture.crop((0, top, picture.width, bottom)))
