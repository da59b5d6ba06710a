"""The memory that a picture may take while it is read, and what it will take by its header."""

import numpy as np
from PIL import Image, JpegImagePlugin

from omr_jax.errors import UserError

# In bytes, with the copies that are made on the way to 8-bit grey or RGB. This is enough for 134
# million pixels in colour, and for 536 million in grey or black and white (A3 at 1200 dpi has 278).
BUDGET = 2**30
# The largest side that a JPEG can have. The first pass of resizing changes the width and keeps the
# height: without this bound it would make a very high, narrow picture larger instead of smaller.
LONGEST_SIDE = 65_535


def needed(
  picture: Image.Image, whole: tuple[int, int] | None = None, as_array: bool = False
) -> int:
  """The bytes that are in use at most while a picture is decoded and brought to grey or RGB.

  Args:
    picture: Opened by Pillow. A JPEG that is reduced while it is decoded has its reduced size.
    whole: Width and height of that JPEG in full.
    as_array: Whether an array of 3 bytes a pixel is made of it at the end.
  """
  mode = picture.mode
  stored = 2 if mode.startswith('I;16') else 1 if mode in ('1', 'L', 'P') else 4  # In Pillow.
  # RGB is copied where the picture is turned. What is transparent becomes RGBA, then RGB.
  final = copies = 1 if mode in ('1', 'L') or mode[0] in 'IF' else 4
  if mode != 'RGBA' and picture.has_transparency_data:
    copies += 4
  found = picture.width * picture.height * max(stored + copies, final + 3 * as_array)
  if whole and isinstance(picture, JpegImagePlugin.JpegImageFile):
    found += _coefficients(picture, *whole)
  return found


def check(
  picture: Image.Image,
  name: str,
  whole: tuple[int, int] | None = None,
  as_array: bool = False,
) -> int:
  """Returns what `needed` says.

  Raises:
    UserError: The picture has no pixels, or is too large.
  """
  if not picture.width or not picture.height:
    raise UserError(f'{name}: has no pixels ({picture.width}x{picture.height}); leave it out.')
  found = needed(picture, whole, as_array)
  check_size(picture.width, picture.height, found, name)
  return found


def check_array(array: np.ndarray, name: str) -> None:
  """Raises a UserError for an array too large to be copied into a picture.

  The pixels of an array may repeat, so that it takes much less memory than a copy of it.

  Args:
    array: uint8 [height, width] or [height, width, channels].
    name: For messages.
  """
  height, width, *channels = array.shape
  stored = 1 if channels in ([], [1]) else 4
  check_size(width, height, 2 * stored * width * height, name)  # Stored and copied, as in `needed`.


def check_size(width: int, height: int, size: int, name: str) -> None:
  """Raises a UserError for a picture of more than BUDGET bytes, or with too long a side."""
  if max(width, height) > LONGEST_SIDE:
    raise UserError(
      f'{name}: too large ({width}x{height} pixels); save it with at most {LONGEST_SIDE} along a '
      'side.'
    )
  if size > BUDGET:
    raise UserError(
      f'{name}: too large ({width}x{height} pixels take {size / 1e9:.1f} GB of memory, and a '
      f'picture may take {BUDGET / 1e9:.1f}); save it smaller, or without colours.'
    )


def _coefficients(picture: JpegImagePlugin.JpegImageFile, width: int, height: int) -> int:
  """The bytes that libjpeg keeps of a progressive JPEG, in full even if it is decoded smaller."""
  if 'progressive' not in picture.info:
    return 0
  factors = [across * down for _, across, down, _ in picture.layer]
  return 2 * width * height * sum(factors) // max(1, *factors)
