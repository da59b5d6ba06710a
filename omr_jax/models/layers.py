"""What all networks are made of: darkness, convolution, batch norm, pooling, last layers."""

from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.linen.dtypes import promote_dtype
from flax.typing import Dtype

from omr_jax.inputs.geometry import BRIGHTNESS
from omr_jax.models.convolution import convolve

# Keras's defaults, which the original systems keep: Glorot-uniform kernels, 'same' padding, biases.
Conv = partial(
  nn.Conv,
  kernel_init=nn.initializers.glorot_uniform(),
  padding='SAME',
  conv_general_dilated=convolve,
)
Dense = partial(nn.Dense, kernel_init=nn.initializers.glorot_uniform())


def idle_bias(
  inputs: jax.Array, kernel: jax.Array, bias: jax.Array, *, dtype: Dtype
) -> tuple[jax.Array, ...]:
  """For `promote_dtype` of a `Conv` whose result a batch norm reads: its bias isn't trained.

  The batch norm takes the bias away again with the mean, so that its gradient is 0 but for
  rounding. To find that takes 4 % of a step of the paper's ResNet on CPU.
  """
  return promote_dtype(inputs, kernel, jax.lax.stop_gradient(bias), dtype=dtype)


class TooSmallError(ValueError):
  """A picture has shrunk to less than a pooling's window."""


def darkness(image: jax.Array, dtype: Dtype) -> jax.Array:
  """Black (0) to white (255), [batch, height, width, channels], to `dtype`: 1 for black."""
  return (1 - image.astype(jnp.float32) / 255).astype(dtype)


def brightness(image: jax.Array) -> jax.Array:
  """Colours to their brightness (ITU-R BT.601), in 0..255: float32 [..., height, width, 1].

  Args:
    image: [..., height, width, 3], or 1 channel, which already is brightness.
  """
  image = image.astype(jnp.float32)
  if image.shape[-1] == 1:
    return image
  return (image * jnp.array(BRIGHTNESS)).sum(-1, keepdims=True)


def evened(image: jax.Array, dtype: Dtype) -> jax.Array:
  """Pictures to how dark they are, evened: [batch, height, width, 1] in `dtype`.

  Each picture's `brightness`, turned round, minus its mean, over its standard deviation. So white
  paper and brown, bright light and dim, look alike. A twentieth of the way from black to white is
  added to the deviation, or noise on a blank sheet would look like ink.
  """
  dark = 1 - brightness(image) / 255
  mean, deviation = (f(dark, axis=(1, 2, 3), keepdims=True) for f in (jnp.mean, jnp.std))
  return ((dark - mean) / (deviation + 0.05)).astype(dtype)


class BatchNorm(nn.Module):
  """Batch norm over all axes but the last (Ioffe and Szegedy, 2015), with statistics in float32.

  `flax.linen.BatchNorm` to rounding, with its names for params and batch_stats. Normalizing by one
  factor and one offset per channel, in place of (x - mean) * factor + bias, makes forward and
  backward together 1.5 to 4 times as fast on CPU.

  Attributes:
    train: Normalize with the batch's statistics and update the moving ones.
    momentum: The share of its old value that a moving statistic keeps in a step.
    epsilon: Added to the variance.
    dtype: Of the result.
  """

  train: bool
  momentum: float
  epsilon: float
  dtype: Dtype

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """[..., channels] to the same shape."""
    shape = x.shape[-1:]
    scale = self.param('scale', nn.initializers.ones, shape)
    bias = self.param('bias', nn.initializers.zeros, shape)
    moving_mean = self.variable('batch_stats', 'mean', jnp.zeros, shape)
    moving_var = self.variable('batch_stats', 'var', jnp.ones, shape)
    x = x.astype(jnp.float32)
    if self.train:
      axes = tuple(range(x.ndim - 1))
      mean = x.mean(axes)
      # Rounding can make a constant channel's variance negative.
      var = jnp.maximum(0, jnp.square(x).mean(axes) - jnp.square(mean))
      if not self.is_initializing():
        moving_mean.value = self.momentum * moving_mean.value + (1 - self.momentum) * mean
        moving_var.value = self.momentum * moving_var.value + (1 - self.momentum) * var
    else:
      mean, var = moving_mean.value, moving_var.value
    factor = scale * jax.lax.rsqrt(var + self.epsilon)
    return (x * factor + (bias - mean * factor)).astype(self.dtype)


