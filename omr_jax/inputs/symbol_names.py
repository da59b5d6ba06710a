"""What the classes of MUSCIMA++ are called in SMuFL, and of which kind they are.

SMuFL (w3c.github.io/smufl) is the standard of music fonts. A name is that of the glyph that looks
like the symbol. Where a class does not say which of several glyphs it is, the name is that of the
plainest: `articulationAccent` is `articAccentAbove`, though it may be below its note.
"""

from collections.abc import Mapping

_DYNAMICS = {
  'F': 'dynamicForte',
  'M': 'dynamicMezzo',
  'N': 'dynamicNiente',
  'P': 'dynamicPiano',
  'R': 'dynamicRinforzando',
  'S': 'dynamicSforzando',
  'Z': 'dynamicZ',
}
_OTHER_NAME = {
  'arpeggio': 'wiggleArpeggiatoUp',
  'articulationAccent': 'articAccentAbove',
  'articulationMarcatoAbove': 'articMarcatoAbove',
  'articulationMarcatoBelow': 'articMarcatoBelow',
  'articulationStaccato': 'articStaccatoAbove',
  'articulationTenuto': 'articTenutoAbove',
  'barline': 'barlineSingle',
  'breathMark': 'breathMarkComma',
  'graceNoteAcciaccatura': 'graceNoteSlashStemUp',  # It is the slash alone.
  'multiMeasureRest': 'restHBar',
  'noteheadFull': 'noteheadBlack',
  'noteheadFullSmall': 'noteheadBlack',
  'noteheadHalfSmall': 'noteheadHalf',
  'singleNoteTremolo': 'tremolo1',
  'systemSeparator': 'systemDivider',
  'tremoloMark': 'tremolo1',
  **{f'dynamicLetter{letter}': name for letter, name in _DYNAMICS.items()},
}
_SAME_NAME = (
  *('accidentalDoubleFlat', 'accidentalDoubleSharp', 'accidentalFlat', 'accidentalNatural'),
  *('accidentalSharp', 'augmentationDot', 'barlineDotted', 'barlineHeavy', 'brace', 'bracket'),
  *('cClef', 'coda', 'dynamicCrescendoHairpin', 'dynamicDiminuendoHairpin', 'fClef'),
  *('fermataAbove', 'fermataBelow', 'flag16thDown', 'flag16thUp', 'flag32ndDown', 'flag32ndUp'),
  *('flag64thDown', 'flag64thUp', 'flag8thDown', 'flag8thUp', 'gClef', 'legerLine'),
  *('noteheadHalf', 'noteheadWhole', 'ornamentTrill', 'repeat1Bar', 'repeatDot', 'rest16th'),
  *('rest32nd', 'rest64th', 'rest8th', 'restHalf', 'restQuarter', 'restWhole', 'segno', 'stem'),
  *('timeSigCommon', 'timeSigCutCommon', 'wiggleTrill'),
)
_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
# Lines of any length, groups of symbols, and what is written with letters and digits. A digit may
# be part of a time signature, a tuplet or a fingering, for which SMuFL has different glyphs.
_NO_NAME = (
  *('barNumber', 'beam', 'characterDot', 'characterOther', 'dottedHorizontalSpanner'),
  *('dynamicsText', 'figuredBassText', 'glissando', 'horizontalSpanner', 'instrumentName'),
  *('instrumentSpecific', 'keySignature', 'lyricsText', 'measureSeparator'),
  *('multipleNoteTremolo', 'ornament', 'ossia', 'otherNumericSign', 'otherText'),
  *('rehearsalMark', 'repeat', 'slur', 'staffGrouping', 'tempoText', 'tie', 'timeSignature'),
  *('transpositionText', 'tuple', 'tupleBracket', 'unclassified', 'volta'),
  *(f'character{size}{letter}' for size in ('Capital', 'Small') for letter in _LETTERS),
  *(f'numeral{digit}' for digit in range(10)),
)
# The SMuFL name of each class, or None.
SMUFL: Mapping[str, str | None] = {
  **{name: name for name in _SAME_NAME},
  **_OTHER_NAME,
  **dict.fromkeys(_NO_NAME),
}

# Beginnings of the names of classes, by kind. The first that fits counts.
KINDS: Mapping[str, tuple[str, ...]] = {
  'noteheads': ('notehead',),
  'stems': (
    *('stem', 'beam', 'flag', 'legerLine', 'augmentationDot', 'graceNote'),
    *('tremolo', 'singleNoteTremolo', 'multipleNoteTremolo'),
  ),
  'accidentals': ('accidental', 'keySignature'),
  'rests': ('rest', 'multiMeasureRest', 'repeat1Bar'),
  'clefs': ('cClef', 'fClef', 'gClef', 'timeSig', 'numeral'),
  'bars': ('barline', 'measureSeparator', 'repeat', 'brace', 'bracket', 'staffGrouping', 'system'),
  'lines': (
    *('slur', 'tie', 'dynamicCrescendo', 'dynamicDiminuendo', 'glissando', 'tupleBracket'),
    *('volta', 'horizontalSpanner', 'dottedHorizontalSpanner', 'ossia'),
  ),
  'signs': (
    *('articulation', 'ornament', 'wiggle', 'arpeggio', 'breathMark', 'fermata', 'dynamicLetter'),
    *('coda', 'segno', 'tuple', 'otherNumericSign', 'instrumentSpecific'),
  ),
  'texts': (),
}


# The colour of each kind where symbols are drawn over a page: colours that people of any colour
# vision tell apart (Okabe and Ito, 2008), the yellow darkened, with black and grey.
COLOURS: Mapping[str, str] = {
  'noteheads': '#d55e00',
  'stems': '#0072b2',
  'accidentals': '#cc79a7',
  'rests': '#009e73',
  'clefs': '#e69f00',
  'bars': '#000000',
  'lines': '#a89c00',
  'signs': '#56b4e9',
  'texts': '#777777',
}


def kind(label: str) -> str:
  """The kind of a class, one of KINDS; classes that are not named there are texts."""
  return next((kind for kind, begins in KINDS.items() if label.startswith(begins)), 'texts')


# Where in its box a glyph has the line or space that it stands for, as a share of the height from
# the top: between the font Bravura (0.71, 0.63, 0.29) and the medians of MUSCIMA++ (0.67, 0.62,
# 0.24).
_ANCHORS: Mapping[str, float] = {
  'accidentalFlat': 0.69,
  'accidentalDoubleFlat': 0.69,
  'gClef': 0.62,
  'fClef': 0.26,
}


def anchor(label: str) -> float:
  """Where in its box a symbol has the line or space that it stands for, from 0 (top) to 1.

  Nearly all have it in the middle. A flat has it in its belly, and a G clef where it curls.
  """
  return _ANCHORS.get(label, 0.5)
