"""Symbols as their writers might have written them another time: strokes, moved at random."""

import jax
import jax.numpy as jnp

from omr_jax import augment


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
) -> jax.Array:
  """Moves each stroke on its own, then all of a symbol together.

  Args:
    rngs: Two keys.
    points: float [batch, points, 2], x and y in pixels of the tablet.
    stroke: int [batch, points], the stroke each point belongs to, ascending; -1 past the end.
    rotation: See `augment.random_affine`, as are the next two.
    zoom: See there.
    shear: See there.
    stroke_zoom: In a symbol of several strokes each grows or shrinks by up to this share ...
    stroke_shift: ... and moves by up to this many pixels of the tablet, on its own.

  Returns:
    The points, float32 [batch, points, 2].
  """
  points = _move_strokes(rngs[0], points, stroke, stroke_zoom, stroke_shift)
  matrix = augment.random_affine(rngs[1], len(points), rotation, zoom, shear)
  return (points[:, :, None, :] * matrix[:, None, :, :]).sum(-1)


def _move_strokes(
  rng: jax.Array, points: jax.Array, stroke: jax.Array, zoom: float, shift: float
) -> jax.Array:
  """Scales each stroke of several about its middle and moves it."""
  strokes = points.shape[1]  # as many as there could be
  scale_key, shift_key = jax.random.split(rng)
  factor = jax.random.uniform(scale_key, (len(points), strokes), minval=1 - zoom, maxval=1 + zoom)
  move = jax.random.uniform(shift_key, (len(points), strokes, 2), minval=-shift, maxval=shift)
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
