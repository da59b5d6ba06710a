"""The whole structure of a page: its staves, systems and measures, from a grey picture."""

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from omr_jax.structure import barlines, staves, systems
from omr_jax.structure.comb import SPACE
from omr_jax.structure.scale import staff_spaces
from omr_jax.structure.straight import ABOVE, INK, TALL, Frame, frame, longer, offsets, straight
from omr_jax.structure.structure import Measure, Structure

# The rows of a staff that is laid out straight, counted from its middle line.
_ROWS = np.arange(TALL + 2 * ABOVE + 1) - ABOVE - TALL / 2
_AT_END = 2 * SPACE  # A bar line within so many columns of the end of a staff closes it.
_SIGNATURE = 8 * SPACE  # The width of a signature behind the last bar line.
_LEAN = SPACE  # The most columns by which a bar line leans from one staff to the next.
_SYMBOL = 0.3 * SPACE**2  # The least ink of a symbol, in pixels that are not on staff lines.
# Log-odds: the least with which a staff votes against a bar line, whose ink a note may touch there.
_VETO = -3.0
_THROUGH, _ALONE = 4.0, -6.0  # Those where a stroke goes on to the next staff, and where none does.
_NONE = barlines.WORST  # Where a staff has no line at all.


def structure(grey: np.ndarray) -> Structure:
  """The structure of a page; it has no staves if none are found.

  Args:
    grey: uint8 [height, width], dark ink on bright paper.
  """
  height, width = grey.shape
  searches = [staves.searched(grey, space) for space in staff_spaces(grey) or [0.0]]
  # With a wrong staff space few staves are found, or none.
  both = [(searched, staves.staves(searched)) for searched in searches]
  searched, found = max(both, key=lambda pair: len(pair[1]))
  frames = [frame(staff) for staff in found]
  wide = [straight(searched.dark, longer(each, barlines.BEYOND).at(_ROWS)) for each in frames]
  between = [systems.strokes(searched.dark, *pair) for pair in itertools.pairwise(frames)]
  scores = list(map(barlines.scores, wide, *systems.onwards(frames, between)))
  strips = [strip[:, barlines.BEYOND : -barlines.BEYOND] for strip in wide]
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
  """The measures of a system, staff by staff."""
  mine = [laid[number] for number in group]
  found = []
  for number, staff, lines in zip(group, mine, _lines(mine), strict=True):
    last = len(staff.score) - 1
    here = [line for line in lines if _AT_END < line <= last - _AT_END]
    closing = [min(line, last) for line in lines if abs(line - last) < _AT_END][:1]
    x = staff.frame.middle[:, 0]
    for left, right in itertools.pairwise([0, *here, *(closing or [last])]):
      # The staff lines may go on after the last bar line, without music or with a new signature.
      begin = left + (SPACE if closing else _SIGNATURE)
      if right in here or _has_music(staff.strip[:, begin:right]):
        ends = x[left] - 0.5 * (left == 0), x[right] + 0.5 * (right == last)
        found.append(Measure(number, *map(float, ends)))
  return found


def _lines(staves: Sequence[_Laid]) -> Iterator[list[int]]:
  """The columns of the bar lines of a system, for each of its staves.

  All staves decide together where bar lines are: these stand above each other, stems don't. The
  mean of the votes along a line counts, and it leans by up to a staff space from staff to staff.
  """
  moved = offsets([staff.frame for staff in staves])
  width = max(len(staff.score) + offset for staff, offset in zip(staves, moved, strict=True))
  votes = [
    _placed(np.maximum(staff.score, _VETO), offset, width, _VETO)
    for staff, offset in zip(staves, moved, strict=True)
  ]
  total, befores, count = votes[0], [], len(votes)
  for number, vote in enumerate(votes[1:]):
    pair = slice(number, number + 2)
    through = _through(staves[pair], min(moved[pair]), width)
    count += through is not None
    befores.append(total if through is None else total + through)
    total = vote + ndimage.maximum_filter1d(befores[-1], 2 * _LEAN + 1)
  paths = [_path(befores, column) for column in barlines.peaks(total / np.float32(count)).tolist()]
  for number, (staff, offset) in enumerate(zip(staves, moved, strict=True)):
    yield _own(staff.score, [path[number] - offset for path in paths])


def _path(befores: Sequence[np.ndarray], column: int) -> list[int]:
  """The columns of a bar line in all staves of a system, from its column in the last one.

  Args:
    befores: The sums of votes of all staves but the last, from that of the first one on.
    column: Of the last one.
  """
  path = [column]
  for before in reversed(befores):
    first = max(0, path[0] - _LEAN)
    near = before[first : path[0] + _LEAN + 1]
    best = first + np.flatnonzero(near == near.max())
    path.insert(0, int(best[np.abs(best - path[0]).argmin()]))
  return path


def _own(score: np.ndarray, columns: Sequence[int]) -> list[int]:
  """Those bar lines of a system that a staff has too.

  Where it lacks one in its ink it may be faint; but where it lacks most, it has no others.
  """
  seen = [column for column in columns if score[max(0, column) :][:1].max(initial=_NONE) > _NONE]
  return list(columns) if 2 * len(seen) >= len(columns) else seen


def _through(pair: Sequence[_Laid], offset: int, width: int) -> np.ndarray | None:
  """The votes of the strokes from one staff to the next; None where bar lines don't go on there.

  Where they do, a column without a stroke has no bar line.
  """
  inked = pair[0].below
  if inked is None:
    return None
  goes_on = systems.crossed(inked, [each.frame for each in pair], [each.bars for each in pair])
  if not goes_on.any() or goes_on.mean() < 0.5:
    return None
  through = ndimage.maximum_filter1d(inked[systems.BESIDE :], 2 * SPACE + 1) >= systems.JOINED
  vote = np.where(through, _THROUGH, _ALONE).astype(np.float32)
  return _placed(vote, offset, width, _ALONE)


def _placed(vote: np.ndarray, offset: int, width: int, beyond: float) -> np.ndarray:
  """A vote among the columns of its system."""
  whole = np.full(width, beyond, np.float32)
  whole[offset : offset + len(vote)] = vote[: width - offset]
  return whole


def _has_music(strip: np.ndarray) -> bool:
  lines = np.abs(_ROWS[:, None] - (np.arange(5) - 2) * SPACE).min(1) <= 2
  return int((strip[~lines] > INK).sum()) > _SYMBOL
