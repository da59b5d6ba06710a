"""Finds the staves of a page, flat, turned by up to ten degrees, bent or photographed.

`omr_jax.synthetic.flat_staves` finds those of flat pages only, but small ones too and in a fifth of
the time: it tells where training pictures are cut into strips.
"""

from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from omr_jax.structure import comb, scale
from omr_jax.structure.comb import BLOCK, SPACE, STEP
from omr_jax.structure.paths import paths
from omr_jax.structure.structure import LINES

_SHORTEST = 8  # The least length of a staff, in staff spaces.
_WHOLE = 0.55  # The least share of each line that is seen, where no note or beam hides it.
# The same share for a staff that is less than half as long as the longest one. It must be clearer,
# since it may be a hairpin between slurs and beams.
_CLEAR = 0.8
# What 0 to 5 visible lines say of a column: beside a staff there may be words, but they seldom have
# ink on four lines or five.
_COUNTS = np.array([-1.0, -1.0, -1.0, 0.5, 1.0, 1.0])
_HIDES = 0.35  # Thick ink of this darkness hides a line.
_FAINTEST = 0.06  # The least darkness of a line.
_FAINT = 0.45  # The least darkness of a line, as a share of the usual darkness near by.
_THICK = 5  # Ink as high as this, in pixels, is no line.
_POINT_STEP = 2 * SPACE  # Pixels from one point of a line to the next.


class Searched(NamedTuple):
  """A page in the size at which it is searched.

  Attributes:
    dark: float32 [height, width], its darkness, with SPACE pixels to a staff space; a single white
      pixel if the staff space is not known.
    back: float64 [2], the factors from x and y in `dark` to x and y on the page.
  """

  dark: np.ndarray
  back: np.ndarray


def searched(grey: np.ndarray, space: float) -> Searched:
  """Brings a page to the size at which it is searched.

  Args:
    grey: uint8 [height, width].
    space: Its staff space in pixels, 0 if it is not known.
  """
  if not space:
    return Searched(np.zeros((1, 1), np.float32), np.ones(2))
  zoom = SPACE / space
  height, width = (max(1, round(size * zoom)) for size in grey.shape)
  # A box would repeat some rows of a page that is enlarged, so that some lines get thicker.
  way = Image.Resampling.BICUBIC if zoom > 1 else Image.Resampling.BOX
  small = Image.fromarray(grey).resize((width, height), way)
  back = np.array([grey.shape[1] / width, grey.shape[0] / height])
  return Searched(scale.darkness(np.asarray(small)), back)


def staves(page: Searched) -> list[np.ndarray]:
  """The staves of a page, from top to bottom.

  Returns:
    For each staff float64 [5, points, 2]: x and y along its lines in pixels of `page.dark`, from
    left to right, the upper line first. An empty list where there are none.
  """
  thick = ndimage.grey_opening(page.dark, (_THICK, 1))
  thin = page.dark - thick
  followed = paths(comb.teeth(thin), comb.centres(thin.shape[1]))
  found = [each for path in followed if (each := _lines(thin, thick, *path)) is not None]
  longest = max((_length(lines) for lines, _ in found), default=0.0)
  whole = [lines for lines, seen in found if seen >= _CLEAR or _length(lines) >= longest / 2]
  return sorted(whole, key=lambda lines: float(lines[..., 1].mean()))


def _length(lines: np.ndarray) -> float:
  return float(lines[0, -1, 0] - lines[0, 0, 0])


