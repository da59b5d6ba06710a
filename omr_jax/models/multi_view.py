"""Combines the logits of a picture's views, the whole and its parts, to those of the picture."""

from functools import partial

import jax
import jax.numpy as jnp

from omr_jax.models import layers

_BLANK = 15  # Standard deviation of brightness, of 255, below which a view is blank.


def is_blank(seen: jax.Array) -> jax.Array:
  """Whether views are blank, such as margins of a page: bool [...].

  A view is blank if the standard deviation of its brightness is below 15 of 255.

  Args:
    seen: [..., height, width, 3] in 0..255, or with one channel, brightness.
  """
  # From a whole number near the mean, the squares of whole brightness near the bound add up to less
  # than 2^24, which is exact in float32. So all platforms agree which grey views are blank.
  brightness = layers.brightness(seen)
  mean = brightness.mean((-3, -2, -1))
  near = jnp.floor(mean)
  square = jnp.square(brightness - jnp.expand_dims(near, (-3, -2, -1))).mean((-3, -2, -1))
  return square - jnp.square(mean - near) < _BLANK**2


def log_odds(logits: jax.Array, blank: jax.Array) -> jax.Array:
  """The log-odds of the second class in each view: float [batch, views].

  Those of blank parts are -infinity, since `combined` leaves them out; the whole picture counts
  even if it is blank.

  Args:
    logits: float [batch, views, 2]; the first view is the whole picture.
    blank: bool [batch, views], from `is_blank`.
  """
  part = partial(jax.lax.index_in_dim, axis=-1, keepdims=False)
  is_part = jnp.arange(logits.shape[1]) > 0
  return jnp.where(blank & is_part, -jnp.inf, part(logits, 1) - part(logits, 0))


def combined(logits: jax.Array, blank: jax.Array, lower_weight: float) -> jax.Array:
  """The logits of pictures from those of their views: [batch, views, 2] to [batch, 2].

  Let l be the log-odds of the second class in a view. The n parts that are not blank together have
  2 log(sum(exp(l / 2)) / n), which lies between their mean and their maximum. The log-odds of the
  picture are a weighted mean of those of the whole and those of the parts. The higher of the two
  weighs more: handwritten music is recognized by the look of the whole page, printed music by its
  staff lines. The lower counts too, because it is far below 0 where a table or a photo looks like
  music in one way alone. Without parts the log-odds are those of the whole.

  Args:
    logits: float [batch, views, 2]; the first view is the whole picture.
    blank: bool [batch, views], from `is_blank`.
    lower_weight: The weight of the lower of the two, 0 to 0.5; the higher has the rest of 1.

  Returns:
    [batch, 2]: 0 and the picture's log-odds.
  """
  # Indexing would become a gather in exports, where the batch size is not known.
  part, rest = partial(jax.lax.index_in_dim, keepdims=False), jax.lax.slice_in_dim
  log_odds = part(logits, 1, -1) - part(logits, 0, -1)
  whole, parts = part(log_odds, 0, 1), rest(log_odds, 1, None, axis=1)
  used = ~rest(blank, 1, None, axis=1)
  count = used.sum(1)
  parts = 2 * (jax.nn.logsumexp(parts / 2, 1, where=used) - jnp.log(jnp.maximum(count, 1)))
  parts = jnp.where(count > 0, parts, whole)
  lower, higher = jnp.minimum(whole, parts), jnp.maximum(whole, parts)
  found = higher + lower_weight * (lower - higher)
  return jnp.stack([jnp.zeros_like(found), found], 1)
