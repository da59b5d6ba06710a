"""Templates of made-up notes and rests.

Each function returns a list of strokes in pixels. They follow what the symbols look like in
handwriting and print; no coordinate comes from a data set.
"""

import functools

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

_FLAGS = {
  'Half-Note': 0,
  'Quarter-Note': 0,
  'Eighth-Note': 1,
  'Sixteenth-Note': 2,
  'Thirty-Two-Note': 3,
  'Sixty-Four-Note': 4,
}
_HOOKS = {'Eighth-Rest': 1, 'Sixteenth-Rest': 2, 'Thirty-Two-Rest': 3, 'Sixty-Four-Rest': 4}
# Lengths in pixels by the number of flags, and by the number of hooks.
_STEM = (47, 50, 56, 66, 76)
_REST_HEIGHT = (0, 34, 47, 62, 78)


def note(hand: Hand, label: str, up: bool) -> list[np.ndarray]:
  """A note with a stem, whose flags hang from its end towards the head."""
  flags = _FLAGS[label]
  away = -1 if up else 1  # the direction from the head to the end of the stem, along y
  radius = hand.between('head', 7, 13)
  head = _open_head(hand, radius) if label == 'Half-Note' else _filled_head(hand, radius)
  length = _STEM[flags] * hand.between('stem', 0.85, 1.2)
  # A stem is right of the head if it goes up, left of it if it goes down, and not always exactly.
  x = -away * radius * hand.between('stem beside head', 0.3, 1.2)
  start = away * (hand.between('gap', -3, 9) + hand.near(2))
  end = away * length
  lean = hand.near(3)
  stem = line((x, start), (x + lean, end))
  drawn = _flags(hand, flags, away, length, x, lean)
  if flags and hand.does('stem and flag in one', 0.6):
    stem = joined(stem, drawn.pop(0))
  elif up and hand.does('stems downwards', 0.5):
    stem = stem[::-1]
  if hand.does('note in one', 0.06):
    return [joined(head, stem[::-1] if stem[0, 1] == end else stem), *drawn]
  return [head, stem, *drawn]


def _open_head(hand: Hand, radius: float) -> np.ndarray:
  start = hand.between('oval start', -200, 40)
  around = hand.between('oval around', 320, 430) * (-1 if hand.does('ovals leftwards', 0.7) else 1)
  ry = radius * hand.between('oval height', 0.55, 1.0)
  return arc(0, 0, radius * 1.15, ry, start, start + around, hand.between('oval tilt', -35, 5))


def _filled_head(hand: Hand, radius: float) -> np.ndarray:
  tilt = hand.between('head tilt', -45, -5)
  kind = hand.choose('head', {'scribble': 5, 'bar': 3, 'slash': 0.7, 'oval': 0.5})
  if kind == 'scribble':
    height = radius * hand.between('head height', 0.45, 0.95)
    return scribble(hand, 0, 0, radius, height, hand.between('head turns', 2, 6), tilt)
  if kind == 'bar':
    passes = round(hand.between('head passes', 2, 7))
    return zigzag(hand, 0, 0, radius, radius * hand.between('bar height', 0.1, 0.4), passes, tilt)
  if kind == 'slash':
    return zigzag(hand, 0, 0, radius, 0.5, 1, tilt)
  return arc(0, 0, radius, radius * 0.6, -90, 330 + hand.near(60), tilt)


def _flags(hand, count: int, away: int, length: float, x: float, lean: float) -> list[np.ndarray]:
  """The flags of a stem at `x`, the outermost first."""
  side = 'up' if away < 0 else 'down'
  kind = hand.choose(
    'flags ' + side, {'straight': 3, 'bow': 3, 'hook': 2, 'wave': 1.2, 'back': 1.2}
  )
  wide = hand.between('flag width ' + side, 11, 30) * (1 + 0.06 * count)
  high = wide * hand.between('flag height ' + side, 0.2, 1.5)
  high = min(high, (0.6 if count == 1 else 0.45) * length)
  spread = hand.between('flag spread', 0.45, 0.9) * (0.55, 0.55, 0.55, 0.8, 1.0)[count]
  step = length * spread / max(count - 1, 1)
  later = hand.between('later flags', 0.5, 1.0)
  across = hand.between('flags across', -0.1, 0.45)
  strokes = []
  for i in range(count):
    w, h = (wide, high) if i == 0 else (wide * later, high * later)
    w, h = w * (1 + hand.near(0.15)), h * (1 + hand.near(0.15))
    shape = _flag(kind, w, h)
    if i:
      shape[:, 0] -= across * w
    along = length - i * step + hand.near(0.08 * step)
    strokes.append(moved(shape * (1, -away), x + lean * along / length, away * along))
  return strokes


