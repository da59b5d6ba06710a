"""Pictures as people have them, to 8-bit RGB of one size.

Bytes become a decoded picture (`read`), and that the picture a network sees (`resize`); `load` does
both. All three may be called by many threads at once.
"""

import contextlib
import ctypes
import io
import logging
import re
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, JpegImagePlugin, UnidentifiedImageError

from omr_jax.errors import UserError
from omr_jax.inputs import bit_depth

try:
  import pillow_heif
except ImportError:
  pillow_heif = None

CLASSES = ('other', 'scores')
# Of red, green and blue in brightness: ITU-R BT.601, as in JPEG.

# The largest phones take 12 000 x 9 000. Decoding takes up to 8 bytes for each.
_MOST_PIXELS = 110_000_000
# Of a JPEG. A narrow picture grows in its first pass of resizing, by its height.
_LONGEST_SIDE = 65_535
# Larger ones are decoded one at a time, or memory would grow with the number of threads.
_MANY_PIXELS = 2**24
_ONE_LARGE = threading.Lock()

_TILE = (322, 323)  # TIFF's tags TileWidth and TileLength.

# No others: some of Pillow's plug-ins start programs.
_FORMATS = ['JPEG', 'PNG', 'TIFF', 'WEBP', 'BMP', 'GIF']
_HEIC_BRANDS = (b'heic', b'heix', b'heim', b'heis', b'hevc', b'hevx', b'mif1', b'msf1')
Image.init()  # Before threads do.
# Blocks below 32 MiB, as Pillow's own are, glibc keeps for each thread when they are freed.
Image.core.set_block_size(2**26)
if pillow_heif:
  pillow_heif.register_heif_opener(decode_threads=1)
  _FORMATS.append('HEIF')

# Whatever Pillow says about odd tags: what can't be decoded is refused in our own words.
logging.getLogger('PIL').setLevel(logging.CRITICAL)
with contextlib.suppress(AttributeError, OSError):  # Where libtiff is linked into Pillow itself.
  # It would write to stderr by itself; Pillow only stops its warnings.
  ctypes.CDLL(Image.core.__file__).TIFFSetErrorHandler(None)
_NOISE = ('ignore', None, Warning, re.compile(r'PIL\.'), 0)
_FILTERS = threading.Lock()

_TURNS = {
  2: Image.Transpose.FLIP_LEFT_RIGHT,
  3: Image.Transpose.ROTATE_180,
  4: Image.Transpose.FLIP_TOP_BOTTOM,
  5: Image.Transpose.TRANSPOSE,
  6: Image.Transpose.ROTATE_270,
  7: Image.Transpose.TRANSVERSE,
  8: Image.Transpose.ROTATE_90,
}


def read(content: bytes, name: str, least: int = 0) -> np.ndarray:
  """Decodes a picture, in a file's first frame or page: uint8 [height, width, 3], RGB.

  JPEG, PNG, TIFF, WebP, BMP, GIF and, with pillow-heif, HEIC. It is turned as its EXIF block says.
  What is transparent shows white. Whole grey numbers of 12 or 16 bits span black to white; larger
  ones, negative ones and floats are scaled by the picture's own range (`depth`). 16-bit colours
  lose their lower 8 bits. Colour profiles are ignored.

  Args:
    content: Of the file.
    name: Of the file, for messages.
    least: JPEGs may be decoded at 1/2, 1/4 or 1/8 of their size, as long as no side falls below
      this (in libjpeg's way: blocks of pixels are averaged in frequency). 0 for full size.

  Raises:
    UserError: The picture is empty, broken, cut short, none at all or too large.
  """
  return decode(opened(io.BytesIO(content), name), name, least)


def resize(picture: np.ndarray, height: int, width: int) -> np.ndarray:
  """Brings a picture to one size, whatever its shape: the rule of training and use alike.

  It is Pillow's BILINEAR: a triangle filter as wide as the reduction, so that thin lines fade
  instead of vanishing. Along an axis from n to m pixels, with s = n / m and r = max(s, 1), pixel i
  of the result is the mean of the pixels j of the source in

    max(0, floor(c - r + 1/2)) <= j < min(n, floor(c + r + 1/2)),  c = (i + 1/2) s,

  weighted by max(0, 1 - |j + 1/2 - c| / r); the weights are divided by their sum, so they add up to
  1 at borders too. Rows first (n, m the widths), then columns (the heights). After each of the two
  the result is rounded to whole numbers, floor(x + 1/2). Each channel is by itself, and values are
  taken as they are, without gamma. Pillow's weights have 22 bits, and from version 13 on it takes
  columns first where that is quicker, so another implementation or version may differ by 1.

  Args:
    picture: uint8 [source height, source width, 3].
    height: In pixels.
    width: In pixels.

  Returns:
    uint8 [height, width, 3].
  """
  return resized(Image.fromarray(picture), height, width)


def resized(picture: Image.Image, height: int, width: int, colour: bool = True) -> np.ndarray:
  """`resize` of a picture of Pillow in mode L or RGB; grey is as fast as one channel is.

  Without `colour`, one in mode L becomes uint8 [height, width, 1].
  """
  picture = picture.resize((width, height), Image.Resampling.BILINEAR)
  return _array(picture) if colour else np.asarray(picture)[..., None]


def load(content: bytes, name: str, height: int, width: int) -> np.ndarray:
  """`resize` of `read` with `least` twice the longer side: uint8 [height, width, 3].

  Raises:
    UserError: As `read`.
  """
  least = 2 * max(height, width)
  # Grey ones are resized as such: the same numbers in a third of the time.
  return decode(
    opened(io.BytesIO(content), name),
    name,
    least,
    lambda picture: resized(picture, height, width),
  )