def _lines(
  thin: np.ndarray,
  thick: np.ndarray,
  x: np.ndarray,
  y: np.ndarray,
  gap: np.ndarray,
) -> tuple[np.ndarray, float] | None:
  """Moves the lines of a path to the ink, and finds their ends: float64 [5, points, 2].

  Also returns the least share of a line that is seen. None if the path is no staff.
  """
  reach = 4 * STEP
  columns = np.arange(max(0, int(x[0]) - reach), min(thin.shape[1], int(x[-1]) + reach))
  middle, distance = _straight_on(columns + 0.5, x, y), np.interp(columns + 0.5, x, gap)
  distance = ndimage.gaussian_filter1d(distance, STEP, mode='nearest')
  middle = ndimage.gaussian_filter1d(middle, BLOCK, mode='nearest')
  expected = middle + (np.arange(LINES) - 2)[:, None] * distance
  heights, _ = _on_ink(thin, columns, expected)
  heights, dark = _on_ink(thin, columns, heights)  # Now all of a line is within reach.
  begin, end = _longest(_COUNTS[dark.sum(0)])
  if end - begin < _SHORTEST * SPACE:
    return None
  visible = dark | ~_hidden(thick, columns, heights)
  seen, visible = (each[:, begin:end].sum(1) for each in (dark, visible))
  share = float((seen / np.maximum(visible, 1)).min())
  if share < _WHOLE:
    return None
  count = max(2, round((end - begin) / _POINT_STEP) + 1)
  at = np.linspace(columns[begin], columns[end - 1] + 1, count)
  lines = [np.stack([at, np.interp(at, columns + 0.5, line)], 1) for line in heights]
  return np.stack(lines), share


def _hidden(thick: np.ndarray, columns: np.ndarray, heights: np.ndarray) -> np.ndarray:
  """Whether thick ink lies over the lines, or touches them: [5, columns]."""
  rows = np.floor(heights).astype(int)[..., None] + np.arange(-1, 2)
  return thick[np.clip(rows, 0, len(thick) - 1), columns[:, None]].max(-1) > _HIDES


def _straight_on(at: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
  """Like `np.interp`, but goes straight on beyond the ends."""
  some = min(4, len(x) - 1)
  left = (y[some] - y[0]) / (x[some] - x[0])
  right = (y[-1] - y[-1 - some]) / (x[-1] - x[-1 - some])
  found = np.interp(at, x, y)
  found += np.where(at < x[0], left * (at - x[0]), 0) + np.where(
    at > x[-1], right * (at - x[-1]), 0
  )
  return found


def _on_ink(
  thin: np.ndarray, columns: np.ndarray, expected: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """y of the ink near each line, and whether there is any: both [5, columns]."""
  half = 3
  rows = np.floor(expected).astype(int)[..., None] + np.arange(-half, half + 1)
  inside = (rows >= 0) & (rows < len(thin))
  ink = np.where(inside, thin[np.clip(rows, 0, len(thin) - 1), columns[:, None]], 0)
  peak = ink[..., 1:-1].max(-1)
  dark = peak > np.maximum(_FAINTEST, _FAINT * _usual_darkness(peak))
  off = rows + 0.5 - expected[..., None]
  weight = ndimage.gaussian_filter1d(ink.sum(-1), SPACE, mode='constant')
  moment = ndimage.gaussian_filter1d((ink * off).sum(-1), SPACE, mode='constant')
  # Where a line is hidden it moves as the others do.
  common = moment.sum(0) / (weight.sum(0) + 0.1)
  return expected + (moment + 0.2 * common) / (weight + 0.2), dark


def _usual_darkness(peak: np.ndarray) -> np.ndarray:
  """How dark the lines of a staff mostly are around each column: [5, columns] to [columns].

  It varies, since lines may fade along a photographed staff; but it is at least half the median of
  the whole staff, for the columns beyond its ends.
  """
  middle = np.median(peak, 0)
  return np.maximum(ndimage.median_filter(middle, 8 * STEP, mode='nearest'), np.median(middle) / 2)


def _longest(worth: np.ndarray) -> tuple[int, int]:
  """The range of columns whose worth has the largest sum."""
  total = np.concatenate([[0.0], np.cumsum(worth)])
  low = np.minimum.accumulate(total)
  end = int((total - low).argmax())
  return int(total[: end + 1].argmin()), end
