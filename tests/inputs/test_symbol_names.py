"""The names of symbols."""

from pathlib import Path

import tfds_builders
from omr_jax.inputs import symbol_names

# Read here, since importing the builder takes seconds.
CLASSES = (Path(tfds_builders.__file__).parent / 'muscima_pp/classes.txt').read_text().split()


def test_every_class_has_a_name_or_none():
  assert set(symbol_names.SMUFL) == set(CLASSES)
  assert symbol_names.SMUFL['noteheadFull'] == 'noteheadBlack'
  assert symbol_names.SMUFL['flag16thUp'] == 'flag16thUp'
  assert symbol_names.SMUFL['dynamicLetterF'] == 'dynamicForte'
  for label in ('beam', 'slur', 'characterSmallX', 'numeral3'):
    assert symbol_names.SMUFL[label] is None


def test_kinds():
  kinds = {
    'noteheadHalf': 'noteheads',
    'legerLine': 'stems',
    'keySignature': 'accidentals',
    'rest8th': 'rests',
    'repeat1Bar': 'rests',
    'repeatDot': 'bars',
    'timeSignature': 'clefs',
    'tie': 'lines',
    'tupleBracket': 'lines',
    'tuple': 'signs',
    'dynamicLetterF': 'signs',
    'characterSmallA': 'texts',
  }
  assert {label: symbol_names.kind(label) for label in kinds} == kinds
  assert {symbol_names.kind(label) for label in CLASSES} == set(symbol_names.KINDS)


def test_a_flat_stands_for_the_line_through_its_belly():
  assert symbol_names.anchor('noteheadFull') == 0.5
  assert 0.6 < symbol_names.anchor('accidentalFlat') < 0.8
  assert symbol_names.anchor('fClef') < 0.5 < symbol_names.anchor('gClef')