def _flag(kind: str, w: float, h: float) -> np.ndarray:
  """A flag from the stem at (0, 0) to about (w, h), as on a stem that goes up."""
  if kind == 'straight':
    return line((0, 0), (w, h))
  if kind == 'bow':
    return curve((0, 0), (0.65 * w, 0.2 * h), (w, h))
  if kind == 'hook':
    return curve((0, 0), (0.7 * w, 0.25 * h), (w, 0.65 * h), (0.75 * w, 1.2 * h))
  if kind == 'back':
    return curve((0, 0), (0.7 * w, 0.35 * h), (w, 0.8 * h), (0.3 * w, 1.3 * h))
  return curve((0, 0), (0.4 * w, -0.05 * h), (0.5 * w, 0.6 * h), (w, 0.9 * h))


def whole_note(hand: Hand) -> list[np.ndarray]:
  """An oval, wider than high and not always closed."""
  return [_open_head(hand, hand.between('whole note', 8, 10.5))]


def whole_half_rest(hand: Hand) -> list[np.ndarray]:
  """A block: scribbled, framed, with its staff line, or only the line."""
  w, h = hand.between('block width', 11, 17), hand.between('block height', 2.5, 5.5)
  filling = zigzag(hand, 0, 0, w, h * 0.8, round(hand.between('block passes', 5, 14)))
  frame = line((-w, -h), (-w, h), (w, h), (w, -h), (-w, -h))
  kind = hand.choose(
    'block', {'filled': 4, 'framed': 3, 'with line': 1.5, 'line': 0.8, 'frame': 1, 'cup': 0.6}
  )
  if kind == 'filled':
    return [filling]
  if kind == 'framed':
    return [joined(frame, filling)] if hand.does('block in one', 0.4) else [frame, filling]
  if kind == 'with line':
    y = -h if hand.does('block below', 0.5) else h
    return [line((-1.5 * w, y), (1.5 * w, y)), filling * 0.8]
  if kind == 'line':
    return [zigzag(hand, 0, 0, w * 1.2, 0.8, 1 + round(hand.rng.random() * 2))]
  return [frame if kind == 'frame' else frame[:4]]


def quarter_rest(hand: Hand) -> list[np.ndarray]:
  """A zigzag down the paper that ends in a hook."""
  corners = int(hand.choose('quarter rest', {'2': 3, '3': 2.5, '4': 3, '5': 0.7}))
  w, h = hand.between('quarter rest width', 10, 28), 50
  x = np.resize([1.0, -1.0] if corners % 2 else [-1.0, 1.0], corners + 2) * w / 2
  # Every corner is below the one before; the lines to the right are the flatter ones.
  rightwards = np.diff(x) > 0
  flat = hand.between('quarter rest flat', -0.25, 0.9)
  falls = np.where(rightwards, flat, 1.0 + np.array([hand.near(0.3) for _ in rightwards]))
  y = np.concatenate([[0], np.cumsum(falls)]) * h / falls.sum()
  x -= np.linspace(0, w * hand.between('quarter rest lean', -0.1, 0.9), len(x))
  x[0] += w * hand.between('quarter rest start', -0.5, 0.5)
  x[1:-1] *= 1 + np.array([hand.near(0.3) for _ in x[1:-1]])
  ending = hand.choose('quarter rest end', {'right': 2, 'plain': 2, 'left hook': 1.5, 'curl': 1.5})
  if ending == 'right':
    x[-1] = x[-2] + w * hand.between('quarter rest foot', 0.4, 1.6)
    y[-1] = y[-2] + 4 + hand.near(5)
  knots = list(zip(x, y, strict=True))
  if ending == 'left hook':
    knots += [(x[-1] - w * 0.5, y[-1] - 3), (x[-1] - w * 0.2, y[-1] + 9)]
  if ending == 'curl':
    knots += [
      (x[-1] - w * 0.6, y[-1] + 4),
      (x[-1] - w * 0.5, y[-1] + 12),
      (x[-1] + w * 0.2, y[-1] + 13),
    ]
  rounded = hand.does('quarter rest rounded', 0.5)
  return [curve(*knots) if rounded else line(*knots)]


