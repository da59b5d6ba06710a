"""On which staff a symbol is, and how high; two staves that lean, with 10 pixels a staff space."""

import numpy as np
import pytest

from omr_jax.structure.positions import positions
from omr_jax.structure.structure import Structure


def staff(top, left=100, right=500, slope=0.1):
  x = np.linspace(left, right, 5)
  return np.stack([np.stack([x, top + 10 * line + slope * (x - left)], 1) for line in range(5)])


PAGE = Structure(600, 500, 10.0, [staff(100), staff(300)], [[0, 1]], [])


def at(x, y, half=2):
  return x - half, y - half, x + half, y + half


@pytest.mark.parametrize(
  ('box', 'expected'),
  [
    (at(100, 120), (0, 0)),  # On the middle line at its left end,
    (at(300, 140), (0, 0)),  # and in the middle, where it is 20 pixels lower.
    (at(300, 136), (0, 1)),  # A line or space is nearest.
    (at(300, 144), (0, -1)),
    (at(500, 140), (0, 4)),  # The upper line at its right end.
    (at(100, 225), (1, 19)),  # 105 below one middle line, 95 above the other.
    (at(65, 120), (0, 0)),  # Three and a half staff spaces beside the staff,
    (at(55, 120), (-1, None)),  # and four and a half.
    (at(100, 21), (0, 20)),  # 8 staff spaces above the upper line, nearly.
    (at(100, 10), (-1, None)),
    ((90, 100, 94, 340), (-1, None)),  # From staff to staff.
    ((300, 100, 304, 300), (0, -12)),  # From one staff to below it: its middle is at 200 of 140.
  ],
)
def test_nearest_staff(box, expected):
  staves, found = positions(PAGE, np.array([box], float), np.array([0.5]))
  assert staves[0] == expected[0] and (expected[1] is None or found[0] == expected[1])


def test_the_anchor_of_a_symbol_counts():
  box = np.array([[298.0, 120, 302, 144]] * 3)  # Anchors at 120, 132 and 144.
  staves, found = positions(PAGE, box, np.array([0, 0.5, 1]))
  assert staves.tolist() == [0, 0, 0] and found.tolist() == [4, 2, -1]


def test_without_staves_and_without_symbols():
  none = PAGE._replace(staves=[])
  staves, found = positions(none, np.zeros((2, 4)), np.full(2, 0.5))
  assert staves.tolist() == [-1, -1] and found.tolist() == [0, 0]
  assert [len(each) for each in positions(PAGE, np.zeros((0, 4)), np.zeros(0))] == [0, 0]
