"""Where five parallel lines lie: a comb of five teeth, moved over narrow strips of the page."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

SPACE = 10  # A staff space in pixels, in the pictures that are searched.
BLOCK = SPACE // 2  # Columns that are averaged first.
STEP = 4 * BLOCK  # Columns from one strip to the next.
_BLOCKS = 12  # Blocks in a strip: six staff spaces, more than a chord or a clef is wide.
_STEEPEST = 0.32  # The largest slope, 18 degrees.
_SLOPE_STEP = 0.02  # Over half a strip this is 0.6 pixels.
_AROUND = 16 * SPACE  # Rows around a place from which its usual slope is taken.
_NEAR = 4  # Slopes that are tried on each side of the usual one.
_GAPS = np.linspace(0.84, 1.2, 10) * SPACE  # Distances of the teeth that are tried.


class Teeth(NamedTuple):
  """The best comb at every height of every strip, each [height, strips].

  Attributes:
    score: How much darker its five lines are than what is between, above and below them.
    slope: Rows down for each column to the right.
    gap: The distance of its lines in pixels.
  """

  score: np.ndarray
  slope: np.ndarray
  gap: np.ndarray


def centres(width: int) -> np.ndarray:
  """x of the middle of each strip."""
  blocks = -(-width // BLOCK)
  return (np.arange(0, blocks, STEP // BLOCK) + 0.5) * BLOCK


def teeth(thin: np.ndarray) -> Teeth:
  """Moves the comb over a picture.

  Args:
    thin: float32 [height, width], the darkness of thin horizontal things, at SPACE pixels a staff
      space.
  """
  height, width = thin.shape
  blocks = -(-width // BLOCK)
  padded = np.pad(thin, ((0, 0), (0, blocks * BLOCK - width)))
  mean = padded.reshape(height, blocks, BLOCK).mean(2)
  # So a tooth also finds a line that is one pixel above or below it.
  mean = np.minimum(ndimage.convolve1d(mean, [0.7, 1, 0.7], 0, mode='constant'), 1)
  profiles, slopes = _profiles(mean, len(centres(width)))
  usual = _usual(profiles)
  score = np.full(usual.shape, -np.inf, np.float32)
  slope, gap = np.zeros_like(score), np.full_like(score, SPACE)
  for step in range(-_NEAR, _NEAR + 1):
    chosen = np.clip(usual + step, 0, len(slopes) - 1)
    profile = np.take_along_axis(profiles, chosen[None], 0)[0]
    for distance in _GAPS:
      found = _response(profile, float(distance))
      better = found > score
      score[better] = found[better]
      slope[better] = slopes[chosen[better]]
      gap[better] = distance
  return Teeth(score, slope, gap)


def _profiles(mean: np.ndarray, strips: int) -> tuple[np.ndarray, np.ndarray]:
  """Mean darkness along sloping lines: [slopes, height, strips], and the slopes."""
  count = round(_STEEPEST / _SLOPE_STEP)
  slopes = np.arange(-count, count + 1) * _SLOPE_STEP
  reach = int(np.ceil(_STEEPEST * _BLOCKS / 2 * BLOCK)) + 1
  half = _BLOCKS // 2
  padded = np.pad(mean, ((reach, reach), (half, half)))
  step, height = STEP // BLOCK, len(mean)
  profiles = np.zeros((len(slopes), height, strips), np.float32)
  for offset in range(-half, half + 1):
    column = padded[:, half + offset :][:, : step * strips : step]
    for profile, slope in zip(profiles, slopes, strict=True):
      start = reach + round(slope * offset * BLOCK)
      profile[:, : column.shape[1]] += column[start : start + height]
  return profiles / (_BLOCKS + 1), slopes


def _usual(profiles: np.ndarray) -> np.ndarray:
  """For each row of each strip the index of the slope along which the lines near by are darkest."""
  energy = ndimage.uniform_filter(profiles**2, (1, _AROUND, 5), mode='nearest')
  return energy.argmax(0)


def _response(profile: np.ndarray, gap: float) -> np.ndarray:
  """The score of a comb with its middle line at each height: [height, strips]."""
  reach = int(np.ceil(3 * gap)) + 1
  padded = np.pad(profile, ((reach, reach), (0, 0)))
  height = len(profile)

  def at(teeth: float) -> np.ndarray:
    low = int(np.floor(teeth * gap))
    share = np.float32(teeth * gap - low)
    start = reach + low
    upper, lower = padded[start : start + height], padded[start + 1 : start + 1 + height]
    return upper + share * (lower - upper)

  lines = (at(-2) + at(-1) + at(0) + at(1) + at(2)) / 5
  between = (at(-1.5) + at(-0.5) + at(0.5) + at(1.5)) / 4
  outside = np.maximum(at(-3), at(3))
  return lines - between - outside / 2
