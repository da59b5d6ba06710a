"""Convolutions that are fast on CPU: the same sums as usual, computed in other ways.

XLA's convolutions for CPU are made for 32 output channels and more. With 16 they reach half of the
cores' peak rate, with a single input channel an eighth. And kernels of 3x3 pixels need only a
quarter of the multiplications (`winograd.py`). On CPU this module therefore uses other
formulations, each in a function of its own. Their times, in float32 on two cores, with jax 0.10.2;
jax 0.12.0.1 gains as much:

  _blocks       64 examples of 128x128 pixels, 1 to 24 channels, 8x8 kernel, stride 4: 4.0 to 2.3 ms
  _two_columns  16 of 192x96, 16 to 16 channels: 18.6 to 16.2 ms; 64 of 32x24: 2.2 to 1.8 ms
  _four_columns 16 of 192x96, 1 to 16 channels: 7.3 to 2.3 ms; 64 of 96x96, 1 to 24 channels, 5x5
                kernel, stride 2: 6.8 to 2.7 ms
  _one_pixel    only the gradient of a 1x1 kernel, stride 2, 16 of 96x48, 32 to 64 channels: 2.8 to
                1.3 ms
  _spread       only the gradient of the input, 16 of 6x6, 512 to 512 channels: 17.7 to 13.6 ms
  winograd      sums and both gradients, 16 of 24x24, 128 to 128 channels: 42.3 to 23.4 ms; 64 of
                16x12, 48 to 48: 11.3 to 7.4 ms

`backend.for_networks` chooses the library that computes them, and `benchmarks/README.md` has times
of whole training steps.

In a population (`jax.vmap` over the kernels too) the members are computed one by one. On CPU a step
of 4 networks of `homus.py` takes 503 ms so, and 1 226 ms with the grouped convolution that JAX uses
by default.
"""

from collections.abc import Callable, Sequence
from functools import partial

import jax
import jax.numpy as jnp

from omr_jax.models import winograd

_LAYOUT = ('NHWC', 'HWIO', 'NHWC')
_Shaped = jax.Array | jax.ShapeDtypeStruct


def convolve(
  x: jax.Array, kernel: jax.Array, strides: Sequence[int], padding: str, **options
) -> jax.Array:
  """Replaces `jax.lax.conv_general_dilated` in `flax.linen.Conv`, for the padding 'SAME'.

  Args:
    x: [batch, height, width, channels].
    kernel: [height, width, in, out].
    strides: Down and across.
    padding: Ignored; every network here uses 'SAME'.
    **options: Ignored; these are further arguments of `conv_general_dilated`, which every network
      here leaves at their defaults.
  """
  del padding, options
  return _convolve(tuple(strides), x, kernel)


def kept(x: jax.ShapeDtypeStruct, kernel: Sequence[int], strides: tuple[int, int]) -> int:
  """The bytes that a convolution on CPU keeps for its gradients, besides x and the kernel.

  Args:
    x: Shape [batch, height, width, channels] and type.
    kernel: Shape [height, width, in, out].
    strides: Down and across.
  """
  _, (forward, *_) = _ways(x, jax.ShapeDtypeStruct(kernel, x.dtype), strides)
  return winograd.numbers_size(x, kernel[2]) if forward is winograd.convolve else 0


# The gradients are given by hand: if JAX differentiates `platform_dependent`, the result is slower
# than the usual convolution.
@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _convolve(strides: tuple[int, int], x: jax.Array, kernel: jax.Array) -> jax.Array:
  plain, quick = _ways(x, kernel, strides)
  return _by_platform(quick[0], plain[0])(x, kernel)


def _forward(strides, x, kernel):
  return _convolve(strides, x, kernel), (x, kernel)


def _backward(strides, saved, grad):
  x, kernel = saved
  plain, quick = _ways(x, kernel, strides)
  return tuple(_by_platform(quick[i], plain[i])(x, kernel, grad) for i in (1, 2))


_convolve.defvjp(_forward, _backward)


