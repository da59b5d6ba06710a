"""Made-up symbols: files in HOMUS's own format, for demos and tests that need no archive.

Every writer has a hand: a way to write each class (the templates' habits), a slant, proportions and
a pen. Every symbol then differs a little. What comes out depends on the arguments alone; it is
rounded to pixels, so platforms whose sines differ in the last digit agree too.
"""

import numpy as np

from omr_jax.inputs import strokes
from tfds_builders.homus.made_up_pen import Hand, turned
from tfds_builders.homus.made_up_templates import TEMPLATES

# What `archive.digest` gives for the default files; to be renewed with every change of a template.
DIGEST = '1e4ac1f46972c287493f170e949c908e732d0688a8d176ce7d4fe46676e6e55b'
# Room for the largest symbol and its writer's slant: coordinates stay positive, as a tablet's are.
_ORIGIN = 20


def files(writers: int = 220, symbols_per_writer: int = 38, seed: int = 0) -> dict[str, bytes]:
  """Symbol files `HOMUS/<writer>/<writer>-<n>.txt` by name.

  The 38 kinds (every class, notes with their stem up and with it down) take turns, so that as in
  HOMUS the notes with stems are twice as frequent as every other class.

  Args:
    writers: how many, numbered from 1.
    symbols_per_writer: how many symbols each writes; 38 is every kind once.
    seed: other seeds give other writers.
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
  """Size, proportions, slant and rotation: the writer's, the class's in this hand, the symbol's."""
  size = 2 ** (hand.between('size', -0.4, 0.4, 0.05) + hand.between('size of ' + label, -0.3, 0.3))
  aspect = 2 ** (
    hand.between('aspect', -0.15, 0.15, 0.05) + hand.between('aspect of ' + label, -0.2, 0.2)
  )
  slant = hand.between('slant', -0.2, 0.12) + hand.near(0.04)
  slant *= 0.4 if label == 'Barline' else 1  # staff lines nearby keep it upright
  matrix = turned(np.array([[1.0, 0.0], [slant, 1.0]]), hand.between('rotation', -4, 4, 0.6))
  matrix = matrix * (size * aspect, size / aspect)
  return [shape @ matrix for shape in shapes]


def _sampled(hand: Hand, shapes: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
  """Points as a pen's tablet reports them: float [points, 2], and their stroke, int32 [points]."""
  points = np.concatenate(shapes)
  stroke = np.repeat(np.arange(len(shapes), dtype=np.int32), [len(shape) for shape in shapes])
  extent = max(np.ptp(points, axis=0))
  # Small symbols are written slowly.
  step = hand.between('speed', 1.8, 5.5) * min(1.0, 0.25 + extent / 60)
  lengths = np.hypot(*np.diff(points, axis=0).T)
  lifted = np.diff(stroke) > 0
  # Along the pen's way; a lifted pen moves on by 1, whatever the distance.
  way = np.concatenate([[0.0], np.cumsum(np.where(lifted, 1.0, lengths))])
  first = np.concatenate([[0], np.flatnonzero(lifted) + 1])
  last = np.concatenate([first[1:], [len(points)]]) - 1
  counts = np.ceil((way[last] - way[first]) / step).astype(int) + 1
  stroke = np.repeat(np.arange(len(shapes), dtype=np.int32), counts)
  index = np.arange(len(stroke)) - np.repeat(np.cumsum(counts) - counts, counts)
  share = index / np.repeat(np.maximum(counts - 1, 1), counts)
  at = way[first][stroke] + share * (way[last] - way[first])[stroke]
  return np.stack([np.interp(at, way, axis) for axis in points.T], 1), stroke


def _shaken(hand: Hand, points: np.ndarray, stroke: np.ndarray) -> np.ndarray:
  """Strokes out of place, bent space, and a trembling pen."""
  rng = hand.rng
  centre = (points.max(0) + points.min(0)) / 2
  extent = max(np.ptp(points, axis=0).max(), 1.0)
  count = stroke[-1] + 1
  if count > 1:
    careless = hand.between('careless', 0.005, 0.05) * extent
    points = points + (careless * (2 * rng.random((count, 2)) - 1))[stroke]
  # Two slow waves across the symbol move each axis.
  waves = 2 * np.pi * (rng.random((2, 2, 2)) - 0.5) * 1.6 / extent
  phases = 2 * np.pi * rng.random((2, 2))
  bend = hand.between('bend', 0.01, 0.045) * extent
  moved = np.sin(np.einsum('pa,awk->pwk', points - centre, waves) + phases).sum(1)
  tremble = hand.between('tremble', 0.0, 0.4) * min(1.0, extent / 20)
  return points + bend * moved + tremble * (2 * rng.random(points.shape) - 1)
