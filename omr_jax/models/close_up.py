"""A close-up of what stands on staff lines, for networks that read a canvas that is mostly empty.

A symbol in its own size takes a small part of the paper's canvas, and staff lines hide some of it.
What a row has in all its columns is not the symbol; it is taken away, and where it hid the symbol
the rows above and below say what was there. The rest fills the network's own canvas.
"""

import jax
import jax.numpy as jnp

from omr_jax.inputs import geometry
from omr_jax.models.soft_ink import MARGIN, MAX_STRETCH, MAX_ZOOM

_INK = 0.3  # Darker belongs to the symbol.
_REACH = 1.5  # Rows: standard deviation of the weights of those above and below.


def enlarged(dark: jax.Array, height: int, width: int) -> tuple[jax.Array, jax.Array]:
  """Cleans, finds and scales the symbol of each picture.

  Args:
    dark: [batch, rows, columns, 1], 1 for ink, 0 for paper.
    height: Of the close-up.
    width: Of the close-up.

  Returns:
    The close-up, [batch, height, width, 1], and the logarithms of the symbol's width and height in
    pixels of the picture, [batch, 2].
  """
  ink = cleaned(dark.squeeze(-1))
  rows, columns = ink.shape[1:]
  low, high = (
    jnp.stack([across[end], down[end]], -1)
    for across, down in [(_ends(ink.max(1)), _ends(ink.max(2)))]
    for end in (0, 1)
  )
  box = jnp.maximum(high - low, 1)
  room = jnp.array([width - 1.0, height - 1.0], ink.dtype)
  zoom = geometry.scale(box, room - 2 * MARGIN, MAX_STRETCH, MAX_ZOOM)
  centre = (low + high) / 2
  part = jax.lax.slice_in_dim  # See `strokes.features`.
  x, y = (part(centre, i, i + 1, axis=1) for i in (0, 1))
  over_x, over_y = (1 / part(zoom, i, i + 1, axis=1) for i in (0, 1))
  x = (jnp.arange(width) - (width - 1) / 2) * over_x + x
  y = (jnp.arange(height) - (height - 1) / 2) * over_y + y
  down = _weights(y[:, :, None] - jnp.arange(rows), over_y)
  across = _weights(jnp.arange(columns)[:, None] - x[:, None], over_x)
  return (down @ ink @ across)[..., None], jnp.log(box)


def cleaned(dark: jax.Array) -> jax.Array:
  """Takes away what is equally dark in all columns of a row, and fills what it hid.

  Args:
    dark: [batch, rows, columns], 1 for ink, 0 for paper.

  Returns:
    The same without.
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
  """First and last place with ink, [batch] each; the middle of [batch, places] without any."""
  places = jnp.arange(darkest.shape[1], dtype=darkest.dtype)
  middle = (darkest.shape[1] - 1) / 2
  inside = darkest > _INK
  first = jnp.where(inside, places, jnp.inf).min(1)
  last = jnp.where(inside, places, -jnp.inf).max(1)
  found = first <= last
  return jnp.where(found, first, middle), jnp.where(found, last, middle)


def _weights(away: jax.Array, step: jax.Array) -> jax.Array:
  """Of places so far away, [batch, a, b], where samples are a step [batch, 1] of places apart.

  Linear interpolation, or the mean of what lies between where the picture gets smaller.
  """
  spread = jnp.maximum(1, step)[..., None]
  return jnp.maximum(0, 1 - jnp.abs(away) / spread) / spread