def _by_platform(on_cpu: Callable, elsewhere: Callable) -> Callable:
  """Chooses the function by the platform; under `vmap`, computes the members one by one."""

  @jax.custom_batching.custom_vmap
  def computed(*args):
    return jax.lax.platform_dependent(*args, cpu=on_cpu, default=elsewhere)

  @computed.def_vmap
  def _(members, batched, *args):
    of_member = [
      [arg[i] if own else arg for arg, own in zip(args, batched, strict=True)]
      for i in range(members)
    ]
    return jnp.stack([computed(*each) for each in of_member]), True

  return computed


def _ways(x: _Shaped, kernel: _Shaped, strides: tuple[int, int]) -> tuple[tuple, tuple]:
  """The usual functions and the fastest ones on CPU, each a triple.

  A triple has the convolution, of (x, kernel), and its gradients with respect to x and to the
  kernel, each of (x, kernel, gradient of the result).
  """
  (high, wide), (height, width) = strides, x.shape[1:3]
  rows, columns, channels, out = kernel.shape
  plain = _with_gradients(partial(_plain, strides=strides))
  in_blocks = (rows, columns) == (2 * high, 2 * wide) and not (height % high or width % wide)
  if channels == 1 and in_blocks:
    return plain, _with_gradients(partial(_blocks, strides=strides))
  narrow = out <= 16 and rows % 2 == columns % 2 == 1 < columns and not width % 2
  forward, to_x, to_kernel = plain
  if rows == columns == 1:
    to_kernel = partial(_one_pixel, strides=strides)
  elif strides == (1, 1) and 8 * height * width < out:
    to_x = _spread
  if narrow and strides == (1, 1) and channels > 1:
    forward, to_x = _two_columns, _turned
  elif winograd.gains(x, kernel.shape, strides):
    to_kernel = winograd.to_kernel
    if winograd.gains_wholly(x, kernel.shape, strides):
      forward, to_x = winograd.convolve, winograd.to_x
  # A network's first convolution, which reads the single channel of a picture, needs no gradient
  # with respect to it.
  elif channels == 1 and out <= 32 and columns > 1 and not (width % 4 or 4 % wide):
    forward = partial(_four_columns, strides=strides)
  return plain, (forward, to_x, to_kernel)


def _with_gradients(forward: Callable) -> tuple[Callable, Callable, Callable]:
  def to_x(x, kernel, grad):
    return jax.vjp(lambda x: forward(x, kernel), x)[1](grad)[0]

  def to_kernel(x, kernel, grad):
    return jax.vjp(lambda kernel: forward(x, kernel), kernel)[1](grad)[0]

  return forward, to_x, to_kernel


def _turned(x: jax.Array, kernel: jax.Array, grad: jax.Array) -> jax.Array:
  """The gradient with respect to x at stride 1: a convolution with the kernel turned by 180°."""
  del x
  kernel = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
  _, quick = _ways(grad, kernel, (1, 1))
  return quick[0](grad, kernel)


def _spread(x: jax.Array, kernel: jax.Array, grad: jax.Array) -> jax.Array:
  """The gradient with respect to x at stride 1, as one product of two matrices.

  Each pixel of `grad` gives a patch as large as the kernel, and overlapping patches are added up.
  The usual way turns the kernel, which takes long where it is large and the picture small.
  """
  rows, columns, channels, out = kernel.shape
  patches = grad.reshape(-1, out) @ kernel.reshape(-1, out).T
  patches = patches.reshape(*grad.shape[:3], rows, columns, channels)
  (up, _), (left, _) = jax.lax.padtype_to_pads(x.shape[1:3], (rows, columns), (1, 1), 'SAME')
  zero = total = jnp.zeros((), grad.dtype)
  for i in range(rows):
    for j in range(columns):
      # Negative padding cuts off what falls outside the picture.
      moved = ((0, 0, 0), (i - up, up - i, 0), (j - left, left - j, 0), (0, 0, 0))
      total += jax.lax.pad(patches[:, :, :, i, j], zero, moved)
  return total


