"""Removes staff lines from a picture and enlarges the symbol, for canvases that are mostly empty.

A symbol in its own size fills a small part of the paper's canvas, and staff lines hide parts of it.
Ink that a row has in every column belongs to a staff line. It is removed; where it hid the symbol,
the ink is estimated from the rows above and below. The symbol that is left is enlarged.
"""

import jax
import jax.numpy as jnp

from omr_jax.inputs import geometry
from omr_jax.models.soft_ink import MARGIN, MAX_STRETCH, MAX_ZOOM

_INK = 0.3  # Darkness above which a pixel belongs to the symbol.
_REACH = 1.5  # Standard deviation, in rows, of the weights of the rows above and below.


def enlarged(dark: jax.Array, height: int, width: int) -> tuple[jax.Array, jax.Array]:
  """Cleans, finds and scales the symbol of each picture.

  Args:
    dark: [batch, rows, columns, 1], 1 for ink, 0 for paper.
    height: Height of the close-up in pixels.
    width: Width of the close-up in pixels.

  Returns:
    The close-up, [batch, height, width, 1], and the logarithms of the symbol's width and height in
    pixels of the picture, [batch, 2].
  """
  ink = cleaned(dark.squeeze(-1))
  rows, columns = ink.shape[1:]
  (left, right), (top, bottom) = _ends(ink.max(1)), _ends(ink.max(2))
  low, high = jnp.stack([left, top], -1), jnp.stack([right, bottom], -1)
  box = jnp.maximum(high - low, 1)
  room = jnp.array([width - 1.0, height - 1.0], ink.dtype)
  zoom = geometry.scale(box, room - 2 * MARGIN, MAX_STRETCH, MAX_ZOOM)
  centre = (low + high) / 2
  # Indexing would become a gather in exports, where the batch size is not known.
  part = jax.lax.slice_in_dim
  x, y = (part(centre, i, i + 1, axis=1) for i in (0, 1))
  over_x, over_y = (1 / part(zoom, i, i + 1, axis=1) for i in (0, 1))
  x = (jnp.arange(width) - (width - 1) / 2) * over_x + x
  y = (jnp.arange(height) - (height - 1) / 2) * over_y + y
  down = _weights(y[:, :, None] - jnp.arange(rows), over_y)
  across = _weights(jnp.arange(columns)[:, None] - x[:, None], over_x)
  return (down @ ink @ across)[..., None], jnp.log(box)


def cleaned(dark: jax.Array) -> jax.Array:
  """Removes the darkness that a row has in all its columns, and fills in the ink that it hid.

  Args:
    dark: [batch, rows, columns], 1 for ink, 0 for paper.

  Returns:
    The picture without staff lines, in the same shape.
  """
  common = dark.min(2, keepdims=True)
  visible = 1 - common
  ink = jnp.where(dark > common + 0.02, dark, 0) * visible
  rows = jnp.arange(dark.shape[1], dtype=dark.dtype)
  near = jnp.exp(-(((rows[:, None] - rows) / _REACH) ** 2) / 2)
  near = jnp.broadcast_to(near, (dark.shape[0], *near.shape))
  there = (near @ ink) / jnp.maximum(near @ visible, 1e-3)
  return ink + common * there


def _ends(darkest: jax.Array) -> tuple[jax.Array, jax.Array]:
  """First and last place with ink in [batch, places], each [batch]; the middle if there is none."""
  places = jnp.arange(darkest.shape[1], dtype=darkest.dtype)
  middle = (darkest.shape[1] - 1) / 2
  inside = darkest > _INK
  first = jnp.where(inside, places, jnp.inf).min(1)
  last = jnp.where(inside, places, -jnp.inf).max(1)
  found = first <= last
  return jnp.where(found, first, middle), jnp.where(found, last, middle)


def _weights(away: jax.Array, step: jax.Array) -> jax.Array:
  """Interpolation weights of pixels at distance `away` from a sample: [batch, a, b].

  These are the weights of linear interpolation. Where the picture gets smaller they are wider, so
  that a sample is a mean of the pixels around it.

  Args:
    away: [batch, a, b], in pixels.
    step: [batch, 1], distance of two samples in pixels.
  """
  spread = jnp.maximum(1, step)[..., None]
  return jnp.maximum(0, 1 - jnp.abs(away) / spread) / spread
