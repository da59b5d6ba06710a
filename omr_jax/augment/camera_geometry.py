"""Where a phone's camera sees a picture: perspective, rotation, distance, and the surroundings.

Coordinates go from -1 to 1 across the frame, and likewise across the picture, from edge to edge: x
to the right, y down. Angles are measured as if the frame were square. The resize to the network's
input distorts angles in the same way.
"""

import jax
import jax.numpy as jnp

from omr_jax.augment import camera_photometry

# The surroundings of a picture are reduced to this many cells along each side. They look out of
# focus, and no notes can be read in them.
_CELLS = 32


def numbers(rng: jax.Array, count: int, batch: int) -> jax.Array:
  """Uniform random numbers in [0, 1), float32 [count, batch].

  One call draws all numbers that a function needs, which makes compilation faster.
  """
  (drawn,) = camera_photometry.kept(jax.random.uniform(rng, (count, batch)))
  return drawn


def amount(drawn: jax.Array, chance: float, low: float, high: float) -> jax.Array:
  """A random strength: with probability `chance` uniform from `low` to `high`, else 0.

  Args:
    drawn: [2, batch], from `numbers`.
    chance: Probability that the strength is not 0.
    low: Lower end of its range.
    high: Upper end of its range.

  Returns:
    float32 [batch].
  """
  return jnp.where(drawn[0] < chance, low + (high - low) * drawn[1], 0)


def homography(
  rng: jax.Array,
  batch: int,
  chance: float = 1.0,
  *,
  flip: float = 0.0,
  turn: float = 0.0,
  rotation: float = 0.0,
  perspective: float = 0.0,
  smaller: float = 0.0,
  larger: float = 0.0,
  stretch: float = 0.0,
  shift: float = 0.0,
) -> jax.Array:
  """Random projective maps from the frame to the picture, float32 [batch, 3, 3].

  The frame shows at position p the point (x, y) / z of the picture, (x, y, z) = map @ (p, 1). The
  picture is flipped, turned by quarter turns, stretched, rotated, scaled, and then placed in the
  frame. The place is uniform: a smaller picture, if it is upright, lies within the frame, and a
  larger one covers the frame. `shift` adds a move beyond that.

  Args:
    rng: A key.
    batch: Number of maps.
    chance: Probability of each of the following but `flip` and `turn`, which are probabilities.
    flip: Probability of a mirrored picture.
    turn: Probability of one, two or three quarter turns.
    rotation: Largest angle in degrees, in both directions.
    perspective: Largest relative change of scale from the picture's middle to a side, per axis.
    smaller: Most octaves by which the picture shrinks.
    larger: Most octaves by which it grows.
    stretch: Largest relative change of its width, and of its height.
    shift: Largest additional move, in halves of the frame.
  """
  drawn = numbers(rng, 21, batch)
  angle = jnp.deg2rad(amount(drawn[0:2], chance, -rotation, rotation))
  sin, cos = jnp.sin(angle), jnp.cos(angle)
  size = jnp.exp2(amount(drawn[2:4], chance, -smaller, larger))
  wide = size * (1 + amount(drawn[4:6], chance, -stretch, stretch))
  high = size * (1 + amount(drawn[6:8], chance, -stretch, stretch))
  # The map goes from frame to picture, so it undoes the changes in reverse order: first the
  # rotation, then the sizes, then the quarter turns.
  a, b, c, d = cos / wide, sin / wide, -sin / high, cos / high
  quarters = jnp.round(amount(drawn[8:10], turn, 0.5, 3.5))
  for count in (1, 2, 3):
    now = quarters >= count
    a, b, c, d = (jnp.where(now, new, old) for new, old in ((c, a), (d, b), (-a, c), (-b, d)))
  mirror = jnp.where(drawn[10] < flip, -1, 1)
  a, b = a * mirror, b * mirror
  x, y = jnp.abs(1 - size) * (2 * drawn[11:13] - 1)
  x += amount(drawn[13:15], chance, -shift, shift)
  y += amount(drawn[15:17], chance, -shift, shift)
  e, f = -(a * x + b * y), -(c * x + d * y)
  tilt_x = amount(drawn[17:19], chance, -perspective, perspective)
  tilt_y = amount(drawn[19:21], chance, -perspective, perspective)
  last = [tilt_x * a + tilt_y * c, tilt_x * b + tilt_y * d, 1 + tilt_x * e + tilt_y * f]
  return jnp.stack([a, b, e, c, d, f, *last], -1).reshape(batch, 3, 3)


def warp(planes: jax.Array, maps: jax.Array) -> tuple[jax.Array, jax.Array]:
  """Maps pictures by bilinear interpolation, smoothed before where a map makes them smaller.

  Args:
    planes: [batch, 3, height, width] in 0..255; values are rounded to quarters of a grey level.
    maps: [batch, 3, 3], from frame to picture.

  Returns:
    The mapped planes, float32 [batch, 3, height, width], in which the nearest pixel is repeated
    beyond the picture's edge; and the coverage, float32 [batch, height, width]: 1 on the picture, 0
    off it, a ramp of one pixel at its edge.
  """
  batch, _, height, width = planes.shape
  x, y, coverage = camera_photometry.kept(*_positions(maps, height, width))
  # The three channels are packed into one word, ten bits each: one gather instead of three.
  levels = jnp.round(_smooth(planes, maps) * 4).astype(jnp.uint32)
  (words,) = camera_photometry.kept(levels[:, 0] | levels[:, 1] << 10 | levels[:, 2] << 20)
  left, above = jnp.floor(x).astype(jnp.int32), jnp.floor(y).astype(jnp.int32)
  right, below = jnp.minimum(left + 1, width - 1), jnp.minimum(above + 1, height - 1)
  x, y = (x - left)[:, None], (y - above)[:, None]
  start = jnp.arange(batch)[:, None, None] * (height * width)
  shifts = jnp.array([0, 10, 20], jnp.uint32)[:, None, None]

  def at(row: jax.Array, column: jax.Array) -> jax.Array:
    word = jnp.take(words.reshape(-1), start + row * width + column, mode='clip')
    return ((word[:, None] >> shifts) & 1023).astype(jnp.float32) / 4

  upper = at(above, left) * (1 - x) + at(above, right) * x
  lower = at(below, left) * (1 - x) + at(below, right) * x
  return upper * (1 - y) + lower * y, coverage


