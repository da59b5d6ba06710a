"""What joins the staves of a system: its bar lines, braces and brackets, as tall as the staves are.

A window shows less than a system of several staves. So a detector finds the middle of such a symbol
but not its ends, and finds the sides of thin lines less well. Here the upper and lower edge come
from the staves, and the left and right edge from the lines and signs that are found better.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from omr_jax.structure.structure import LINES, Box

# Classes, by their names in MUSCIMA++.
BARS = ('barline', 'barlineHeavy')
SIGNS = ('brace', 'bracket')
GROUPING = 'staffGrouping'  # Each sign, and the line at the left end of a system.
SEPARATOR = 'measureSeparator'  # All bar lines at one place of a system.
TALL = (*BARS, *SIGNS, GROUPING, SEPARATOR)

# Lengths in staff spaces:
_OFF = 3.0  # How far the middle of a symbol may be from the middle of the staves that it joins.
_BESIDE = 5.0  # How far beside a system a symbol of it may be.
_AT_BEGIN = 0.7  # How far from the left end of a system the line at its beginning may be.
_DOUBLE = 1.0  # How far apart the lines of a double bar line may be.
_BRACE = 1.0  # How wide a brace is at least: often its thick middle alone is seen.
# Calibrated log-odds by which a symbol may be less sure than the surest at its place and count.
_LESS = 2.0

Objects = tuple[np.ndarray, np.ndarray, np.ndarray]
System = Sequence[np.ndarray]  # Its staves from top to bottom, as in `Structure.staves`.


class _Thing(NamedTuple):
  """A found symbol of one of the classes TALL."""

  label: str
  box: Box
  log_odds: float

  @property
  def x(self) -> float:
    return (self.box[0] + self.box[2]) / 2

  @property
  def y(self) -> float:
    return (self.box[1] + self.box[3]) / 2

  @property
  def width(self) -> float:
    return self.box[2] - self.box[0]


def completed(found: Objects, classes: Sequence[str], systems: Iterable[System]) -> Objects:
  """The objects of a page, in which those that join several staves are as tall as these staves.

  Bar lines above each other in a system of several staves also give a measure separator, as sure as
  the surest of them. Systems of one staff stay as they are: a window shows their bar lines whole.

  Args:
    found: Boxes in pixels of the page, float [objects, 4]; places in `classes`, int [objects]; and
      calibrated log-odds, float [objects].
    classes: The names of all classes.
    systems: Those of the page, in the same pixels.
  """
  boxes, labels, log_odds = found
  several = [system for system in systems if len(system) > 1]
  mine: list[list[_Thing]] = [[] for _ in several]
  others = np.ones(len(labels), bool)
  for n in np.flatnonzero(np.isin(np.asarray(classes)[labels], TALL)):
    left, top, right, bottom = boxes[n].tolist()
    thing = _Thing(classes[labels[n]], (left, top, right, bottom), float(log_odds[n]))
    for system, things in zip(several, mine, strict=True):
      if _has(system, thing):
        things.append(thing)
        others[n] = False
        break
  new = [each for pair in zip(several, mine, strict=True) for each in _in_system(*pair)]
  new = [each for each in new if each.label in classes]
  return (
    np.concatenate([boxes[others], np.array([each.box for each in new]).reshape(-1, 4)]),
    np.concatenate([labels[others], np.array([classes.index(each.label) for each in new], int)]),
    np.concatenate([log_odds[others], np.array([each.log_odds for each in new])]),
  )


def _in_system(system: System, things: Sequence[_Thing]) -> Iterable[_Thing]:
  """The completed things of a system."""
  surest = sorted(things, key=lambda thing: -thing.log_odds)
  bars = [thing for thing in surest if thing.label in BARS and not _is_begin(system, thing)]
  begin = [thing for thing in surest if thing.label in BARS and _is_begin(system, thing)][:1]
  begin = [_as_thin(_reaching(thing, _ends(system, thing.x)), bars) for thing in begin]
  signs = [_as_wide(system, _joining(system, thing)) for thing in surest if thing.label in SIGNS]
  groupings = [thing for thing in surest if thing.label == GROUPING]
  separators = [thing for thing in surest if thing.label == SEPARATOR]
  yield from (*bars, *begin, *signs)
  yield from _groupings(system, groupings, [*begin, *signs])
  yield from _separators(system, bars, separators)


def _groupings(
  system: System, groupings: Iterable[_Thing], parts: Sequence[_Thing]
) -> Iterable[_Thing]:
  """Groupings, each with the box of the sign or line that it consists of; no box comes twice."""
  taken = set()
  for thing in groupings:
    near = [part for part in parts if _is_middle(system, thing, (part.box[1], part.box[3]))]
    if not near:
      yield _joining(system, thing)
      continue
    best = min(near, key=lambda part: abs(part.y - thing.y))
    box = _around(_surest([part for part in near if abs(part.y - best.y) <= _space(system)]))
    if box not in taken:
      taken.add(box)
      yield thing._replace(box=box)


def _separators(
  system: System, bars: Sequence[_Thing], separators: Sequence[_Thing]
) -> Iterable[_Thing]:
  """A separator for each place with bar lines, and those found at places without bar lines."""
  reach = _DOUBLE * _space(system)
  while bars:
    first = bars[0]
    near = [bar for bar in bars if abs(bar.x - first.x) <= reach]
    separator = _Thing(SEPARATOR, _around(_surest(near)), first.log_odds)
    yield _reaching(separator, _ends(system, first.x))
    bars = [bar for bar in bars if bar not in near]
    separators = [each for each in separators if abs(each.x - first.x) > reach]
  yield from (_reaching(each, _ends(system, each.x)) for each in separators)


def _joining(system: System, thing: _Thing) -> _Thing:
  """A thing that reaches from the first to the last of the staves that it joins.

  These are neighbouring staves in whose middle it is; of several such groups, the one whose height
  is most like that of the thing. Where there is none, the thing stays as it is.
  """
  pairs = [(first, last) for last in range(1, len(system)) for first in range(last)]
  all_ends = [_ends(system, thing.x, *pair) for pair in pairs]
  fitting = [ends for ends in all_ends if _is_middle(system, thing, ends)]
  high = thing.box[3] - thing.box[1]
  # Ratios: a tall thing seems shorter than it is.
  best = min(fitting, key=lambda ends: abs(np.log((ends[1] - ends[0]) / high)), default=None)
  return thing if best is None else _reaching(thing, best)


def _reaching(thing: _Thing, ends: tuple[float, float]) -> _Thing:
  return thing._replace(box=(thing.box[0], ends[0], thing.box[2], ends[1]))


def _as_wide(system: System, thing: _Thing) -> _Thing:
  """A sign; a brace that is too narrow becomes as wide as braces are at least."""
  half = _BRACE * _space(system) / 2
  if thing.label != 'brace' or thing.width >= 2 * half:
    return thing
  return thing._replace(box=(thing.x - half, thing.box[1], thing.x + half, thing.box[3]))


def _surest(things: Sequence[_Thing]) -> list[_Thing]:
  """The surest thing and those that are nearly as sure."""
  most = max((thing.log_odds for thing in things), default=0.0)
  return [thing for thing in things if thing.log_odds >= most - _LESS]


def _around(things: Sequence[_Thing]) -> Box:
  lefts, tops, rights, bottoms = zip(*(thing.box for thing in things), strict=True)
  return min(lefts), min(tops), max(rights), max(bottoms)


def _as_thin(line: _Thing, bars: Sequence[_Thing]) -> _Thing:
  """A line that is no wider than the median of the surest of these bar lines."""
  widths = [bar.width for bar in _surest(bars)]
  half = min(line.width, float(np.median(widths or [line.width]))) / 2
  return line._replace(box=(line.x - half, line.box[1], line.x + half, line.box[3]))


def _has(system: System, thing: _Thing) -> bool:
  """Whether the middle of a thing is in a system or close beside it."""
  top, bottom = _ends(system, thing.x)
  left, right = (_side(system, thing.y, end) for end in (0, -1))
  reach = _BESIDE * _space(system)
  return top < thing.y < bottom and left - reach < thing.x < right + reach


def _is_begin(system: System, line: _Thing) -> bool:
  """Whether a bar line is the one at the left end of a system, which joins all its staves."""
  near = abs(line.x - _side(system, line.y, 0)) <= _AT_BEGIN * _space(system)
  return near and _is_middle(system, line, _ends(system, line.x))


def _is_middle(system: System, thing: _Thing, ends: tuple[float, float]) -> bool:
  return abs(thing.y - sum(ends) / 2) <= _OFF * _space(system)


def _ends(system: System, x: float, first: int = 0, last: int = -1) -> tuple[float, float]:
  """y of the upper line of one staff and of the lower line of another, at some x."""
  top, bottom = system[first][0], system[last][LINES - 1]
  return float(np.interp(x, *top.T)), float(np.interp(x, *bottom.T))


def _side(system: System, y: float, end: int) -> float:
  """x of the left (0) or the right (-1) end of a system at some height."""
  at = np.array([staff[LINES // 2, end] for staff in system])
  return float(np.interp(y, at[:, 1], at[:, 0]))


def _space(system: System) -> float:
  """The staff space."""
  heights = [staff[-1, :, 1] - staff[0, :, 1] for staff in system]
  return float(np.concatenate(heights).mean() / (LINES - 1))
