"""Symbols as they are cut out of scanned pages, drawn inside jit with all that comes along.

A crop holds the symbol with a pen of any width, and at times a margin in which a neighbour's stroke
ends and staff lines begin or run through. Ink is ragged, thin in places and gone in others. What a
crop shows is brought to the canvas by the rule of `render.py` in its `resized` layout, so nothing
tells how large the symbol was.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

from omr_jax import ink, render

_MARGIN = 8.0  # Pixels of the tablet by which a crop is larger than its symbol, at most.
_BIT = 20  # Points of a neighbour's strokes, of which a crop shows the end.
_BETWEEN = (10.0, 18.0)  # From staff line to staff line, in pixels of the tablet; HOMUS has 14.
_GAPS = 3


def new_crops(
  rngs: jax.Array,
  points: jax.Array,
  stroke: jax.Array,
  *,
  height: int,
  width: int,
  max_stretch: float,
  max_zoom: float,
  thickness: tuple[float, float],
  around: float,
  staff: float,
  worn: float,
) -> Mapping[str, jax.Array]:
  """Draws each symbol as a crop of a page.

  Args:
    rngs: Two keys, as of `ink.new_pictures`; the first draws all of it.
    points: float [batch, points, 2], x and y in pixels of the tablet.
    stroke: int [batch, points], the stroke each point belongs to, ascending; -1 past the end.
    height: Of the canvas.
    width: Of the canvas.
    max_stretch: See `render.py`.
    max_zoom: See there.
    thickness: Thinnest and thickest line in pixels of the tablet.
    around: How often a crop is larger than its symbol. Half as often, in any crop, a neighbour
      reaches in.
    staff: How often there are staff lines.
    worn: Strength of what scanners and years do to ink, from 0 to 1.

  Returns:
    `image`, float32 [batch, height, width, 1] from 0 to 255, dark ink.
  """
  keys, batch = jax.random.split(rngs[0], 5), len(points)
  pen = jax.random.uniform(keys[0], (batch,), minval=thickness[0], maxval=thickness[1])
  low, high = ink.box(points, stroke >= 0)
  edge = pen[:, None] / 2
  low, high = _window(keys[1], low - edge, high + edge, around)
  bit, of_bit = _neighbour(keys[2], points, stroke, low, high, around / 2)
  zoom = render.scale(high - low, jnp.array([width, height], jnp.float32), max_stretch, max_zoom)
  x = _centres(width, low[:, 0], high[:, 0], zoom[:, 0])[:, None, :]
  y = _centres(height, low[:, 1], high[:, 1], zoom[:, 1])[:, :, None]
  all_points, all_strokes = jnp.concatenate([points, bit], 1), jnp.concatenate([stroke, of_bit], 1)
  distance = ink.distances(all_points, all_strokes, x, y)
  unit = jnp.sqrt(zoom.prod(-1))[:, None, None]
  dark = jnp.clip((pen[:, None, None] / 2 - distance) * unit + 0.5, 0, 1)
  dark = jnp.maximum(dark, _staff(keys[3], x, y, low, high, unit, staff))
  dark = _worn(keys[4], dark, worn)
  low, high = low[..., None, None], high[..., None, None]
  inside = (x >= low[:, 0]) & (x <= high[:, 0]) & (y >= low[:, 1]) & (y <= high[:, 1])
  return {'image': 255 * (1 - jnp.where(inside, dark, 0))[..., None]}


def _centres(size: int, low: jax.Array, high: jax.Array, zoom: jax.Array) -> jax.Array:
  """Of the pixels along an axis, in pixels of the tablet: [batch, size]."""
  from_middle = jnp.arange(size, dtype=jnp.float32) - (size - 1) / 2
  return from_middle / zoom[:, None] + ((low + high) / 2)[:, None]


def _window(
  rng: jax.Array, low: jax.Array, high: jax.Array, around: float
) -> tuple[jax.Array, jax.Array]:
  """The part of the page that is cut out, at times larger than the symbol."""
  keys = jax.random.split(rng)
  larger = jax.random.bernoulli(keys[0], around, (len(low), 1, 1))
  grown = jnp.where(larger, jax.random.uniform(keys[1], (len(low), 2, 2), maxval=_MARGIN), 0)
  return low - grown[:, 0], high + grown[:, 1]


def _neighbour(
  rng: jax.Array,
  points: jax.Array,
  stroke: jax.Array,
  low: jax.Array,
  high: jax.Array,
  chance: float,
) -> tuple[jax.Array, jax.Array]:
  """A few points of another symbol of the batch that reach into the window from one side."""
  keys, batch = jax.random.split(rng, 5), len(points)
  others, of_others = jnp.roll(points, 1, 0), jnp.roll(stroke, 1, 0)
  begin = jax.random.randint(keys[0], (batch,), 0, jnp.maximum((of_others >= 0).sum(1) - _BIT, 1))

  def cut(array: jax.Array, start: jax.Array) -> jax.Array:
    return jax.lax.dynamic_slice_in_dim(array, start, _BIT)

  bit, of_bit = jax.vmap(cut)(others, begin), jax.vmap(cut)(of_others, begin).astype(jnp.int32)
  its_low, its_high = ink.box(bit, of_bit >= 0)
  # Along one axis it ends inside the window; along the other it is anywhere beside it.
  depth = jax.random.uniform(keys[1], (batch, 2), maxval=_MARGIN / 2)
  before = jax.random.bernoulli(keys[2], 0.5, (batch, 2))
  entering = jnp.where(before, low + depth - its_high, high - depth - its_low)
  place = jax.random.uniform(keys[3], (batch, 2))
  beside = low + place * (high - low) - (its_low + its_high) / 2
  across = jax.random.bernoulli(keys[4], 0.5, (batch, 1))
  move = jnp.where(jnp.concatenate([across, ~across], 1), entering, beside)
  there = jax.random.bernoulli(jax.random.fold_in(keys[4], 1), chance, (batch, 1))
  # Strokes of its own, so that no line leads there from the symbol.
  number = jnp.where(there & (of_bit >= 0), of_bit + points.shape[1], -1)
  return jnp.where((number >= 0)[..., None], bit + move[:, None], 0), number


def _staff(
  rng: jax.Array,
  x: jax.Array,
  y: jax.Array,
  low: jax.Array,
  high: jax.Array,
  unit: jax.Array,
  chance: float,
) -> jax.Array:
  """How dark five staff lines make each pixel; some begin or end inside the window."""
  keys, batch = jax.random.split(rng, 7), len(low)

  def drawn(key: jax.Array, least, most) -> jax.Array:
    return jax.random.uniform(key, (batch,), minval=least, maxval=most)[:, None, None]

  space = drawn(keys[0], *_BETWEEN)
  first = drawn(keys[1], low[:, 1], high[:, 1]) - space * jax.random.randint(
    keys[2], (batch, 1, 1), 0, 5
  )
  line = drawn(keys[3], 0.6, 1.8)
  slope = drawn(keys[4], -0.03, 0.03)
  ends = jax.random.uniform(keys[5], (batch, 2), minval=low[:, :1], maxval=high[:, :1])
  one_side = jax.random.randint(keys[6], (batch,), 0, 4)[:, None, None]
  begin = jnp.where(one_side == 1, ends[:, :1, None], -jnp.inf)
  end = jnp.where(one_side == 2, ends[:, 1:, None], jnp.inf)
  level = y - slope * (x - low[:, 0, None, None])
  nearest = jnp.min(jnp.stack([jnp.abs(level - first - n * space) for n in range(5)]), 0)
  dark = jnp.clip((line / 2 - nearest) * unit + 0.5, 0, 1)
  there = jax.random.bernoulli(jax.random.fold_in(rng, 1), chance, (batch, 1, 1))
  return jnp.where(there & (x >= begin) & (x <= end), dark, 0)


def _worn(rng: jax.Array, dark: jax.Array, worn: float) -> jax.Array:
  """Blurred, with noise in what is grey then, gaps in lines, and the contrast of a scan."""
  keys, (batch, height, width) = jax.random.split(rng, 6), dark.shape

  def drawn(key: jax.Array, *shape: int) -> jax.Array:
    return jax.random.uniform(key, (batch, *(shape or (1, 1))))

  # All of it as large beside the symbol on a fine canvas as on one 64 pixels high.
  fine = height / 64
  taps = np.polynomial.polynomial.polypow((0.25, 0.5, 0.25), max(1, round(fine**2)))
  blurred = _filtered(_filtered(dark, taps, 1), taps, 2)
  dark = dark + worn * drawn(keys[0]) * (blurred - dark)
  cell = max(1, round(4 * fine))
  coarse = jax.random.normal(keys[1], (batch, -(-height // cell), -(-width // cell)))
  coarse = jax.image.resize(coarse, dark.shape, 'linear')
  noise = coarse + jax.random.normal(keys[2], dark.shape)
  dark = dark + 0.15 * worn * drawn(keys[3]) * noise
  middle = drawn(keys[4], _GAPS, 2) * jnp.array([height, width])
  radius = (3 * worn * drawn(keys[5], _GAPS) - 1) * fine
  rows, columns = jnp.arange(height)[:, None], jnp.arange(width)
  for gap in range(_GAPS):
    at = middle[:, gap, :, None, None]
    away = jnp.hypot(rows - at[:, 0], columns - at[:, 1])
    dark = dark * jnp.clip(away - radius[:, gap, None, None] + 0.5, 0, 1)
  gain = 1 + 2 * worn * drawn(jax.random.fold_in(rng, 1))
  return jnp.clip((dark - 0.5) * gain + 0.5, 0, 1)


def _filtered(dark: jax.Array, taps: np.ndarray, axis: int) -> jax.Array:
  """Weighted sums along an axis, of white beyond the edges.

  All in one sum: of sums in a chain XLA computes the first anew for each term of the next, up to
  the last, which at 112x80 took half of the time that a crop takes.
  """
  reach, size = len(taps) // 2, dark.shape[axis]
  padded = jnp.pad(dark, [(reach, reach) if n == axis else (0, 0) for n in range(3)])
  return sum(
    tap * jax.lax.slice_in_dim(padded, first, first + size, axis=axis)
    for first, tap in enumerate(taps.tolist())
  )
