"""What stands beside a symbol on a page and reaches into its crop: other symbols and lines.

Drawn inside jit; lengths are in pixels of the tablet.
"""

import jax
import jax.numpy as jnp

from omr_jax.augment import rasterize

_BIT = 20  # Points of a neighbour's strokes, of which a crop shows the end.
_UPRIGHT = 0.7  # Of the lines along an edge: stems and bar lines; the others are beams.
_THICKER = 4.0  # Than the pen, at most, is a line along an edge.
_BETWEEN = (10.0, 18.0)  # From staff line to staff line; HOMUS has 14.


def neighbour(
  rng: jax.Array,
  points: jax.Array,
  stroke: jax.Array,
  low: jax.Array,
  high: jax.Array,
  reach: float,
  chance: float,
  number: int,
) -> tuple[jax.Array, jax.Array]:
  """A few points of another symbol of the batch that reach into the window from one side.

  Args:
    rng: A key.
    points: float [batch, points, 2], as of `crops.new_crops`.
    stroke: int [batch, points], as of there.
    low: float [batch, 2], the window's corner of small x and y.
    high: float [batch, 2], the corner opposite.
    reach: By which they reach in, at most.
    chance: How often.
    number: Which of a crop's neighbours, from 1: so many places before the crop's own in the batch
      is its symbol.

  Returns:
    Points float [batch, 20, 2], and the strokes they belong to, int [batch, 20]: from
    `number * points` on, so that no line leads there from the symbol or another neighbour; -1 for
    none.
  """
  keys, batch = jax.random.split(rng, 5), len(points)
  others, of_others = jnp.roll(points, number, 0), jnp.roll(stroke, number, 0)
  begin = jax.random.randint(keys[0], (batch,), 0, jnp.maximum((of_others >= 0).sum(1) - _BIT, 1))

  def cut(array: jax.Array, start: jax.Array) -> jax.Array:
    return jax.lax.dynamic_slice_in_dim(array, start, _BIT)

  bit, of_bit = jax.vmap(cut)(others, begin), jax.vmap(cut)(of_others, begin).astype(jnp.int32)
  its_low, its_high = rasterize.box(bit, of_bit >= 0)
  # Along one axis it ends inside the window; along the other it is anywhere beside it.
  depth = jax.random.uniform(keys[1], (batch, 2), maxval=reach)
  before = jax.random.bernoulli(keys[2], 0.5, (batch, 2))
  entering = jnp.where(before, low + depth - its_high, high - depth - its_low)
  place = jax.random.uniform(keys[3], (batch, 2))
  beside = low + place * (high - low) - (its_low + its_high) / 2
  across = jax.random.bernoulli(keys[4], 0.5, (batch, 1))
  move = jnp.where(jnp.concatenate([across, ~across], 1), entering, beside)
  there = jax.random.bernoulli(jax.random.fold_in(keys[4], 1), chance, (batch, 1))
  shown = there & (of_bit >= 0)
  of_bit = jnp.where(shown, of_bit + number * points.shape[1], -1)
  return jnp.where(shown[..., None], bit + move[:, None], 0), of_bit


def edge(
  rng: jax.Array,
  x: jax.Array,
  y: jax.Array,
  low: jax.Array,
  high: jax.Array,
  unit: jax.Array,
  pen: jax.Array,
  reach: float,
  chance: float,
) -> jax.Array:
  """How dark a straight line along one edge makes each pixel: a stem, a bar line or a beam.

  Seven of ten are upright; a third is as long as the edge, the others begin or end along it.

  Args:
    rng: A key.
    x: float [batch, 1, width], the centres of the pixels, in pixels of the tablet.
    y: float [batch, height, 1].
    low: float [batch, 2], the window's corner of small x and y.
    high: float [batch, 2], the corner opposite.
    unit: float [batch, 1, 1], pixels to a pixel of the tablet.
    pen: float [batch], its width, as the lines' at least.
    reach: By which the line reaches in, at most.
    chance: How often.

  Returns:
    float [batch, height, width], 1 where there is ink.
  """
  keys, each = jax.random.split(rng, 6), (len(low), 1, 1)
  low, high = low[..., None, None], high[..., None, None]
  upright = jax.random.bernoulli(keys[0], _UPRIGHT, each)
  after = jax.random.bernoulli(keys[1], 0.5, each)  # At the right, or below.
  inwards_x = jnp.where(after, high[:, 0] - x, x - low[:, 0])
  inwards_y = jnp.where(after, high[:, 1] - y, y - low[:, 1])
  inwards = jnp.where(upright, inwards_x, inwards_y)
  along_x, along_y = (x - low[:, 0]) / (high - low)[:, 0], (y - low[:, 1]) / (high - low)[:, 1]
  along = jnp.where(upright, along_y, along_x)
  thick = pen[:, None, None] + jax.random.uniform(keys[2], each, maxval=_THICKER)
  middle = jax.random.uniform(keys[3], each, maxval=reach) - thick / 2
  dark = jnp.clip((thick / 2 - jnp.abs(inwards - middle)) * unit + 0.5, 0, 1)
  end, kind = jax.random.uniform(keys[4], each), jax.random.randint(keys[5], each, 0, 3)
  there = jax.random.bernoulli(jax.random.fold_in(rng, 1), chance, each)
  begun, over = (kind == 1) & (along < end), (kind == 2) & (along > end)
  return jnp.where(there & ~begun & ~over, dark, 0)


def staff(
  rng: jax.Array,
  x: jax.Array,
  y: jax.Array,
  low: jax.Array,
  high: jax.Array,
  unit: jax.Array,
  chance: float,
) -> jax.Array:
  """How dark five staff lines make each pixel; some begin or end inside the window.

  Takes what `edge` takes of the same name, and returns what it returns.
  """
  keys, batch = jax.random.split(rng, 7), len(low)

  def drawn(key: jax.Array, least, most) -> jax.Array:
    return jax.random.uniform(key, (batch,), minval=least, maxval=most)[:, None, None]

  space = drawn(keys[0], *_BETWEEN)
  first = drawn(keys[1], low[:, 1], high[:, 1]) - space * jax.random.randint(
    keys[2], (batch, 1, 1), 0, 5
  )
  line = drawn(keys[3], 0.6, 1.8)
  slope = drawn(keys[4], -0.03, 0.03)
  ends = jax.random.uniform(keys[5], (batch, 2), minval=low[:, :1], maxval=high[:, :1])
  one_side = jax.random.randint(keys[6], (batch,), 0, 4)[:, None, None]
  begin = jnp.where(one_side == 1, ends[:, :1, None], -jnp.inf)
  end = jnp.where(one_side == 2, ends[:, 1:, None], jnp.inf)
  level = y - slope * (x - low[:, 0, None, None])
  nearest = jnp.min(jnp.stack([jnp.abs(level - first - n * space) for n in range(5)]), 0)
  dark = jnp.clip((line / 2 - nearest) * unit + 0.5, 0, 1)
  there = jax.random.bernoulli(jax.random.fold_in(rng, 1), chance, (batch, 1, 1))
  return jnp.where(there & (x >= begin) & (x <= end), dark, 0)
