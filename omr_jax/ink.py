"""New ink in every step: strokes are drawn on the device, inside jit.

The drawing follows the rule of `render.py` in its `scaled` layout with anti-aliasing: a pixel is as
dark as the share of it that a round-ended line covers. Here that share is computed from the
distance between the pixel's centre and the nearest piece of line, a few million short operations
for a batch, so that an epoch of new pictures costs less than reading old ones from a disk.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from omr_jax import augment, render

# Farther than any ink: where the strokes of a symbol have ended.
_AWAY = 1e6


def new_pictures(
  rngs: jax.Array,
  points: jax.Array,
  stroke: jax.Array,
  *,
  height: int,
  width: int,
  margin: int,
  max_stretch: float,
  max_zoom: float,
  shift: float,
  thickness: tuple[float, float],
) -> Mapping[str, jax.Array]:
  """Draws symbols with another pen each.

  Args:
    rngs: Two keys.
    points: float [batch, points, 2], x and y in pixels of the tablet.
    stroke: int [batch, points], the stroke each point belongs to, ascending; -1 past the end.
    height: Of the canvas.
    width: Of the canvas.
    margin: See `render.py`, as are the next two.
    max_stretch: See there.
    max_zoom: See there.
    shift: Pixels of the canvas by which the placed symbol moves at most.
    thickness: Thinnest and thickest line in pixels of the canvas.

  Returns:
    The inputs of a network: `image`, float32 [batch, height, width, 1] from 0 to 255, dark ink, and
    `size`, float32 [batch, 2], the logarithms of the width and height of the symbol's box.
  """
  low, high = box(points, stroke >= 0)
  placed = _place(points, low, high, height, width, margin, max_stretch, max_zoom)
  placed += augment.random_shift(rngs[0], len(points), shift)[:, None]
  line = jax.random.uniform(rngs[1], (len(points),), minval=thickness[0], maxval=thickness[1])
  return {'image': draw(placed, stroke, line, height, width), 'size': log_size(low, high)}


def log_size(low: jax.Array, high: jax.Array) -> jax.Array:
  """The input `size`: the logarithms of the box's width and height, a pixel at least."""
  return jnp.log(jnp.maximum(high - low, 1))


def draw(
  points: jax.Array, stroke: jax.Array, thickness: jax.Array, height: int, width: int
) -> jax.Array:
  """Draws placed strokes, float32 [batch, height, width, 1], 0 (ink) to 255.

  Args:
    points: float [batch, points, 2] in pixels of the canvas.
    stroke: int [batch, points], -1 past the end.
    thickness: float [batch], of the line in pixels.
    height: Of the canvas.
    width: Of the canvas.
  """
  x, y = jnp.arange(width, dtype=jnp.float32), jnp.arange(height, dtype=jnp.float32)[:, None]
  distance = distances(points, stroke, x[None, None], y[None])
  covered = jnp.clip(thickness[:, None, None] / 2 + 0.5 - distance, 0, 1)
  return 255 * (1 - covered[..., None])


def distances(points: jax.Array, stroke: jax.Array, x: jax.Array, y: jax.Array) -> jax.Array:
  """From each pixel to the nearest piece of line, float32 [batch, height, width].

  Args:
    points: float [batch, points, 2].
    stroke: int [batch, points], -1 past the end.
    x: float [batch or 1, 1, width], of the pixels' centres in units of the points.
    y: float [batch or 1, height, 1].
  """
  # A piece of line leads from a point to the next one of its stroke, or nowhere: a round dot.
  joined = (stroke[:, 1:] == stroke[:, :-1]) & (stroke[:, 1:] >= 0)
  step = jnp.where(joined[..., None], points[:, 1:] - points[:, :-1], 0)
  step = jnp.pad(step, ((0, 0), (0, 1), (0, 0)))
  start = jnp.where((stroke >= 0)[..., None], points, _AWAY)
  inverse_square = 1 / jnp.maximum((step**2).sum(-1), 1e-9)

  def nearer(index: int, nearest: jax.Array) -> jax.Array:
    dx, dy = step[:, index, 0, None, None], step[:, index, 1, None, None]
    px, py = x - start[:, index, 0, None, None], y - start[:, index, 1, None, None]
    along = jnp.clip((px * dx + py * dy) * inverse_square[:, index, None, None], 0, 1)
    return jnp.minimum(nearest, (px - along * dx) ** 2 + (py - along * dy) ** 2)

  # One pass over the canvas per piece: 25 times faster on CPU than a reduction over all pieces.
  nearest = jnp.full((len(points), y.shape[1], x.shape[2]), jnp.float32(_AWAY))
  return jnp.sqrt(jax.lax.fori_loop(0, points.shape[1], nearer, nearest, unroll=8))


def box(points: jax.Array, inside: jax.Array) -> tuple[jax.Array, jax.Array]:
  """Smallest and largest x and y of the points inside, [batch, 2] each."""
  inside = inside[..., None]
  low = jnp.where(inside, points, jnp.inf).min(1)
  return low, jnp.where(inside, points, -jnp.inf).max(1)


def _place(
  points: jax.Array,
  low: jax.Array,
  high: jax.Array,
  height: int,
  width: int,
  margin: int,
  max_stretch: float,
  max_zoom: float,
) -> jax.Array:
  """Brings the box to the canvas as `render.py` does in its layout `scaled`."""
  shape = jnp.array([width, height], jnp.float32)
  zoom = render.scale(high - low, shape - 1 - 2 * margin, max_stretch, max_zoom)
  return (points - ((low + high) / 2)[:, None]) * zoom[:, None] + (shape - 1) / 2