def _plain(x: jax.Array, kernel: jax.Array, strides: tuple[int, int]) -> jax.Array:
  return jax.lax.conv_general_dilated(x, kernel, strides, 'SAME', dimension_numbers=_LAYOUT)


def _one_pixel(
  x: jax.Array, kernel: jax.Array, grad: jax.Array, strides: tuple[int, int]
) -> jax.Array:
  """The gradient with respect to a 1x1 kernel, as one product of two matrices."""
  high, wide = strides
  pixels = x[:, ::high, ::wide].reshape(-1, x.shape[-1])
  return (pixels.T @ grad.reshape(-1, grad.shape[-1])).reshape(kernel.shape)


def _blocks(x: jax.Array, kernel: jax.Array, strides: tuple[int, int]) -> jax.Array:
  """Turns each block of pixels, as large as the strides, into one pixel with more channels.

  The kernel, twice as large as the strides, becomes a kernel of 2x2 such pixels with stride 1.
  """
  high, wide = strides
  x = jnp.pad(x, ((0, 0), (high // 2, -(-high // 2)), (wide // 2, -(-wide // 2)), (0, 0)))
  kernel = _in_blocks(kernel.transpose(3, 0, 1, 2), high, wide).transpose(1, 2, 3, 0)
  return jax.lax.conv_general_dilated(
    _in_blocks(x, high, wide), kernel, (1, 1), 'VALID', dimension_numbers=_LAYOUT
  )


def _in_blocks(x: jax.Array, high: int, wide: int) -> jax.Array:
  """[batch, height, width, n] to [batch, height / high, width / wide, high * wide * n]."""
  batch, height, width, channels = x.shape
  x = x.reshape(batch, height // high, high, width // wide, wide, channels)
  return x.transpose(0, 1, 3, 2, 4, 5).reshape(batch, height // high, width // wide, -1)


def _two_columns(x: jax.Array, kernel: jax.Array) -> jax.Array:
  """Computes two neighbouring columns of the result at once, with twice the output channels.

  The kernel holds two copies of the given kernel, of which the second is shifted by a column.
  """
  rows, columns, channels, out = kernel.shape
  both = [jnp.pad(kernel, ((0, 0), (i, 1 - i), (0, 0), (0, 0))) for i in range(2)]
  found = jax.lax.conv_general_dilated(
    x,
    jnp.stack(both, 3).reshape(rows, columns + 1, channels, 2 * out),
    (1, 2),
    jax.lax.padtype_to_pads(x.shape[1:3], (rows, columns), (1, 1), 'SAME'),
    dimension_numbers=_LAYOUT,
  )
  return found.reshape(*found.shape[:2], -1, out)


def _four_columns(x: jax.Array, kernel: jax.Array, strides: tuple[int, int]) -> jax.Array:
  """Reads four columns of a picture with one channel as four channels of one pixel.

  A pixel of the result holds the `4 / stride` columns of the usual result that begin in these four.
  """
  (high, wide), (rows, columns, _, out) = strides, kernel.shape
  batch, height, width, _ = x.shape
  (up, down), (left, _) = jax.lax.padtype_to_pads((height, width), (rows, columns), strides, 'SAME')
  pixels = -(-(columns + 4 - wide) // 4)  # That the kernels of these columns reach together.
  x = jnp.pad(x, ((0, 0), (up, down), (left, 4 * (pixels - 1) - left), (0, 0)))
  shifted = [
    jnp.pad(kernel[:, :, 0], ((0, 0), (shift, 4 * pixels - columns - shift), (0, 0)))
    for shift in range(0, 4, wide)
  ]
  found = jax.lax.conv_general_dilated(
    x.reshape(batch, up + height + down, width // 4 + pixels - 1, 4),
    jnp.stack(shifted, 2).reshape(rows, pixels, 4, -1),
    (high, 1),
    'VALID',
    dimension_numbers=_LAYOUT,
  )
  return found.reshape(*found.shape[:2], -1, out)