def hooked_rest(hand: Hand, label: str) -> list[np.ndarray]:
  """A rest of an eighth or shorter: hooks on the left of a leaning stem."""
  hooks = _HOOKS[label]
  height = _REST_HEIGHT[hooks] * hand.between('rest stem', 0.9, 1.15)
  lean = height * hand.between('rest lean', 0.05, 0.85) * (1.1 - 0.1 * hooks)
  w = hand.between('hook width', 12, 28)
  kind = hand.choose('hooks', {'cup': 4, 'dotted': 3, 'dash': 1.2, 'bow': 2})
  first = hand.between('first hook', 0, 0.12) * height
  spread = hand.between('hook spread', 0.5, 0.9) * (0.55, 0.55, 0.6, 0.8, 0.95)[hooks]
  step = height * spread / max(hooks - 1, 1)
  gap = hand.between('hook gap', -0.4, 0.25)
  strokes = []
  for i in range(hooks):
    size = w * (1 if i == 0 else hand.between('later hooks', 0.6, 1.1)) * (1 + hand.near(0.12))
    y = first + i * step + hand.near(0.08 * step)
    x = -lean * y / height - (gap * size if i else 0)
    strokes.append(moved(_hook(hand, kind, size), x, y))
  bend = hand.between('rest bend', -0.06, 0.16) * height
  foot = [(-lean - 3, height - 2)] if hand.does('rest foot', 0.2) else []
  stem = curve((0, 0), (-lean / 2 + bend, height / 2), (-lean, height), *foot)
  if hand.does('hook and stem in one', 0.8 if hooks == 1 else 0.6):
    loop_size = (hand.between('rest loop width', 2, 5), hand.between('rest loop height', 3, 8))
    loop = [arc(-1, -1, *loop_size, 90, -140, 20)] if hand.does('rest loop', 0.35) else []
    return [joined(strokes[0], *loop, stem), *strokes[1:]]
  return [*strokes, stem] if hand.does('hooks first', 0.5) else [stem, *strokes]


def _hook(hand: Hand, kind: str, w: float) -> np.ndarray:
  """A hook from its left start to the stem at (0, 0)."""
  deep = w * hand.between('hook depth', 0.15, 0.75)
  if kind == 'dash':
    return line((-w, hand.near(2)), (0, 0))
  if kind == 'bow':
    return curve((-w, -0.1 * deep), (-0.5 * w, 0.45 * deep), (0, 0))
  if kind == 'cup':
    rise = w * hand.between('cup height', 0.1, 0.8)
    return curve((-w, -rise), (-0.85 * w, 0.6 * deep), (-0.45 * w, deep), (0, 0))
  dot = blot(hand, 'hook dot', -w, -deep * 0.3, 0.22 * w)
  return joined(dot, curve((-w, 0.2 * deep), (-0.5 * w, 0.6 * deep), (0, 0)))


# Classes and their templates. In HOMUS as many notes have their stem up as down.
TEMPLATES: tuple[tuple[str, Template], ...] = (
  *(
    (label, functools.partial(note, label=label, up=up)) for label in _FLAGS for up in (True, False)
  ),
  *((label, functools.partial(hooked_rest, label=label)) for label in _HOOKS),
  ('Quarter-Rest', quarter_rest),
  ('Whole-Half-Rest', whole_half_rest),
  ('Whole-Note', whole_note),
)
