"""Draws symbols as they are cut out of scanned pages, with what surrounds them, inside jit.

A crop shows the symbol, written with a pen of random width, and at times a margin and what stands
beside the symbol on the page (`clutter.py`). Ink is ragged, thin in some places and missing in
others. The crop is resized to the canvas by the rule of the layout `resized` of
`omr_jax.inputs.render`, so that the size of the symbol cannot be seen.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

from omr_jax.augment import clutter, rasterize
from omr_jax.inputs import geometry

_MARGIN = 8.0  # Largest margin of a crop on each side of its symbol, in pixels of the tablet.
_REACH = 4.0  # How far a neighbour or a line reaches into a crop, at most, in the same pixels.
_GAPS = 3  # Largest number of gaps in the ink of a crop.


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
    rngs: Two keys, of which only the first is used (`rasterize.new_pictures` uses both).
    points: float [batch, points, 2], x and y in pixels of the tablet.
    stroke: int [batch, points], the stroke each point belongs to, ascending; -1 past the end.
    height: Height of the canvas in pixels.
    width: Width of the canvas in pixels.
    max_stretch: Largest ratio of the two axes' factors when a crop is resized to the canvas.
    max_zoom: Largest factor.
    thickness: Thinnest and thickest line in pixels of the tablet.
    around: Probability that a crop has a margin around its symbol. A neighbour reaches in with half
      of that probability, and so do, independently, a second one and a straight line along an edge.
    staff: Probability of staff lines.
    worn: Strength of the damage that scanners and age do to ink, from 0 to 1.

  Returns:
    `image`, float32 [batch, height, width, 1] from 0 to 255, dark ink.
  """
  keys, batch = jax.random.split(rngs[0], 7), len(points)
  pen = jax.random.uniform(keys[0], (batch,), minval=thickness[0], maxval=thickness[1])
  low, high = rasterize.box(points, stroke >= 0)
  half = pen[:, None] / 2
  low, high = _window(keys[1], low - half, high + half, around)
  one = clutter.neighbour(keys[2], points, stroke, low, high, _REACH, around / 2, 1)
  two = clutter.neighbour(keys[3], points, stroke, low, high, _REACH, around / 2, 2)
  all_points = jnp.concatenate([points, one[0], two[0]], 1)
  all_strokes = jnp.concatenate([stroke, one[1], two[1]], 1)
  zoom = geometry.scale(high - low, jnp.array([width, height], jnp.float32), max_stretch, max_zoom)
  x = _centres(width, low[:, 0], high[:, 0], zoom[:, 0])[:, None, :]
  y = _centres(height, low[:, 1], high[:, 1], zoom[:, 1])[:, :, None]
  distance = rasterize.distances(all_points, all_strokes, x, y)
  unit = jnp.sqrt(zoom.prod(-1))[:, None, None]
  dark = jnp.clip((pen[:, None, None] / 2 - distance) * unit + 0.5, 0, 1)
  dark = jnp.maximum(dark, clutter.edge(keys[4], x, y, low, high, unit, pen, _REACH, around / 2))
  dark = jnp.maximum(dark, clutter.staff(keys[5], x, y, low, high, unit, staff))
  dark = _worn(keys[6], dark, worn)
  low, high = low[..., None, None], high[..., None, None]
  inside = (x >= low[:, 0]) & (x <= high[:, 0]) & (y >= low[:, 1]) & (y <= high[:, 1])
  return {'image': 255 * (1 - jnp.where(inside, dark, 0))[..., None]}


def _centres(size: int, low: jax.Array, high: jax.Array, zoom: jax.Array) -> jax.Array:
  """The centres of the canvas's pixels along an axis, in pixels of the tablet: [batch, size]."""
  from_middle = jnp.arange(size, dtype=jnp.float32) - (size - 1) / 2
  return from_middle / zoom[:, None] + ((low + high) / 2)[:, None]


def _window(
  rng: jax.Array, low: jax.Array, high: jax.Array, around: float
) -> tuple[jax.Array, jax.Array]:
  """Smallest and largest x and y of the part that is cut out, at times larger than the symbol."""
  keys = jax.random.split(rng)
  larger = jax.random.bernoulli(keys[0], around, (len(low), 1, 1))
  grown = jnp.where(larger, jax.random.uniform(keys[1], (len(low), 2, 2), maxval=_MARGIN), 0)
  return low - grown[:, 0], high + grown[:, 1]


def _worn(rng: jax.Array, dark: jax.Array, worn: float) -> jax.Array:
  """Blurs the ink, adds noise, makes gaps in lines, and raises the contrast as scanners do."""
  keys, (batch, height, width) = jax.random.split(rng, 7), dark.shape

  def drawn(key: jax.Array, *shape: int) -> jax.Array:
    return jax.random.uniform(key, (batch, *(shape or (1, 1))))

  # Blur, grain and gaps keep their size relative to the symbol when the canvas has more pixels; the
  # following numbers are for a canvas 64 pixels high.
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
  gain = 1 + 2 * worn * drawn(keys[6])
  return jnp.clip((dark - 0.5) * gain + 0.5, 0, 1)


def _filtered(dark: jax.Array, taps: np.ndarray, axis: int) -> jax.Array:
  """Convolves along an axis with `taps`; beyond the edges there is white.

  A wide filter is one sum and not a chain of short filters: XLA computes each filter of a chain
  anew for every term of the next one, which took half of the time of a crop at 112x80 pixels.
  """
  reach, size = len(taps) // 2, dark.shape[axis]
  padded = jnp.pad(dark, [(reach, reach) if n == axis else (0, 0) for n in range(3)])
  return sum(
    tap * jax.lax.slice_in_dim(padded, first, first + size, axis=axis)
    for first, tap in enumerate(taps.tolist())
  )
