"""Residual networks (He et al., 2015) in the forms the original systems tried (paper, V-B)."""

from collections.abc import Callable, Mapping
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from omr_jax.models import layers


class Block(nn.Module):
  """Two 3x3 convolutions beside a shortcut: conv, norm, ReLU, conv, norm; ReLU after the sum.

  Attributes:
    width: Channels of the result.
    stride: Of the first convolution and of the shortcut.
    project: Kernel size of the shortcut's convolution, which has no norm; 0 for the identity.
    relu_before_sum: The second ReLU comes before the sum, and none after it.
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
    """[batch, height, width, channels] to the same over stride, with `width` channels."""
    normed = partial(self.conv, promote_dtype=layers.idle_bias)
    y = normed(self.width, (3, 3), (self.stride, self.stride))(x)
    y = nn.relu(self.norm()(y))
    y = self.norm()(normed(self.width, (3, 3))(y))
    if self.project:
      x = self.conv(self.width, (self.project, self.project), (self.stride, self.stride))(x)
    return x + nn.relu(y) if self.relu_before_sum else nn.relu(x + y)


class PreactivationBlock(nn.Module):
  """Norm, ReLU, conv, twice, beside a shortcut from the raw input (He et al., 2016); see Block."""

  width: int
  stride: int
  project: int
  conv: Callable[..., nn.Module]
  norm: Callable[..., nn.Module]

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """[batch, height, width, channels] to the same over stride, with `width` channels."""
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

  A group's first block projects its shortcut where the group has a stride or another width than its
  input. All convolutions have biases.

  Attributes:
    num_classes: Length of the logits.
    stem: Channels, kernel size and stride of each convolution before the groups.
    widths: Channels of each group.
    depths: Blocks of each group.
    strides: Stride of each group's first block.
    stem_pool: A 2x2 maximum pool follows the stem.
    group_pool: A 2x2 maximum pool stands between the groups.
    shortcut: Kernel size of the projections.
    relu_before_sum: See Block.
    preactivation: Of PreactivationBlock instead of Block; as in the original, with norm and ReLU
      after the stem and without after the last group.
    dropout: Rate before the dense layer.
    momentum: Of batch norm's moving statistics.
    epsilon: Of batch norm.
    dtype: Of the arithmetic between ink and logits.
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
