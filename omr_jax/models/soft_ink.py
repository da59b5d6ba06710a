"""Draws a picture from the pen's points inside a network.

Writers differ in which stroke they write first and from which end. The picture is the same for all
of them.
"""

import jax
import jax.numpy as jnp

from omr_jax.inputs import geometry

# Margin and bounds of the scaling, with the values that configs have for drawn pictures. They are a
# part of the network and no config changes them.
MARGIN = 2
MAX_STRETCH = 2.5
MAX_ZOOM = 8.0
_SOFTNESS = 1.3  # Distance in pixels at which the ink of a point has fallen to 1 / e.
_DARKNESS = 1.2  # Ink of one point; the ink of several points adds up and saturates.
# A part of an array along an axis. Indexing would become a gather in exports, where the batch size
# is not known.
part = jax.lax.slice_in_dim


def centred(pen: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
  """The points of the pen around the middle of their box.

  Args:
    pen: float32 [batch, points, 3], from `omr_jax.inputs.pen_path.sampled`.

  Returns:
    x and y from the middle of the box, [batch, points, 2]; the stroke of each point, [batch,
    points, 1], as in `pen`; and the width and height of the box, at least 1, [batch, 1, 2].
  """
  xy, stroke = part(pen, 0, 2, axis=2), part(pen, 2, 3, axis=2)
  low, high = xy.min(1, keepdims=True), xy.max(1, keepdims=True)
  return xy - (low + high) / 2, stroke, jnp.maximum(high - low, 1)


def drawn(pen: jax.Array, height: int, width: int) -> tuple[jax.Array, jax.Array]:
  """Draws the pen's path as soft dots, scaled to the canvas.

  There is a dot at each point and one halfway between two neighbouring points. The ink of a dot is
  a function of x times a function of y, so all dots together are one product of two matrices.

  Args:
    pen: float32 [batch, points, 3], from `omr_jax.inputs.pen_path.sampled`.
    height: Height of the canvas in pixels.
    width: Width of the canvas in pixels.

  Returns:
    The two inputs of `PreactResNet`: the picture, float32 [batch, height, width, 1], from 0 (ink)
    to 255 (paper), and the logarithms of the box's width and height, float32 [batch, 2].
  """
  xy, stroke, box = centred(pen)
  room = jnp.array([width - 1.0, height - 1.0])
  zoom = geometry.scale(box, room - 2 * MARGIN, MAX_STRETCH, MAX_ZOOM)
  xy = xy * zoom + room / 2
  before, after = (part(xy, start, start + xy.shape[1] - 1, axis=1) for start in (0, 1))
  dots = jnp.concatenate([xy, (before + after) / 2], 1)
  down = (stroke == jnp.floor(stroke)).astype(xy.dtype)
  count = stroke.shape[1]
  same = part(stroke, 0, count - 1, axis=1) == part(stroke, 1, count, axis=1)
  # Neighbours with the same number are on the same stroke, or both between the same two strokes.
  between = same.astype(xy.dtype) * part(down, 1, count, axis=1)
  ink = jnp.concatenate([down, between], 1)
  columns = ink * _falloff(jnp.arange(width) - part(dots, 0, 1, axis=2))
  y = part(dots, 1, 2, axis=2).reshape(dots.shape[0], 1, dots.shape[1])
  rows = _falloff(jnp.arange(height)[:, None] - y)
  covered = 1 - jnp.exp(-_DARKNESS * (rows @ columns))
  return 255 * (1 - covered[..., None]), jnp.log(box.squeeze(1))


def _falloff(distance: jax.Array) -> jax.Array:
  return jnp.exp(-jnp.square(distance / _SOFTNESS))
