"""Traces the ink in a picture of one symbol to strokes, which are then drawn as in training.

The network then sees lines of the thickness that it was trained on, whatever the pen was, in any
layout of `render`. The order in which the pen wrote the lines is not found. RULE says step by step
how ink is found, for dark ink on light paper or light ink on dark paper.

Thick pens close gaps, so symbols written with a thin pen are recognized better. A network that was
right on 98 % of 379 validation symbols of HOMUS lost up to 1 percentage point when they were drawn
as pictures with a pen of 3 pixels, and up to 3 with a pen of 5. Where the thresholded picture was
only resized instead, it lost 7 and 35.
"""

import numpy as np
import scipy  # It loads `scipy.ndimage` when that is first used.
from PIL import Image

from omr_jax.errors import UserError
from omr_jax.inputs import render, thinning

LONGEST = 1024  # Longest side of a picture, in pixels.
# Least difference between paper and ink, in grey levels and in standard deviations of the paper.
_CONTRAST = 20
_DEVIATIONS = 3
# The least share of light pixels along the border of a picture with light paper. Dark ink that was
# cut out closely covers up to two thirds of the border.
_LIGHT_BORDER = 1 / 3
# Depth, as a share of the shorter side, to which the bits of paper along a closely cut bar reach.
_EDGE = 0.1
# Smallest area of a piece of ink, in squares of the pen's width. A dot of the pen has pi / 4.
_SPECK = 0.3
_PEN = 10  # Width of the pen, in pixels, with which the ink is thinned.
_LONGEST_INK = 512  # Longest side of the ink when it is thinned, in pixels.
_PIECES = 64  # Most pieces of ink and paper in one symbol.

# The steps to `ink`; `model.json` has them for other programs.
RULE = (
  f'Reduction: a picture with a side above {LONGEST} pixels is resized so that its longer side has '
  f'{LONGEST}; sides are rounded and at least 1.',
  'Grey: (299 R + 587 G + 114 B + 500) // 1000.',
  'Light: a plane is subtracted that is 0 in the middle of the picture. Its slope along x is the '
  'median of the last column minus that of the first, divided by width - 1; its slope along y is '
  'found from the rows in the same way. The result is rounded and clipped to 0...255. Both slopes '
  'may come from a neighbouring symbol or a staff line at the edge, and not from light. So four '
  'planes are tried: level, sloping along y, along x, and along both. The first of those is used '
  "for which Otsu's two classes, dark and light, vary least within themselves.",
  "Threshold: Otsu's threshold separates dark from light; of equally good thresholds the middle "
  'one, rounded down, is used. What is not brighter is ink.',
  'Light ink: if less than a third of the pixels along the border are light, and at least half of '
  f'all light pixels are inside a frame of {_EDGE} of the shorter side, rounded, at least 1, the '
  'ink is light on dark paper: the picture is inverted and separated again. (The second condition '
  'keeps dark ink that was cut out closely from being inverted.)',
  'Contrast: the paper must be brighter than the ink, mean against mean, by at least '
  f'{_CONTRAST} and by at least {_DEVIATIONS} standard deviations of the paper; otherwise there is '
  'no ink, and no answer.',
  'Specks: the depth of a pixel of ink is its Euclidean distance to the nearest pixel that is not '
  "ink, minus 1/2; what is outside the picture is not ink. The pen's width is 4 times the mean "
  'depth, at least 1. Pieces of ink, joined at sides or corners, with fewer pixels than '
  f'{_SPECK} times the square of that width are removed, unless all are that small. Then the width '
  'is computed again.',
  "Scale: the box of the ink, larger by the pen's width w on all sides where the picture allows, "
  'is cut out of the grey picture: where its first and last row of ink are a and b, the rows from '
  'floor(a - w) to floor(b + w) + 1, and columns likewise. It is resized by the factor that makes '
  f'the pen {_PEN} pixels wide, or by the one that makes its longer side {_LONGEST_INK} if that is '
  'smaller; sides are rounded and at least 1. The same threshold separates ink again, and specks '
  'are removed again. A frame of paper of one pixel is added. If '
  f'there are more than {_PIECES} pieces of ink and paper together (pieces of paper are joined at '
  'sides only), the picture shows more than one symbol, and there is no answer.',
)


def reduced(picture: Image.Image) -> Image.Image:
  """Reduces a large picture of Pillow, in mode L or RGB, before it becomes an array."""
  zoom = LONGEST / max(picture.size)
  if zoom >= 1:
    return picture
  width, height = (max(1, round(n * zoom)) for n in picture.size)
  return picture.resize((width, height), Image.Resampling.BILINEAR)


