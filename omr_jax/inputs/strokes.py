"""Handwritten symbols as pen strokes, and the text format of HOMUS for them.

The first line of a symbol file is the class. Every further line is one stroke: its points, each
written as `x,y;`. Coordinates are integers in pixels of the pen's tablet, y down.
"""

import difflib
import re
from typing import NamedTuple

import numpy as np

from omr_jax.errors import UserError

OFFICIAL = 'HOMUS 2.0'  # The name of the raw data that the original experiments used.
CLASSES = (
  '12-8-Time',
  '2-2-Time',
  '2-4-Time',
  '3-4-Time',
  '3-8-Time',
  '4-4-Time',
  '6-8-Time',
  '9-8-Time',
  'Barline',
  'C-Clef',
  'Common-Time',
  'Cut-Time',
  'Dot',
  'Double-Sharp',
  'Eighth-Note',
  'Eighth-Rest',
  'F-Clef',
  'Flat',
  'G-Clef',
  'Half-Note',
  'Natural',
  'Quarter-Note',
  'Quarter-Rest',
  'Sharp',
  'Sixteenth-Note',
  'Sixteenth-Rest',
  'Sixty-Four-Note',
  'Sixty-Four-Rest',
  'Thirty-Two-Note',
  'Thirty-Two-Rest',
  'Whole-Half-Rest',
  'Whole-Note',
)

# The largest symbol of HOMUS has 733 points, 5 145 bytes and a coordinate of 344. What exceeds the
# following limits is no symbol and would only fill the memory.
MAX_POINTS = 10_000
MAX_BYTES = 1_000_000
MAX_COORDINATE = 100_000

_LONGEST_NAME = 200  # Characters of a name in a message, the last ones.
_BOM = b'\xef\xbb\xbf'
_NAME = re.compile(r'(?:.*/)?([1-9][0-9]{0,8})-([1-9][0-9]{0,8})\.txt', re.DOTALL)
_STROKE = re.compile(r'(?:-?[0-9]+,-?[0-9]+;)*')


class Symbol(NamedTuple):
  """One handwritten symbol.

  Attributes:
    id: `<writer>-<n>`, unique in a data set.
    label: One of `CLASSES`.
    writer: Number of the person who wrote it, from 1.
    points: int32 [points, 2], x and y in pixels of the pen's tablet, y down.
    stroke: int32 [points], the stroke each point belongs to, counted from 0.
  """

  id: str
  label: str
  writer: int
  points: np.ndarray
  stroke: np.ndarray


def canonical(content: bytes) -> bytes:
  r"""Removes the byte-order mark, carriage returns before `\n`, and blank lines at the end.

  Copies of HOMUS differ in these only, so checksums are taken of what is left.
  """
  return content.removeprefix(_BOM).replace(b'\r\n', b'\n').rstrip(b' \t\n')


def writer_and_number(name: str) -> tuple[int, int]:
  """The two numbers in the name of a symbol file: `HOMUS/12/12-34.txt` gives (12, 34)."""
  found = _NAME.fullmatch(name)
  if not found:
    raise UserError(
      f'{name[-_LONGEST_NAME:]}: not the name of a symbol file; name it <writer>-<n>.txt, like '
      '12-34.txt.'
    )
  return int(found[1]), int(found[2])


def parse(content: bytes, name: str) -> Symbol:
  r"""Reads one symbol file.

  A byte-order mark, `\r\n` and blank lines at the end are accepted; repeated points are kept.

  Args:
    content: The file's bytes.
    name: The file's path, which ends in `<writer>-<n>.txt`; messages name it.

  Raises:
    UserError: The file is not a symbol; the message names it.
  """
  writer, number = writer_and_number(name)
  label, *strokes = _lines(content, name)
  _check_class(label, name)
  points, stroke = _points(strokes, 2, name)
  return Symbol(f'{writer}-{number}', label, writer, points, stroke)


