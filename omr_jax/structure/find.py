"""The whole structure of a page: its staves, systems and measures, from a grey picture."""

import itertools

import numpy as np
from scipy import ndimage

from omr_jax.structure import barlines, staves, systems
from omr_jax.structure.comb import SPACE
from omr_jax.structure.scale import staff_space
from omr_jax.structure.straight import ABOVE, INK, TALL, Frame, frame, straight
from omr_jax.structure.structure import Measure, Structure

# The rows of a staff that is laid out straight, counted from its middle line.
_ROWS = np.arange(TALL + 2 * ABOVE + 1) - ABOVE - TALL / 2
_AT_END = 2 * SPACE  # A bar line within so many columns of the end of a staff is that end.

_SYMBOL = 0.3 * SPACE**2  # The least ink of a symbol, in pixels that are not on staff lines.
# The least log-odds with which a staff votes against a bar line, whose ink a note may touch there.
_VETO = -3.0
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
  groups = systems.joined(searched.dark, frames, scores)
  measures = [m for group in groups for m in _measures(frames, strips, scores, group)]
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


def _measures(
  frames: list[Frame], strips: list[np.ndarray], scores: list[np.ndarray], group: list[int]
) -> list[Measure]:
  """The measures of a system, staff by staff.

  All its staves decide together where bar lines are: these stand above each other, stems don't.
  """
  offsets = _offsets([frames[number] for number in group])
  width = max(len(scores[n]) + offset for n, offset in zip(group, offsets, strict=True))
  votes = np.full((len(group), width), _VETO, np.float32)
  for vote, number, offset in zip(votes, group, offsets, strict=True):
    vote[offset : offset + len(scores[number])] = np.maximum(scores[number], _VETO)
  votes = ndimage.maximum_filter1d(votes, 2 * SPACE + 1, 1)
  columns = barlines.peaks(votes.mean(0))
  found = []
  for number, offset in zip(group, offsets, strict=True):
    strip, score = strips[number], scores[number]
    lines = [_own(score, column - offset) for column in columns.tolist()]
    here = [line for line in lines if line is not None and _AT_END < line < len(score) - _AT_END]
    x = frames[number].middle[:, 0]
    for left, right in itertools.pairwise([0, *here, len(score) - 1]):
      # The staff lines may go on after the last bar line, without music.
      if right < len(score) - 1 or _has_music(strip[:, left + SPACE : right]):
        begin, end = x[left] - 0.5 * (left == 0), x[right] + 0.5 * (right == len(score) - 1)
        found.append(Measure(number, float(begin), float(end)))
  return found


def _offsets(frames: list[Frame]) -> list[int]:
  """How many columns farther right each staff begins than the leftmost one, along their lines."""
  along = np.mean([f.middle[-1] - f.middle[0] for f in frames], 0)
  along /= max(float(np.linalg.norm(along)), 1.0)
  begins = [round(float(f.middle[0] @ along)) for f in frames]
  return [begin - min(begins) for begin in begins]


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
