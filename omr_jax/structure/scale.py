"""How much darker each pixel is than the paper around it, and what the staff space may be."""

import numpy as np
import scipy  # It loads `scipy.ndimage` when that is first used.
from PIL import Image

_CELL = 16  # Side of the squares in which the paper's brightness is measured, in pixels.
_SPREAD = 5  # Each square takes the brightest of 5x5 around it, to see past notes and beams.
_DARK, _FAINT = 0.5, 0.25  # Pixels darker than this count as ink when runs are measured.
_ALIKE = 0.1  # Two distances that differ by less than this share are one.
_SMALLEST, _LARGEST = 4, 200  # The bounds of a staff space in pixels.
# The most squares of a staff space on a page of which faint ink tells this distance. More are not
# those of a page: it is the grain of the picture, and to search a page so enlarged takes gigabytes.
_MOST = 150_000


def darkness(grey: np.ndarray) -> np.ndarray:
  """The share of the light that is missing, 0 for paper and 1 for the page's blackest ink.

  Each pixel is divided by the brightness of the paper near by. This removes shadows and uneven
  light, which darken paper and ink by the same factor.

  Args:
    grey: uint8 [height, width], dark ink on bright paper.

  Returns:
    float32 [height, width].
  """
  # In place: at 4 bytes a pixel each copy of a large page counts.
  missing = np.maximum(_paper(grey), np.float32(1))
  np.divide(grey, missing, out=missing)
  np.subtract(1, missing, out=missing)
  missing /= _blackest(missing[::4, ::4])
  return np.clip(missing, 0, 1, out=missing)


def staff_spaces(grey: np.ndarray) -> list[float]:
  """What the distance of two staff lines may be in pixels: one or two values, or none.

  The first is the most frequent sum of a black run and the white run below it along the columns
  (Cardoso and Rebelo, "Robust staffline thickness and distance estimation in binary and gray-level
  music scores", 2010), refined to the mean of the sums next to it.
  A thin line between two rows of pixels is only half as dark as one in a row. Where only every
  third line is in a row, three times the distance is found. So the second value counts fainter ink
  too; noise spoils that one sooner.
  """
  paper = _paper(grey)
  blackest = _blackest(1 - grey[::4, ::4] / np.maximum(paper[::4, ::4], np.float32(1)))
  black, all_ink = (
    grey[:, ::2] < paper[:, ::2] * np.float32(1 - share * blackest) for share in (_DARK, _FAINT)
  )
  dark = _most_frequent(black)
  found = [dark] if dark else []
  if np.array_equal(black, all_ink):  # As on pages in black and white.
    return found
  faint = _most_frequent(all_ink)
  is_other = abs(dark - faint) >= _ALIKE * max(dark, faint)
  return [*found, faint] if faint and is_other and grey.size <= _MOST * faint**2 else found


def _most_frequent(dark: np.ndarray) -> float:
  """The most frequent sum of a run of ink and the white below it; 0 if there are none."""
  ink = np.pad(dark, ((1, 1), (0, 0)))
  # Where runs of ink begin and end, down one column after the other.
  begins = np.flatnonzero((ink[1:] & ~ink[:-1]).T.ravel())
  ends = np.flatnonzero((ink[:-1] & ~ink[1:]).T.ravel())
  if len(begins) < 2:
    return 0.0
  sums, black = np.diff(begins), (ends - begins)[:-1]
  same_column = np.diff(begins // (len(ink) - 1)) == 0
  thin = black < np.maximum(0.4 * sums, 3)
  sums = sums[same_column & thin & (sums >= _SMALLEST) & (sums <= _LARGEST)]
  counts = np.bincount(sums, minlength=_LARGEST + 2).astype(float)
  near = np.convolve(counts, [1, 1, 1], 'same')
  best = int(near.argmax())
  if not near[best]:
    return 0.0
  around = np.arange(best - 1, best + 2)
  return float((around * counts[around]).sum() / counts[around].sum())


def _paper(grey: np.ndarray) -> np.ndarray:
  """The brightness of the paper at each pixel: that of the brightest pixels in squares near by."""
  height, width = grey.shape
  rows, columns = -(-height // _CELL), -(-width // _CELL)
  padded = np.pad(grey, ((0, rows * _CELL - height), (0, columns * _CELL - width)), 'edge')
  # Rows first: whole rows are compared faster than small squares.
  cells = padded.reshape(rows, _CELL, columns * _CELL).max(1)
  # A mean, since the maximum alone would follow single bright pixels of noise.
  bright = scipy.ndimage.uniform_filter(
    cells.reshape(rows, columns, _CELL).max(2), 3, mode='nearest'
  )
  bright = scipy.ndimage.uniform_filter(scipy.ndimage.maximum_filter(bright, _SPREAD), _SPREAD)
  whole = Image.fromarray(bright).resize((columns * _CELL, rows * _CELL), Image.Resampling.BILINEAR)
  return np.asarray(whole)[:height, :width]


def _blackest(missing: np.ndarray) -> np.float32:
  """The darkness of the blackest ink, at least 0.1, so that an empty page has none."""
  return np.float32(max(float(np.quantile(missing, 0.995)), 0.1))
