"""A picture of one symbol to strokes, which are then drawn as in training.

So the line is as thick as the network knows it, whatever the pen, and every layout of `render`
works. In which order the pen went is not found. The rule, for dark ink on light paper or light on
dark:

1. Size and light. A picture with a side above 1024 is reduced to 1024 by `pictures.resize`. Grey is
   (299 R + 587 G + 114 B + 500) // 1000. The light is evened out by a plane: its slope along x is
   the difference of the medians of the last and first column over width - 1, along y alike with
   rows; the plane is 0 in the middle, and what is left is rounded and clipped to 0...255. Of no
   slope, either one alone and both that is taken, the first of equals, after which dark and light
   each vary least (Otsu's two parts). A neighbour or a staff line at the edge is no light.
2. Ink. Otsu's threshold (the middle one, rounded down, of equally good ones) parts dark from light.
   Where less than a third of the outermost pixels are light, and of all light ones at least half
   are farther from the edge than a tenth of the shorter side, the picture is inverted and parted
   anew: ink that is cut out closely stays ink. What is not brighter than the threshold is ink. The
   mean paper must be brighter than the mean ink by 20, and by three standard deviations of the
   paper; otherwise there is no ink.
3. A first estimate of the pen's width is 4 times the mean depth (see `thinning.py`) of the ink, at
   least 1. Pieces of ink (pixels joined at sides or corners) with fewer pixels than 0.3 times
   the square of that are specks and removed; then it is estimated again.
4. The box of the ink, a pen's width larger on all sides where the picture allows, is cut out and
   resized (triangle filter as in `pictures.resize`, rounded) by one factor that makes the pen 10
   pixels wide, but no side longer than 512. The same threshold and the removal of specks give the
   ink. With more than 64 pieces of ink and paper (paper joined at sides), it is not one symbol.
5. The ink is thinned to lines, and these are strokes, by the rule in `thinning.py`.

Thick pens close gaps, so a thin pen is read better. On 379 validation symbols of HOMUS, drawn with
pens of 3 and 5 pixels, a network lost up to 1 and 3 percentage points of its 98 %, 7 and 35
where the thresholded picture was only resized instead.
"""

import numpy as np
from PIL import Image
from scipy import ndimage

from omr_jax.errors import UserError
from omr_jax.inputs import pictures, render, thinning

_LONGEST = 1024  # Of a picture, in pixels; symbols are simple.
_CONTRAST = 20  # Grey levels, and standard deviations of the paper.
_DEVIATIONS = 3
_LIGHT_BORDER = 1 / 3  # Less is light on dark; ink cut out closely takes up to two thirds.
_EDGE = 0.1  # Of the shorter side: light no deeper than this is chips along a closely cut bar.
_SPECK = 0.3  # Of the pen's width squared. A tap of the pen has pi / 4.
_PEN = 10  # Pixels in which the ink is thinned.
_LONGEST_INK = 512
_PIECES = 64


def lines(picture: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
  """The lines of one symbol, by the module's rule.

  Args:
    picture: uint8 [height, width, 3].
    name: Of the file, for messages.

  Returns:
    points float [points, 2] in pixels of the tablet, as estimated from the pen's width, and the
    line of each, int [points].

  Raises:
    UserError: There is no ink, or too many pieces of it for one symbol.
  """
  return thinning.strokes(_ink(_evened(_grey(picture)), name))


def inked(picture: np.ndarray, drawing: render.Drawing, name: str) -> np.ndarray:
  """The ink of one symbol and what came along (steps 1 to 4), as thick as it is, on the canvas.

  Args:
    picture: uint8 [height, width, 3].
    drawing: Of the network.
    name: Of the file, for messages.

  Returns:
    uint8 [drawing.height, drawing.width, 1].

  Raises:
    UserError: As `lines`.
  """
  ink = _ink(_evened(_grey(picture)), name)
  used = [np.flatnonzero(ink.any(axis))[[0, -1]] for axis in (1, 0)]
  (top, bottom), (left, right) = used
  box = ink[top : bottom + 1, left : right + 1]
  return render.fitted(np.where(box, 0, 255).astype(np.uint8), drawing)[..., None]


def _grey(picture: np.ndarray) -> np.ndarray:
  zoom = _LONGEST / max(picture.shape)
  if zoom < 1:
    height, width = (max(1, round(n * zoom)) for n in picture.shape[:2])
    picture = pictures.resize(picture, height, width)
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


def _ink(grey: np.ndarray, name: str) -> np.ndarray:
  """Where ink is, bool [height, width], cut out, in the size for thinning, framed by paper."""
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
  crop = grey[tuple(_widened(found.any(axis), pen) for axis in (1, 0))]
  zoom = min(_PEN / pen, _LONGEST_INK / max(crop.shape))
  width, height = (max(1, round(n * zoom)) for n in crop.shape[::-1])
  crop = Image.fromarray(crop).resize((width, height), Image.Resampling.BILINEAR)
  found = np.pad(_without_specks(np.asarray(crop) <= level), 1)
  pieces = ndimage.label(found, thinning.CORNERS_TOO)[1] + ndimage.label(~found)[1]
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
  """The threshold with the largest variance between what is above it and what is not.

  And the variance that is left within these two parts.
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
  # Over the width w of a line the depth rises to w / 2 and falls again: its mean is w / 4.
  return max(1, 4 * thinning.depth(ink)[ink].mean())


def _without_specks(ink: np.ndarray) -> np.ndarray:
  if not ink.any():
    return ink
  pieces, _ = ndimage.label(ink, thinning.CORNERS_TOO)
  area = np.bincount(pieces.ravel())
  kept = area >= _SPECK * _pen(ink) ** 2
  kept[0] = False
  # All of it is specks where ink is as spread as in a photo; then `_ink` counts the pieces.
  return kept[pieces] if kept.any() else ink


def _widened(used: np.ndarray, margin: float) -> slice:
  first, last = np.flatnonzero(used)[[0, -1]]
  return slice(max(0, int(first - margin)), int(last + margin) + 2)
