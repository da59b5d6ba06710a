"""VGG networks (Simonyan and Zisserman, 2015) with batch norm (paper, section V-B)."""

from collections.abc import Mapping
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from omr_jax.models import layers


class VGG(nn.Module):
  """Groups of 3x3 convolutions, each with batch norm and ReLU; every group ends in a 2x2 pool.

  Attributes:
    num_classes: Number of classes.
    widths: Channels of each group.
    depths: Convolutions of each group.
    average_last: Pool the last group by its mean instead of its maximum.
    dropout: Rate of dropout before the dense layer.
    momentum: Share that the moving statistics of batch norm keep in a step.
    epsilon: Added to the variance in batch norm.
    dtype: Type of the arithmetic between inputs and logits.
  """

  num_classes: int
  widths: tuple[int, ...]
  depths: tuple[int, ...]
  average_last: bool = False
  dropout: float = 0.0
  momentum: float = 0.99
  epsilon: float = 1e-3
  dtype: Dtype = jnp.float32

  inputs = ('image',)
  options = ('dropout', 'momentum', 'epsilon')

  @nn.compact
  def __call__(self, inputs: Mapping[str, jax.Array], train: bool) -> jax.Array:
    """`image` [batch, height, width, channels] to float32 logits [batch, classes]."""
    conv = partial(layers.Conv, dtype=self.dtype, promote_dtype=layers.idle_bias)
    x = layers.darkness(inputs['image'], self.dtype)
    for group, (width, depth) in enumerate(zip(self.widths, self.depths, strict=True)):
      for _ in range(depth):
        x = conv(width, (3, 3))(x)
        x = nn.relu(layers.BatchNorm(train, self.momentum, self.epsilon, self.dtype)(x))
      last = group == len(self.widths) - 1
      x = layers.average_pool(x) if last and self.average_last else layers.max_pool(x)
    return layers.classify(x, self.num_classes, self.dropout, train)
