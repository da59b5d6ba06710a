"""The picture that a network makes itself of the pen's points, to see what they look like.

The way of a pen is as its writer's habit is: which stroke first, and from which end. Those whose
habit is another write the same picture.
"""

import jax
import jax.numpy as jnp

from omr_jax.inputs import geometry

MARGIN = 2  # As of the recipes for pictures, as are the next two.
MAX_STRETCH = 2.5
MAX_ZOOM = 8.0
_SOFTNESS = 1.3  # Pixels from a point to where its ink is 1 / e of what it is there.
_DARKNESS = 1.2  # Of one point, beside its neighbours; where it is more, ink saturates.


def drawn(pen: jax.Array, height: int, width: int) -> tuple[jax.Array, jax.Array]:
  """Draws the ink of a way, soft dots beside each other, scaled to the canvas.

  Half as far from each other as the points are: those halfway count too. A dot's ink is a product
  of one function of x and one of y, so that all dots together are one product of two matrices.

  Args:
    pen: float32 [batch, points, 3], see `omr_jax.inputs.pen_path.way`.
    height: Of the canvas in pixels.
    width: Of the canvas in pixels.

  Returns:
    What `PreactResNet` reads: the picture, float32 [batch, height, width, 1] from 0 (ink) to 255,
    and the logarithms of the box's width and height, float32 [batch, 2].
  """
  part = jax.lax.slice_in_dim  # See `strokes.features`.
  xy, stroke = part(pen, 0, 2, axis=2), part(pen, 2, 3, axis=2)
  low, high = xy.min(1, keepdims=True), xy.max(1, keepdims=True)
  box = jnp.maximum(high - low, 1)
  room = jnp.array([width - 1.0, height - 1.0])
  zoom = geometry.scale(box, room - 2 * MARGIN, MAX_STRETCH, MAX_ZOOM)
  xy = (xy - (low + high) / 2) * zoom + room / 2
  before, after = (part(xy, start, start + xy.shape[1] - 1, axis=1) for start in (0, 1))
  dots = jnp.concatenate([xy, (before + after) / 2], 1)
  down = (stroke == jnp.floor(stroke)).astype(xy.dtype)
  count = stroke.shape[1]
  same = part(stroke, 0, count - 1, axis=1) == part(stroke, 1, count, axis=1)
  # Two neighbours of one number are on ink, or both between the same two strokes.
  between = same.astype(xy.dtype) * part(down, 1, count, axis=1)
  ink = jnp.concatenate([down, between], 1)
  columns = ink * _falloff(jnp.arange(width) - part(dots, 0, 1, axis=2))
  y = part(dots, 1, 2, axis=2).reshape(dots.shape[0], 1, dots.shape[1])
  rows = _falloff(jnp.arange(height)[:, None] - y)
  covered = 1 - jnp.exp(-_DARKNESS * (rows @ columns))
  return 255 * (1 - covered[..., None]), jnp.log(box.squeeze(1))


def _falloff(distance: jax.Array) -> jax.Array:
  return jnp.exp(-jnp.square(distance / _SOFTNESS))
