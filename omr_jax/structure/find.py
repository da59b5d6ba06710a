"""The whole structure of a page: its staves, systems and measures, from a grey picture."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from omr_jax.structure import barlines, staves, systems
from omr_jax.structure.comb import SPACE
from omr_jax.structure.scale import staff_space
from omr_jax.structure.straight import ABOVE, INK, TALL, Frame, frame, offsets, straight
from omr_jax.structure.structure import Measure, Structure

# The rows of a staff that is laid out straight, counted from its middle line.
_ROWS = np.arange(TALL + 2 * ABOVE + 1) - ABOVE - TALL / 2
_AT_END = 2 * SPACE  # A bar line within so many columns of the end of a staff is that end.

_OPEN = 10 * SPACE  # The least width of a measure that has no bar line at its right end.

_SYMBOL = 0.3 * SPACE**2  # The least ink of a symbol, in pixels that are not on staff lines.
# The least log-odds with which a staff votes against a bar line, whose ink a note may touch there.
_VETO = -3.0
_THROUGH = 4.0  # Log-odds of a bar line where a stroke goes on to the next staff, or none does.
_UNLIKELY = -5.0  # Where a staff's own score is lower, it lacks the bar line of its system.


def structure(grey: np.ndarray) -> Structure:
  """The structure of a page; it has no staves if none are found.

  Args:
    grey: uint8 [height, width], dark ink on bright paper.
  """
  height, width = grey.shape
  searched = staves.searched(grey, staff_space(grey))
  found = staves.in_picture(searched)
  frames = [frame(staff) for staff in found]
  strips = [straight(searched.dark, each.at(_ROWS)) for each in frames]
  scores = [barlines.scores(strip) for strip in strips]
  between = [systems.strokes(searched.dark, *pair) for pair in itertools.pairwise(frames)]
  bars = list(map(barlines.peaks, scores))
  groups = systems.joined(frames, bars, between)
  laid = list(map(_Laid, frames, strips, scores, bars, [*between, None]))
  measures = [measure for group in groups for measure in _measures(laid, group)]
  across, down = searched.back.tolist()
  space = float(np.median([np.linalg.norm(f.down, axis=1).mean() for f in frames] or [0])) * down
  return Structure(
    width,
    height,
    space,
    [staff * searched.back for staff in found],
    groups,
    [Measure(m.staff, m.left * across, m.right * across) for m in measures],
  )


class _Laid(NamedTuple):
  """A staff that is laid out straight, its bar lines, and the strokes from it to the next one."""

  frame: Frame
  strip: np.ndarray
  score: np.ndarray
  bars: np.ndarray
  below: np.ndarray | None


def _measures(laid: Sequence[_Laid], group: Sequence[int]) -> list[Measure]:
  """The measures of a system, staff by staff.

  All its staves decide together where bar lines are: these stand above each other, stems don't.
  """
  mine = [laid[number] for number in group]
  moved = offsets([staff.frame for staff in mine])
  columns = barlines.peaks(np.mean(_votes(mine, moved), 0))
  found = []
  for number, staff, offset in zip(group, mine, moved, strict=True):
    strip, score = staff.strip, staff.score
    lines = [_own(score, column - offset) for column in columns.tolist()]
    here = [line for line in lines if line is not None and _AT_END < line < len(score) - _AT_END]
    last = len(score) - 1
    is_closed = any(line is not None and line >= len(score) - _AT_END for line in lines)
    x = staff.frame.middle[:, 0]
    for left, right in itertools.pairwise([0, *here, last]):
      # The staff lines may go on after the last bar line, without music or with a new signature.
      goes_on = right == last and not (is_closed or right - left > _OPEN)
      if right < last or (not goes_on and _has_music(strip[:, left + SPACE : right])):
        begin, end = x[left] - 0.5 * (left == 0), x[right] + 0.5 * (right == last)
        found.append(Measure(number, float(begin), float(end)))
  return found


def _votes(staves: Sequence[_Laid], moved: Sequence[int]) -> list[np.ndarray]:
  """Log-odds of a bar line at each column of a system.

  Those of each staff come first. Those of two staves whose bar lines go on from one to the other
  follow: there a column without a stroke between them has none.
  """
  width = max(len(staff.score) + offset for staff, offset in zip(staves, moved, strict=True))
  votes = [
    _placed(np.maximum(staff.score, _VETO), offset, width, _VETO)
    for staff, offset in zip(staves, moved, strict=True)
  ]
  for pair, places in zip(itertools.pairwise(staves), itertools.pairwise(moved), strict=True):
    inked = pair[0].below
    if inked is None:
      continue
    frames, bars = [staff.frame for staff in pair], [staff.bars for staff in pair]
    goes_on = systems.crossed(inked, frames, bars)
    if goes_on.any() and goes_on.mean() >= 0.5:
      through = inked[systems.BESIDE :] >= systems.JOINED
      vote = np.where(through, _THROUGH, -_THROUGH).astype(np.float32)
      votes.append(_placed(vote, min(places), width, -_THROUGH))
  return votes


def _placed(vote: np.ndarray, offset: int, width: int, beyond: float) -> np.ndarray:
  """A vote among the columns of its system: in each the highest within a staff space."""
  whole = np.full(width, beyond, np.float32)
  whole[offset : offset + len(vote)] = vote[: width - offset]
  return ndimage.maximum_filter1d(whole, 2 * SPACE + 1)


def _own(score: np.ndarray, column: int) -> int | None:
  """The column of a staff's own bar line near that of its system; None where it has none."""
  first = max(0, column - SPACE)
  near = score[first : max(first, column + SPACE + 1)]
  if not len(near) or near.max() < _UNLIKELY:
    return None
  return first + int(np.flatnonzero(near == near.max()).mean())


def _has_music(strip: np.ndarray) -> bool:
  lines = np.abs(_ROWS[:, None] - (np.arange(5) - 2) * SPACE).min(1) <= 2
  return int((strip[~lines] > INK).sum()) > _SYMBOL
