"""Bar lines of a single staff, drawn pixel by pixel: 10 rows a staff space, 180 columns."""

import numpy as np
import pytest

from omr_jax.structure import barlines

COLUMNS = 180
X = 90 + barlines.BEYOND  # Of the line, in the strip; the staff's column 90.


def _strip():
  """Five lines, two staff spaces above them and two below."""
  strip = np.zeros((81, COLUMNS + 2 * barlines.BEYOND), np.float32)
  strip[20:61:10] = 1
  return strip


def _found(strip, goes_on=False):
  none, above = np.zeros(COLUMNS, bool), np.full(COLUMNS, goes_on)
  return barlines.peaks(barlines.scores(strip, above, none)).tolist()


def _leaning(strip):
  for row in range(20, 61):
    strip[row, X + round((row - 40) / 8)] = 1


def _broken(strip):
  """Seven of 41 rows lack ink, in two of the spaces."""
  strip[20:61, X] = 1
  strip[[*range(33, 37), *range(43, 46)], X] = 0


def _tied(strip):
  """A tie of two rows goes through the line, just below its upper end."""
  strip[20:61, X] = 1
  strip[23:25, X - 20 : X + 21] = 1


def _beside_a_note(strip):
  """The head of a note is near, but does not touch the line."""
  strip[20:61, X] = 1
  strip[31:40, X + 4 : X + 14] = 1


@pytest.mark.parametrize('draw', [_leaning, _broken, _tied, _beside_a_note])
def test_a_bar_line_is_found(draw):
  strip = _strip()
  draw(strip)
  assert _found(strip) == [90]


@pytest.mark.parametrize(('column', 'found'), [(2, 0), (197, COLUMNS - 1)])
def test_one_just_beyond_the_staff_stands_at_its_end(column, found):
  strip = _strip()
  strip[20:61, column] = 1
  assert _found(strip) == [found]


def _beamed(strip):
  """A beam at the upper end, on the left; a head at the lower one, on the right."""
  strip[20:61, X] = 1
  strip[20:24, X - 30 : X] = 1
  strip[55:65, X : X + 10] = 1


def _short(strip):
  """It ends a staff space above the lower line."""
  strip[20:50, X] = 1


@pytest.mark.parametrize('draw', [_beamed, _short])
def test_a_stem_is_none(draw):
  strip = _strip()
  draw(strip)
  assert _found(strip) == []


def test_what_goes_on_beyond_the_staff_is_a_bar_line_if_it_reaches_the_next():
  """A head at its lower end costs less than the stroke to the next staff and the way there give."""
  strip = _strip()
  strip[:61, X] = 1
  strip[54:64, X : X + 10] = 1
  assert _found(strip) == []
  assert _found(strip, goes_on=True) == [90]
