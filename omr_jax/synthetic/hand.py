"""Lines and curves as a random hand writes them with a pen."""

import itertools

import numpy as np

from omr_jax.utils.curves import catmull_rom

Strokes = list[np.ndarray]  # For each stroke its points, float [points, 2], y down.

_SAMPLES = 8  # Points from one knot of a curve to the next.
_SMALLEST, _LARGEST = 16, 130  # The longer side, in pixels of the tablet.


def line(knots: np.ndarray) -> np.ndarray:
  """Straight lines, with points about as dense as a pen gives them."""
  parts = [np.linspace(a, b, _SAMPLES, endpoint=False) for a, b in itertools.pairwise(knots)]
  return np.concatenate([*parts, knots[-1:]])


def curve(knots: np.ndarray) -> np.ndarray:
  """A smooth curve through all knots; one that is there twice is a corner."""
  return catmull_rom(knots, _SAMPLES)


def rotation(angle: float) -> np.ndarray:
  """Float [2, 2]: `points @ rotation(angle).T` are points [n, 2], turned by an angle in radians."""
  return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def written(strokes: Strokes, rng: np.random.Generator) -> Strokes:
  """The strokes in a hand's order, slant, proportions, trembling and size.

  Args:
    strokes: Of any size.
    rng: Chooses the hand.

  Returns:
    Strokes in pixels of the tablet.
  """
  if rng.random() < 0.3:
    strokes = [strokes[i] for i in rng.permutation(len(strokes))]
  strokes = [each[::-1] if rng.random() < 0.15 else each for each in strokes]
  if len(strokes) > 1 and rng.random() < 0.1:  # Without lifting the pen.
    strokes = [np.concatenate(strokes)]
  angle = rng.normal(0, 0.12)
  turn = rotation(angle)
  slant = np.array([[1, rng.normal(0, 0.15)], [0, 1]])
  stretch = np.exp(rng.normal(0, 0.15, 2))
  strokes = [(stretch * each) @ slant.T @ turn.T for each in strokes]
  box = np.ptp(np.concatenate(strokes), axis=0)
  size = np.exp(rng.uniform(np.log(_SMALLEST), np.log(_LARGEST)))
  zoom, trembling = size / max(box.max(), 1e-3), rng.uniform(0, 0.012) * size
  return [each * zoom + _tremble(len(each), trembling, rng) for each in strokes]


def _tremble(count: int, strength: float, rng: np.random.Generator) -> np.ndarray:
  """How far a hand is off at each of its points: noise that is smooth along the stroke."""
  noise = rng.normal(0, 1, (count + 4, 2))
  return strength * sum(noise[i : count + i] for i in range(5)) / np.sqrt(5)
