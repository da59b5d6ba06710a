"""Bar lines, braces and groupings of a system of three staves, completed; numbers by hand."""

import numpy as np
import pytest

from omr_jax.inputs import tall

CLASSES = ('stem', *tall.TALL)


def staff(top, slope=0.0, points=5):
  """10 pixels a staff space, from x = 100 to 500."""
  x = np.linspace(100, 500, points)
  return np.stack([np.stack([x, top + 10 * line + slope * (x - 100)], 1) for line in range(5)])


SYSTEM = [staff(100), staff(200), staff(300)]  # From 100 to 340, with the middle at 220.


def completed(things, systems=(SYSTEM,)):
  """From and to label, box and log-odds of each thing."""
  labels, boxes, log_odds = zip(*things, strict=True)
  places = np.array([CLASSES.index(label) for label in labels])
  found = tall.completed((np.array(boxes, float), places, np.array(log_odds)), CLASSES, systems)
  rows = zip(*(each.tolist() for each in found), strict=True)
  return sorted((CLASSES[n], tuple(box), odds) for box, n, odds in rows)


def test_bar_lines_above_each_other_are_a_separator():
  bars = [
    ('barline', (299, 100, 301, 140), 3.0),
    ('barline', (299.5, 200, 301.5, 340), 2.0),
    ('barlineHeavy', (304, 100, 307, 140), 1.5),  # A double bar line.
    ('barline', (290, 200, 296, 240), 0.5),  # Too unsure to be a part.
  ]
  found = completed([*bars, ('measureSeparator', (280, 210, 320, 228), 1.0)])
  assert found == sorted([*bars, ('measureSeparator', (299, 100, 307, 340), 3.0)])


def test_a_separator_without_bar_lines_is_as_tall_as_its_system():
  found = completed([('measureSeparator', (398, 210, 402, 228), 1.0)])
  assert found == [('measureSeparator', (398, 100, 402, 340), 1.0)]


def test_the_left_end_of_a_system():
  """A line through all staves, and a brace of two, whose middle is at 270."""
  found = completed(
    [
      ('barline', (98, 205, 104, 230), -1.0),
      ('barline', (99, 215, 103, 225), -2.0),  # The same again.
      ('barline', (299, 100, 301, 140), 3.0),  # It is 2 pixels wide.
      ('brace', (80, 250, 90, 295), 4.0),
      ('staffGrouping', (60, 215, 120, 225), 0.5),
      ('staffGrouping', (70, 262, 95, 272), 5.0),
      ('staffGrouping', (70, 265, 95, 280), 4.0),
    ]
  )
  assert found == [
    ('barline', (100, 100, 102, 340), -1.0),
    ('barline', (299, 100, 301, 140), 3.0),
    ('brace', (80, 200, 90, 340), 4.0),
    ('measureSeparator', (299, 100, 301, 340), 3.0),
    ('staffGrouping', (80, 200, 90, 340), 5.0),
    ('staffGrouping', (100, 100, 102, 340), 0.5),
  ]


def test_a_brace_is_a_staff_space_wide_at_least():
  """Of the two lower staves; a bracket may be narrower."""
  found = completed([('brace', (83, 250, 87, 295), 4.0), ('bracket', (60, 250, 64, 295), 3.0)])
  assert found == [('brace', (80, 200, 90, 340), 4.0), ('bracket', (60, 200, 64, 340), 3.0)]


def test_a_brace_and_the_line_of_the_same_staves_are_one_grouping():
  """Of two staves, from 100 to 240, with the middle at 170."""
  found = completed(
    [
      ('barline', (99, 160, 101, 180), 3.0),
      ('brace', (80, 130, 95, 210), 4.0),
      ('brace', (60, 130, 64, 210), 1.0),  # Less sure by more than 2.
      ('staffGrouping', (70, 150, 120, 190), 2.0),
    ],
    [SYSTEM[:2]],
  )
  assert found[-1] == ('staffGrouping', (80, 100, 101, 240), 2.0)


@pytest.mark.parametrize(
  'thing',
  [
    ('stem', (299, 210, 301, 230), 1.0),
    ('barline', (299, 200, 301, 240), 1.0),  # Of one staff; the separator is new.
    ('brace', (80, 100, 90, 140), 1.0),  # In the middle of no two staves.
    ('measureSeparator', (299, 400, 301, 440), 1.0),  # Below the system,
    ('measureSeparator', (560, 210, 562, 230), 1.0),  # and beside it.
  ],
)
def test_other_things_stay(thing):
  assert thing in completed([thing])


def test_staves_may_have_other_numbers_of_points():
  system = [staff(100), staff(200, points=9), staff(300)]
  found = completed([('measureSeparator', (398, 210, 402, 228), 1.0)], [system])
  assert found == [('measureSeparator', (398, 100, 402, 340), 1.0)]


def test_systems_of_one_staff_stay():
  things = [('barline', (299, 100, 301, 138), 1.0), ('measureSeparator', (299, 102, 301, 140), 2.0)]
  assert completed(things, [[each] for each in SYSTEM]) == things


def test_staves_may_lean():
  """By 0.1: at x = 300 the upper line is at 120, and the lowest of the second staff at 260."""
  leaning = [staff(100, 0.1), staff(200, 0.1)]
  (found,) = completed([('measureSeparator', (298, 180, 302, 200), 1.0)], [leaning])
  assert found[1] == pytest.approx((298, 120, 302, 260))


def test_a_class_that_is_not_looked_for_is_not_made():
  bar = np.array([[299.0, 100, 301, 140]]), np.array([0]), np.array([3.0])
  boxes, labels, log_odds = tall.completed(bar, ('barline',), [SYSTEM])
  assert labels.tolist() == [0] and log_odds.tolist() == [3] and boxes.tolist() == bar[0].tolist()


def test_nothing_is_found_where_nothing_was():
  nothing = np.zeros((0, 4)), np.zeros(0, int), np.zeros(0)
  for systems in ((), [SYSTEM]):
    assert [each.shape for each in tall.completed(nothing, CLASSES, systems)] == [
      (0, 4),
      (0,),
      (0,),
    ]
