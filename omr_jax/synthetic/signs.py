"""The signs of music that code draws on a staff: clefs, heads, stems, flags, sharps, bar lines.

Each is recorded under its class in MUSCIMA++, if its pen has a record. Lengths are in staff spaces;
x goes to the right, and y goes up from the bottom line of the staff.
"""

from collections.abc import Sequence

import numpy as np

from omr_jax.synthetic.staff_ink import Ink

# The strokes of the clefs run through these points (x, y, width of the pen).
_TREBLE = np.array([
  (0.05, 0.5, 0.2), (-0.4, 1.0, 0.2), (0.1, 1.65, 0.25), (0.8, 0.95, 0.3), (0.1, -0.05, 0.25),
  (-0.95, 0.4, 0.3), (-1.15, 1.3, 0.4), (-0.5, 2.6, 0.35), (0.4, 3.7, 0.3), (0.55, 4.8, 0.2),
  (0.25, 5.5, 0.15), (-0.15, 4.7, 0.2), (0.0, 3.0, 0.2), (0.3, 0.5, 0.2), (0.4, -0.9, 0.2),
  (0.0, -1.6, 0.2), (-0.5, -1.3, 0.2),
])  # fmt: skip
_BASS = np.array([
  (-0.8, 3.1, 0.3), (-0.7, 3.7, 0.2), (0.0, 4.0, 0.25), (0.65, 3.2, 0.45), (0.3, 1.9, 0.35),
  (-1.0, 0.7, 0.12),
])  # fmt: skip


def clef(staff: Ink, bass: bool) -> None:
  """Draws a bass clef, or a treble clef, at the beginning of a staff."""
  with staff.symbol('fClef' if bass else 'gClef'):
    if bass:
      staff.curve(_BASS, 2)
      staff.oval(1.1, 3.05, 0.6, 0.6)
      for dot in (2.5, 3.5):
        staff.oval(3.1, dot, 0.35, 0.35)
    else:
      staff.curve(_TREBLE, 2)
      staff.oval(1.55, -1.2, 0.6, 0.6)


def meter(staff: Ink, x: float, beats: int) -> None:
  """Writes a time signature; a beat is a quarter."""
  with staff.symbol('timeSignature'):
    for y, number in ((3, beats), (1, 4)):
      with staff.symbol(f'numeral{number}'):
        staff.text(x, y, str(number), 2.4)


def bar_lines(system: Sequence[Ink], ends: Sequence[float], last: bool) -> None:
  """Draws the bar lines of a system, through all of its staves unless it has four.

  Args:
    system: The staves, from top to bottom.
    ends: x of the bar lines.
    last: Whether the last one is a final bar line, a thin and a heavy line.
  """
  lower, height = system[-1], _height(system)
  for end in ends[:-1] if last else ends:
    with lower.symbol('measureSeparator'):
      _bar_line(system, end, 'barline')
  if last:
    end = ends[-1]
    with lower.symbol('measureSeparator'):
      with lower.symbol('barline'):
        lower.line([(end - 0.9, 0), (end - 0.9, height)], 0.16)
      with lower.symbol('barlineHeavy'):
        lower.line([(end - 0.25, 0), (end - 0.25, height)], 0.5)
        _bar_line(system, end)


def _bar_line(system: Sequence[Ink], x: float, *labels: str) -> None:
  for group in [system] if len(system) != 4 else [[staff] for staff in system]:
    with group[-1].symbol(*labels):
      group[-1].line([(x, -0.05), (x, _height(group) + 0.05)], 0.16)


def system_start(system: Sequence[Ink]) -> None:
  """Draws what joins the staves of a system at their left end: a line, a brace or a bracket."""
  lower, height = system[-1], _height(system)
  if len(system) > 1:
    with lower.symbol('barline', 'staffGrouping'):
      lower.line([(0, 0), (0, height)], 0.16)
    with lower.symbol('staffGrouping'):
      (_brace if len(system) == 2 else _bracket)(lower, height)


def _height(system: Sequence[Ink]) -> float:
  """From the bottom line of the lowest staff to the top line of the highest."""
  return (system[-1].y - system[0].y) / system[0].space + 4


