"""How a picture is looked at: whole, and in overlapping parts from near.

On a whole page of 128x128 pixels staff lines are grey bands, and so are lines of text. A part of it
shows the lines. Training, evaluation and use take their views from here.
"""

import io
import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image

from omr_jax import pictures
from omr_jax.models import layers

_BLANK = 15


def count(tiles: int) -> int:
  """Views of a picture: the whole one, and `tiles` times `tiles` parts."""
  return 1 + tiles**2


def views(picture: np.ndarray, height: int, width: int, tiles: int) -> np.ndarray:
  """All views of a picture, each by the rule of `pictures.resize`.

  A part has the share s = 4 / (3 tiles + 1) of the picture's height and width, so that neighbours
  overlap by a quarter of a part and the outer ones end with the picture: the part in row i and
  column j begins at 3/4 s i of the height and 3/4 s j of the width; begin and size are rounded to
  whole pixels, half to even, a part has one pixel at least, and lies inside the picture.

  Args:
    picture: uint8 [source height, source width, 3].
    height: Of the views in pixels.
    width: Of the views in pixels.
    tiles: Parts along each side; 0 for the whole picture alone.

  Returns:
    uint8 [1 + tiles^2, height, width, 3]: the whole picture, then the parts row by row.
  """
  return of_image(Image.fromarray(picture), height, width, tiles)


def of_image(
  picture: Image.Image, height: int, width: int, tiles: int, colour: bool = True
) -> np.ndarray:
  """`views` of a picture of Pillow in mode L or RGB, without another copy of it.

  Without `colour` it must be in mode L, and the views have one channel, brightness: a third of the
  work. The brightness of views in colour is the same to rounding, within 2.5 of 255; of a JPEG it
  may be further off where decoding to colours cuts them off at black or white.
  """
  columns, rows = (_parts(size, tiles) for size in picture.size)
  seen = np.empty((count(tiles), height, width, 3 if colour else 1), np.uint8)
  seen[0] = pictures.resized(picture, height, width, colour)
  boxes = ((left, top, right, bottom) for top, bottom in rows for left, right in columns)
  for view, box in zip(seen[1:], boxes, strict=True):
    view[:] = pictures.resized(picture.crop(box), height, width, colour)
  return seen


def least(height: int, width: int, tiles: int) -> int:
  """How far JPEGs may be made smaller while they are decoded (`pictures.read`), in pixels."""
  return math.ceil(max(2, 1.2 / _share(tiles) if tiles else 0) * max(height, width))


def load(content: bytes, name: str, height: int, width: int, tiles: int) -> np.ndarray:
  """All views of the picture in a file: uint8 [1 + tiles^2, height, width, 3].

  Raises:
    UserError: As `pictures.read`.
  """
  finish = partial(of_image, height=height, width=width, tiles=tiles)
  return pictures.decode(
    pictures.opened(io.BytesIO(content), name), name, least(height, width, tiles), finish
  )


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


def _share(tiles: int) -> float:
  return 4 / (3 * tiles + 1)


def _parts(size: int, tiles: int) -> list[tuple[int, int]]:
  """First pixel of each, and the one behind the last."""
  length = max(1, round(_share(tiles) * size)) if tiles else 0
  starts = [min(round(0.75 * _share(tiles) * i * size), size - length) for i in range(tiles)]
  return [(start, start + length) for start in starts]
