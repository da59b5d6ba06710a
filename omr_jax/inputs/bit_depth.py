"""Converts pictures of any mode and depth to 8 bits, a band of rows at a time to save memory."""

from collections.abc import Iterator

import numpy as np
from PIL import ExifTags, Image

# The ink of a transparent picture is light, such as white notes, if it is brighter on average.
_LIGHT = 192
_SAMPLE_FORMAT = 339  # The TIFF tag SampleFormat: 1, which need not be given, for unsigned ints.

# The steps from any picture to 8-bit grey or RGB; `model.json` has them for other programs.
RULE = (
  'Depth: grey of 16 bits is divided by 257 and rounded; in a TIFF of 12 bits white is 4095. Grey '
  'of more bits, and floats: black is 0, and white the first of 1, 255 and 65535 that no pixel '
  'exceeds; if there is none, or a pixel is negative, black is the lowest and white the highest '
  'value. Colours of 16 bits lose their lower 8 bits.',
  'Transparency: a picture with an alpha channel or a transparent colour becomes RGBA, and is '
  'pasted on white; but on black, if its alpha is on average below one half of 255, and its '
  f'brightness, averaged with alpha as the weight, above {_LIGHT}.',
  'Colour: any other mode, such as a palette or CMYK, becomes RGB; colour profiles are ignored.',
)


def to_grey(picture: Image.Image) -> Image.Image:
  """Converts a picture of one channel of ints or floats (Pillow's modes I and F) to mode L."""
  return _scaled(picture, *_range(picture))


def _range(picture: Image.Image) -> tuple[float, float]:
  """The pixel values of black and of white in a picture of one channel with more than 8 bits.

  They are 0 and 65535 in a 16-bit picture, 0 and 4095 in a 12-bit TIFF. The header of a picture
  with more bits names no range: there black is 0, and white the first of 1, 255 and 65535 that no
  pixel exceeds. If there is none, or a pixel is negative, black is the lowest value of a pixel and
  white the highest.
  """
  tags = getattr(picture, 'tag_v2', {}) if picture.format == 'TIFF' else {}
  if picture.mode.startswith('I;16'):
    low, high = 0.0, 2.0 ** tags.get(ExifTags.Base.BitsPerSample, (16,))[0] - 1
  else:
    finite = [band[np.isfinite(band)] for _, band in _values(picture)]
    low = min((float(band.min()) for band in finite if band.size), default=0)
    high = max((float(band.max()) for band in finite if band.size), default=1)
    white = [value for value in (1, 255, 65535) if value >= high]
    if low >= 0 and white:
      low, high = 0, white[0]
  # In these modes Pillow does not invert a TIFF that stores white as 0.
  inverted = tags.get(ExifTags.Base.PhotometricInterpretation) == 0
  return (high, low) if inverted else (low, high)


def _scaled(picture: Image.Image, black: float, white: float) -> Image.Image:
  """Scales values from [black, white] to 0..255 and rounds them: mode L. NaN becomes black."""
  grey = Image.new('L', picture.size)
  for top, band in _values(picture):
    values = np.nan_to_num(band.astype(np.float64), nan=black)
    values = (values.clip(min(black, white), max(black, white)) - black) / (white - black or 1)
    grey.paste(Image.fromarray(np.rint(values * 255).astype(np.uint8)), (0, top))
  return grey


def _values(picture: Image.Image) -> Iterator[tuple[int, np.ndarray]]:
  """The bands of a picture of one channel. Pillow gives unsigned ints of 32 bits as signed ones."""
  tags = getattr(picture, 'tag_v2', {}) if picture.format == 'TIFF' else {}
  bits, kind = (tags.get(tag, (1,))[0] for tag in (ExifTags.Base.BitsPerSample, _SAMPLE_FORMAT))
  is_unsigned = picture.mode == 'I' and bits == 32 and kind == 1
  for top, band in bands(picture):
    yield top, band.view(np.uint32) if is_unsigned else band


def bands(picture: Image.Image) -> Iterator[tuple[int, np.ndarray]]:
  """Yields the first row and the pixels of each band of about a million pixels.

  Pillow needs three times the memory of whatever it turns into an array, so that is one band.
  """
  rows = max(1, 2**20 // picture.width)
  for top in range(0, picture.height, rows):
    bottom = min(top + rows, picture.height)
    yield top, np.asarray(picture.crop((0, top, picture.width, bottom)))


def eight_bits(picture: Image.Image) -> Image.Image:
  """Converts a picture of any mode to mode L or RGB."""
  if picture.mode[0] in 'IF':
    clear = picture.info.get('transparency')  # Of a PNG with 16 bits.
    if not isinstance(clear, int):
      return to_grey(picture)
    picture = _with_alpha(picture, clear)
  if picture.mode == 'La':  # Grey multiplied by its opacity; it can be converted to LA only.
    picture = picture.convert('LA')
  if picture.has_transparency_data:
    if picture.mode != 'RGBA':
      picture = picture.convert('RGBA')
    paper = Image.new('RGB', picture.size, _ground(picture))
    paper.paste(picture, mask=picture)
    return paper
  if picture.mode in ('L', 'RGB'):
    return picture
  return picture.convert('L' if picture.mode == '1' else 'RGB')


def _with_alpha(picture: Image.Image, clear: int) -> Image.Image:
  """A picture of one channel of ints in which one value is transparent: mode LA."""
  grey, alpha = to_grey(picture), Image.new('L', picture.size)
  for top, band in bands(picture):
    opaque = np.where(band == clear, 0, 255).astype(np.uint8)
    alpha.paste(Image.fromarray(opaque), (0, top))
  grey.putalpha(alpha)
  return grey


def _ground(picture: Image.Image) -> str:
  """The colour of the ground for a picture in mode RGBA: white, but black for light ink.

  If more than half of the picture is opaque, this is its paper and not its ink, and the ground is
  white.
  """
  counts = picture.getchannel('A').histogram()
  opacity = sum(alpha * count for alpha, count in enumerate(counts))
  if 2 * opacity >= 255 * picture.width * picture.height:
    return 'white'
  light = 0
  for _, band in bands(picture):
    brightness = np.asarray(Image.fromarray(band).convert('L'), np.int64)
    light += int((brightness * band[..., 3]).sum())
  return 'black' if light > _LIGHT * opacity else 'white'


def as_rgb(picture: Image.Image) -> np.ndarray:
  """The pixels of a picture in mode L or RGB: uint8 [height, width, 3]."""
  pixels = np.empty((picture.height, picture.width, 3), np.uint8)
  for top, band in bands(picture):
    pixels[top : top + len(band)] = band if band.ndim == 3 else band[..., None]
  return pixels
