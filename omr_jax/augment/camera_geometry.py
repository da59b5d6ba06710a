"""Where a phone's camera sees a picture: perspective, turns, distance, and what lies around it.

Positions are in units in which frame and picture both reach from -1 to 1 along x (to the right)
and y (down), edge to edge. Angles are those of a square frame: the resize to the network's input
isn't uniform either.
"""

import jax
import jax.numpy as jnp

from omr_jax.augment import camera_photometry

# What lies around is kept this coarse, out of focus: nobody could read notes in it.
_CELLS = 32


def numbers(rng: jax.Array, count: int, batch: int) -> jax.Array:
  """Uniform in [0, 1), float32 [count, batch]: all that examples need at once, to compile fast."""
  (drawn,) = camera_photometry.kept(jax.random.uniform(rng, (count, batch)))
  return drawn


def amount(drawn: jax.Array, chance: float, low: float, high: float) -> jax.Array:
  """Two `numbers` each, to float32 [batch]: by `chance` from `low` to `high`, else 0."""
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
  """Random maps from frame to picture, float32 [batch, 3, 3]; `camera.look` has the arguments.

  A position p of the frame shows the picture at (x, y) / z, (x, y, z) = map @ (p, 1). Seen from
  the picture: flip, quarter turn, stretch, rotation, size, then its place in the frame. Where it
  lies is uniform among the places that would keep a smaller picture, were it upright, within the
  frame, or the frame within a larger picture; `shift` goes beyond.
  """
  drawn = numbers(rng, 21, batch)
  angle = jnp.deg2rad(amount(drawn[0:2], chance, -rotation, rotation))
  sin, cos = jnp.sin(angle), jnp.cos(angle)
  size = jnp.exp2(amount(drawn[2:4], chance, -smaller, larger))
  wide = size * (1 + amount(drawn[4:6], chance, -stretch, stretch))
  high = size * (1 + amount(drawn[6:8], chance, -stretch, stretch))
  # Frame to picture, so all in reverse: rotation back, then the sizes, then the quarter turns.
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
  """Shows pictures through their maps: bilinear, smoothed first where a map makes them smaller.

  Args:
    planes: [batch, 3, height, width] in 0..255; quarters of a grey level are kept.
    maps: [batch, 3, 3], from frame to picture.

  Returns:
    Planes, float32 [batch, 3, height, width], beyond the picture its nearest edge; and coverage,
    float32 [batch, height, width]: 1 on the picture, 0 off it, a ramp of one pixel at its edge.
  """
  batch, _, height, width = planes.shape
  x, y, coverage = camera_photometry.kept(*_positions(maps, height, width))
  # Three channels of ten bits in one word: one gather instead of three.
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
  """Pixels x and y of the picture that the frame's pixels show, and coverage as in `warp`."""
  x, y = _centres(width), _centres(height)[:, None]
  top, middle, bottom = (
    row[:, 0, None, None] * x + row[:, 1, None, None] * y + row[:, 2, None, None]
    for row in jnp.moveaxis(maps, 1, 0)
  )
  # Behind the camera there is nothing; a tiny depth puts that far off the picture.
  depth = jnp.maximum(bottom, 1e-3)
  u, v = top / depth, middle / depth
  inside = jnp.minimum((1 - jnp.abs(u)) * width / 2, (1 - jnp.abs(v)) * height / 2)
  x = jnp.clip(((u + 1) * width - 1) / 2, 0, width - 1)
  y = jnp.clip(((v + 1) * height - 1) / 2, 0, height - 1)
  return x, y, jnp.clip(inside + 0.5, 0, 1)


def _centres(count: int) -> jax.Array:
  return (2 * jnp.arange(count) + 1) / count - 1


def _smooth(planes: jax.Array, maps: jax.Array) -> jax.Array:
  """From the picture itself to (1, 2, 1) / 4 along each axis, as a step goes from 1 pixel to 2."""
  pixels = jnp.array(planes.shape[:1:-1])
  # How far a step of one pixel in the middle of the frame goes along the picture's x and y.
  middle = maps[:, :2, :2] * pixels[:, None] / pixels / maps[:, 2:, 2:]
  share = jnp.clip(jnp.sqrt((middle**2).sum(-1)) - 1, 0, 1) / 4
  x, y = jnp.moveaxis(jnp.stack([share, 1 - 2 * share, share], -1), 1, 0)
  return camera_photometry.convolve(planes, y[:, :, None] * x[:, None])


def surroundings(rng: jax.Array, planes: jax.Array) -> jax.Array:
  """What pictures may lie on, out of focus: float32 planes [batch, 3, height, width].

  Half of the time another picture of the batch (the same number of places further on for
  all), else a made-up surface: a colour that changes along a slope, and stripes like those of
  wood in half of these.
  """
  batch = len(planes)
  place, surface = jax.random.split(rng)
  coarse = jax.image.resize(planes, (batch, 3, _CELLS, _CELLS), 'linear')
  partner = jnp.roll(coarse, jax.random.randint(place, (), 1, max(batch, 2)), 0)
  drawn = numbers(surface, 9 + _CELLS, batch)
  other = drawn[0, :, None, None, None] < 0.5
  (coarse,) = camera_photometry.kept(jnp.where(other, partner, _made_up(drawn[1:])))
  return jax.image.resize(coarse, planes.shape, 'linear')


def _made_up(drawn: jax.Array) -> jax.Array:
  """Surfaces from `numbers` [8 + cells, batch]: float32 [batch, 3, cells, cells]."""
  drawn = drawn.T[..., None, None]
  grey, tint, slope = 20 + 220 * drawn[:, :1], 80 * drawn[:, 1:4] - 40, 80 * drawn[:, 4:6] - 40
  striped, upright = drawn[:, 6:7] < 0.5, drawn[:, 7:8] < 0.5
  stripes = jnp.where(striped, 90 * drawn[:, 8:] - 45, 0)
  stripes = jnp.where(upright, stripes.swapaxes(1, 3), stripes.swapaxes(1, 2))
  x = _centres(_CELLS)
  made = grey + tint + slope[:, :1] * x + slope[:, 1:] * x[:, None] + stripes
  return jnp.clip(made, 0, 255)
