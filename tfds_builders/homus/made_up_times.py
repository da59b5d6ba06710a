"""Templates of made-up time signatures.

Each function returns a list of strokes in pixels. They follow what the symbols look like in
handwriting and print; no coordinate comes from a data set.
"""

import functools
import re

import numpy as np

from tfds_builders.homus.made_up_pen import (
  Hand,
  Template,
  arc,
  curve,
  joined,
  line,
  moved,
  scribble,
  zigzag,
)

_TIMES = {
  '12-8-Time': ('12', '8'),
  '2-2-Time': ('2', '2'),
  '2-4-Time': ('2', '4'),
  '3-4-Time': ('3', '4'),
  '3-8-Time': ('3', '8'),
  '4-4-Time': ('4', '4'),
  '6-8-Time': ('6', '8'),
  '9-8-Time': ('9', '8'),
}
# Ways to write each digit in a box from 0,0 to 100,100, with their weights: lines and curves in the
# order of writing, and a / where the pen is lifted.
_DIGITS = {
  '1': (
    (3, 'line 50,0 50,100'),
    (3, 'line 0,45 55,0 50,100'),
    (1, 'curve 10,30 50,0 / line 50,0 45,100'),
  ),
  '2': (
    (3, 'curve 10,20 50,0 85,20 50,65 0,100 line 0,100 100,97'),
    (1.5, 'curve 10,25 45,0 85,20 50,70 10,95 10,75 40,85 100,100'),
    (1.5, 'curve 25,30 10,15 50,0 85,20 55,55 10,90 60,88 100,100'),
    (2, 'line 5,8 80,5 75,30 0,95 100,90'),
    (1, 'curve 0,15 40,0 80,25 10,95 50,90 100,100'),
  ),
  '3': (
    (4, 'curve 5,12 50,0 90,20 35,45 curve 35,45 95,65 60,100 0,90'),
    (2, 'line 5,5 85,0 40,42 curve 40,42 95,65 55,100 0,93'),
    (1, 'curve 0,10 80,5 30,45 90,70 30,100 0,95'),
  ),
  '4': (
    (3, 'curve 15,0 0,50 30,58 75,45 line 80,10 70,100'),
    (2, 'line 30,0 5,55 85,50 60,100'),
    (1.5, 'line 30,0 5,55 80,50 85,15 75,100'),
    (3, 'line 40,0 0,60 100,58 / line 75,30 65,100'),
    (1.5, 'line 65,0 0,65 100,65 / line 65,0 60,100'),
    (1, 'line 60,100 65,0 0,62 100,60'),
  ),
  '6': (
    (4, 'curve 70,0 25,30 5,70 45,100 95,75 55,50 10,75'),
    (1.5, 'curve 95,5 40,15 5,65 45,100 90,75 50,55 15,70'),
    (1, 'curve 40,0 5,55 30,100 95,80 60,55 5,70'),
  ),
  '8': (
    (3, 'curve 85,15 50,0 10,20 50,48 95,75 50,100 5,75 50,48 90,20 75,5'),
    (2, 'curve 50,45 10,22 50,0 90,22 50,45 5,75 50,100 95,75 50,50'),
    (1, 'curve 10,5 10,25 90,75 50,100 10,75 90,20 60,0 15,10'),
    (1.5, 'curve 90,5 20,10 25,35 90,75 50,100 10,80 50,50 95,10'),
    (0.5, 'curve 50,0 85,25 50,50 15,25 50,0 curve 50,48 92,75 50,102 8,75 50,48'),
  ),
  '9': (
    (3, 'curve 90,20 50,0 5,22 40,48 85,30 line 90,10 75,100'),
    (2, 'curve 85,10 40,0 10,30 50,50 curve 85,20 90,70 60,100 10,95'),
    (1, 'curve 85,25 55,1 10,13 18,44 67,46 83,16 / curve 90,10 85,60 60,100'),
  ),
}


def time_signature(hand: Hand, above: str, below: str) -> list[np.ndarray]:
  """Two numbers, one above the other."""
  width, height = hand.between('digit width', 15, 26), hand.between('digit height', 25, 33)
  upper = _number(hand, above, width, height * (1 + hand.near(0.12)))
  lower = _number(hand, below, width, height)
  x, y = hand.near(5), height + hand.between('digits apart', 0, 15)
  return upper + [moved(stroke, x, y) for stroke in lower]


def _number(hand: Hand, digits: str, width: float, height: float) -> list[np.ndarray]:
  """The strokes of one or two digits, centred at x = 0 and below y = 0."""
  apart = width * hand.between('between digits', 0.6, 1.1)
  strokes = []
  for i, digit in enumerate(digits):
    x = (i - (len(digits) - 1) / 2) * apart
    strokes += [moved(stroke, x, 0) for stroke in _digit(hand, digit, width, height)]
  return strokes


def _digit(hand: Hand, digit: str, width: float, height: float) -> list[np.ndarray]:
  width *= {'1': 0.5, '2': 1.2}.get(digit, 1) * (1 + hand.near(0.1))
  height *= 1.12 if digit == '4' else 1  # its stem reaches below the others
  forms = {form: share for share, form in _DIGITS[digit]}
  strokes = hand.choose('digit ' + digit, forms).split(' / ')
  return [moved(_read(stroke), -0.5, 0) * (width, height) for stroke in strokes]


def _read(stroke: str) -> np.ndarray:
  """A stroke of `_DIGITS`, scaled to a box from 0 to 1."""
  pieces = []
  for kind, knots in re.findall('(line|curve)([ 0-9,-]+)', stroke):
    shape = {'line': line, 'curve': curve}[kind]
    pieces.append(shape(*([int(n) / 100 for n in knot.split(',')] for knot in knots.split())))
  return joined(*pieces)


def common_time(hand: Hand) -> list[np.ndarray]:
  """A C, sometimes with a blot or a hook at its upper end."""
  rx, ry = hand.between('c width', 12, 19), hand.between('c height', 14, 21)
  opening = hand.between('c opening', 25, 65)
  drawn = arc(0, 0, rx, ry, -opening, -360 + opening * hand.between('c foot', 0.4, 1.1))
  end = hand.choose('c end', {'plain': 5, 'blot': 1.5, 'hook': 2, 'curl': 1})
  x, y = drawn[0]
  if end == 'blot':
    turns = hand.between('c blot', 1.5, 4)
    drawn = joined(scribble(hand, x - 1, y + 4, 4, 3.5, turns), drawn)
  elif end == 'hook':
    drawn = joined(line((x, y + hand.between('c hook', 3, 9))), drawn)
  elif end == 'curl':
    drawn = curve((x - rx * 0.4, y + ry * 0.5), (x, y + ry * 0.4), *drawn[::3], drawn[-1])
  if hand.does('c thickened', 0.06):
    return [drawn, zigzag(hand, -rx * 0.9, 0, ry * 0.5, 2, 5, 90)]
  return [drawn]


def cut_time(hand: Hand) -> list[np.ndarray]:
  """A C with a vertical line through it."""
  x, lean = hand.near(4), hand.between('cut leans', -3, 10)
  above, below = hand.between('cut above', 28, 46), hand.between('cut below', 28, 46)
  cut = line((x + lean, -above), (x, below))
  return [*(stroke * 0.95 for stroke in common_time(hand)), cut]


# Classes and their templates.
TEMPLATES: tuple[tuple[str, Template], ...] = (
  *(
    (label, functools.partial(time_signature, above=above, below=below))
    for label, (above, below) in _TIMES.items()
  ),
  ('Common-Time', common_time),
  ('Cut-Time', cut_time),
)
