"""Convolutions as each platform likes them: the same sums, other shapes.

XLA's kernels for CPU are made for 32 channels of the result and more. With 16 they reach half of
the cores' rate, with one channel to read an eighth. Without AVX-512, gradients of kernels reach a
fifth to three fifths of it. Some formulations help there (2 cores, float32, one core alone, or two
in line; `benchmarks/README.md` has whole steps):

  blocks   an 8x8 kernel in steps of 4, 3 channels: 1.6 times as fast
  columns  192x96 pixels, 16 to 16 channels: 15.3 to 9.9 ms; 1 to 16 channels: 7.3 to 1.0 ms
  in line  one row of 96, 64 to 64 channels, batch 64, with gradients: 6.4 to 5.1 ms
  shifted  the kernel's gradient alone, batch 64, one core without AVX-512: 56x40 pixels, 24 to 24
           channels: 86 to 46 ms; 28x20, 48 to 48: 78 to 32 ms; 14x10, 96 to 96: 64 to 36 ms
  by place the same in steps of 2, 3x3: 28x20, 48 to 96: 30 to 14 ms; 1x1: 17.5 to 1.6 ms

In a population (`jax.vmap` over the kernels too) members are taken one by one: on CPU 4 networks of
`homus.py` take a step in 503 ms, as the grouped convolution of JAX's rule in 1 226 ms.
"""

from collections.abc import Callable, Sequence
from functools import partial

import jax
import jax.numpy as jnp

_LAYOUT = ('NHWC', 'HWIO', 'NHWC')
_FEWEST = 8  # Channels to read, for which the products of `_shifted` and `_by_place` are worth it.


def convolve(
  x: jax.Array, kernel: jax.Array, strides: Sequence[int], padding: str, **options
) -> jax.Array:
  """`jax.lax.conv_general_dilated` as `flax.linen.Conv` calls it, with padding 'SAME'.

  Args:
    x: [batch, height, width, channels].
    kernel: [height, width, in, out].
    strides: Down and across.
    padding: 'SAME', the only one that this project has.
    **options: The others, of which no network here makes use.
  """
  del padding, options
  return _convolve(tuple(strides), x, kernel)


# Differentiated by hand, as a choice by platform that JAX differentiates costs more than it gains.
@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _convolve(strides: tuple[int, int], x: jax.Array, kernel: jax.Array) -> jax.Array:
  plain, quick = _ways(x, kernel, strides)
  return _by_platform(quick[0], plain[0])(x, kernel)


def _forward(strides, x, kernel):
  return _convolve(strides, x, kernel), (x, kernel)


def _backward(strides, saved, grad):
  plain, quick = _ways(*saved, strides)
  return tuple(_by_platform(quick[i], plain[i])(*saved, grad) for i in (1, 2))


_convolve.defvjp(_forward, _backward)


def _by_platform(on_cpu: Callable, elsewhere: Callable) -> Callable:
  """The function for the platform, which takes the members of a population one by one."""

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


def _ways(x: jax.Array, kernel: jax.Array, strides: tuple[int, int]) -> tuple[tuple, tuple]:
  """The usual way and the quickest on CPU: each the convolution and its gradients.

  The gradients are functions of x, kernel and the result's gradient, to x and to the kernel.
  """
  (high, wide), (height, width) = strides, x.shape[1:3]
  rows, columns, channels, out = kernel.shape
  plain = _with_gradients(partial(_plain, strides=strides))
  if rows == height == high == 1:
    return plain, _with_gradients(partial(_in_line, stride=wide))
  if (rows, columns) == (2 * high, 2 * wide) and not (height % high or width % wide):
    return plain, _with_gradients(partial(_blocks, strides=strides))
  narrow = out <= 16 and rows % 2 == columns % 2 == 1 < columns and not width % (2 * wide)
  two_columns = partial(_two_columns, strides=strides)
  forward, to_x, to_kernel = plain
  if channels >= _FEWEST:
    to_kernel = _shifted if strides == (1, 1) and rows > 1 else partial(_by_place, strides=strides)
  if narrow and strides == (1, 1):
    forward, to_x = two_columns, _turned
  # A gradient to a strided convolution's input has no such form; a stem's is never asked for.
  elif narrow and channels == 1:
    forward = two_columns
  return plain, (forward, to_x, to_kernel)


def _with_gradients(forward: Callable) -> tuple[Callable, Callable, Callable]:
  def to_x(x, kernel, grad):
    return jax.vjp(lambda x: forward(x, kernel), x)[1](grad)[0]

  def to_kernel(x, kernel, grad):
    return jax.vjp(lambda kernel: forward(x, kernel), kernel)[1](grad)[0]

  return forward, to_x, to_kernel


def _turned(x: jax.Array, kernel: jax.Array, grad: jax.Array) -> jax.Array:
  """The gradient to x where strides are 1: a convolution with the turned kernel."""
  del x
  kernel = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
  _, quick = _ways(grad, kernel, (1, 1))
  return quick[0](grad, kernel)


def _plain(x: jax.Array, kernel: jax.Array, strides: tuple[int, int]) -> jax.Array:
  return jax.lax.conv_general_dilated(x, kernel, strides, 'SAME', dimension_numbers=_LAYOUT)