def opened(file: BinaryIO, name: str) -> Image.Image:
  """The picture in a file as Pillow opens it: its header is read, its pixels are not.

  Raises:
    UserError: There is none.
  """
  start = file.read(12)
  if not start:
    raise UserError(f'{name}: the file is empty; remove it or restore it.')
  if pillow_heif is None and start[4:8] == b'ftyp' and start[8:] in _HEIC_BRANDS:
    raise UserError(f"{name}: HEIC needs a library more; pip install 'omr_jax[heic]'.")
  _hush()
  with refused(name):
    return Image.open(file, formats=_FORMATS)


def decode(
  picture: Image.Image,
  name: str,
  least: int = 0,
  finish: Callable[[Image.Image], np.ndarray] | None = None,
  colour: bool = True,
) -> np.ndarray:
  """Decodes what `opened` opened, the frame it stands on: uint8 [height, width, 3].

  Args:
    picture: From `opened`.
    name: For messages.
    least: See `read`.
    finish: What then becomes of it, in mode L or RGB; by default its array.
    colour: Whether colour is wanted. Without, pictures come in mode L, their brightness, and that
      of a JPEG is decoded alone.

  Raises:
    UserError: It is damaged or too large.
  """
  _hush()
  with refused(name):
    whole = picture.width * picture.height
    if (least or not colour) and isinstance(picture, JpegImagePlugin.JpegImageFile):
      picture.draft(None if colour else 'L', (least, least) if least else picture.size)
    check_size(*picture.size, name)
    if picture.format == 'TIFF':
      check_size(*(picture.tag_v2.get(tag, 0) for tag in _TILE), name)
    # A progressive JPEG is held in memory whole at any scale.
    pixels = whole if 'progressive' in picture.info else picture.width * picture.height
    with _ONE_LARGE if pixels > _MANY_PIXELS else contextlib.nullcontext():
      try:
        picture.load()
        check_size(*picture.size, name)  # A HEIC may turn out larger than its header says.
        orientation = _orientation(picture)
        # The same name, so that not all of them need memory at once.
        picture = _eight_bits(picture)
        picture = _turned(picture if colour else picture.convert('L'), orientation)
        return (finish or _array)(picture)
      except Exception as error:
        traceback.clear_frames(error.__traceback__)
        raise
      finally:
        del picture  # Before the next large one begins.


@contextlib.contextmanager
def refused(name: str) -> Iterator[None]:
  """What goes wrong inside, while a picture is read, becomes a UserError with its name."""
  try:
    yield
  except UserError:
    raise
  except UnidentifiedImageError:
    known = ', '.join(_FORMATS)
    raise UserError(
      f'{name}: not a picture, or damaged at its beginning; save it anew as one of {known}.'
    ) from None
  except Image.DecompressionBombError:
    raise _too_large(name) from None
  except Exception as error:  # Pillow's plug-ins raise nearly anything on damaged data.
    reason = ' '.join(str(error).split())[:200] or type(error).__name__
    raise UserError(
      f'{name}: damaged or cut short ({reason}); restore it or save it anew.'
    ) from error


def check_size(width: int, height: int, name: str) -> None:
  """Refuses, with a UserError, a picture larger than memory should hold."""
  if width * height > _MOST_PIXELS or max(width, height) > _LONGEST_SIDE:
    raise _too_large(name)


def _too_large(name: str) -> UserError:
  return UserError(
    f'{name}: too large; save it with at most {_MOST_PIXELS // 10**6} million pixels, '
    f'{_LONGEST_SIDE} along a side.'
  )


def _hush() -> None:
  """Keeps Pillow's warnings off the user's screen.

  One filter for the process, put back where it was removed or covered. `catch_warnings` would swap
  the filters of all threads at every picture, and leave them wrong when two threads overlap.
  """
  with _FILTERS:
    if warnings.filters[:1] != [_NOISE]:
      warnings.filterwarnings('ignore', module=r'PIL\.')


def _orientation(picture: Image.Image) -> object:
  """The EXIF tag. Pillow has turned TIFFs already, and removed it."""
  try:
    return picture.getexif().get(ExifTags.Base.Orientation)
  except Exception:  # As in `refused`; a picture with a damaged EXIF block is still one.
    return None


def _turned(picture: Image.Image, orientation: object) -> Image.Image:
  turn = _TURNS.get(orientation)
  return picture if turn is None else picture.transpose(turn)


def _eight_bits(picture: Image.Image) -> Image.Image:
  """Any picture of Pillow in mode L or RGB."""
  if picture.mode[0] in 'IF':
    return bit_depth.to_grey(picture)
  if picture.mode == 'La':  # Premultiplied, which converts to this only.
    picture = picture.convert('LA')
  if picture.has_transparency_data:
    if picture.mode != 'RGBA':
      picture = picture.convert('RGBA')
    paper = Image.new('RGB', picture.size, 'white')
    paper.paste(picture, mask=picture)
    return paper
  if picture.mode in ('L', 'RGB'):
    return picture
  return picture.convert('L' if picture.mode == '1' else 'RGB')


def _array(picture: Image.Image) -> np.ndarray:
  pixels = np.empty((picture.height, picture.width, 3), np.uint8)
  for top, band in bit_depth.bands(picture):
    pixels[top : top + len(band)] = band if band.ndim == 3 else band[..., None]
  return pixels
