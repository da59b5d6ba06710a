"""The kinds of boxes on a page: a detector gives each of its cells a box of every kind.

The middles of several objects often lie in one cell: a ledger line runs through a note head, a slur
spans notes, a key signature has an accidental in its middle. They have different boxes, and as
they are of different kinds, none of them has to give way.
"""

from collections.abc import Iterable

import numpy as np

KINDS = ('sign', 'stroke', 'upright', 'span')
# Classes by their names in MUSCIMA++; all others are signs.
_STROKES = ('legerLine', 'articulationTenuto', 'graceNoteAcciaccatura')  # Thin, on or near signs.
_UPRIGHT = ('arpeggio', 'barline', 'barlineHeavy', 'brace', 'bracket', 'stem')
_SPANS = (  # What reaches over other objects, or consists of them.
  'barNumber',
  'beam',
  'dottedHorizontalSpanner',
  'dynamicCrescendoHairpin',
  'dynamicDiminuendoHairpin',
  'dynamicsText',
  'glissando',
  'horizontalSpanner',
  'instrumentName',
  'keySignature',
  'lyricsText',
  'measureSeparator',
  'multiMeasureRest',
  'multipleNoteTremolo',
  'otherText',
  'repeat',
  'slur',
  'staffGrouping',
  'systemSeparator',
  'tempoText',
  'tie',
  'timeSignature',
  'transpositionText',
  'tuple',
  'tupleBracket',
  'volta',
  'wiggleTrill',
)
_KIND_OF = {
  name: kind for kind, names in enumerate((_STROKES, _UPRIGHT, _SPANS), start=1) for name in names
}


def kinds(classes: Iterable[str]) -> np.ndarray:
  """The kind of each class, as a place in KINDS: int [classes]."""
  return np.array([_KIND_OF.get(name, 0) for name in classes], int)
