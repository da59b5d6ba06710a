"""Residual networks (He et al., 2015) in the forms that the original systems tried (paper, V-B)."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from omr_jax.models import layers


class Block(nn.Module):
  """Two 3x3 convolutions beside a shortcut: conv, norm, ReLU, conv, norm; ReLU after the sum.

  Attributes:
    width: Channels of the result.
    stride: Stride of the first convolution and of the shortcut.
    project: Kernel size of the shortcut's convolution, which has no norm; 0 for the identity.
    relu_before_sum: Whether the second ReLU comes before the sum instead of after it.
    conv: Makes a convolution from channels, kernel size and strides.
    norm: Makes a batch norm.
  """

  width: int
  stride: int
  project: int
  relu_before_sum: bool
  conv: Callable[..., nn.Module]
  norm: Callable[..., nn.Module]

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """[batch, height, width, channels], with height and width divided by the stride."""
    normed = partial(self.conv, promote_dtype=layers.idle_bias)
    y = normed(self.width, (3, 3), (self.stride, self.stride))(x)
    y = nn.relu(self.norm()(y))
    y = self.norm()(normed(self.width, (3, 3))(y))
    if self.project:
      x = self.conv(self.width, (self.project, self.project), (self.stride, self.stride))(x)
    return x + nn.relu(y) if self.relu_before_sum else nn.relu(x + y)


class PreactivationBlock(nn.Module):
  """Twice norm, ReLU and a 3x3 convolution, beside a shortcut of the raw input (He et al., 2016).

  Attributes:
    width: Channels of the result.
    stride: Stride of the first convolution and of the shortcut.
    project: Kernel size of the shortcut's convolution, which has no norm; 0 for the identity.
    conv: Makes a convolution from channels, kernel size and strides.
    norm: Makes a batch norm.
  """

  width: int
  stride: int
  project: int
  conv: Callable[..., nn.Module]
  norm: Callable[..., nn.Module]

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """[batch, height, width, channels], with height and width divided by the stride."""
    y = nn.relu(self.norm()(x))
    normed = partial(self.conv, promote_dtype=layers.idle_bias)
    y = normed(self.width, (3, 3), (self.stride, self.stride))(y)
    y = nn.relu(self.norm()(y))
    y = self.conv(self.width, (3, 3))(y)
    if self.project:
      x = self.conv(self.width, (self.project, self.project), (self.stride, self.stride))(x)
    return x + y


class ResNet(nn.Module):
  """A stem, groups of residual blocks, a 2x2 average pool and a dense layer.

  The shortcut of a group's first block is a convolution if the group has a stride or changes the
  number of channels. All convolutions have biases.

  Attributes:
    num_classes: Number of classes.
    stem: Channels, kernel size and stride of each convolution before the groups.
    widths: Channels of each group.
    depths: Blocks of each group.
    strides: Stride of each group's first block.
    stem_pool: A 2x2 maximum pool follows the stem.
    group_pool: A 2x2 maximum pool stands between the groups.
    shortcut: Kernel size of the convolutions in shortcuts.
    relu_before_sum: Whether the second ReLU of a block comes before the sum instead of after it.
    preactivation: Use PreactivationBlock instead of Block. As in the original, norm and ReLU follow
      the stem, and none follow the last group.
    dropout: Rate of dropout before the dense layer.
    momentum: Share that the moving statistics of batch norm keep in a step.
    epsilon: Added to the variance in batch norm.
    dtype: Type of the arithmetic between inputs and logits.
  """

  num_classes: int
  stem: tuple[tuple[int, int, int], ...]
  widths: tuple[int, ...]
  depths: tuple[int, ...]
  strides: tuple[int, ...]
  stem_pool: bool = False
  group_pool: bool = False
  shortcut: int = 1
  relu_before_sum: bool = False
  preactivation: bool = False
  dropout: float = 0.0
  momentum: float = 0.99
  epsilon: float = 1e-3
  dtype: Dtype = jnp.float32

  inputs = ('image',)
  options = ('dropout', 'momentum', 'epsilon')

  @nn.compact
  def __call__(self, inputs: Mapping[str, jax.Array], train: bool) -> jax.Array:
    """`image` [batch, height, width, channels] to float32 logits [batch, classes]."""
    conv = partial(layers.Conv, dtype=self.dtype)
    norm = partial(layers.BatchNorm, train, self.momentum, self.epsilon, self.dtype)
    block: partial[Any]
    if self.preactivation:
      block = partial(PreactivationBlock, conv=conv, norm=norm)
    else:
      block = partial(Block, relu_before_sum=self.relu_before_sum, conv=conv, norm=norm)

    x = layers.darkness(inputs['image'], self.dtype)
    for width, size, stride in self.stem:
      normed = conv(width, (size, size), (stride, stride), promote_dtype=layers.idle_bias)
      x = nn.relu(norm()(normed(x)))
    if self.stem_pool:
      x = layers.max_pool(x)
    groups = zip(self.widths, self.depths, self.strides, strict=True)
    for group, (width, depth, stride) in enumerate(groups):
      if group and self.group_pool:
        x = layers.max_pool(x)
      changes = stride > 1 or x.shape[-1] != width
      x = block(width, stride, self.shortcut if changes else 0)(x)
      for _ in range(depth - 1):
        x = block(width, 1, 0)(x)
    return layers.classify(layers.average_pool(x), self.num_classes, self.dropout, train)
