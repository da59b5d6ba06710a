"""From the logits of a picture's views to its own."""

from functools import partial

import jax
import jax.numpy as jnp

from omr_jax.models import layers

_BLANK = 15


def is_blank(seen: jax.Array) -> jax.Array:
  """Whether views show next to nothing, such as margins: bool [...].

  That is, the standard deviation of their brightness is below 15 of 255.

  Args:
    seen: [..., height, width, 3], or 1 channel, see `layers.brightness`.
  """
  # In one pass, which is twice as fast as `std`; rounding moves 15 by less than 0.01.
  brightness = layers.brightness(seen)
  mean, square = (values.mean((-3, -2, -1)) for values in (brightness, jnp.square(brightness)))
  return square - jnp.square(mean) < _BLANK**2


def combined(logits: jax.Array, blank: jax.Array) -> jax.Array:
  """Logits of pictures from those of their views, [batch, views, classes] to [batch, classes].

  With l the log-odds of the second class, a picture's are those of the whole or of its parts,
  whichever is higher; the n parts that are not blank have 2 log(sum(exp(l / 2)) / n), between their
  mean and their highest. Handwriting is known by its page, print by its staff lines.

  Args:
    logits: float [batch, views, 2].
    blank: bool [batch, views], see `is_blank`.

  Returns:
    0 and the picture's log-odds.
  """
  # Other ways to take parts of an array become a gather where the batch may have any size.
  part, rest = partial(jax.lax.index_in_dim, keepdims=False), jax.lax.slice_in_dim
  log_odds = part(logits, 1, -1) - part(logits, 0, -1)
  whole, parts = part(log_odds, 0, 1), rest(log_odds, 1, None, axis=1)
  used = ~rest(blank, 1, None, axis=1)
  count = jnp.maximum(used.sum(1), 1)
  parts = 2 * (jax.nn.logsumexp(parts / 2, 1, where=used) - jnp.log(count))
  found = jnp.maximum(whole, parts)  # Without parts, or with blank ones only, theirs is -infinity.
  return jnp.stack([jnp.zeros_like(found), found], 1)