def max_pool(x: jax.Array) -> jax.Array:
  """Maximum of 2x2 pixels, [batch, height, width, channels]; an odd last row or column is dropped.

  The maximum of four slices, because on CPU its gradient is 10 to 30 times as fast as that of
  `flax.linen.max_pool`. Equal pixels share their gradient, where that one gives it to the first.
  """
  top_left, top_right, bottom_left, bottom_right = _quarters(x)
  return jnp.maximum(jnp.maximum(top_left, top_right), jnp.maximum(bottom_left, bottom_right))


def average_pool(x: jax.Array) -> jax.Array:
  """Mean of 2x2 pixels, [batch, height, width, channels]; an odd last row or column is dropped."""
  _refuse_single_pixels(x)
  return nn.avg_pool(x, (2, 2), strides=(2, 2))


def whole_pool(x: jax.Array) -> jax.Array:
  """Mean and maximum over rows and columns, [batch, height, width, n] to [batch, 2 n]."""
  return jnp.concatenate([x.mean((1, 2)), largest(x)], -1)


@jax.custom_vjp
def largest(x: jax.Array) -> jax.Array:
  """Maximum over rows and columns, [batch, height, width, channels] to [batch, channels].

  The first of the largest pixels gets the gradient. JAX's own shares it among all that equal the
  maximum, and divides by their number: 0 where XLA works the pixels out again and rounds otherwise.
  """
  return x.max((1, 2))


def _largest_forward(x: jax.Array) -> tuple[jax.Array, jax.Array]:
  return largest(x), x


def _largest_backward(x: jax.Array, gradient: jax.Array) -> tuple[jax.Array]:
  pixels = x.reshape(x.shape[0], -1, x.shape[-1])
  is_first = jnp.arange(pixels.shape[1])[:, None] == pixels.argmax(1, keepdims=True)
  return (jnp.where(is_first, gradient[:, None], 0).reshape(x.shape),)


largest.defvjp(_largest_forward, _largest_backward)


def classify(
  features: jax.Array, num_classes: int, dropout: float, train: bool, *others: jax.Array
) -> jax.Array:
  """Flattened features, beside others of shape [batch, n], to float32 logits [batch, classes].

  For use inside a module's compact method: it adds dropout and a dense layer to it.
  """
  x = jnp.concatenate([features.reshape(features.shape[0], -1), *others], axis=-1)
  x = nn.Dropout(dropout, deterministic=not train)(x)
  return Dense(num_classes)(x.astype(jnp.float32))


def _quarters(x: jax.Array) -> tuple[jax.Array, ...]:
  """The four pixels of every 2x2 window, each [batch, height // 2, width // 2, channels]."""
  _refuse_single_pixels(x)
  batch, height, width, channels = x.shape
  x = x[:, : height // 2 * 2, : width // 2 * 2]
  x = x.reshape(batch, height // 2, 2, width // 2, 2, channels)
  rows = [jax.lax.index_in_dim(x, i, 2, keepdims=False) for i in range(2)]
  return tuple(jax.lax.index_in_dim(row, j, 3, keepdims=False) for row in rows for j in range(2))


def _refuse_single_pixels(x: jax.Array) -> None:
  _, height, width, _ = x.shape
  if height < 2 or width < 2:
    raise TooSmallError(f'{height}x{width} pixels are too few for a 2x2 pool')
