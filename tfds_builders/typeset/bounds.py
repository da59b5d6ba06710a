"""Bounds of the shapes of an SVG file, computed from their paths."""

import functools
import math
import operator
import re
from typing import NamedTuple

Box = tuple[float, float, float, float]  # left, top, right, bottom
Points = list[tuple[float, float]]

_TOKEN = re.compile(r'[A-Za-z]|-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?')
# Numbers that each command of a path takes.
_TAKES = {'M': 2, 'L': 2, 'H': 1, 'V': 1, 'C': 6, 'S': 4, 'Q': 4, 'T': 2, 'Z': 0}


class Affine(NamedTuple):
  """Maps x, y to a x + c y + e, b x + d y + f, as in SVG."""

  a: float = 1.0
  b: float = 0.0
  c: float = 0.0
  d: float = 1.0
  e: float = 0.0
  f: float = 0.0

  def of(self, x: float, y: float) -> tuple[float, float]:
    """Where a point goes."""
    return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

  def after(self, first: 'Affine') -> 'Affine':
    """The map that applies `first`, then this one."""
    (a, b), (c, d) = (
      (self.a * x + self.c * y, self.b * x + self.d * y)
      for x, y in ((first.a, first.b), (first.c, first.d))
    )
    return Affine(a, b, c, d, *self.of(first.e, first.f))

  def box(self, box: Box) -> Box:
    """The upright box around a box that was mapped."""
    left, top, right, bottom = box
    return around([self.of(x, y) for x in (left, right) for y in (top, bottom)])


def affine(text: str) -> Affine:
  """The map of an attribute `transform` with translate, scale and turns by whole quarters."""
  found = Affine()
  for name, numbers in re.findall(r'(\w+)\(([^)]*)\)', text):
    values = [float(each) for each in re.split(r'[ ,]+', numbers.strip())]
    if name == 'translate':
      found = found.after(Affine(e=values[0], f=values[1] if len(values) > 1 else 0.0))
    elif name == 'scale':
      found = found.after(Affine(a=values[0], d=values[-1]))
    elif name == 'rotate':
      angle, (x, y) = math.radians(values[0]), values[1:] or (0.0, 0.0)
      cos, sin = math.cos(angle), math.sin(angle)
      turn = Affine(cos, sin, -sin, cos)
      found = found.after(Affine(e=x, f=y)).after(turn).after(Affine(e=-x, f=-y))
    else:
      raise ValueError(f'transform {name} is not known')
  return found


def around(points: Points) -> Box:
  """The upright box around points."""
  x, y = zip(*points, strict=True)
  return min(x), min(y), max(x), max(y)


def union(boxes: list[Box]) -> Box:
  """The upright box around boxes."""
  lefts, tops, rights, bottoms = zip(*boxes, strict=True)
  return min(lefts), min(tops), max(rights), max(bottoms)


def grown(box: Box, x: float, y: float) -> Box:
  """A box with more on each side."""
  return box[0] - x, box[1] - y, box[2] + x, box[3] + y


@functools.lru_cache(maxsize=4096)
def contours(path: str) -> tuple[Box, ...]:
  """The exact bounds of each closed or open part of a path, in its own coordinates."""
  return tuple(around(points) for points in _parts(path))


def _parts(path: str) -> list[Points]:
  """For each part of a path the ends of its pieces, and where its curves turn back in x or y."""
  parts: list[Points] = []
  at = start = control = (0.0, 0.0)
  tokens = _TOKEN.findall(path)
  command, i, before = 'M', 0, ''
  while i < len(tokens):
    if tokens[i].isalpha():
      command, i = tokens[i], i + 1
    kind = command.upper()
    takes = _TAKES[kind]
    values = [float(each) for each in tokens[i : i + takes]]
    i += takes
    base = at if command.islower() else (0.0, 0.0)
    if kind == 'Z':
      at, before = start, kind
      continue
    if kind in 'HV':
      points = [(base[0] + values[0], at[1]) if kind == 'H' else (at[0], base[1] + values[0])]
    else:
      points = [(base[0] + x, base[1] + y) for x, y in zip(values[::2], values[1::2], strict=True)]
    if kind == 'M':
      parts.append([])
      start, command = points[0], 'l' if command == 'm' else 'L'
      curve = points
    else:
      mirrored = (2 * at[0] - control[0], 2 * at[1] - control[1])
      if kind == 'S':
        points = [mirrored if before in 'CS' and before else at, *points]
      elif kind == 'T':
        points = [mirrored if before in 'QT' and before else at, *points]
      curve = [at, *points]
    control = points[-2] if len(points) > 1 else points[-1]
    parts[-1] += _extremes(curve)
    at, before = points[-1], kind
  return parts


def _extremes(curve: Points) -> Points:
  """The ends of a Bezier curve, and its points where x or y is an extremum."""
  if len(curve) <= 2:
    return curve
  if len(curve) == 3:  # A quadratic curve as a cubic one.
    (x0, y0), (x1, y1), (x2, y2) = curve
    inner = [((x0 + 2 * x1) / 3, (y0 + 2 * y1) / 3), ((x2 + 2 * x1) / 3, (y2 + 2 * y1) / 3)]
    curve = [curve[0], *inner, curve[2]]
  times = [t for axis in zip(*curve, strict=True) for t in _turns(*axis)]
  found = [curve[0], curve[-1]]
  for t in times:
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    x, y = (sum(map(operator.mul, weights, axis)) for axis in zip(*curve, strict=True))
    found.append((x, y))
  return found


def _turns(p0: float, p1: float, p2: float, p3: float) -> list[float]:
  """The times between 0 and 1 when a cubic curve turns back, in one coordinate."""
  # Its derivative is a + 2 b t + c t^2, but for a factor of three.
  a, b, c = p1 - p0, p2 - 2 * p1 + p0, p3 - 3 * p2 + 3 * p1 - p0
  if c == 0:
    times = [-a / (2 * b)] if b else []
  else:
    root = b * b - a * c
    times = [(-b - way * math.sqrt(root)) / c for way in (-1, 1)] if root >= 0 else []
  return [t for t in times if 0 < t < 1]
