"""Convolutions of 3x3 pixels with a quarter of the multiplications: Winograd's F(4x4, 3x3).

A tile of 6x6 pixels and a kernel of 3x3 are turned into 6x6 numbers each. Their products, turned
back, are 4x4 pixels of the result (Winograd, 1980; Lavin and Gray, 2016, section 4.3). With
channels each of these 36 products is one of two matrices, [tiles, in] and [in, out]. In float32
the sums differ from the usual ones by about 1e-5 of the largest.
"""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

# What turns a column of a tile, of a kernel and of the products. The numbers are values of the
# polynomials whose product is a convolution: at 0, 1, -1, 2, -2 and infinity.
_TILE = np.array(
  [
    [4, 0, -5, 0, 1, 0],
    [0, -4, -4, 1, 1, 0],
    [0, 4, -4, -1, 1, 0],
    [0, -2, -1, 2, 1, 0],
    [0, 2, -1, -2, 1, 0],
    [0, 4, 0, -5, 0, 1],
  ]
)
_KERNEL = np.array(
  [
    [1 / 4, 0, 0],
    [-1 / 6, -1 / 6, -1 / 6],
    [-1 / 6, 1 / 6, -1 / 6],
    [1 / 24, 1 / 12, 1 / 6],
    [1 / 24, -1 / 12, 1 / 6],
    [0, 0, 1],
  ]
)
_RESULT = np.array(
  [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]
)
# What turns the products back in the gradient of a picture, where neighbouring tiles share pixels:
# to the middle four pixels of a tile from its six numbers, the last number of the tile before it
# and the first of the tile after it.
_SHARED = np.hstack([_TILE.T[1:5], [[1, 0], [0, 0], [0, 0], [0, 4]]])
_STEP = 4  # Pixels of the result along each side of a tile.
# The 36 products are computed as two groups of 18, half of each row of numbers.
_HALVES = slice(0, 3), slice(3, 6)
# What turns a whole kernel into the numbers of each half: [18, 9].
_KERNELS = [np.einsum('pj,qi->pqij', _KERNEL[half], _KERNEL).reshape(18, 9) for half in _HALVES]


# The most bytes in the numbers of a batch, of x and of the sums, that are always worth while. More
# leave the caches, and take longer to write and to read than the multiplications that they save,
# unless each number saves so many of them.
_MOST, _SAVED = 2**26, 96


def gains(
  x: jax.Array | jax.ShapeDtypeStruct, kernel: Sequence[int], strides: tuple[int, int]
) -> bool:
  """Whether `to_kernel` is faster so: if tiles are nearly full, with many channels and pixels.

  Args:
    x: Shape [batch, height, width, in] and type.
    kernel: Shape [height, width, in, out].
    strides: Down and across.
  """
  batch, height, width, channels = x.shape
  rows, columns, _, out = kernel
  return (
    rows == columns == 3
    and strides == (1, 1)
    and isinstance(batch, int)  # An export leaves it open.
    and x.dtype == jnp.float32  # A digit is lost, which bfloat16 does not have.
    and channels + out >= 48
    and batch * height * width >= 256  # Below, turning the kernel takes most of the time.
    and _STEP**2 * math.prod(_tiles(height, width)) <= 1.4 * height * width
  )


def gains_wholly(
  x: jax.Array | jax.ShapeDtypeStruct, kernel: Sequence[int], strides: tuple[int, int]
) -> bool:
  """Whether `convolve` and `to_x` are faster so too, of arguments as of `gains`."""
  *_, channels, out = kernel
  # Of each tile 16 pixels take 9 multiplications for each pair of channels, and now 36 together.
  saved = (16 * 9 - 36) * channels * out / (36 * (channels + out))
  few = numbers_size(x, channels + out) <= _MOST
  return gains(x, kernel, strides) and (few or saved >= _SAVED)


def numbers_size(x: jax.Array | jax.ShapeDtypeStruct, channels: int) -> int:
  """The bytes of the numbers of pictures as large as x, with so many channels."""
  batch, height, width, _ = x.shape
  return 36 * batch * math.prod(_tiles(height, width)) * channels * x.dtype.itemsize


