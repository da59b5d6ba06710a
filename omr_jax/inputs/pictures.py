"""Decodes pictures of any kind to 8-bit RGB, by many threads at once.

`opened` reads the header of a file, and `decode` the pixels. Read are JPEG, PNG, TIFF, WebP, BMP,
GIF and, with pillow-heif, HEIC.
"""

import contextlib
import ctypes
import struct
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np
from PIL import ExifTags, Image, JpegImagePlugin, TiffImagePlugin

from omr_jax.errors import UserError
from omr_jax.inputs import bit_depth, budget, pillow_setup, signatures, stroke_files
from omr_jax.inputs.pillow_setup import pillow_heif
from omr_jax.utils import thread_locks

CLASSES = ('other', 'scores')

# Pictures that need more bytes are decoded one at a time, so that memory does not grow with the
# number of threads.
SMALL = 2**27
# In a child process `child` replaces it: there the main process decides whose turn it is.
ONE_LARGE: contextlib.AbstractContextManager[object] = thread_locks.free_in_forks(threading.Lock())

_TILE = (322, 323)  # The TIFF tags TileWidth and TileLength.
_COMPRESSION = 259  # The TIFF tag Compression.

_KNOWN = ', '.join(pillow_setup.FORMATS).replace('HEIF', 'HEIC')
_HEIF = 'HEIC', signatures.OTHER_CONTAINER  # The kinds of files that pillow-heif opens.
_OTHER_HEIF = (
  'a damaged HEIC, or AVIF, a video or another kind of HEIF, which are not read; save it as a JPEG '
  'or PNG.'
)
_OTHER_TIFF = (
  'a damaged TIFF, or one of a kind that is not read; save it compressed as LZW, or as PNG.'
)

_TURNS = {
  2: Image.Transpose.FLIP_LEFT_RIGHT,
  3: Image.Transpose.ROTATE_180,
  4: Image.Transpose.FLIP_TOP_BOTTOM,
  5: Image.Transpose.TRANSPOSE,
  6: Image.Transpose.ROTATE_270,
  7: Image.Transpose.TRANSVERSE,
  8: Image.Transpose.ROTATE_90,
}
_ON_SIDE = (5, 6, 7, 8)  # Of these, those that make the width the height.
_FULL_SIZE = 'size before it was reduced'  # A key of `Image.info`.

# The steps from a file to 8-bit grey or RGB; `model.json` has them for other programs.
RULE = (
  'Orientation: the picture is turned and mirrored as its EXIF tag says, number '
  f'{ExifTags.Base.Orientation.value}, with values from 1 to 8.',
  *bit_depth.RULE,
)


def opened(file: BinaryIO, name: str) -> Image.Image:
  """Opens the picture in a file with Pillow, which reads the header but not yet the pixels.

  Unlike `PIL.Image.open` it sets no limit to the pixels: `decode` has another one, in bytes.

  Raises:
    UserError: The file is empty, or holds no picture that can be read here.
  """
  start = file.read(16)
  if not start:
    raise UserError(f'{name}: the file is empty; remove it or restore it.')
  kind = signatures.kind(start)
  if pillow_heif is None and kind == 'HEIC':
    raise UserError(f"{name}: HEIC needs one more library; pip install 'omr_jax[heic]'.")
  pillow_setup.set_up()
  with refused(name, kind in _HEIF):
    for each in pillow_setup.FORMATS:
      factory, accepts = Image.OPEN[each]
      accepted = accepts is None or accepts(start)  # Or a text that says why it is not.
      if accepted and not isinstance(accepted, str):
        with contextlib.suppress(SyntaxError, IndexError, KeyError, TypeError, struct.error):
          file.seek(0)
          # Without a name: Pillow would open that one itself, as it is from where this process is.
          return factory(file, '')
  if kind in _HEIF:
    raise UserError(f'{name}: {_OTHER_HEIF}')
  if kind == 'TIFF':
    raise UserError(f'{name}: {_OTHER_TIFF}')
  file.seek(0)
  if stroke_files.begins(file.read(signatures.SHORT)):
    raise UserError(
      f'{name}: not a picture; if it holds strokes, give it to a model that reads them, such as '
      'homus_strokes.'
    )
  raise UserError(
    f'{name}: not a picture, or damaged at its beginning; save it anew as one of {_KNOWN}.'
  )


class Large(Exception):
  """A picture needs more memory to be decoded than the caller wants to spend here."""


