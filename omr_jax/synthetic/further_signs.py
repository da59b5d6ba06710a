"""Signs that only pages for detection need: flats, dots, rests, articulation, ties and others.

As in `signs`, each is recorded under its class in MUSCIMA++. Lengths are in staff spaces; x goes to
the right, and y goes up from the bottom line of the staff; a step is half a space.
"""

import itertools
from collections.abc import Sequence

import numpy as np

from omr_jax.synthetic import signs
from omr_jax.synthetic.staff_ink import Ink

# Steps of the sharps and flats of a key signature behind a treble clef.
_SHARPS = (8, 5, 9, 6, 3, 7, 4)
_FLATS = (4, 7, 3, 6, 2, 5, 1)


def c_clef(ink: Ink) -> None:
  """Draws a C clef on the middle line, at the beginning of a staff."""
  with ink.symbol('cClef'):
    ink.line([(1.2, 0), (1.2, 4)], 0.5)
    ink.line([(1.75, 0), (1.75, 4)], 0.15)
    for way in (-1, 1):
      bow = np.array([(1.9, 0.1, 0.15), (2.4, 0.5, 0.2), (3.2, 1.0, 0.4), (2.5, 1.9, 0.2)])
      ink.curve(bow * (1, way, 1) + (0, 2, 0))
      ink.oval(2.2, 2 + 1.55 * way, 0.5, 0.5)


def key_signature(ink: Ink, x: float, count: int, lower: int) -> None:
  """Draws sharps (`count` above 0) or flats (below 0), `lower` steps below those of a treble."""
  with ink.symbol('keySignature'):
    for number, step in enumerate((_SHARPS if count > 0 else _FLATS)[: abs(count)]):
      (signs.sharp if count > 0 else flat)(ink, x + 1.1 * number, (step - lower) / 2)


def flat(ink: Ink, x: float, y: float) -> None:
  """Draws a flat."""
  with ink.symbol('accidentalFlat'):
    ink.line([(x - 0.35, y + 1.7), (x - 0.35, y - 0.55)], 0.13)
    ink.curve(np.array([(-0.35, 0.2, 0.15), (0.2, 0.5, 0.25), (0.2, 0, 0.2), (-0.3, -0.5, 0.1)])
              + (x, y, 0))  # fmt: skip


def natural(ink: Ink, x: float, y: float) -> None:
  """Draws a natural."""
  with ink.symbol('accidentalNatural'):
    ink.line([(x - 0.3, y + 1.35), (x - 0.3, y - 0.65)], 0.12)
    ink.line([(x + 0.3, y + 0.65), (x + 0.3, y - 1.35)], 0.12)
    for level in (-0.5, 0.5):
      ink.line([(x - 0.3, y + level - 0.1), (x + 0.3, y + level + 0.1)], 0.28)


def double_sharp(ink: Ink, x: float, y: float) -> None:
  """Draws a double sharp."""
  with ink.symbol('accidentalDoubleSharp'):
    for way in (-1, 1):
      ink.line([(x - 0.4, y - 0.4 * way), (x + 0.4, y + 0.4 * way)], 0.2)


def dot(ink: Ink, x: float, step: int) -> None:
  """Draws an augmentation dot behind a head or rest; beside a line it is above that line."""
  with ink.symbol('augmentationDot'):
    ink.oval(x, (step + (step % 2 == 0)) / 2, 0.4, 0.4)


def staccato(ink: Ink, x: float, y: float) -> None:
  """Draws a staccato dot."""
  with ink.symbol('articulationStaccato'):
    ink.oval(x, y, 0.36, 0.36)


def tenuto(ink: Ink, x: float, y: float) -> None:
  """Draws a tenuto line."""
  with ink.symbol('articulationTenuto'):
    ink.line([(x - 0.6, y), (x + 0.6, y)], 0.16)


def accent(ink: Ink, x: float, y: float) -> None:
  """Draws an accent."""
  with ink.symbol('articulationAccent'):
    ink.line([(x - 0.7, y + 0.45), (x + 0.7, y), (x - 0.7, y - 0.45)], 0.14)


