"""Pages of staves whose place is known, drawn pixel by pixel, for tests of structure."""

import itertools

import numpy as np

from omr_jax.structure.structure import Measure, Structure

SPACE = 16  # Pixels from the top of one line to the top of the next.
THICK = 2  # Pixels of a line.
LEFT, RIGHT = 60, 860  # Of every staff.
BARS = (244, 444, 644)  # Left edge of the bar lines, each two pixels wide.
TOPS = (120, 300, 520, 700)  # Upper edge of each staff's upper line.
SYSTEMS = [[0, 1], [2, 3]]


def page():
  """Two systems of two staves each, with notes and bar lines: uint8 [900, 920]."""
  drawn = np.full((900, 920), 255, np.uint8)
  for number, top in enumerate(TOPS):
    for line in range(5):
      y = top + line * SPACE
      drawn[y : y + THICK, LEFT:RIGHT] = 0
    for x in range(120, 840, 50):
      y = top + (x // 50 + number) % 8 * SPACE // 2
      _head(drawn, x, y)
      drawn[y - 3 * SPACE : y, x + 7 : x + 9] = 0
  for above, below in ((120, 300), (520, 700)):
    for x in (LEFT, *BARS):
      drawn[above : below + 4 * SPACE + THICK, x : x + 2] = 0
  return drawn


def structure():
  """What is on that page."""
  x = np.linspace(LEFT, RIGHT, 81)  # A bent line needs points on its way.
  staves = [
    np.stack(
      [np.stack([x, np.full_like(x, top + line * SPACE + THICK / 2)], 1) for line in range(5)]
    )
    for top in TOPS
  ]
  edges = [LEFT, *(x + 1 for x in BARS), RIGHT]
  measures = [
    Measure(staff, float(a), float(b)) for staff in range(4) for a, b in itertools.pairwise(edges)
  ]
  return Structure(920, 900, float(SPACE), staves, SYSTEMS, measures)


def _head(drawn, x, y):
  rows, columns = np.mgrid[-6:7, -8:9]
  drawn[y - 6 : y + 7, x - 8 : x + 9][(rows / 6) ** 2 + (columns / 8) ** 2 <= 1] = 0
