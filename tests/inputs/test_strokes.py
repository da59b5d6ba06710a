import codecs
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omr_jax.errors import UserError
from omr_jax.inputs import strokes

NAME = 'HOMUS/12/12-34.txt'
TWO_STROKES = b'Cut-Time\n1,2;1,2;30,-4;\n5,6;\n'


def assert_two_strokes(symbol):
  assert (symbol.id, symbol.label, symbol.writer) == ('12-34', 'Cut-Time', 12)
  assert symbol.points.tolist() == [[1, 2], [1, 2], [30, -4], [5, 6]]
  assert symbol.stroke.tolist() == [0, 0, 0, 1]
  assert symbol.points.dtype == symbol.stroke.dtype == np.int32


def test_there_are_32_classes_in_ascii_order():
  assert len(set(strokes.CLASSES)) == 32
  assert list(strokes.CLASSES) == sorted(strokes.CLASSES)


@pytest.mark.parametrize(
  'content',
  [
    TWO_STROKES,
    TWO_STROKES.rstrip(),
    codecs.BOM_UTF8 + TWO_STROKES,
    TWO_STROKES.replace(b'\n', b'\r\n'),
    TWO_STROKES + b'\n\r\n \n',
    b'Cut-Time \n1,2;1,2;30,-4; \n5,6;',
    b'Cut-Time\n01,2;1,02;30,-04;\n5,6;',
  ],
)
def test_parse(content):
  assert_two_strokes(strokes.parse(content, NAME))


@pytest.mark.parametrize('name', ['12-34.txt', '/a/7-8/12-34.txt', 'odd\nfolder/12-34.txt'])
def test_only_the_end_of_the_name_counts(name):
  assert_two_strokes(strokes.parse(TWO_STROKES, name))


@pytest.mark.parametrize(
  'name',
  ['', '12.txt', '12-34.md', 'x12-34.txt', '0-1.txt', '1-01.txt', '-1-2.txt'],
)
def test_other_names_are_refused(name):
  with pytest.raises(UserError) as error:
    strokes.parse(TWO_STROKES, name)
  assert str(error.value).startswith(f'{name}: not the name of a symbol file')


@pytest.mark.parametrize(
  ('content', 'message'),
  [
    (b'', 'empty'),
    (b' \r\n\n', 'empty'),
    (codecs.BOM_UTF8, 'empty'),
    (b'Dot', 'no strokes'),
    (b'Dot\n\n', 'no strokes'),
    (b'Quarter-Nose\n1,2;', "'Quarter-Nose'; the nearest known one is Quarter-Note"),
    (b'quarter-note\n1,2;', 'the nearest known one is Quarter-Note'),
    (b'1,2;3,4;', 'unknown class'),
    (b'x' * 900_000, 'unknown class'),
    (b'Dot\n1,2;\n\n3,4;', 'line 3: a stroke without points'),
    (b'Dot\n;', "line 2: ';' is no point"),
    (b'Dot\n1,2;3,4;\n5,6;7,8', "line 3: '7,8' is no point"),
    (b'Dot\n1,2;a,b;', "line 2: 'a,b;' is no point"),
    (b'Dot\n1,2,3;', 'is no point'),
    (b'Dot\n1.5,2;', 'is no point'),
    (b'Dot\n1e3,2;', 'is no point'),
    (b'Dot\nnan,inf;', 'is no point'),
    (b'Dot\n0x1,2;', 'is no point'),
    (b'Dot\n1_0,2;', 'is no point'),
    (b'Dot\n+1,2;', 'is no point'),
    (b'Dot\n1, 2;', 'is no point'),
    (b'Dot\n1,2;\r3,4;', 'is no point'),
    (b'Dot\n--1,2;', 'is no point'),
    (b'Dot\n1,100001;', 'the point 1,100001 is beyond'),
    (b'Dot\n9,9;-100001,7;', 'the point -100001,7 is beyond'),
    (b'Dot\n4294967297,1;', 'is beyond'),
    (b'Dot\n' + b'9' * 900_000 + b',1;', 'is beyond'),
    ('Dot\n1,2;'.encode('utf-16'), 'no plain text'),
    ('Dot\n1,2;'.encode('utf-16-le'), 'NUL'),
    ('Dôt\n1,2;'.encode('latin-1'), 'byte 2 is no plain text'),
    ('Dot\n\u0661,2;'.encode(), 'no plain text'),
    (b'Dot\n1,2;\x00', 'NUL'),
    (b'Dot\n' + b'1,2;' * 300_000, '1200004 bytes; a symbol file has at most 1000000'),
  ],
)
def test_what_is_no_symbol_is_refused(content, message):
  with pytest.raises(UserError, match=f'^{re.escape(NAME)}') as caught:
    strokes.parse(content, NAME)
  assert message in str(caught.value)
  assert len(str(caught.value)) < 300