def _positions(maps: jax.Array, height: int, width: int) -> tuple[jax.Array, ...]:
  """For each pixel of the frame x and y in the picture, in pixels, and the coverage.

  Coverage is 1 on the picture, 0 off it, with a ramp of one pixel at its edge.
  """
  x, y = _centres(width), _centres(height)[:, None]
  top, middle, bottom = (
    row[:, 0, None, None] * x + row[:, 1, None, None] * y + row[:, 2, None, None]
    for row in jnp.moveaxis(maps, 1, 0)
  )
  # Points behind the camera (depth below 0) see nothing. A tiny positive depth moves them far off
  # the picture.
  depth = jnp.maximum(bottom, 1e-3)
  u, v = top / depth, middle / depth
  inside = jnp.minimum((1 - jnp.abs(u)) * width / 2, (1 - jnp.abs(v)) * height / 2)
  x = jnp.clip(((u + 1) * width - 1) / 2, 0, width - 1)
  y = jnp.clip(((v + 1) * height - 1) / 2, 0, height - 1)
  return x, y, jnp.clip(inside + 0.5, 0, 1)


def _centres(count: int) -> jax.Array:
  """Coordinates of the centres of `count` pixels that fill the range from -1 to 1."""
  return (2 * jnp.arange(count) + 1) / count - 1


def _smooth(planes: jax.Array, maps: jax.Array) -> jax.Array:
  """Smooths each picture along each axis as far as its map makes it smaller there.

  The kernel is (s, 1 - 2 s, s). s grows from 0, where a step of one pixel in the frame is one pixel
  in the picture, to 1/4, where it is two or more.
  """
  pixels = jnp.array(planes.shape[:1:-1])
  # How many pixels of the picture, along its x and y, one pixel in the frame's middle spans.
  middle = maps[:, :2, :2] * pixels[:, None] / pixels / maps[:, 2:, 2:]
  share = jnp.clip(jnp.sqrt((middle**2).sum(-1)) - 1, 0, 1) / 4
  x, y = jnp.moveaxis(jnp.stack([share, 1 - 2 * share, share], -1), 1, 0)
  return camera_photometry.convolve(planes, y[:, :, None] * x[:, None])


def surroundings(rng: jax.Array, planes: jax.Array) -> jax.Array:
  """What may be seen around the pictures, out of focus: float32 planes [batch, 3, height, width].

  In half of the examples that is another picture of the batch (all of them are shifted by the same
  random number of places), in the others a generated surface: a colour with a linear gradient, and
  in half of these stripes like those of wood.
  """
  batch = len(planes)
  place, surface = jax.random.split(rng)
  coarse = _resized(planes, _CELLS, _CELLS)
  partner = jnp.roll(coarse, jax.random.randint(place, (), 1, max(batch, 2)), 0)
  drawn = numbers(surface, 9 + _CELLS, batch)
  other = drawn[0, :, None, None, None] < 0.5
  (coarse,) = camera_photometry.kept(jnp.where(other, partner, _made_up(drawn[1:])))
  return _resized(coarse, *planes.shape[2:])


def _resized(planes: jax.Array, height: int, width: int) -> jax.Array:
  """`jax.image.resize` by 'linear', as two products that need no transposes of large planes."""

  def weights(size: int, wanted: int) -> jax.Array:
    return jax.image.resize(jnp.eye(size), (size, wanted), 'linear')

  def down(planes: jax.Array) -> jax.Array:
    matrix = weights(planes.shape[2], height)
    return jnp.einsum('bcyx,yh->bchx', planes, matrix, precision=jax.lax.Precision.HIGHEST)

  def across(planes: jax.Array) -> jax.Array:
    matrix = weights(planes.shape[3], width)
    return jnp.einsum('bcyx,xw->bcyw', planes, matrix, precision=jax.lax.Precision.HIGHEST)

  return down(across(planes)) if width < planes.shape[3] else across(down(planes))


def _made_up(drawn: jax.Array) -> jax.Array:
  """Generated surfaces: `numbers` [8 + cells, batch] to float32 [batch, 3, cells, cells]."""
  drawn = drawn.T[..., None, None]
  grey, tint, slope = 20 + 220 * drawn[:, :1], 80 * drawn[:, 1:4] - 40, 80 * drawn[:, 4:6] - 40
  striped, upright = drawn[:, 6:7] < 0.5, drawn[:, 7:8] < 0.5
  stripes = jnp.where(striped, 90 * drawn[:, 8:] - 45, 0)
  stripes = jnp.where(upright, stripes.swapaxes(1, 3), stripes.swapaxes(1, 2))
  x = _centres(_CELLS)
  made = grey + tint + slope[:, :1] * x + slope[:, 1:] * x[:, None] + stripes
  return jnp.clip(made, 0, 255)