def _tiles(height: int, width: int) -> tuple[int, int]:
  """The number of tiles down and across a picture."""
  return -(-height // _STEP), -(-width // _STEP)


def convolve(x: jax.Array, kernel: jax.Array) -> jax.Array:
  """The convolution with padding 'SAME' and stride 1: [batch, height, width, out].

  Args:
    x: [batch, height, width, in].
    kernel: [3, 3, in, out].
  """
  products = _products(_turned_tiles(x, _TILE, 1), _turned_kernel(kernel), (2, 1))
  return _turned_back(products, x, _RESULT)


def to_x(x: jax.Array, kernel: jax.Array, grad: jax.Array) -> jax.Array:
  """The gradient with respect to x: [batch, height, width, in].

  Args:
    x: Not used here.
    kernel: [3, 3, in, out].
    grad: The gradient of the result, [batch, height, width, out].
  """
  del x
  products = _products(_turned_tiles(grad, _RESULT.T, 0), _turned_kernel(kernel), (2, 2))
  return _turned_back(products, grad, _SHARED)


def to_kernel(x: jax.Array, kernel: jax.Array, grad: jax.Array) -> jax.Array:
  """The gradient with respect to the kernel: [3, 3, in, out].

  Args:
    x: [batch, height, width, in].
    kernel: Not used here.
    grad: The gradient of the result, [batch, height, width, out].
  """
  del kernel
  # The products are faster with the numbers of `grad` on the left.
  products = _products(_turned_tiles(grad, _RESULT.T, 0), _turned_tiles(x, _TILE, 1), (1, 1))
  first, second = (
    jnp.asarray(matrix.T, x.dtype) @ each.reshape(18, -1)
    for matrix, each in zip(_KERNELS, products, strict=True)
  )
  return (first + second).reshape(3, 3, *products[0].shape[1:]).swapaxes(2, 3)


def _products(
  left: Sequence[jax.Array], right: Sequence[jax.Array], over: tuple[int, int]
) -> list[jax.Array]:
  """The 18 products of matrices of each half, summed over an axis of the left and of the right."""
  numbers = ((over[:1], over[1:]), ((0,), (0,)))
  return [jax.lax.dot_general(*each, numbers) for each in zip(left, right, strict=True)]


def _turned_kernel(kernel: jax.Array) -> list[jax.Array]:
  """A kernel in numbers: for each half [18, in, out]."""
  turned = [jnp.asarray(each, kernel.dtype) @ kernel.reshape(9, -1) for each in _KERNELS]
  return [each.reshape(18, *kernel.shape[2:]) for each in turned]


def _turned_tiles(x: jax.Array, matrix: np.ndarray, border: int) -> list[jax.Array]:
  """A picture in numbers: for each half [18, batch * tiles, channels].

  Args:
    x: [batch, height, width, channels].
    matrix: What turns a column of a tile, [6, side of a tile].
    border: Pixels that the tiles reach beyond the picture.
  """
  (batch, height, width, channels), side = x.shape, matrix.shape[1]
  down, across = _tiles(height, width)
  ends = (border, _STEP * down + border - height), (border, _STEP * across + border - width)
  x = jnp.pad(x, ((0, 0), *ends, (0, 0)))
  rows = _combined(matrix, _every_fourth(x, 1, side, down), 0)
  columns = _every_fourth(rows, 3, side, across)
  halves = [_combined(matrix[half], columns, 0) for half in _HALVES]
  return [each.reshape(18, batch * down * across, channels) for each in halves]


def _every_fourth(x: jax.Array, axis: int, starts: int, count: int) -> list[jax.Array]:
  """From each of the first places along an axis every fourth, so many of them."""
  return [
    jax.lax.slice_in_dim(x, start, start + _STEP * (count - 1) + 1, _STEP, axis)
    for start in range(starts)
  ]


def _turned_back(products: Sequence[jax.Array], x: jax.Array, matrix: np.ndarray) -> jax.Array:
  """A picture as large as x from its numbers in products, [18, batch * tiles, channels] each."""
  batch, height, width, _ = x.shape
  down, across = _tiles(height, width)

  def turned(numbers: list[jax.Array], axis: int, new_axis: int) -> jax.Array:
    beside = _neighbours(numbers, axis) if matrix is _SHARED else []
    return _combined(matrix, numbers + beside, new_axis)

  columns = [each for half in products for each in half.reshape(3, 6, batch, down, across, -1)]
  rows = turned(columns, 3, 4).reshape(6, batch, down, _STEP * across, -1)
  found = turned(list(rows), 1, 2)
  return found.reshape(batch, _STEP * down, _STEP * across, -1)[:, :height, :width]


def _neighbours(numbers: Sequence[jax.Array], axis: int) -> list[jax.Array]:
  """The last number of the tile before each tile along an axis, and the first of the one after."""
  first, *_, last = numbers
  zero = jnp.zeros((), last.dtype)
  moved = ((last, (1, -1, 0)), (first, (-1, 1, 0)))
  return [
    jax.lax.pad(each, zero, [by if n == axis else (0, 0, 0) for n in range(each.ndim)])
    for each, by in moved
  ]


def _combined(matrix: np.ndarray, arrays: Sequence[jax.Array], axis: int) -> jax.Array:
  """For each row of a matrix the sum of the arrays, times its numbers, along a new axis.

  XLA keeps such a stack, so that what reads it does not compute it again.
  """
  return jnp.stack(
    [sum(float(n) * each for n, each in zip(row, arrays, strict=True) if n) for row in matrix], axis
  )