def test_bounds_are_inclusive():
  symbol = strokes.parse(b'Dot\n100000,-100000;' + b'0,0;' * 9_999, NAME)
  assert symbol.points[0].tolist() == [100_000, -100_000]
  with pytest.raises(UserError, match='10001 points'):
    strokes.parse(b'Dot\n' + b'0,0;' * 10_000 + b'\n1,1;', NAME)


def test_format_symbol():
  symbol = strokes.Symbol(
    '12-34',
    'Dot',
    12,
    np.array([[1, 2], [1, 2], [-3, 40]], np.int32),
    np.array([0, 0, 1], np.int32),
  )
  assert strokes.format_symbol(symbol) == b'Dot\n1,2;1,2;\n-3,40;\n'


def test_canonical_form():
  assert strokes.canonical(codecs.BOM_UTF8 + b'Dot\r\n1,2;\r\n \r\n\n') == b'Dot\n1,2;'


def symbols():
  coordinate = st.integers(-100_000, 100_000)
  stroke = st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=20)
  return st.builds(
    lambda label, strokes_, writer, number: strokes.Symbol(
      f'{writer}-{number}',
      label,
      writer,
      np.array([point for stroke in strokes_ for point in stroke], np.int32),
      np.repeat(np.arange(len(strokes_), dtype=np.int32), [len(s) for s in strokes_]),
    ),
    st.sampled_from(strokes.CLASSES),
    st.lists(stroke, min_size=1, max_size=5),
    st.integers(1, 999),
    st.integers(1, 999),
  )


@given(symbols())
def test_parse_undoes_format_symbol(symbol):
  parsed = strokes.parse(strokes.format_symbol(symbol), f'{symbol.id}.txt')
  assert (parsed.id, parsed.label, parsed.writer) == (symbol.id, symbol.label, symbol.writer)
  np.testing.assert_array_equal(parsed.points, symbol.points)
  np.testing.assert_array_equal(parsed.stroke, symbol.stroke)


def parse_or_refuse(content):
  """Anything but a sound symbol or a UserError lets the test fail."""
  try:
    symbol = strokes.parse(content, NAME)
  except UserError as error:
    assert str(error).startswith(NAME)
    return
  assert symbol.label in strokes.CLASSES
  assert symbol.points.shape == (len(symbol.stroke), 2)
  assert np.abs(symbol.points).max() <= 100_000
  assert symbol.stroke[0] == 0
  assert set(np.diff(symbol.stroke).tolist()) <= {0, 1}
  # Strictness: what was read is all that was there.
  again = strokes.parse(strokes.format_symbol(symbol), NAME)
  np.testing.assert_array_equal(again.points, symbol.points)


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_fuzz_bytes(content):
  parse_or_refuse(content)


@settings(max_examples=500)
@given(st.text(st.sampled_from('0123456789-,;\n\r\t .eExX+_\0\x0b\x1c\ufeff\u0663'), max_size=60))
def test_fuzz_strokes(text):
  parse_or_refuse(b'Dot\n' + text.encode())


@settings(max_examples=300)
@given(symbols(), st.data())
def test_fuzz_damaged_files(symbol, data):
  content = bytearray(strokes.format_symbol(symbol))
  for _ in range(data.draw(st.integers(1, 3))):
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
  parse_or_refuse(bytes(content[: data.draw(st.integers(0, len(content)))]))