def _in_line(x: jax.Array, kernel: jax.Array, stride: int) -> jax.Array:
  """A picture of one row as what it is."""
  layout = ('NWC', 'WIO', 'NWC')
  return jax.lax.conv_general_dilated(
    x.squeeze(1), kernel.squeeze(0), (stride,), 'SAME', dimension_numbers=layout
  )[:, None]


def _shifted(x: jax.Array, kernel: jax.Array, grad: jax.Array) -> jax.Array:
  """The gradient to the kernel where strides are 1, as one product of two matrices.

  A sum over all pixels for each place of the kernel: x is laid out once for each of its columns,
  the result's gradient for each of its rows, and all of either meet all of the other.
  """
  rows, columns, channels, out = kernel.shape
  height, width = x.shape[1:3]
  padding = jax.lax.padtype_to_pads((height, width), (rows, columns), (1, 1), 'SAME')
  x = jnp.pad(x, ((0, 0), *padding, (0, 0)))
  grad = jnp.pad(grad, ((0, 0), (rows - 1,) * 2, (0, 0), (0, 0)))
  x = _beside([x[:, :, i : i + width] for i in range(columns)])
  down = _beside([grad[:, rows - 1 - i : 2 * rows - 2 - i + height] for i in range(rows)])
  found = _product(x, down)
  return found.reshape(columns, channels, rows, out).transpose(2, 0, 1, 3)


def _beside(parts: Sequence[jax.Array]) -> jax.Array:
  """Parts of equal shape, [batch, height, width, channels], one after the other in the channels.

  As a sum of parts between zeros, which XLA compiles for CPU to vector instructions, where it
  copies a concatenation number by number (41 MB: 5 instead of 11 ms).
  """
  wide = parts[0].shape[-1] * (len(parts) - 1)
  starts = range(0, wide + 1, parts[0].shape[-1])
  padded = (
    jnp.pad(part, ((0, 0), (0, 0), (0, 0), (start, wide - start)))
    for start, part in zip(starts, parts, strict=True)
  )
  return sum(padded)


def _by_place(
  x: jax.Array, kernel: jax.Array, grad: jax.Array, strides: tuple[int, int]
) -> jax.Array:
  """The gradient to the kernel, a product of two matrices for each of its places."""
  (high, wide), (rows, columns) = strides, kernel.shape[:2]
  height, width = grad.shape[1:3]
  padding = jax.lax.padtype_to_pads(x.shape[1:3], (rows, columns), strides, 'SAME')
  x = jnp.pad(x, ((0, 0), *padding, (0, 0)))
  last_row, last_column = high * (height - 1) + 1, wide * (width - 1) + 1
  found = [
    _product(x[:, i : i + last_row : high, j : j + last_column : wide], grad)
    for i in range(rows)
    for j in range(columns)
  ]
  return jnp.stack(found).reshape(kernel.shape)


def _product(a: jax.Array, b: jax.Array) -> jax.Array:
  """Sum over pixels: [batch, height, width, m] and [..., n] to [m, n]."""
  return a.reshape(-1, a.shape[-1]).T @ b.reshape(-1, b.shape[-1])


def _blocks(x: jax.Array, kernel: jax.Array, strides: tuple[int, int]) -> jax.Array:
  """Pixels of a block as large as a step become its channels, and the kernel 2x2 of them."""
  high, wide = strides
  x = jnp.pad(x, ((0, 0), (high // 2, -(-high // 2)), (wide // 2, -(-wide // 2)), (0, 0)))
  kernel = _in_blocks(kernel.transpose(3, 0, 1, 2), high, wide).transpose(1, 2, 3, 0)
  return jax.lax.conv_general_dilated(
    _in_blocks(x, high, wide), kernel, (1, 1), 'VALID', dimension_numbers=_LAYOUT
  )


def _in_blocks(x: jax.Array, high: int, wide: int) -> jax.Array:
  """[batch, height, width, channels] to [batch, height / high, width / wide, all of a block]."""
  batch, height, width, channels = x.shape
  x = x.reshape(batch, height // high, high, width // wide, wide, channels)
  return x.transpose(0, 1, 3, 2, 4, 5).reshape(batch, height // high, width // wide, -1)


def _two_columns(x: jax.Array, kernel: jax.Array, strides: tuple[int, int]) -> jax.Array:
  """Two columns of the result at a time, by a kernel that is a step wider and has both."""
  (high, wide), (rows, columns, channels, out) = strides, kernel.shape
  both = [jnp.pad(kernel, ((0, 0), (i * wide, (1 - i) * wide), (0, 0), (0, 0))) for i in range(2)]
  padding = jax.lax.padtype_to_pads(x.shape[1:3], (rows, columns), strides, 'SAME')
  found = jax.lax.conv_general_dilated(
    x,
    jnp.stack(both, 3).reshape(rows, columns + wide, channels, 2 * out),
    (high, 2 * wide),
    padding,
    dimension_numbers=_LAYOUT,
  )
  return found.reshape(*found.shape[:2], -1, out)
