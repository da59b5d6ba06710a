"""Random affine maps of a batch, inside jit: rotation, zoom per axis, shear and shift (paper, V-B).

The same maps are applied to pictures (`warp`) and to strokes before they are drawn
(`handwriting.rewritten`). Every example has its own map. The maps of a batch follow from `rng`
alone, whatever the number of devices that share the batch.
"""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax.scipy import ndimage

STRENGTHS = ('flip', 'rotation', 'zoom', 'shear', 'shift')


def moved(
  rng: jax.Array,
  images: jax.Array,
  *,
  flip: bool,
  rotation: float,
  zoom: Sequence[float],
  shear: float,
  shift: float,
) -> jax.Array:
  """Augments pictures as in the paper's section V-B: mirrors some, then maps and shifts all.

  Args:
    rng: A key.
    images: [batch, height, width, channels], any dtype.
    flip: Whether each picture is mirrored left to right with probability 1/2.
    rotation: Largest angle in degrees.
    zoom: Smallest and largest factor along each axis.
    shear: Largest shear.
    shift: Largest shift in pixels.

  Returns:
    float32, the shape of `images`.
  """
  keys = jax.random.split(rng, 3)
  if flip:
    images = mirrored(keys[2], images)
  matrix = random_affine(keys[0], len(images), rotation, zoom, shear)
  return warp(images, matrix, random_shift(keys[1], len(images), shift))


def mirrored(rng: jax.Array, images: jax.Array) -> jax.Array:
  """Mirrors every example left to right with probability 1/2; [batch, height, width, ...]."""
  chosen = jax.random.bernoulli(rng, 0.5, (len(images), *(1,) * (images.ndim - 1)))
  return jnp.where(chosen, jnp.flip(images, 2), images)


def random_affine(
  rng: jax.Array, batch: int, rotation: float, zoom: Sequence[float], shear: float
) -> jax.Array:
  """Random linear maps of (x, y): zoom, then shear, then rotation.

  Args:
    rng: A key.
    batch: Number of maps.
    rotation: Largest angle in degrees; angles are uniform in both directions.
    zoom: Smallest and largest factor; factors are uniform and independent for x and y.
    shear: Largest shear: x moves by up to `shear` times y.

  Returns:
    float32 [batch, 2, 2], matrices for column vectors (x, y).
  """
  keys = jax.random.split(rng, 3)
  angle = jnp.deg2rad(jax.random.uniform(keys[0], (batch,), minval=-rotation, maxval=rotation))
  factor = uniform(keys[1], (batch, 2), *zoom)
  slant = jax.random.uniform(keys[2], (batch,), minval=-shear, maxval=shear)
  sin, cos = jnp.sin(angle), jnp.cos(angle)
  rotate = jnp.stack([jnp.stack([cos, -sin], -1), jnp.stack([sin, cos], -1)], -2)
  zeros, ones = jnp.zeros(batch), jnp.ones(batch)
  lean = jnp.stack([jnp.stack([ones, slant], -1), jnp.stack([zeros, ones], -1)], -2)
  # An elementwise product and a sum: a TPU may compute matrix products in lower precision.
  product = (rotate[:, :, :, None] * lean[:, None, :, :]).sum(2)
  return product * factor[:, None, :]


def random_shift(rng: jax.Array, batch: int, shift: float) -> jax.Array:
  """Uniform shifts of up to `shift` pixels along x and y, float32 [batch, 2]."""
  return uniform(rng, (batch, 2), -shift, shift)


def uniform(rng: jax.Array, shape: tuple[int, ...], low: float, high: float) -> jax.Array:
  """Numbers from `low` to `high`, drawn as one vector.

  They are those of `jax.random.uniform` for this shape, and compile in half the time on a CPU.
  """
  return jax.random.uniform(rng, (math.prod(shape),), minval=low, maxval=high).reshape(shape)


def warp(images: jax.Array, matrix: jax.Array, shift: jax.Array) -> jax.Array:
  """Maps every picture about its centre. Beyond its edges the nearest pixel is repeated.

  Bilinear interpolation: the output at p is the input at
  inverse(matrix) (p - centre - shift) + centre.

  Args:
    images: [batch, height, width, channels], any dtype.
    matrix: [batch, 2, 2], from the input's (x, y) to the output's.
    shift: [batch, 2], pixels along x and y.

  Returns:
    float32, the shape of `images`.
  """
  height, width = images.shape[1:3]
  centre = jnp.array([(width - 1) / 2, (height - 1) / 2])
  grid = jnp.stack(jnp.meshgrid(jnp.arange(width), jnp.arange(height)), -1) - centre
  (a, b), (c, d) = matrix[:, 0].T, matrix[:, 1].T
  det = a * d - b * c
  inverse = jnp.stack([jnp.stack([d, -b], -1), jnp.stack([-c, a], -1)], -2) / det[:, None, None]

  def one(image: jax.Array, inverse: jax.Array, shift: jax.Array) -> jax.Array:
    x, y = jnp.moveaxis(((grid - shift)[..., None, :] * inverse).sum(-1) + centre, -1, 0)

    def sample(channel: jax.Array) -> jax.Array:
      return ndimage.map_coordinates(channel, [y, x], order=1, mode='nearest')

    return jax.vmap(sample, -1, -1)(image.astype(jnp.float32))

  return jax.vmap(one)(images, inverse, shift)
