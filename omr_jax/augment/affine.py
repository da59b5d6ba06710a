"""Random views of a batch, inside jit: rotation, zoom per axis, shear and shift (paper, V-B).

The same random affine maps serve pictures (`warp`) and, before they are drawn, strokes (`ink.py`).
Every example has its own map, and the maps of a batch depend on `rng` alone, not on how many
devices share the batch.
"""

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
  """The views of the paper's section V-B: mirrored where wanted, then mapped and shifted.

  Args:
    rng: A key.
    images: [batch, height, width, channels], any dtype.
    flip: Whether half of them, chosen at random, are mirrored left to right.
    rotation: Largest angle in degrees.
    zoom: Smallest and largest factor along each axis.
    shear: Largest shear.
    shift: Largest shift in pixels.

  Returns:
    float32, the shape of `images`.
  """
  keys = jax.random.split(rng)
  if flip:
    images = mirrored(jax.random.fold_in(rng, 2), images)
  matrix = random_affine(keys[0], len(images), rotation, zoom, shear)
  return warp(images, matrix, random_shift(keys[1], len(images), shift))


def mirrored(rng: jax.Array, images: jax.Array) -> jax.Array:
  """Mirrors every example left to right with probability 1/2; [batch, height, width, ...]."""
  chosen = jax.random.bernoulli(rng, 0.5, (len(images), *(1,) * (images.ndim - 1)))
  return jnp.where(chosen, jnp.flip(images, 2), images)


def random_affine(
  rng: jax.Array, batch: int, rotation: float, zoom: Sequence[float], shear: float
) -> jax.Array:
  """Random 2x2 maps of (x, y), float32 [batch, 2, 2]: zoom, then shear, then rotation.

  Args:
    rng: A key.
    batch: How many.
    rotation: Largest angle in degrees; uniform in both directions.
    zoom: Smallest and largest factor, uniform and independent for x and y.
    shear: Largest shear: x moves by up to `shear` times y.
  """
  keys = jax.random.split(rng, 3)
  angle = jnp.deg2rad(jax.random.uniform(keys[0], (batch,), minval=-rotation, maxval=rotation))
  factor = jax.random.uniform(keys[1], (batch, 2), minval=zoom[0], maxval=zoom[1])
  slant = jax.random.uniform(keys[2], (batch,), minval=-shear, maxval=shear)
  sin, cos = jnp.sin(angle), jnp.cos(angle)
  rotate = jnp.stack([jnp.stack([cos, -sin], -1), jnp.stack([sin, cos], -1)], -2)
  zeros, ones = jnp.zeros(batch), jnp.ones(batch)
  lean = jnp.stack([jnp.stack([ones, slant], -1), jnp.stack([zeros, ones], -1)], -2)
  # Elementwise, as matrix products of 2x2 may run in lower precision on TPU.
  product = (rotate[:, :, :, None] * lean[:, None, :, :]).sum(2)
  return product * factor[:, None, :]


def random_shift(rng: jax.Array, batch: int, shift: float) -> jax.Array:
  """Uniform shifts of up to `shift` pixels along x and y, float32 [batch, 2]."""
  return jax.random.uniform(rng, (batch, 2), minval=-shift, maxval=shift)


def warp(images: jax.Array, matrix: jax.Array, shift: jax.Array) -> jax.Array:
  """Maps every picture about its centre; what comes from outside repeats the nearest edge.

  Bilinear: the output at p is the input at inverse(matrix) (p - centre - shift) + centre.

  Args:
    images: [batch, height, width, channels], any dtype.
    matrix: [batch, 2, 2] on (x, y).
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
