"""Templates of all made-up symbols: accidentals, barlines and dots are here, the others imported.

Each function returns a list of strokes in pixels. They follow what the symbols look like in
handwriting and print; no coordinate comes from a data set.
"""

import numpy as np

from tfds_builders.homus import made_up_clefs, made_up_notes, made_up_times
from tfds_builders.homus.made_up_pen import Hand, Template, blot, curve, joined, line


def barline(hand: Hand) -> list[np.ndarray]:
  """A line down, sometimes with a small hook at its end."""
  h = hand.between('barline', 64, 84)
  bend = hand.near(3)
  foot = [(hand.near(4), h - 3)] if hand.does('barline foot', 0.25) else []
  return [joined(curve((hand.near(2), 0), (bend, h / 2), (hand.near(2), h)), *map(line, foot))]


def dot(hand: Hand) -> list[np.ndarray]:
  """A dot."""
  return [blot(hand, 'dot', 0, 0, hand.between('dot', 1.2, 7))]


def double_sharp(hand: Hand) -> list[np.ndarray]:
  """Two crossing lines, sometimes with a dot on every side or hooks at the ends."""
  r = hand.between('double sharp', 9, 15)
  bend = r * hand.between('double sharp bend', -0.3, 0.4)
  falling = _crossing(hand, r, hand.near(bend))
  rising = _crossing(hand, r, bend) * (-1, 1)
  if hand.does('double sharp serifs', 0.15):
    (x0, y0), (x1, y1) = falling[0], falling[-1]
    falling = joined(line((x0, y0 + r * 0.4)), falling, line((x1, y1 - r * 0.4)))
  if hand.does('double sharp in one', 0.05):
    return [joined(falling, rising)]
  dots = [(0, -1), (1, 0), (0, 1), (-1, 0)] if hand.does('double sharp dots', 0.18) else []
  return [falling, rising, *(blot(hand, 'sharp dot', x * r * 1.1, y * r * 1.1, 2) for x, y in dots)]


def _crossing(hand: Hand, r: float, bend: float) -> np.ndarray:
  ends = [side * r + hand.near(0.25 * r) for side in (-1, -1, 1, 1)]
  return curve(ends[:2], (-bend, bend), ends[2:])


def flat(hand: Hand) -> list[np.ndarray]:
  """A stem and a bowl on the right of its lower end."""
  h, w = hand.between('flat height', 38, 54), hand.between('flat width', 14, 23)
  bowl_height = h * hand.between('flat bowl', 0.35, 0.6)
  rise = h - bowl_height * hand.between('flat bowl start', 0.5, 0.9)
  kind = hand.choose('flat', {'round': 4, 'open': 1.5, 'pointed': 2})
  stem = line((0, 0), (hand.near(2), h))
  if kind == 'pointed':
    bowl = curve(
      (0, rise),
      (w * 0.7, h - bowl_height),
      (w, h - bowl_height * 0.55),
      (w * 0.5, h * 0.93),
      (0, h),
    )
  elif kind == 'round':
    bowl = curve(
      (0, rise),
      (w * 0.55, h - bowl_height),
      (w, h - bowl_height * 0.45),
      (w * 0.5, h),
      (-w * 0.1, h * 0.97),
    )
  else:
    bowl = curve(
      (0, rise), (w * 0.6, h - bowl_height), (w, h - bowl_height * 0.5), (w * 0.4, h * 0.95)
    )
  return [stem, bowl] if hand.does('flat in two', 0.37) else [joined(stem, bowl)]


def natural(hand: Hand) -> list[np.ndarray]:
  """Two stems, the left one up and the right one down, and a box between them."""
  w, h = hand.between('natural width', 13, 22), hand.between('natural height', 50, 66)
  top, bottom = (
    h * hand.between('natural box top', 0.25, 0.42),
    h * hand.between('natural box', 0.58, 0.75),
  )
  rise = hand.between('natural rise', -7, 9)
  kind = hand.choose(
    'natural', {'L and 7': 5, 'round': 2, 'zigzag': 1, 'four lines': 0.6, 'three': 1, 'one': 0.5}
  )
  out = hand.between('natural overshoot', -1, 5)
  left, right = line((0, 0), (0, bottom + out)), line((w, top - rise - out), (w, h))
  upper, lower = (
    line((-out, top), (w + out, top - rise)),
    line((-out, bottom), (w + out, bottom - rise)),
  )
  if kind == 'L and 7':
    # Each half may extend beyond the other.
    half = line((0, 0), (0, bottom), (w + 2 * out, bottom - rise))
    return [half, line((-2 * out, top), (w, top - rise), (w - out, h))]
  if kind == 'round':
    loop = curve((0, bottom * 0.9), (w * 0.4, top), (w, top), (w * 0.9, bottom * 0.92), (0, bottom))
    return [joined(line((0, 0), (0, bottom)), loop), line((w, top - rise), (w, h))]
  if kind == 'zigzag':
    knots = [(0, 0), (-out, bottom * 0.9), (w * 0.9, top)]
    return [line(*knots, (w, h)), line((-out, bottom), (w + 2 * out, bottom - rise))]
  if kind == 'three':
    return [line((0, 0), (0, bottom), (w, bottom - rise)), upper, right]
  if kind == 'four lines':
    return [left, right, upper, lower]
  return [
    line(
      (0, 0), (0, bottom), (w, bottom - rise), (w, top - rise), (0, top), (w, top - rise), (w, h)
    )
  ]


def sharp(hand: Hand) -> list[np.ndarray]:
  """Two stems crossed by two bars."""
  h, w = hand.between('sharp height', 42, 58), hand.between('sharp width', 24, 40)
  apart = w * hand.between('sharp stems', 0.25, 0.5) / 2
  between = h * hand.between('sharp bars', 0.2, 0.42) / 2
  rise = w * hand.between('sharp rise', 0, 0.35)
  lean = hand.between('sharp leans', 0, 8)
  stems = [
    line((x + lean + hand.near(2), hand.near(4) - h / 2), (x - lean, hand.near(4) + h / 2))
    for x in (-apart, apart)
  ]
  bars = [
    line((-w / 2, y + rise / 2 + hand.near(2)), (w / 2 + hand.near(2), y - rise / 2))
    for y in (-between, between)
  ]
  return stems + bars if hand.does('sharp stems first', 0.7) else bars + stems


# All classes and their templates; a writer uses each equally often.
TEMPLATES: tuple[tuple[str, Template], ...] = (
  *made_up_notes.TEMPLATES,
  *made_up_times.TEMPLATES,
  *made_up_clefs.TEMPLATES,
  ('Barline', barline),
  ('Dot', dot),
  ('Double-Sharp', double_sharp),
  ('Flat', flat),
  ('Natural', natural),
  ('Sharp', sharp),
)
