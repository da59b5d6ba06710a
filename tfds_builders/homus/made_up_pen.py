"""What the templates of made-up symbols use: a writer's hand with its habits, and simple shapes.

A shape is float [points, 2], x to the right and y down, in pixels of a tablet.
"""

from collections.abc import Callable, Sequence

import numpy as np

from omr_jax.utils.curves import catmull_rom

_SAMPLES = 6  # points from one knot of a curve to the next
_DEGREES_PER_POINT = 20  # of an arc


class Hand:
  """A writer's hand: it has the same habits in every symbol, and keeps none of them exactly.

  A habit is a number from 0 to 1 with a name, such as 'slant', drawn when it is first asked for.

  Args:
    rng: Draws the habits and the deviations from them.
  """

  def __init__(self, rng: np.random.Generator):
    self.rng = rng
    self._habits: dict[str, float] = {}

  def between(self, what: str, low: float, high: float, scatter: float = 0.2) -> float:
    """A measure from `low` to `high`: the habit, moved by at most `scatter` times that range."""
    habit = self._habit(what)
    position = habit + scatter * (self.rng.random() + self.rng.random() - 1)
    return low + (high - low) * min(max(position, 0.0), 1.0)

  def choose(self, what: str, options: dict[str, float], fickle: float = 0.2) -> str:
    """One of `options`, which maps names to weights.

    It is the writer's habit; with the probability `fickle` it is drawn anew.
    """
    position = self._habit(what)
    if self.rng.random() < fickle:
      position = self.rng.random()
    position *= sum(options.values())
    for option, weight in options.items():
      if position < weight:
        return option
      position -= weight
    return option

  def does(self, what: str, share: float) -> bool:
    """Whether the writer does this, which is a habit of a share `share` of all writers."""
    return self.choose(what, {'yes': share, 'no': 1 - share}) == 'yes'

  def near(self, size: float) -> float:
    """A random deviation from -size to size, independent of any habit."""
    return size * (2 * self.rng.random() - 1)

  def _habit(self, what: str) -> float:
    if what not in self._habits:
      self._habits[what] = self.rng.random()
    return self._habits[what]


# Draws the shapes of one class.
Template = Callable[[Hand], list[np.ndarray]]


def line(*knots: Sequence[float]) -> np.ndarray:
  """Straight lines from knot to knot."""
  return np.array(knots, float)


def curve(*knots: Sequence[float]) -> np.ndarray:
  """A smooth curve through all knots."""
  return catmull_rom(np.array(knots, float), _SAMPLES)


def arc(
  x: float, y: float, rx: float, ry: float, start: float = 0, end: float = 360, tilt: float = 0
) -> np.ndarray:
  """A part of an ellipse around (x, y); angles are in degrees, clockwise, from the x axis."""
  count = max(3, round(abs(end - start) / _DEGREES_PER_POINT) + 1)
  angles = np.radians(np.linspace(start, end, count))
  around = np.stack([rx * np.cos(angles), ry * np.sin(angles)], 1)
  return moved(turned(around, tilt), x, y)


def scribble(
  hand: Hand, x: float, y: float, rx: float, ry: float, turns: float, tilt: float = 0
) -> np.ndarray:
  """The turns of a pen that fills an oval, each along another path."""
  around = arc(0, 0, rx, ry, 0, 360 * turns)
  radii = 0.35 + 0.7 * hand.rng.random((2, round(turns * 3) + 2))
  places = np.linspace(0, radii.shape[1] - 1, len(around))
  around *= np.stack([np.interp(places, np.arange(len(axis)), axis) for axis in radii], 1)
  return moved(turned(around, tilt + hand.near(15)), x, y)


def zigzag(
  hand: Hand, x: float, y: float, rx: float, ry: float, passes: int, tilt: float = 0
) -> np.ndarray:
  """The strokes of a pen that fills a bar, back and forth, from its upper to its lower edge."""
  ends = np.resize([-1.0, 1.0], passes + 1) * rx * (1 - 0.25 * hand.rng.random(passes + 1))
  heights = np.linspace(-ry, ry, passes + 1) + ry * 0.5 * (hand.rng.random(passes + 1) - 0.5)
  return moved(turned(np.stack([ends, heights], 1), tilt), x, y)


def blot(hand: Hand, what: str, x: float, y: float, radius: float) -> np.ndarray:
  """A dot: a small scribble or a short tick."""
  radius *= hand.between(what + ' size', 0.7, 1.3)
  if hand.does(what + ' as a tick', 0.4):
    tick = turned(
      line((-radius, 0), (radius, 0), (radius + hand.near(2), -radius / 2)), hand.near(90)
    )
    return moved(tick, x, y)
  return scribble(hand, x, y, radius, radius * 0.8, hand.between(what + ' turns', 1.2, 4))


def joined(*shapes: np.ndarray) -> np.ndarray:
  """All shapes as one stroke, without lifting the pen."""
  return np.concatenate(shapes)


def moved(points: np.ndarray, x: float, y: float) -> np.ndarray:
  """The points, moved to the right by `x` and down by `y`."""
  return points + np.array([x, y])


def turned(points: np.ndarray, degrees: float) -> np.ndarray:
  """The points, rotated clockwise around the origin."""
  angle = np.radians(degrees)
  cos, sin = np.cos(angle), np.sin(angle)
  return points @ np.array([[cos, sin], [-sin, cos]])