def whole_head(ink: Ink, x: float, step: int) -> None:
  """Draws a whole note and its ledger lines."""
  signs.ledger_lines(ink, x, step, 1.25)
  with ink.symbol('noteheadWhole'):
    ink.oval(x, step / 2, 1.75, 0.98)
    ink.oval(x, step / 2, 0.85, 0.6, -0.9, fill=255)


def two_flags(ink: Ink, x: float, tip: float, up: bool) -> None:
  """Draws the flags of a sixteenth note: one symbol, as on typeset pages."""
  way = -1 if up else 1
  points = [(0, 0.9, 0.35), (0.5, 1.6, 0.3), (0.95, 2.2, 0.2), (0.7, 3.0, 0.1)]
  with ink.symbol('flag16thUp' if up else 'flag16thDown'):
    signs.first_flag(ink, x, tip, up)
    ink.curve(np.array(points) * (1, way, 1) + (x, tip, 0))


def block_rest(ink: Ink, x: float, whole: bool) -> None:
  """Draws a whole rest, which hangs from a line, or a half rest, which lies on one."""
  low = 2.5 if whole else 2.0
  with ink.symbol('restWhole' if whole else 'restHalf'):
    ink.shape([(x - 0.6, low), (x + 0.6, low), (x + 0.6, low + 0.5), (x - 0.6, low + 0.5)])


def short_rest(ink: Ink, x: float, hooks: int) -> None:
  """Draws an eighth rest (one hook) or a sixteenth rest (two)."""
  with ink.symbol({1: 'rest8th', 2: 'rest16th'}[hooks]):
    ink.line([(x + 0.45, 2.9), (x - 0.1 - 0.1 * hooks, 2 - hooks)], 0.16)
    for hook in range(hooks):
      left, y = x - 0.3 * hook, 2.6 - hook
      ink.oval(left - 0.35, y, 0.45, 0.45)
      ink.curve(np.array([(-0.35, -0.1, 0.12), (0.0, -0.15, 0.12), (0.4, 0.25, 0.12)])
                + (left, y, 0))  # fmt: skip


def tie(ink: Ink, left: float, right: float, step: int) -> None:
  """Draws a tie between two heads, on the side away from their stems."""
  way = -1 if step < 4 else 1
  y = step / 2 + 0.75 * way
  with ink.symbol('tie'):
    ink.curve(
      np.array([(left, y, 0.1), ((left + right) / 2, y + 0.5 * way, 0.25), (right, y, 0.1)])
    )


def triplet(ink: Ink, x: float, y: float) -> None:
  """Writes the 3 of a triplet."""
  with ink.symbol('tuple', 'numeral3'):
    ink.text(x, y, '3', 1.6)


def repeat(system: Sequence[Ink], x: float) -> None:
  """Draws a bar line, and to its left the two dots of a repeat on each staff."""
  with system[-1].symbol('repeat'):
    signs.bar_lines(system, [x], last=False)
    for staff, y in itertools.product(system, (1.5, 2.5)):
      with staff.symbol('repeatDot'):
        staff.oval(x - 0.6, y, 0.45, 0.45)


def dynamics(ink: Ink, x: float, letters: str) -> None:
  """Writes dynamics, such as `mf`, letter by letter below the staff."""
  with ink.symbol('dynamicsText'):
    for number, letter in enumerate(letters):
      with ink.symbol(f'dynamicLetter{letter.upper()}'):
        ink.text(x + 1.3 * number, -4.2, letter, 1.9)


def hairpin(ink: Ink, left: float, right: float, louder: bool) -> None:
  """Draws a crescendo, or a diminuendo, below the staff."""
  closed, wide = (left, right) if louder else (right, left)
  with ink.symbol('dynamicCrescendoHairpin' if louder else 'dynamicDiminuendoHairpin'):
    for (x0, y0), (x1, y1) in itertools.pairwise([(wide, -3.7), (closed, -4.3), (wide, -4.9)]):
      ink.line([(x0, y0), (x1, y1)], 0.13)