def _brace(ink: Ink, height: float) -> None:
  half = np.array([(-0.3, 0, 0.1), (-1.0, 0.1, 0.4), (-0.8, 0.3, 0.45), (-1.6, 0.5, 0.12)])
  half = half * (1, height, 1)
  with ink.symbol('brace'):
    ink.curve(half)
    ink.curve(half * (1, -1, 1) + (0, height, 0))


def _bracket(ink: Ink, height: float) -> None:
  with ink.symbol('bracket'):
    ink.line([(-0.8, -0.4), (-0.8, height + 0.4)], 0.5)
    for y, tip in ((-0.4, -1.1), (height + 0.4, height + 1.1)):
      ink.curve(np.array([(-0.9, y, 0.35), (-0.2, y + (tip - y) / 3, 0.25), (0.6, tip, 0.1)]))


def head(ink: Ink, x: float, step: int, hollow: bool, ledgers: bool) -> None:
  """Draws a note head and its ledger lines; a step is half a space, 0 the bottom line."""
  if ledgers:
    ledger_lines(ink, x, step, 1)
  with ink.symbol('noteheadHalf' if hollow else 'noteheadFull'):
    ink.oval(x, step / 2, 1.35, 0.95, 0.35)
    if hollow:
      ink.oval(x, step / 2, 1.1, 0.45, 0.6, fill=255)


def ledger_lines(ink: Ink, x: float, step: int, reach: float) -> None:
  """Draws the ledger lines between the staff and a head, to both sides of it."""
  lines = [line for line in range(-3, 0) if 2 * line >= step]
  lines += [line for line in range(5, 8) if 2 * line <= step]
  for line in lines:
    with ink.symbol('legerLine'):
      ink.line([(x - reach, line), (x + reach, line)], 0.13)


def stem(ink: Ink, x: float, foot: float, tip: float) -> None:
  """Draws the stem of a note."""
  with ink.symbol('stem'):
    ink.line([(x, foot), (x, tip)], 0.13)


def flag(ink: Ink, x: float, tip: float, up: bool) -> None:
  """Draws the flag of an eighth note at the tip of its stem, which goes up or down."""
  with ink.symbol('flag8thUp' if up else 'flag8thDown'):
    first_flag(ink, x, tip, up)


def first_flag(ink: Ink, x: float, tip: float, up: bool) -> None:
  """Draws the flag at the tip of a stem as a part of a symbol."""
  way = -1 if up else 1
  points = [(0, 0, 0.35), (0.5, 0.9, 0.3), (1.0, 1.6, 0.2), (0.7, 2.6, 0.1)]
  ink.curve(np.array(points) * (1, way, 1) + (x, tip, 0))


def beam(ink: Ink, ends: Sequence[tuple[float, float]], way: int) -> None:
  """Draws a beam from stem to stem; it is below its ends if the stems go up (`way` 1)."""
  with ink.symbol('beam'):
    ink.shape([*ends, *((x, y - 0.5 * way) for x, y in reversed(ends))])


def slur(ink: Ink, left: float, right: float, steps: np.ndarray) -> None:
  """Draws a slur on the side of the note heads."""
  way = -1 if np.mean(steps) < 4 else 1
  y = np.max(steps * way) * way / 2 + 1.1 * way
  with ink.symbol('slur'):
    ink.curve(np.array([(left, y, 0.1), ((left + right) / 2, y + 0.8 * way, 0.3), (right, y, 0.1)]))


def rest(ink: Ink, x: float) -> None:
  """Draws a quarter rest."""
  zigzag = [(-0.4, 3.6, 0.1), (0.35, 2.75, 0.45), (-0.2, 2.1, 0.3), (0.45, 1.3, 0.2)]
  with ink.symbol('restQuarter'):
    ink.curve(np.array([*zigzag, (-0.3, 1.2, 0.35), (0.1, 0.5, 0.1)]), x)


def sharp(ink: Ink, x: float, y: float) -> None:
  """Draws a sharp."""
  with ink.symbol('accidentalSharp'):
    for shift in (-0.25, 0.25):
      ink.line([(x + shift, y - 1.2 + shift / 2), (x + shift, y + 1.2 + shift / 2)], 0.13)
      ink.line([(x - 0.55, y + shift * 1.5 - 0.15), (x + 0.55, y + shift * 1.5 + 0.15)], 0.3)
