"""Moves strokes at random: symbols as their writers might have written them another time."""

import jax
import jax.numpy as jnp

from omr_jax.augment import affine, rasterize
from omr_jax.utils import rules


def rewritten(
  rngs: jax.Array,
  points: jax.Array,
  stroke: jax.Array,
  *,
  rotation: float,
  zoom: tuple[float, float],
  shear: float,
  stroke_zoom: float,
  stroke_shift: float,
  bend: float,
) -> jax.Array:
  """Moves each stroke on its own, then all strokes of a symbol together.

  Args:
    rngs: Two keys.
    points: float [batch, points, 2], x and y in pixels of the tablet.
    stroke: int [batch, points], the stroke each point belongs to, ascending; -1 past the end.
    rotation: Largest angle in degrees, in both directions.
    zoom: Smallest and largest factor along each axis.
    shear: Largest shear: x moves by up to `shear` times y.
    stroke_zoom: Largest share by which each stroke of a symbol of several strokes grows or shrinks.
    stroke_shift: Largest move of each stroke of such a symbol, in pixels of the tablet.
    bend: Largest move of a point by a wave through the whole symbol, as a share of the longer side
      of the symbol's box.

  Returns:
    The points, float32 [batch, points, 2].
  """
  keys = jax.random.split(rngs[0], 3)
  points = _move_strokes(keys[:2], points, stroke, stroke_zoom, stroke_shift)
  if rules.is_on(bend):
    points = _bend(keys[2], points, stroke, bend)
  matrix = affine.random_affine(rngs[1], len(points), rotation, zoom, shear)
  return (points[:, :, None, :] * matrix[:, None, :, :]).sum(-1)


def _move_strokes(
  rngs: jax.Array, points: jax.Array, stroke: jax.Array, zoom: float, shift: float
) -> jax.Array:
  """Scales each stroke about its middle and moves it, in symbols of several strokes."""
  strokes = points.shape[1]  # A symbol has at most as many strokes as points.
  factor = affine.uniform(rngs[0], (len(points), strokes), 1 - zoom, 1 + zoom)
  move = affine.uniform(rngs[1], (len(points), strokes, 2), -shift, shift)
  several = stroke.max(1) > 0
  factor = jnp.where(several[:, None], factor, 1)
  move = jnp.where(several[:, None, None], move, 0)
  member = (stroke[:, :, None] == jnp.arange(strokes)).astype(jnp.float32)
  count = jnp.maximum(member.sum(1), 1)
  middle = jnp.einsum('bps,bpc->bsc', member, points, precision='highest') / count[..., None]

  def of_point(value: jax.Array) -> jax.Array:
    return jnp.take_along_axis(value, jnp.maximum(stroke, 0)[..., None], axis=1)

  middle = of_point(middle)
  return middle + (points - middle) * of_point(factor[..., None]) + of_point(move)


def _bend(rng: jax.Array, points: jax.Array, stroke: jax.Array, bend: float) -> jax.Array:
  """Adds a sine wave to x and another one to y.

  Strength, phase and direction are random. A wave is about as long as the symbol's box or longer.
  """
  keys, batch = jax.random.split(rng, 3), len(points)
  low, high = (corner[:, None] for corner in rasterize.box(points, stroke >= 0))
  side = jnp.maximum((high - low).max(-1, keepdims=True), 1)
  wave = jax.random.uniform(keys[0], (batch, 1, 2, 2), minval=-1, maxval=1)
  phase = jax.random.uniform(keys[1], (batch, 1, 2))
  strength = jax.random.uniform(keys[2], (batch, 1, 2), maxval=bend) * side
  turns = (wave * ((points - low) / side)[:, :, None]).sum(-1) + phase
  return points + strength * jnp.sin(2 * jnp.pi * turns)
