"""Follows the staves of a page from strip to strip, by the combs that were found there."""

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from omr_jax.structure.comb import SPACE, STEP, Teeth

_BEGINS = 0.3  # The least score from which a staff is followed; pure black lines have 1.
_RELATIVE = 0.35  # The same as a share of the score of the page's clearest staff.
_GOES_ON = 0.12  # The least score of a strip with which a staff goes on.
_MOST_MISSED = 3  # The most strips in a row without lines that a staff may cross.
# How far a staff may leave its direction from strip to strip, in staff spaces. From half a space on
# it would be unclear which line goes on.
_TOLERANCE = 0.45
_ALONE = 5 * SPACE  # The least distance between the middle lines of two staves.


def paths(teeth: Teeth, centres: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
  """Follows each staff from its clearest strip to both sides.

  Args:
    teeth: The combs of a page.
    centres: x of the middle of each strip.

  Yields:
    x, y of the middle line, and distance of the lines, each [strips of the staff].
  """
  score = teeth.score.copy()
  begins = max(_BEGINS, _RELATIVE * float(score.max(initial=0)))
  while score.max(initial=0) >= begins:
    row, strip = np.unravel_index(score.argmax(), score.shape)
    path = _both_ways(teeth, score, int(row), int(strip))
    path = _both_ways(teeth, score, *_in_phase(score, path))
    score[row, strip] = 0
    y, k = path.T
    for between in range(int(k[0]), int(k[-1]) + 1):
      # No other staff has its middle line as near as this.
      middle = round(float(np.interp(between, k, y)))
      score[max(0, middle - _ALONE) : middle + _ALONE, between] = 0
    if len(path) > 1:
      yield centres[k], y + 0.5, teeth.gap[y, k].astype(float)


def _both_ways(teeth: Teeth, score: np.ndarray, row: int, strip: int) -> np.ndarray:
  """Rows and strips of the staff that a row and a strip belong to, [strips, 2], left to right."""
  right, left = (_follow(teeth, score, row, strip, way) for way in (1, -1))
  return np.array(left[:0:-1] + right)


def _in_phase(score: np.ndarray, path: np.ndarray) -> tuple[int, int]:
  """Row and strip where a staff is clearest, after its path was moved by whole staff spaces.

  In a single strip the comb may be a space too high or too low, on ledger lines or a hairpin. These
  don't run along the whole staff, so the move with the best mean score is chosen.
  """
  y, k = path.T
  high = ndimage.maximum_filter1d(score, 3, 0, mode='constant')
  shifts = np.arange(-3, 4) * SPACE
  rows = y + shifts[:, None]
  inside = (rows >= 0) & (rows < len(score))
  found = np.where(inside, high[np.clip(rows, 0, len(score) - 1), k], 0)
  best = int(found.mean(1).argmax())
  place = int(found[best].argmax())
  first = max(0, int(rows[best, place]) - 1)
  return first + int(score[first : first + 3, k[place]].argmax()), int(k[place])


def _follow(
  teeth: Teeth, score: np.ndarray, row: int, strip: int, way: int
) -> list[tuple[int, int]]:
  """Rows and strips of a staff, from a strip on to the right (`way` 1) or to the left (-1)."""
  path = [(row, strip)]
  slope = float(teeth.slope[row, strip])
  y, missed = float(row), 0
  while missed <= _MOST_MISSED and 0 <= (strip := strip + way) < score.shape[1]:
    y += way * slope * STEP
    reach = _TOLERANCE * SPACE
    first = max(0, int(np.ceil(y - reach)))
    window = score[first : max(first, int(y + reach) + 1), strip]
    if window.max(initial=0) < _GOES_ON:
      missed += 1
      continue
    y, missed = float(first + window.argmax()), 0
    path.append((int(y), strip))
    slope += 0.5 * (float(teeth.slope[int(y), strip]) - slope)
  return path
