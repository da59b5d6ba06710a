"""The effects of light, lens, sensor and file on a picture, with strengths given per example.

Pictures are passed as planes: float32 [batch, 3, height, width] in 0..255. Only `grain` is random
itself; the other random numbers are drawn in `camera.look`.
"""

import math
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np

from omr_jax.inputs.geometry import BRIGHTNESS

# Quantization tables of the JPEG standard (ITU-T T.81, tables K.1 and K.2): brightness, colour.
_TABLES = np.array(
  [
    [
      [16, 11, 10, 16, 24, 40, 51, 61],
      [12, 12, 14, 19, 26, 58, 60, 55],
      [14, 13, 16, 24, 40, 57, 69, 56],
      [14, 17, 22, 29, 51, 87, 80, 62],
      [18, 22, 37, 56, 68, 109, 103, 77],
      [24, 35, 55, 64, 81, 104, 113, 92],
      [49, 64, 78, 87, 103, 121, 120, 101],
      [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    [
      [17, 18, 24, 47, 99, 99, 99, 99],
      [18, 21, 26, 66, 99, 99, 99, 99],
      [24, 26, 56, 99, 99, 99, 99, 99],
      [47, 66, 99, 99, 99, 99, 99, 99],
      [99, 99, 99, 99, 99, 99, 99, 99],
      [99, 99, 99, 99, 99, 99, 99, 99],
      [99, 99, 99, 99, 99, 99, 99, 99],
      [99, 99, 99, 99, 99, 99, 99, 99],
    ],
  ],
  np.float32,
)

# Row u has the discrete cosine transform's wave of frequency u, at eight pixels.
_COSINES = np.cos(np.pi / 8 * np.outer(np.arange(8), np.arange(8) + 0.5)).astype(np.float32) / 2
_COSINES[0] /= np.sqrt(2)


def grey(planes: jax.Array) -> jax.Array:
  """Removes colours: every channel becomes the brightness."""
  return jnp.broadcast_to(_brightness(planes)[:, None], planes.shape)


def _brightness(planes: jax.Array) -> jax.Array:
  """Brightness (ITU-R BT.601): [batch, 3, height, width] to [batch, height, width]."""
  return cast(jax.Array, sum(weight * planes[:, i] for i, weight in enumerate(BRIGHTNESS)))


def kept(*values: jax.Array) -> tuple[jax.Array, ...]:
  """Returns its arguments and makes XLA compute them only once. The first must be finite.

  On CPU, XLA fuses a chain of operations into the operation that reads its result. If that reads
  the same value in several places, the whole chain is computed again for each of them, 25 times in
  a blur. An `optimization_barrier` is no help there, because the CPU compiler removes it before it
  fuses. A loop stays: XLA cannot know that it is never entered. It copies nothing, which a branch
  would do.
  """

  def loop(*values: jax.Array) -> tuple[jax.Array, ...]:
    def is_wrong(values: tuple[jax.Array, ...]) -> jax.Array:
      return ~(values[0].reshape(-1)[0].astype(jnp.float32) < jnp.inf)

    return jax.lax.while_loop(is_wrong, lambda v: jax.tree.map(jnp.zeros_like, v), values)

  def barrier(*values: jax.Array) -> tuple[jax.Array, ...]:
    return jax.lax.optimization_barrier(values)

  return jax.lax.platform_dependent(*values, cpu=loop, default=barrier)


def convolve(planes: jax.Array, kernels: jax.Array) -> jax.Array:
  """Convolves every example with its own kernel; the pixels at the edges are repeated.

  It sums shifted copies, because XLA's depthwise convolution takes many times as long on CPU.

  Args:
    planes: The pictures.
    kernels: [batch, size, size], with an odd size.
  """
  height, width = planes.shape[2:]
  size = kernels.shape[1]
  edge = (size // 2, size // 2)
  (padded,) = kept(jnp.pad(planes, ((0, 0), (0, 0), edge, edge), mode='edge'))
  copies = (
    kernels[:, row, column, None, None, None]
    * padded[:, :, row : row + height, column : column + width]
    for row in range(size)
    for column in range(size)
  )
  return cast(jax.Array, sum(copies))


def blur(planes: jax.Array, defocus: jax.Array, motion: jax.Array, angle: jax.Array) -> jax.Array:
  """Blurs with a Gaussian kernel of 5x5 pixels; the pixels at the edges are repeated.

  Args:
    planes: The pictures.
    defocus: [batch], standard deviation in pixels in all directions.
    motion: [batch], length in pixels of the camera's movement along `angle`. It adds the variance
      of a uniform distribution over that length, a twelfth of its square.
    angle: [batch], radians from x to y.
  """
  # Where both are 0 the variance is so small that every weight but the middle one becomes 0.
  across = jnp.maximum(defocus**2, 1e-4)[:, None, None]
  along = across + (motion**2 / 12)[:, None, None]
  sin, cos = jnp.sin(angle)[:, None, None], jnp.cos(angle)[:, None, None]
  x, y = jnp.arange(-2, 3), jnp.arange(-2, 3)[:, None]
  distance = (cos * x + sin * y) ** 2 / along + (cos * y - sin * x) ** 2 / across
  kernel = jnp.exp(-distance / 2)
  kernel /= kernel.sum((1, 2), keepdims=True)
  return convolve(planes, kernel)


def field(nodes: jax.Array, height: int, width: int) -> jax.Array:
  """Enlarges a coarse grid smoothly (cubic): [batch, n, n] to [batch, height, width]."""
  return jax.image.resize(nodes, (len(nodes), height, width), 'cubic')


def shadow(
  depth: jax.Array, angle: jax.Array, start: jax.Array, softness: jax.Array, height: int, width: int
) -> jax.Array:
  """The share of the light that a shadow leaves: float32 [batch, height, width], 1 outside of it.

  Coordinates go from -1 to 1 across the picture.

  Args:
    depth: [batch], share of the light that is lost in the shadow, 0..1.
    angle: [batch], direction from the light into the shadow, in radians from x to y.
    start: [batch], distance of the shadow's edge from the picture's middle in that direction.
    softness: [batch], width of the edge.
    height: Height of the result in pixels.
    width: Width of the result in pixels.
  """
  depth, angle, start, softness = (v[:, None, None] for v in (depth, angle, start, softness))
  x, y = jnp.linspace(-1, 1, width), jnp.linspace(-1, 1, height)[:, None]
  inward = jnp.cos(angle) * x + jnp.sin(angle) * y - start
  return 1 - depth * jnp.clip(inward / softness + 0.5, 0, 1)


def moire(waves: jax.Array, contrast: jax.Array, height: int, width: int) -> jax.Array:
  """Fringes that a screen's grid and the sensor's make: a factor, [batch, 3, height, width].

  The factor is 1 + contrast cos(phase). The phase is a quadratic function of x plus one of y, so
  that the fringes bend, and differs a little between the three colours. x and y go from -1 to 1.

  Args:
    waves: [batch, 6], in radians: the linear coefficients of the phase along x and along y, its
      quadratic coefficients along x and along y, the phase in the middle, and its difference from
      one colour to the next.
    contrast: [batch], the largest change of brightness, 0..1.
    height: Height of the result in pixels.
    width: Width of the result in pixels.
  """
  along_x, along_y, bend_x, bend_y, begin, apart = jnp.moveaxis(waves[:, :, None], 1, 0)
  x, y = jnp.linspace(-1, 1, width), jnp.linspace(-1, 1, height)
  phase_x = along_x * x + bend_x * x**2
  phase_y = along_y * y + bend_y * y**2 + begin
  phase_y = phase_y[:, None] + apart[:, None] * jnp.arange(-1, 2)[:, None]
  # By cos(a + b) = cos a cos b - sin a sin b, cosines of rows and of columns are enough.
  down = contrast[:, None, None, None] * jnp.stack([jnp.cos(phase_y), -jnp.sin(phase_y)], -1)
  across = jnp.stack([jnp.cos(phase_x), jnp.sin(phase_x)], 1)
  return 1 + jnp.einsum('bcyn,bnx->bcyx', down, across, precision=jax.lax.Precision.HIGHEST)


def tone(planes: jax.Array, contrast: jax.Array, midtones: jax.Array) -> jax.Array:
  """Changes the contrast about middle grey, then the midtones, with black and white unchanged.

  Args:
    planes: The pictures.
    contrast: [batch], added to the factor 1. Values are clipped to 0..255 afterwards.
    midtones: [batch], how far middle grey moves, as a share of white. Up to 1/4 in either
      direction, darker pixels stay darker than lighter ones.
  """
  contrast, midtones = contrast[:, None, None, None], midtones[:, None, None, None]
  light = jnp.clip(planes + contrast * (planes - 127.5), 0, 255)
  return light + 4 * midtones * light * (1 - light / 255)


def grain(rng: jax.Array, shape: tuple[int, ...]) -> jax.Array:
  """Noise of mean 0 and standard deviation 1, independent per value: [batch, 3, height, width].

  Each value is the sum of two uniform numbers of five bits, so it lies within +-2.4. One random
  word gives all three colours, because drawing random numbers takes most of the time here.
  """
  batch, _, height, width = shape
  (word,) = kept(jax.random.bits(rng, (batch, 1, height, width)))
  parts = word >> jnp.array([0, 10, 20], jnp.uint32)[:, None, None]
  both = (parts & 31) + (parts >> 5 & 31)
  # A uniform number of five bits has the variance (32^2 - 1) / 12.
  return (both.astype(jnp.float32) - 31) / (2 * 1023 / 12) ** 0.5


def jpeg(planes: jax.Array, quality: jax.Array) -> jax.Array:
  """Compresses as JPEG and decompresses: blocks of 8x8 pixels, colours at full resolution.

  Args:
    planes: The pictures. The pixels at the edges are repeated to fill the last blocks.
    quality: [batch], 1..100 on the scale of the Independent JPEG Group.

  Returns:
    Planes; values are not clipped to 0..255.
  """
  height, width = planes.shape[2:]
  red, _, blue = jnp.moveaxis(planes, 1, 0)
  light = _brightness(planes)
  values = jnp.stack([light - 128, (blue - light) / 1.772, (red - light) / 1.402], 1)
  (values,) = kept(
    jnp.pad(values, ((0, 0), (0, 0), (0, -height % 8), (0, -width % 8)), mode='edge')
  )
  scale = jnp.where(quality < 50, 5000 / quality, 200 - 2 * quality)[:, None, None, None]
  tables = jnp.clip(jnp.floor((_TABLES * scale + 50) / 100), 1, 255)
  (tables,) = kept(jnp.tile(tables[:, (0, 1, 1)], (1, 1, 1, values.shape[3] // 8))[:, :, None])
  waves = _along_rows(_down_columns(values, _COSINES), _COSINES)
  # [batch, 3, blocks down, 8, width], as the tables are.
  waves = waves.reshape(*waves.shape[:2], -1, *tables.shape[3:])
  waves = (jnp.round(waves / tables) * tables).reshape(values.shape)
  (values,) = kept(_down_columns(_along_rows(waves, _COSINES.T), _COSINES.T))
  light, blue, red = jnp.moveaxis(values[:, :, :height, :width], 1, 0)
  light, blue, red = light + 128, 1.772 * blue, 1.402 * red
  of_red, of_green, of_blue = BRIGHTNESS
  green = -(of_blue * blue + of_red * red) / of_green
  return jnp.stack([light + red, light + green, light + blue], 1)


def _down_columns(planes: jax.Array, matrix: np.ndarray) -> jax.Array:
  """Multiplies every eight pixels above one another by an 8x8 matrix.

  As a sum of rows it needs no transposes, which take most of the time of a product on CPU.
  """
  rows = planes.reshape(*planes.shape[:2], -1, 8, planes.shape[3])
  products = (matrix[:, i, None] * rows[:, :, :, i : i + 1] for i in range(8))
  return cast(jax.Array, sum(products)).reshape(planes.shape)


def _along_rows(planes: jax.Array, matrix: np.ndarray) -> jax.Array:
  """Multiplies every eight pixels beside one another by an 8x8 matrix.

  Up to four blocks are multiplied at once by a matrix that has the given one four times on its
  diagonal: eight columns are too few for a fast product on CPU.
  """
  several = np.kron(np.eye(math.gcd(planes.shape[3] // 8, 4), dtype=np.float32), matrix)
  # Full precision also on TPU, where the default would add more error than the quantization.
  highest = jax.lax.Precision.HIGHEST
  products = jnp.matmul(planes.reshape(-1, len(several)), several.T, precision=highest)
  return products.reshape(planes.shape)
