"""Brings pictures to the size that a network reads, in training as in use."""

import numpy as np
from PIL import Image

from omr_jax.inputs import bit_depth

# How pictures are resized, in words; `model.json` has them for other programs. It is Pillow's
# BILINEAR: a triangle filter whose width grows with the reduction, so that thin lines fade instead
# of vanishing.
RULE = (
  "Resizing (Pillow's BILINEAR), whatever the aspect ratio: along an axis that goes from n to m "
  'pixels, with s = n / m and r = max(s, 1), pixel i of the result is the weighted mean of the '
  'pixels j of the source with max(0, floor(c - r + 1/2)) <= j < min(n, floor(c + r + 1/2)), where '
  'c = (i + 1/2) s. Pixel j has the weight max(0, 1 - |j + 1/2 - c| / r), divided by the sum of '
  'these weights. The rows are resized first (n and m are widths), then the columns (heights). '
  'Each of the two passes rounds its result, floor(x + 1/2). Values are used as they are, without '
  'gamma correction.'
)


def resized(picture: Image.Image, height: int, width: int, colour: bool = True) -> np.ndarray:
  """Resizes a picture to one size by RULE.

  Pillow's weights have 22 bits, and from version 13 on it resizes the columns first where that is
  faster. The values of another implementation or version may therefore differ by 1.

  Args:
    picture: In mode L or RGB. One in mode L is resized in one channel, which gives the same values
      in a third of the time.
    height: In pixels.
    width: In pixels.
    colour: Whether the result has three channels; if not, the picture must be in mode L.

  Returns:
    uint8 [height, width, 3], or without `colour` [height, width, 1].
  """
  picture = picture.resize((width, height), Image.Resampling.BILINEAR)
  return bit_depth.as_rgb(picture) if colour else np.asarray(picture)[..., None]
