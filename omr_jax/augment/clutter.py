"""What stands beside a symbol on a page and reaches into its crop: other symbols and lines.

Everything is drawn inside jit. Lengths are in pixels of the tablet. The window is the part of the
page that is cut out.
"""

import jax
import jax.numpy as jnp

from omr_jax.augment import rasterize

_BIT = 20  # Number of points that are taken from a neighbour's strokes.
_UPRIGHT = 0.7  # Share of upright lines (stems, bar lines) along an edge; the others are beams.
_THICKER = 4.0  # By how much a line along an edge is thicker than the pen, at most.
_BETWEEN = (10.0, 18.0)  # Smallest and largest distance of staff lines; on HOMUS's tablet it is 14.


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
    points: float [batch, points, 2], x and y of the symbols' own points.
    stroke: int [batch, points], the stroke each point belongs to, ascending; -1 past the end.
    low: float [batch, 2], smallest x and y of the window.
    high: float [batch, 2], largest x and y of the window.
    reach: How far the neighbour reaches into the window, at most.
    chance: Probability of a neighbour.
    number: Which of a crop's neighbours this is, from 1. It is taken from the symbol that stands so
      many places before the crop's own in the batch.

  Returns:
    Points, float [batch, 20, 2], and the strokes they belong to, int [batch, 20], or -1 for none.
    The strokes' numbers begin at `number` times the number of points, so that no line leads to them
    from the symbol or from another neighbour.
  """
  keys, batch = jax.random.split(rng, 6), len(points)
  others, of_others = jnp.roll(points, number, 0), jnp.roll(stroke, number, 0)
  begin = jax.random.randint(keys[0], (batch,), 0, jnp.maximum((of_others >= 0).sum(1) - _BIT, 1))

  def cut(array: jax.Array, start: jax.Array) -> jax.Array:
    return jax.lax.dynamic_slice_in_dim(array, start, _BIT)

  bit, of_bit = jax.vmap(cut)(others, begin), jax.vmap(cut)(of_others, begin).astype(jnp.int32)
  its_low, its_high = rasterize.box(bit, of_bit >= 0)
  # Along one axis it ends inside the window. Along the other its middle is anywhere in the window.
  depth = jax.random.uniform(keys[1], (batch, 2), maxval=reach)
  before = jax.random.bernoulli(keys[2], 0.5, (batch, 2))
  entering = jnp.where(before, low + depth - its_high, high - depth - its_low)
  place = jax.random.uniform(keys[3], (batch, 2))
  beside = low + place * (high - low) - (its_low + its_high) / 2
  across = jax.random.bernoulli(keys[4], 0.5, (batch, 1))
  move = jnp.where(jnp.concatenate([across, ~across], 1), entering, beside)
  there = jax.random.bernoulli(keys[5], chance, (batch, 1))
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
  """The darkness of a straight line along one edge of the window: a stem, a bar line or a beam.

  Of these lines 70 % are upright. A third is as long as the edge; the others begin or end somewhere
  along it.

  Args:
    rng: A key.
    x: float [batch, 1, width], the centres of the canvas's pixels, in pixels of the tablet.
    y: float [batch, height, 1], likewise.
    low: float [batch, 2], smallest x and y of the window.
    high: float [batch, 2], largest x and y of the window.
    unit: float [batch, 1, 1], pixels of the canvas in a pixel of the tablet.
    pen: float [batch], the pen's width, which is the least thickness of the line.
    reach: How far the line reaches into the window, at most.
    chance: Probability of a line.

  Returns:
    float [batch, height, width], 1 where there is ink.
  """
  keys, each = jax.random.split(rng, 7), (len(low), 1, 1)
  low, high = low[..., None, None], high[..., None, None]
  upright = jax.random.bernoulli(keys[0], _UPRIGHT, each)
  after = jax.random.bernoulli(keys[1], 0.5, each)  # At the right or lower edge.
  inwards_x = jnp.where(after, high[:, 0] - x, x - low[:, 0])
  inwards_y = jnp.where(after, high[:, 1] - y, y - low[:, 1])
  inwards = jnp.where(upright, inwards_x, inwards_y)
  along_x, along_y = (x - low[:, 0]) / (high - low)[:, 0], (y - low[:, 1]) / (high - low)[:, 1]
  along = jnp.where(upright, along_y, along_x)
  thick = pen[:, None, None] + jax.random.uniform(keys[2], each, maxval=_THICKER)
  middle = jax.random.uniform(keys[3], each, maxval=reach) - thick / 2
  dark = jnp.clip((thick / 2 - jnp.abs(inwards - middle)) * unit + 0.5, 0, 1)
  end, kind = jax.random.uniform(keys[4], each), jax.random.randint(keys[5], each, 0, 3)
  there = jax.random.bernoulli(keys[6], chance, each)
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
  """The darkness of five staff lines, of which some begin or end inside the window.

  Args:
    rng: A key.
    x: float [batch, 1, width], the centres of the canvas's pixels, in pixels of the tablet.
    y: float [batch, height, 1], likewise.
    low: float [batch, 2], smallest x and y of the window.
    high: float [batch, 2], largest x and y of the window.
    unit: float [batch, 1, 1], pixels of the canvas in a pixel of the tablet.
    chance: Probability of staff lines.

  Returns:
    float [batch, height, width], 1 where there is ink.
  """
  keys, batch = jax.random.split(rng, 8), len(low)

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
  there = jax.random.bernoulli(keys[7], chance, (batch, 1, 1))
  return jnp.where(there & (x >= begin) & (x <= end), dark, 0)
