"""Draws strokes on the device, inside jit, with new random ink in every training step.

Symbols are placed as in the layouts `scaled` and `centered` of `omr_jax.inputs.render`. Edges are
anti-aliased: a pixel is as dark as the share of it that a line with round ends covers. The share is
computed from the distance between the pixel's centre and the nearest segment of a line. This takes
a few million short operations for a batch, less time than to read drawn pictures from a disk.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from omr_jax.augment import affine
from omr_jax.inputs import geometry

# The coordinates of points past a symbol's end: farther from every pixel than any ink.
_AWAY = 1e6


def new_pictures(
  rngs: jax.Array,
  points: jax.Array,
  stroke: jax.Array,
  *,
  height: int,
  width: int,
  layout: str,
  staff_line: int | None,
  margin: int,
  max_stretch: float,
  max_zoom: float,
  shift: float,
  thickness: tuple[float, float],
) -> Mapping[str, jax.Array]:
  """Draws symbols, each with a pen of random width.

  Args:
    rngs: Two keys.
    points: float [batch, points, 2], x and y in pixels of the tablet.
    stroke: int [batch, points], the stroke each point belongs to, ascending; -1 past the end.
    height: Height of the canvas in pixels.
    width: Width of the canvas in pixels.
    layout: 'scaled': the box of the strokes fills the canvas except for `margin`. 'centered': the
      symbol keeps its size.
    staff_line: y of the first of five staff lines, or None for no staff lines.
    margin: White pixels between the box of a scaled symbol and the edge.
    max_stretch: Largest ratio of the two axes' factors of a scaled symbol.
    max_zoom: Largest factor of a scaled symbol.
    shift: Largest random move of a symbol, in pixels of the canvas.
    thickness: Thinnest and thickest line in pixels of the canvas.

  Returns:
    The inputs of a network: `image`, float32 [batch, height, width, 1], from 0 (ink) to 255
    (paper), and `size`, float32 [batch, 2], the logarithms of the width and height of the symbol's
    box.
  """
  low, high = box(points, stroke >= 0)
  shape = jnp.array([width, height], jnp.float32)
  placed = points - ((low + high) / 2)[:, None]
  if layout == 'scaled':
    zoom = geometry.scale(high - low, shape - 1 - 2 * margin, max_stretch, max_zoom)
    placed *= zoom[:, None]
  placed += (shape - 1) / 2 + affine.random_shift(rngs[0], len(points), shift)[:, None]
  line = jax.random.uniform(rngs[1], (len(points),), minval=thickness[0], maxval=thickness[1])
  image = draw(placed, stroke, line, height, width)
  if staff_line is not None:
    image = jnp.minimum(image, _staff(staff_line, line, height))
  return {'image': image, 'size': geometry.log_size(high - low)}


def draw(
  points: jax.Array, stroke: jax.Array, thickness: jax.Array, height: int, width: int
) -> jax.Array:
  """Draws strokes where they are: float32 [batch, height, width, 1], from 0 (ink) to 255 (paper).

  Args:
    points: float [batch, points, 2] in pixels of the canvas.
    stroke: int [batch, points], the stroke each point belongs to, ascending; -1 past the end.
    thickness: float [batch], thickness of the lines in pixels.
    height: Height of the canvas in pixels.
    width: Width of the canvas in pixels.
  """
  x, y = jnp.arange(width, dtype=jnp.float32), jnp.arange(height, dtype=jnp.float32)[:, None]
  distance = distances(points, stroke, x[None, None], y[None])
  covered = jnp.clip(thickness[:, None, None] / 2 + 0.5 - distance, 0, 1)
  return 255 * (1 - covered[..., None])


def distances(points: jax.Array, stroke: jax.Array, x: jax.Array, y: jax.Array) -> jax.Array:
  """The distance from each pixel to the nearest segment of a stroke: [batch, height, width].

  Args:
    points: float [batch, points, 2].
    stroke: int [batch, points], the stroke each point belongs to, ascending; -1 past the end.
    x: float [batch or 1, 1, width], x of the pixels' centres in units of the points.
    y: float [batch or 1, height, 1], y of the pixels' centres.
  """
  # A segment leads from a point to the next one of its stroke. The last point of a stroke has a
  # segment of length 0, which is drawn as a dot.
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

  # One pass over the canvas for each segment: 25 times faster on CPU than a reduction over them.
  nearest = jnp.full((len(points), y.shape[1], x.shape[2]), jnp.float32(_AWAY))
  return jnp.sqrt(jax.lax.fori_loop(0, points.shape[1], nearer, nearest, unroll=8))


def box(points: jax.Array, inside: jax.Array) -> tuple[jax.Array, jax.Array]:
  """Smallest and largest x and y of the points for which `inside` is true, [batch, 2] each."""
  inside = inside[..., None]
  low = jnp.where(inside, points, jnp.inf).min(1)
  return low, jnp.where(inside, points, -jnp.inf).max(1)


def _staff(top: int, thickness: jax.Array, height: int) -> jax.Array:
  """Five staff lines from row `top` down, as thick as the pen, 0 (ink) to 255 (paper).

  Returns:
    [batch, height, 1, 1], the same for all columns.
  """
  lines = top + geometry.STAFF_SPACE * jnp.arange(5)
  away = jnp.abs(jnp.arange(height)[:, None] - lines).min(-1)
  covered = jnp.clip(thickness[:, None] / 2 + 0.5 - away, 0, 1)
  return 255 * (1 - covered[..., None, None])
