"""Made-up symbols: files in HOMUS's own format, for demos and tests that need no archive.

Every writer has habits: a way to write each class (chosen in its template), a slant, proportions
and a pen. Every symbol differs a little from these. The files depend only on the arguments: all
coordinates are rounded to pixels, so they agree even on platforms whose sines differ in the last
digit.
"""

import numpy as np

from omr_jax.inputs import strokes
from tfds_builders.homus.made_up_pen import Hand, turned
from tfds_builders.homus.made_up_templates import TEMPLATES

# The `archive.digest` of the default files. Every change of a template needs a new one.
DIGEST = '1e4ac1f46972c287493f170e949c908e732d0688a8d176ce7d4fe46676e6e55b'
_ORIGIN = 20  # The smallest coordinate: a tablet has no negative ones.


def files(writers: int = 220, symbols_per_writer: int = 38, seed: int = 0) -> dict[str, bytes]:
  """Symbol files `HOMUS/<writer>/<writer>-<n>.txt` by name.

  The 38 templates (one for each class, two for notes with a stem, which goes up or down) take
  turns, so notes with a stem are twice as frequent as every other class, as in HOMUS.

  Args:
    writers: How many writers there are, numbered from 1.
    symbols_per_writer: How many symbols each of them writes; with 38 every template is used once.
    seed: Other seeds give other writers.
  """
  return {
    f'HOMUS/{symbol.writer}/{symbol.id}.txt': strokes.format_symbol(symbol)
    for writer in range(1, writers + 1)
    for symbol in _written_by(writer, symbols_per_writer, seed)
  }


def _written_by(writer: int, count: int, seed: int) -> list[strokes.Symbol]:
  hand = Hand(np.random.default_rng([seed, writer]))
  symbols = []
  for n in range(count):
    label, template = TEMPLATES[n % len(TEMPLATES)]
    shapes = _proportioned(hand, label, template(hand))
    points, stroke = _sampled(hand, shapes)
    points = np.rint(_shaken(hand, points, stroke)).astype(np.int32)
    points += _ORIGIN - points.min(0)
    symbols.append(strokes.Symbol(f'{writer}-{n + 1}', label, writer, points, stroke))
  return symbols


def _proportioned(hand: Hand, label: str, shapes: list[np.ndarray]) -> list[np.ndarray]:
  """Size, proportions, slant and rotation, from habits of the writer and from chance."""
  size = 2 ** (hand.between('size', -0.4, 0.4, 0.05) + hand.between('size of ' + label, -0.3, 0.3))
  aspect = 2 ** (
    hand.between('aspect', -0.15, 0.15, 0.05) + hand.between('aspect of ' + label, -0.2, 0.2)
  )
  slant = hand.between('slant', -0.2, 0.12) + hand.near(0.04)
  slant *= 0.4 if label == 'Barline' else 1  # as staff lines keep it upright
  matrix = turned(np.array([[1.0, 0.0], [slant, 1.0]]), hand.between('rotation', -4, 4, 0.6))
  matrix = matrix * (size * aspect, size / aspect)
  return [shape @ matrix for shape in shapes]


def _sampled(hand: Hand, shapes: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
  """Points along the strokes at equal distances, as a tablet reports them.

  Returns:
    float [points, 2], and int32 [points], the number of the stroke that each point belongs to.
  """
  points = np.concatenate(shapes)
  stroke = np.repeat(np.arange(len(shapes), dtype=np.int32), [len(shape) for shape in shapes])
  extent = max(np.ptp(points, axis=0))
  # Small symbols are written slowly.
  step = hand.between('speed', 1.8, 5.5) * min(1.0, 0.25 + extent / 60)
  lengths = np.hypot(*np.diff(points, axis=0).T)
  lifted = np.diff(stroke) > 0
  # The length of the pen's path up to each point. From one stroke to the next it counts as 1, so
  # that it always grows.
  path = np.concatenate([[0.0], np.cumsum(np.where(lifted, 1.0, lengths))])
  first = np.concatenate([[0], np.flatnonzero(lifted) + 1])
  last = np.concatenate([first[1:], [len(points)]]) - 1
  counts = np.ceil((path[last] - path[first]) / step).astype(int) + 1
  stroke = np.repeat(np.arange(len(shapes), dtype=np.int32), counts)
  index = np.arange(len(stroke)) - np.repeat(np.cumsum(counts) - counts, counts)
  share = index / np.repeat(np.maximum(counts - 1, 1), counts)
  at = path[first][stroke] + share * (path[last] - path[first])[stroke]
  return np.stack([np.interp(at, path, axis) for axis in points.T], 1), stroke


def _shaken(hand: Hand, points: np.ndarray, stroke: np.ndarray) -> np.ndarray:
  """The points with each stroke a little out of place, the whole symbol bent, and a tremble."""
  rng = hand.rng
  centre = (points.max(0) + points.min(0)) / 2
  extent = max(np.ptp(points, axis=0).max(), 1.0)
  count = stroke[-1] + 1
  if count > 1:
    careless = hand.between('careless', 0.005, 0.05) * extent
    points = points + (careless * (2 * rng.random((count, 2)) - 1))[stroke]
  # Each coordinate is shifted by two long waves across the symbol.
  waves = 2 * np.pi * (rng.random((2, 2, 2)) - 0.5) * 1.6 / extent
  phases = 2 * np.pi * rng.random((2, 2))
  bend = hand.between('bend', 0.01, 0.045) * extent
  moved = np.sin(np.einsum('pa,awk->pwk', points - centre, waves) + phases).sum(1)
  tremble = hand.between('tremble', 0.0, 0.4) * min(1.0, extent / 20)
  return points + bend * moved + tremble * (2 * rng.random(points.shape) - 1)
