"""Templates of made-up clefs.

Each function returns a list of strokes in pixels. They follow what the symbols look like in
handwriting and print; no coordinate comes from a data set.
"""

import numpy as np

from tfds_builders.homus.made_up_pen import (
  Hand,
  Template,
  arc,
  blot,
  curve,
  joined,
  line,
  moved,
  scribble,
  zigzag,
)


def g_clef(hand: Hand) -> list[np.ndarray]:
  """A spiral around the line of G, up to a loop, and a stem down through it to a hook."""
  w = hand.between('clef belly', 14, 28)  # half the width of the belly
  x = hand.between('clef leans', -3, 7)
  top, belly = hand.between('clef top', -88, -64), hand.between('clef belly height', 16, 30)
  loop = hand.between('clef loop', 4, 20)
  spiral = [(0, -2), (w * 0.45, -belly * 0.5), (w * 0.55, 3), (0, belly * 0.5), (-w * 0.45, 0)]
  spiral = spiral[round(hand.between('clef spiral', 0, 3.4)) :]
  tail = belly + hand.between('clef tail', 6, 32)
  outer = [(-w * 0.4, -belly * 0.6), (w * 0.4, -belly), (w, 0), (w * 0.1, belly), (-w, belly * 0.3)]
  rise = [(-w * 0.5, -belly * 1.5), (x + loop * 0.5, top * 0.6), (x + loop, top * 0.85), (x, top)]
  fall = [(x - loop * 0.7, top * 0.7), (x * 0.5, -belly), (3, tail * 0.8), (1, tail)]
  foot = [(-w * 0.35, tail + 8), (-w * 0.75, tail + 2), (-w * 0.5, tail - 4)][
    : round(hand.between('foot', 0, 3))
  ]
  kind = hand.choose('g clef', {'whole': 5, 'pointed': 1.5, 'simple': 1.5, 'from below': 1})
  if kind == 'whole':
    drawn = curve(*spiral, *outer, *rise, *fall, *foot)
  elif kind == 'pointed':
    drawn = joined(
      curve(*spiral, *outer, rise[0], (x, top)), curve((x, top), (2, 0), *fall[-1:], *foot)
    )
  elif kind == 'simple':
    drawn = curve(outer[0], *outer, *rise, *fall, *foot)
  else:
    drawn = curve(
      *reversed(foot), *reversed(fall), *reversed(rise), *reversed(outer), *reversed(spiral)
    )
  dots = _two_dots(hand, w + 9, 0) if hand.does('dots beside g clef', 0.16) else []
  return [drawn, *dots]


def f_clef(hand: Hand) -> list[np.ndarray]:
  """A bow from the line of F over the top to the lower left, with two dots on its right."""
  w, h = hand.between('f clef width', 30, 44), hand.between('f clef height', 55, 78)
  bow = [
    (w * 0.02, h * 0.14),
    (w * 0.35, 0),
    (w * 0.8, h * 0.08),
    (w, h * 0.3),
    (w * 0.75, h * 0.65),
    (w * 0.1, h),
  ]
  kind = hand.choose('f clef', {'bow': 3, 'curl': 3.5, 'blot': 2, 'round': 1})
  curl = [(w * 0.32, h * 0.22), (w * 0.22, h * 0.33), (w * 0.05, h * 0.28)]
  if kind == 'bow':
    strokes = [curve(*bow)]
  elif kind == 'curl':
    strokes = [curve(*curl[round(hand.between('f clef curl', 0, 2)) :], *bow)]
  elif kind == 'blot':
    dot = scribble(hand, w * 0.08, h * 0.25, 4, 4, hand.between('f clef blot', 1.5, 4))
    strokes = [joined(dot, curve(*bow))]
  else:
    strokes = [
      joined(arc(w * 0.5, h * 0.35, w * 0.5, h * 0.35, -320, 80), line((w * 0.1, h * 0.9)))
    ]
  if hand.does('f clef without dots', 0.08):
    return strokes
  return strokes + _two_dots(hand, w + hand.between('f clef dots', 5, 12), h * 0.25)


def _two_dots(hand: Hand, x: float, y: float) -> list[np.ndarray]:
  half = hand.between('dots apart', 4, 9)
  return [blot(hand, 'clef dot', x + hand.near(2), y + side * half, 2.5) for side in (-1, 1)]


def c_clef(hand: Hand) -> list[np.ndarray]:
  """One or two bars, then a 3 or a K, with or without dots."""
  h = hand.between('c clef height', 68, 95)
  bars = hand.choose('c clef bars', {'thick': 2.5, 'two': 4, 'one': 2.5, 'none': 0.6})
  strokes, x = [], 0.0
  if bars == 'thick':
    passes = round(hand.between('c clef passes', 4, 11))
    strokes.append(zigzag(hand, 0, h / 2, h / 2, hand.between('thick bar', 2, 4), passes, 90))
  if bars == 'two':
    strokes.append(line((0, 0), (hand.near(2), h)))
  if bars in ('thick', 'two'):
    x = hand.between('c clef bars apart', 6, 14)
  if bars != 'none':
    strokes.append(line((x, hand.near(5)), (x + hand.near(2), h + hand.near(5))))
  w = hand.between('c clef width', 20, 36)
  x += hand.between('c clef gap', -1, 8)
  arms = hand.choose(
    'c clef arms', {'3': 4, 'K': 2.5, 'H': 1.2} if bars != 'none' else {'3': 1, 'B': 1}
  )
  strokes += [moved(stroke * (w, h), x, 0) for stroke in _clef_arms(hand, arms)]
  if hand.does('c clef dots', 0.5):
    strokes += _two_dots(hand, x + w * 1.15, h / 2)
  return strokes


def _clef_arms(hand: Hand, arms: str) -> list[np.ndarray]:
  waist = hand.between('c clef waist', 0.1, 0.5)
  upper = curve((0, 0.06), (0.55, 0), (0.95, 0.22), (waist, 0.5))
  lower = curve((waist, 0.5), (1, 0.75), (0.6, 1), (0, 0.95))
  if arms == 'B':
    return [joined(line((0, 1), (0, 0)), upper, lower)]
  if arms == '3':
    return [upper, lower] if hand.does('c clef in parts', 0.15) else [joined(upper, lower)]
  if arms == 'K':
    out = hand.between('c clef arms bend', 0, 0.2)
    rising = curve((0.9, 0), (0.65 - out, 0.3), (0, 0.5))
    falling = curve((0, 0.5), (0.65 - out, 0.7), (0.9, 1))
    return [rising, falling] if hand.does('c clef in parts', 0.4) else [joined(rising, falling)]
  hat = curve((0, 0.45), (0.3, 0.38), (0.6, 0.3), (0.65, 0.05))
  return [hat, moved(hat * (1, -1), 0, 1)]


# Classes and their templates.
TEMPLATES: tuple[tuple[str, Template], ...] = (
  ('C-Clef', c_clef),
  ('F-Clef', f_clef),
  ('G-Clef', g_clef),
)