def lines(picture: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
  """Traces one symbol by RULE and `thinning.RULE`.

  Args:
    picture: uint8 [height, width, 3].
    name: The name of the file, for messages.

  Returns:
    Points, float [points, 2], in pixels of the tablet, as estimated from the pen's width, and the
    line of each, int [points].

  Raises:
    UserError: There is no ink, or too many pieces of it for one symbol.
  """
  return thinning.strokes(_ink(picture, name))


def inked(picture: np.ndarray, drawing: render.Drawing, name: str) -> np.ndarray:
  """Resizes the ink of a picture to the canvas, with lines as thick as they are.

  The ink is found by RULE. Whatever else was cut out with the symbol is resized with it.

  Args:
    picture: uint8 [height, width, 3].
    drawing: How the network's pictures are drawn.
    name: The name of the file, for messages.

  Returns:
    uint8 [drawing.height, drawing.width, 1].

  Raises:
    UserError: There is no ink, or too many pieces of it for one symbol.
  """
  ink = _ink(picture, name)
  return render.fitted(np.where(ink[_box(ink)], 0, 255).astype(np.uint8), drawing)[..., None]


def _grey(picture: np.ndarray) -> np.ndarray:
  picture = np.asarray(reduced(Image.fromarray(picture)))
  return (picture @ np.array((299, 587, 114)) + 500) // 1000


def _evened(grey: np.ndarray) -> np.ndarray:
  planes = []
  for axis, sides in enumerate((grey, grey.T)):
    rise = np.median(sides[-1]) - np.median(sides[0])
    planes.append(np.expand_dims(rise * np.linspace(-0.5, 0.5, len(sides)), 1 - axis))
  candidates = (
    np.clip(np.floor(grey - plane + 0.5), 0, 255).astype(np.uint8)
    for plane in (0.0, *planes, sum(planes))
  )
  return min(candidates, key=lambda candidate: _otsu(candidate)[1])


def _ink(picture: np.ndarray, name: str) -> np.ndarray:
  """The ink by RULE: bool [height, width], true for ink, framed by paper."""
  grey = _evened(_grey(picture))
  level, _ = _otsu(grey)
  if _is_light_on_dark(grey > level):
    grey = 255 - grey
    level, _ = _otsu(grey)
  ink, paper = grey[grey <= level], grey[grey > level]
  if not ink.size or not paper.size or _faint(ink, paper):
    raise UserError(
      f'{name}: no ink is to be seen; give a picture of one symbol with plain paper around it.'
    )
  found = _without_specks(grey <= level)
  pen = _pen(found)
  rows, columns = _box(found)
  crop = grey[_widened(rows, pen), _widened(columns, pen)]
  zoom = min(_PEN / pen, _LONGEST_INK / max(crop.shape))
  width, height = (max(1, round(n * zoom)) for n in crop.shape[::-1])
  resized = Image.fromarray(crop).resize((width, height), Image.Resampling.BILINEAR)
  found = np.pad(_without_specks(np.asarray(resized) <= level), 1)
  pieces = scipy.ndimage.label(found, thinning.CORNERS_TOO)[1] + scipy.ndimage.label(~found)[1]
  if not found.any() or pieces > _PIECES:
    raise UserError(
      f'{name}: too noisy, or more than one symbol; cut one out with plain paper around it.'
    )
  return found


def _is_light_on_dark(light: np.ndarray) -> bool:
  border = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
  edge = max(1, round(_EDGE * min(light.shape)))
  return (
    border.mean() < _LIGHT_BORDER and light[edge:-edge, edge:-edge].sum() >= light.sum() / 2 > 0
  )


def _otsu(grey: np.ndarray) -> tuple[int, float]:
  """Otsu's threshold of uint8 pixels, and the variance that is left within its two classes.

  The threshold has the largest variance between the pixels above it and the others.
  """
  count = np.bincount(grey.ravel(), minlength=256)
  below, total = np.cumsum(count), np.cumsum(count * np.arange(256))
  above = below[-1] - below
  rest = total[-1] - total
  means = rest / np.maximum(above, 1) - total / np.maximum(below, 1)
  variance = below * above * means**2
  level = int(np.flatnonzero(variance == variance.max()).mean())
  return level, grey.var() - variance.max() / float(grey.size) ** 2


def _faint(ink: np.ndarray, paper: np.ndarray) -> bool:
  return paper.mean() - ink.mean() < max(_CONTRAST, _DEVIATIONS * paper.std())


def _pen(ink: np.ndarray) -> float:
  # Across a line of width w the depth rises from 0 to w / 2 and falls again: its mean is w / 4.
  return max(1, 4 * thinning.depth(ink)[ink].mean())


def _without_specks(ink: np.ndarray) -> np.ndarray:
  if not ink.any():
    return ink
  pieces, _ = scipy.ndimage.label(ink, thinning.CORNERS_TOO)
  area = np.bincount(pieces.ravel())
  kept = area >= _SPECK * _pen(ink) ** 2
  kept[0] = False
  # Where all pieces are specks the ink is as scattered as in a photo; `_ink` refuses it by the
  # number of pieces.
  return kept[pieces] if kept.any() else ink


def _box(ink: np.ndarray) -> tuple[slice, slice]:
  """Rows and columns of the box of all ink."""
  return scipy.ndimage.find_objects(ink.astype(np.uint8), 1)[0]


def _widened(used: slice, margin: float) -> slice:
  return slice(max(0, int(used.start - margin)), int(used.stop - 1 + margin) + 2)
