"""The symbols of a page that Verovio drew, under the classes of MUSCIMA++, each with its box.

smufl.tsv says which glyph is which class. What Verovio draws as lines, or as several glyphs, is
found by the names of its groups. What MUSCIMA++ has no class for is left out.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tfds_builders.typeset import bounds
from tfds_builders.typeset.bounds import Box
from tfds_builders.typeset.drawing import STAFF_SPACE, Group, Ink

# From a SMuFL code point to the class of the glyph, or to those of its letters.
GLYPHS = {
  code: labels.split()
  for code, labels in (
    line.split('\t')
    for line in Path(__file__).with_name('smufl.tsv').read_text('ascii').splitlines()
  )
}
_SMALL = 0.9  # Heads below this size, on a staff of size 1, belong to grace notes.
_HEAVY = 0.35 * STAFF_SPACE  # The least width of a heavy bar line.
_JOINED = 0.2 * STAFF_SPACE  # Pieces of a bar line that are so near are one.
# Groups that are one symbol, or one of several classes with the same box.
_WHOLE = {
  'arpeg': 'arpeggio',
  'gliss': 'glissando',
  'keySig': 'keySignature',
  'lv': 'tie',
  'meterSig': 'timeSignature',
  'multiRest': 'multiMeasureRest',
  'slur': 'slur',
  'systemDivider': 'systemSeparator',
  'tie': 'tie',
  'tupletBracket': 'tupleBracket',
  'voltaBracket': 'volta',
}
# Groups of which each shape of this kind is a symbol.
_EACH = {
  'beam': ('polygon', 'beam'),
  'beamSpan': ('polygon', 'beam'),
  'dots': ('ellipse', 'augmentationDot'),
  'ledgerLines': ('path', 'legerLine'),
}


class Symbol(NamedTuple):
  """A symbol on the page.

  Attributes:
    label: Its class.
    box: left, top, right and bottom in units of the page.
  """

  label: str
  box: Box


def symbols(page: Group) -> list[Symbol]:
  """The symbols of a page, in the order of the file; equal ones only once."""
  return list(dict.fromkeys(_symbols(page, 1.0)))


def _symbols(group: Group, size: float) -> list[Symbol]:
  """The symbols in a group and those below, on staves of this size (1 is full size)."""
  found = []
  if group.name == 'staff':
    size = _size(group)
  if label := _WHOLE.get(group.name):
    found += _whole(group.all_ink(), label)
  if rule := _EACH.get(group.name):
    kind, label = rule
    found += [Symbol(label, ink.box) for ink in group.ink if ink.kind == kind]
  if group.name in _RULES:
    found += _RULES[group.name](group)
  for ink in group.ink:
    found += _glyph(ink, size)
  for below in group.groups:
    found += _symbols(below, size)
  return found


def _whole(ink: list[Ink], *labels: str) -> list[Symbol]:
  """One symbol around all this ink, of each of these classes; none if there is no ink."""
  if not ink:
    return []
  box = bounds.union([one.box for one in ink])
  return [Symbol(label, box) for label in labels]


def _size(staff: Group) -> float:
  """The distance of its lines, in staff spaces of full size."""
  tops = sorted(ink.box[1] for ink in staff.ink if ink.kind == 'path')
  return (tops[-1] - tops[0]) / (len(tops) - 1) / STAFF_SPACE if len(tops) > 1 else 1.0


def _glyph(ink: Ink, size: float) -> list[Symbol]:
  """The symbol that a glyph is, or the letters that it has, on staves of this size."""
  labels = GLYPHS.get(ink.code, [])
  if len(labels) > 1:
    # The glyph of `mf` has an outline for each letter, and others for the holes in letters.
    outlines = sorted(one for one in ink.contours if not _is_hole(one, ink.contours))
    if len(outlines) != len(labels):
      return []
    return [Symbol(label, box) for label, box in zip(labels, outlines, strict=True)]
  small = ink.scale < _SMALL * size and labels in (['noteheadFull'], ['noteheadHalf'])
  return [Symbol(label + 'Small' * small, ink.box) for label in labels]


def _is_hole(box: Box, others: tuple[Box, ...]) -> bool:
  return any(
    other != box
    and other[0] <= box[0]
    and other[1] <= box[1]
    and other[2] >= box[2]
    and other[3] >= box[3]
    for other in others
  )


def _stem(group: Group) -> list[Symbol]:
  """The stem, and the stroke through that of a grace note."""
  return [
    Symbol(
      'stem' if one.box[2] - one.box[0] < STAFF_SPACE / 2 else 'graceNoteAcciaccatura', one.box
    )
    for one in group.ink
    if one.kind == 'path'
  ]


def _dynamics(group: Group) -> list[Symbol]:
  """The letters together, but not words such as `cresc.`."""
  return _whole([one for one in group.ink if one.code in GLYPHS], 'dynamicsText')


def _tremolo(group: Group) -> list[Symbol]:
  """The bars between two notes."""
  return _whole([one for one in group.ink if one.kind == 'polygon'], 'multipleNoteTremolo')


def _tuplet(group: Group) -> list[Symbol]:
  """The number with its bracket."""
  parts = group.named('tupletNum', 'tupletBracket')
  return _whole([ink for part in parts for ink in part.all_ink()], 'tuple')


def _hairpin(group: Group) -> list[Symbol]:
  """A crescendo, which opens to the right, or a diminuendo."""
  points = [point for one in group.ink for point in one.points]
  if not points:
    return []
  left, _, right, _ = bounds.around(points)
  gaps = []
  for edge in (left, right):
    y = [point[1] for point in points if abs(point[0] - edge) < 0.02 * (right - left)]
    gaps.append(max(y) - min(y))
  louder = gaps[1] > gaps[0]
  return _whole(group.ink, 'dynamicCrescendoHairpin' if louder else 'dynamicDiminuendoHairpin')


def _grouping(group: Group) -> list[Symbol]:
  """A brace, which has no glyphs, or a bracket, which has them at its ends."""
  bracket = any(one.code in ('E003', 'E004') for one in group.ink)
  return _whole(group.ink, 'bracket' if bracket else 'brace', 'staffGrouping')


def _system(group: Group) -> list[Symbol]:
  """The line at the left of all staves."""
  lines = [one for one in group.ink if one.kind == 'path']
  return [Symbol(label, one.box) for one in lines for label in ('barline', 'staffGrouping')]


def _octave(group: Group) -> list[Symbol]:
  """The dotted line behind the number; the number is a glyph."""
  return _whole([one for one in group.ink if one.kind != 'use'], 'dottedHorizontalSpanner')


def _bar_line(group: Group) -> list[Symbol]:
  """Each line, all of them as a separator of measures, and all with dots as a repeat."""
  lines = bar_lines(group)
  if not lines:
    return []
  found = [Symbol('barlineHeavy' if box[2] - box[0] >= _HEAVY else 'barline', box) for box in lines]
  separator = bounds.union(lines)
  found.append(Symbol('measureSeparator', separator))
  dots = [one.box for one in group.ink if one.kind == 'ellipse' or one.code == 'E044']
  found += [Symbol('repeatDot', one.box) for one in group.ink if one.kind == 'ellipse']
  if dots:
    found.append(Symbol('repeat', bounds.union([separator, *dots])))
  return found


def bar_lines(group: Group) -> list[Box]:
  """The bar lines of a group `barLine`, joined from the pieces that Verovio draws."""
  pieces = sorted(one.box for one in group.ink if one.kind in ('path', 'rect'))
  joined: list[Box] = []
  for piece in pieces:  # By x, then from top to bottom.
    last = joined[-1] if joined else None
    if last and abs(last[0] - piece[0]) < 1 and piece[1] - last[3] < _JOINED:
      joined[-1] = bounds.union([last, piece])
    else:
      joined.append(piece)
  return joined


_RULES: dict[str, Callable[[Group], list[Symbol]]] = {
  'barLine': _bar_line,
  'dynam': _dynamics,
  'fTrem': _tremolo,
  'grpSym': _grouping,
  'hairpin': _hairpin,
  'octave': _octave,
  'stem': _stem,
  'system': _system,
  'tuplet': _tuplet,
}
