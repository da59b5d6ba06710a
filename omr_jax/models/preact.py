"""This project's own fast network: a small pre-activation ResNet (He et al., 2016)."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from omr_jax.models import close_up, layers

_SIZE_FEATURES = 32


class Block(nn.Module):
  """Norm, ReLU, conv, twice; a change of shape projects the activated input by 1x1."""

  width: int
  kernel: tuple[int, int]
  strides: tuple[int, int]
  conv: Callable[..., nn.Module]
  norm: Callable[..., nn.Module]

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """[batch, height, width, channels] to the same over strides, with `width` channels."""
    y = nn.relu(self.norm()(x))
    if self.strides != (1, 1) or x.shape[-1] != self.width:
      x = self.conv(self.width, (1, 1), self.strides)(y)
    y = self.conv(self.width, self.kernel, self.strides)(y)
    y = nn.relu(self.norm()(y))
    return x + self.conv(self.width, self.kernel)(y)


def groups(
  x: jax.Array,
  widths: Sequence[int],
  blocks: Sequence[int],
  kernel: tuple[int, int],
  strides: tuple[int, int],
  conv: Callable[..., nn.Module],
  norm: Callable[..., nn.Module],
) -> jax.Array:
  """Groups of blocks, norm and ReLU; all groups but the first begin with `strides`.

  For use inside a module's compact method: it adds the blocks to it.
  """
  for group, (width, count) in enumerate(zip(widths, blocks, strict=True)):
    for block in range(count):
      x = Block(width, kernel, strides if group and not block else (1, 1), conv, norm)(x)
  return nn.relu(norm()(x))


class PreactResNet(nn.Module):
  """A strided stem, groups of blocks, norm and ReLU, a pool, logits.

  A symbol fitted to its canvas has lost its size, which tells a dot from a whole note: with
  `use_size` the network reads it as a second input, through a dense layer of 32.

  Attributes:
    num_classes: Length of the logits.
    widths: Channels of each group; the stem has those of the first.
    blocks: Blocks of each group; all groups but the first begin with a stride of 2.
    stem_size: Height and width of the stem's kernel.
    stem_stride: Of the stem's convolution.
    whole_pool: Pool the whole picture by its mean and its maximum, instead of 2x2 by their mean:
      what is looked for may be anywhere, and small.
    even: Read colour pictures without their colour and their light, see `layers.evened`.
    close_up: Height and width to which the symbol is enlarged, without what goes all across behind
      it, such as staff lines; its size is then taken from the picture. None to look at all of it.
    use_size: Read the size: the second input, `size`, if there is no `close_up`.
    dropout: Rate before the last dense layer.
    momentum: Of batch norm's moving statistics.
    epsilon: Of batch norm.
    dtype: Of the arithmetic between inputs and logits.
  """

  num_classes: int
  widths: tuple[int, ...] = (24, 48, 96)
  blocks: tuple[int, ...] = (1, 2, 2)
  stem_size: int = 5
  stem_stride: int = 2
  whole_pool: bool = False
  even: bool = False
  close_up: tuple[int, int] | None = None
  use_size: bool = True
  dropout: float = 0.0
  momentum: float = 0.9
  epsilon: float = 1e-5
  dtype: Dtype = jnp.float32

  options = (
    *('widths', 'blocks', 'stem_size', 'stem_stride', 'even', 'close_up', 'use_size', 'dropout'),
    *('momentum', 'epsilon'),
  )

  @property
  def inputs(self) -> tuple[str, ...]:
    """Names of the inputs that the network reads."""
    return ('image', 'size') if self.use_size and not self.close_up else ('image',)

  @nn.compact
  def __call__(self, inputs: Mapping[str, jax.Array], train: bool) -> jax.Array:
    """Inputs to float32 logits [batch, classes].

    Args:
      inputs: `image` [batch, height, width, channels] and, with `use_size`, `size` float32
        [batch, 2]: the logarithms of the box's width and height in pixels of the pen's tablet.
      train: Normalize by the batch, and drop out.
    """
    # Biases would be undone by the batch norms that follow.
    conv = partial(layers.Conv, use_bias=False, dtype=self.dtype)
    norm = partial(layers.BatchNorm, train, self.momentum, self.epsilon, self.dtype)
    look = layers.evened if self.even else layers.darkness
    x = look(inputs['image'], self.dtype)
    size = inputs.get('size')
    if self.close_up:
      # Places in a picture need more digits than its darkness.
      x, size = close_up.enlarged(x.astype(jnp.float32), *self.close_up)
      x = x.astype(self.dtype)
    x = conv(self.widths[0], (self.stem_size,) * 2, (self.stem_stride,) * 2)(x)
    x = groups(x, self.widths, self.blocks, (3, 3), (2, 2), conv, norm)
    x = layers.whole_pool(x) if self.whole_pool else layers.average_pool(x)
    others = []
    if self.use_size:
      others = [nn.relu(layers.Dense(_SIZE_FEATURES, dtype=self.dtype)(size.astype(self.dtype)))]
    return layers.classify(x, self.num_classes, self.dropout, train, *others)