def parse_strokes(content: bytes, name: str) -> tuple[np.ndarray, np.ndarray]:
  """Reads the strokes of a symbol file whose class is not known, or does not matter.

  Args:
    content: As in `parse`; the first line, the class, may be missing.
    name: The file's path, in any form; messages name it.

  Returns:
    `points` and `stroke` as in `Symbol`.

  Raises:
    UserError: The file holds no strokes; the message names it.
  """
  lines = _lines(content, name)
  if any(sign in lines[0] for sign in ',;'):  # These are in strokes, and in no class.
    return _points(lines, 1, name)
  _check_class(lines[0], name)
  return _points(lines[1:], 2, name)


def _lines(content: bytes, name: str) -> list[str]:
  lines = [line.strip() for line in _text(content, name).split('\n')]
  if lines == ['']:
    raise UserError(f'{name}: the file is empty; remove it or restore it from the archive.')
  return lines


def _check_class(label: str, name: str) -> None:
  if label not in CLASSES:
    nearest = difflib.get_close_matches(label[:100], CLASSES, n=1, cutoff=0)[0]
    raise UserError(f'{name}: unknown class {_short(label)}; the nearest known one is {nearest}.')


def _points(lines: list[str], first: int, name: str) -> tuple[np.ndarray, np.ndarray]:
  """The points of strokes, int32 [points, 2], and the stroke of each, int32 [points].

  Args:
    lines: One for each stroke.
    first: The number of the first of them in the file, for messages.
    name: The file's path, for messages.
  """
  if not lines:
    raise UserError(f'{name}: no strokes after the class; every further line must be a stroke.')
  counts = [_count_points(line, f'{name}, line {i}') for i, line in enumerate(lines, first)]
  if sum(counts) > MAX_POINTS:
    raise UserError(f'{name}: {sum(counts)} points; a symbol has at most {MAX_POINTS}.')
  numbers = ''.join(lines).replace(';', ',')
  # float64 holds every allowed coordinate, and a number with more digits does not overflow.
  points = np.fromstring(numbers, np.float64, sep=',').reshape(-1, 2)
  x, y = points[np.abs(points).max(axis=1).argmax()]  # The farthest.
  if max(abs(x), abs(y)) > MAX_COORDINATE:
    raise UserError(f'{name}: the point {x:g},{y:g} is beyond +-{MAX_COORDINATE}; correct it.')
  stroke = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
  return points.astype(np.int32), stroke


def format_symbol(symbol: Symbol) -> bytes:
  """The content of a symbol file, from which `parse` reads this symbol again."""
  starts = np.flatnonzero(np.diff(symbol.stroke)) + 1
  lines = [
    ''.join(f'{x},{y};' for x, y in stroke.tolist()) for stroke in np.split(symbol.points, starts)
  ]
  return '\n'.join([symbol.label, *lines, '']).encode('ascii')


def _text(content: bytes, name: str) -> str:
  if len(content) > MAX_BYTES:
    raise UserError(f'{name}: {len(content)} bytes; a symbol file has at most {MAX_BYTES}.')
  try:
    text = canonical(content).decode('ascii')
  except UnicodeDecodeError as error:
    raise UserError(
      f'{name}: byte {error.start + 1} is no plain text; save the file as UTF-8 (classes and '
      'numbers need ASCII characters only).'
    ) from None
  if '\0' in text:
    raise UserError(f'{name}: holds NUL bytes (UTF-16, or damaged); save the file as UTF-8.')
  return text


def _count_points(line: str, place: str) -> int:
  if not line:
    raise UserError(f'{place}: a stroke without points; remove the line or write its points.')
  if rest := _STROKE.sub('', line, count=1):
    raise UserError(f'{place}: {_short(rest)} is no point; points are integers, "x,y;".')
  return line.count(';')


def _short(text: str) -> str:
  """The text in quotes, shortened to fit into a message."""
  return repr(text if len(text) <= 40 else text[:40] + '...')
