"""The layers that networks share: reading pictures, convolution, batch norm, pools, last layers."""

from functools import partial
from typing import cast

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.linen.dtypes import promote_dtype
from flax.typing import Dtype

from omr_jax.inputs.geometry import BRIGHTNESS
from omr_jax.models.convolution import convolve

# The defaults of Keras, which the original systems use: kernels initialized Glorot-uniform, padding
# 'same', biases.
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
  """Excludes the bias of a convolution from training, for one that is followed by a batch norm.

  Pass it as `promote_dtype` to `Conv`. Batch norm subtracts the mean and with it the bias, so the
  bias has a gradient of 0 except for rounding. Computing that gradient would take 4 % of a step of
  the paper's ResNet on CPU.
  """
  return tuple(promote_dtype(inputs, kernel, jax.lax.stop_gradient(bias), dtype=dtype))


class TooSmallError(ValueError):
  """A picture has become smaller than the window of a pool."""


def darkness(image: jax.Array, dtype: Dtype) -> jax.Array:
  """Converts pixels from 0 (black) to 255 (white) to darkness from 1 (black) to 0 in `dtype`."""
  return (1 - image.astype(jnp.float32) / 255).astype(dtype)


def brightness(image: jax.Array) -> jax.Array:
  """The brightness of colours (ITU-R BT.601) in 0..255: float32 [..., height, width, 1].

  Args:
    image: [..., height, width, 3] in 0..255, or with one channel, which is brightness already.
  """
  image = image.astype(jnp.float32)
  if image.shape[-1] == 1:
    return image
  # On CPU, colour by colour is 14 times as fast as a sum over the axis of colours.
  colours = (image[..., i] * weight for i, weight in enumerate(BRIGHTNESS))
  return cast(jax.Array, sum(colours))[..., None]


def evened(image: jax.Array, dtype: Dtype) -> jax.Array:
  """The darkness of each picture, standardized: [batch, height, width, 1] in `dtype`.

  The mean of the picture's darkness (from 0 to 1) is subtracted, and the result is divided by its
  standard deviation. So white and brown paper, bright and dim light look alike. 0.05 is added to
  the standard deviation, so that noise on a blank sheet does not look like ink.
  """
  dark = 1 - brightness(image) / 255
  mean, deviation = (f(dark, axis=(1, 2, 3), keepdims=True) for f in (jnp.mean, jnp.std))
  return ((dark - mean) / (deviation + 0.05)).astype(dtype)


class BatchNorm(nn.Module):
  """Batch norm over all axes but the last (Ioffe and Szegedy, 2015), with statistics in float32.

  Equals `flax.linen.BatchNorm` except for rounding, with the same names of params and batch_stats.
  It normalizes by one factor and one offset per channel instead of (x - mean) * factor + bias. That
  makes the forward and backward pass together 1.5 to 4 times as fast on CPU.

  Attributes:
    train: Normalize with the batch's statistics and update the moving ones.
    momentum: The share of its old value that a moving statistic keeps in a step.
    epsilon: Added to the variance.
    dtype: Type of the result.
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
      # Rounding could make the variance of a constant channel negative.
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

  It is the maximum of four slices, whose gradient on CPU is 10 to 30 times as fast as that of
  `flax.linen.max_pool`. Equal largest pixels share the gradient; with flax the first gets it.
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

  The first of the largest pixels gets the gradient. JAX's own rule shares it among all pixels that
  equal the maximum and divides by their number. That number is 0 if XLA computes the pixels a
  second time with other rounding, so that none equals the maximum.
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
  """Flattens features and applies dropout and a dense layer: float32 logits [batch, classes].

  For use inside a module's compact method, to which it adds these layers.

  Args:
    features: [batch, ...].
    num_classes: Number of classes.
    dropout: Rate of dropout.
    train: Whether dropout is applied.
    *others: Further features, each [batch, n].
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