def decode(
  picture: Image.Image,
  name: str,
  least: int = 0,
  finish: Callable[[Image.Image], Any] | None = None,
  colour: bool = True,
  most: int = budget.BUDGET,
) -> Any:
  """Decodes the current frame of a picture that `opened` has opened, by RULE.

  Args:
    picture: From `opened`.
    name: The name of the file, for messages.
    least: JPEGs may be decoded at 1/2, 1/4 or 1/8 of their size (libjpeg leaves out high
      frequencies), as long as no side gets fewer pixels than this; 0 for full size.
    finish: Applied to the decoded picture, which is in mode L or RGB; by default it becomes an
      array.
    colour: Whether colour is wanted. If not, the picture is in mode L (brightness), and only the
      brightness of a JPEG is decoded.
    most: The bytes that decoding may take here.

  Returns:
    What `finish` returns, by default uint8 [height, width, 3].

  Raises:
    UserError: The picture is damaged or too large.
    Large: Decoding takes more than `most`, though not too much.
  """
  pillow_setup.set_up()
  is_heif = picture.format == 'HEIF'
  with refused(name, is_heif):
    whole = picture.size
    if (least or not colour) and isinstance(picture, JpegImagePlugin.JpegImageFile):
      picture.draft(None if colour else 'L', (least, least) if least else picture.size)
    needed = budget.check(picture, name, whole, as_array=finish is None)
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
      _check_tiff(picture, name)
  if needed > most:
    raise Large
  with refused(name, is_heif), ONE_LARGE if needed > SMALL else contextlib.nullcontext():
    try:
      _load(picture, needed)
      budget.check(picture, name)  # A HEIC may be larger than its header says.
      orientation = _orientation(picture)
      # Each step assigns to the same name, so that the picture before it can be freed.
      reduced = picture.size != whole and isinstance(picture, JpegImagePlugin.JpegImageFile)
      picture = bit_depth.eight_bits(picture)
      if not colour:
        picture = picture.convert('L')
      if orientation in _TURNS:
        picture = picture.transpose(_TURNS[orientation])
      if reduced:
        picture.info[_FULL_SIZE] = whole[::-1] if orientation in _ON_SIDE else whole
      return (finish or bit_depth.as_rgb)(picture)
    except Exception as error:
      traceback.clear_frames(error.__traceback__)
      raise
    finally:
      del picture  # Frees it before the next large picture is decoded.


def full_size(picture: Image.Image) -> tuple[int, int]:
  """Width and height of an upright picture before decoding may have reduced it."""
  return picture.info.get(_FULL_SIZE, picture.size)


@contextlib.contextmanager
def refused(name: str, is_heif: bool = False) -> Iterator[None]:
  """Turns any exception inside, where a picture is read, into a UserError with its name."""
  try:
    yield
  except UserError:
    raise
  except MemoryError:
    raise UserError(
      f'{name}: there is not enough memory to read it; end other programs, or save it smaller.'
    ) from None
  except Image.DecompressionBombError:
    raise UserError(f'{name}: too large; save it smaller.') from None
  except Exception as error:  # Pillow raises exceptions of many types on damaged data.
    reason = ' '.join(str(error).split())[:200] or type(error).__name__
    if is_heif and 'unsupported' in reason.lower():
      raise UserError(f'{name}: {_OTHER_HEIF}') from error
    raise UserError(
      f'{name}: damaged or cut short ({reason}); restore it or save it anew.'
    ) from error


def _load(picture: Image.Image, needed: int) -> None:
  """Decodes the pixels. MemoryError where there is no room for so many bytes."""
  try:
    picture.load()
  except OSError as error:
    # libjpeg and libtiff report lack of memory as if the picture were damaged.
    try:
      np.empty(needed, np.uint8)  # It is only reserved: writing to it would take seconds.
    except MemoryError:
      raise MemoryError from error
    raise


def _check_tiff(picture: TiffImagePlugin.TiffImageFile, name: str) -> None:
  """Raises a UserError for large tiles, and for a compression that libtiff cannot decode here."""
  width, height = (picture.tag_v2.get(tag, 0) for tag in _TILE)
  budget.check_size(width, height, 4 * width * height, name)
  compression = picture.tag_v2.get(_COMPRESSION, 1)
  with contextlib.suppress(AttributeError, OSError):  # As in `pillow_setup`.
    if not ctypes.CDLL(Image.core.__file__).TIFFIsCODECConfigured(compression):
      kind = getattr(picture, '_compression', compression)
      raise UserError(f'{name}: {_OTHER_TIFF} It is compressed as {kind}.')


def _orientation(picture: Image.Image) -> Any:
  """The EXIF tag. Pillow itself rotates TIFFs and removes the tag."""
  try:
    return picture.getexif().get(ExifTags.Base.Orientation)
  except Exception:  # A damaged EXIF block can raise nearly anything; the picture is still good.
    return None
