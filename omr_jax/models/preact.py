"""This project's own fast network for pictures: a small pre-activation ResNet (He et al., 2016)."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from omr_jax.models import close_up, layers

_SIZE_FEATURES = 32  # Width of the dense layer that reads the input `size`.


class Block(nn.Module):
  """Twice batch norm, ReLU and convolution, beside a shortcut.

  Where the shape changes, the shortcut is a 1x1 convolution of the activated input.

  Attributes:
    width: Channels of the result.
    kernel: Height and width of the two kernels.
    strides: Strides of the first convolution and of the shortcut.
    conv: Makes a convolution from channels, kernel size and strides.
    norm: Makes a batch norm.
  """

  width: int
  kernel: tuple[int, int]
  strides: tuple[int, int]
  conv: Callable[..., nn.Module]
  norm: Callable[..., nn.Module]

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """[batch, height, width, channels], with height and width divided by the strides."""
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
  """Applies groups of blocks, then batch norm and ReLU; all groups but the first have strides.

  For use inside a module's compact method, to which it adds these layers.

  Args:
    x: [batch, height, width, channels].
    widths: Channels of each group.
    blocks: Number of blocks of each group.
    kernel: Height and width of the kernels.
    strides: Strides of the first block of each group but the first group.
    conv: Makes a convolution from channels, kernel size and strides.
    norm: Makes a batch norm.
  """
  for group, (width, count) in enumerate(zip(widths, blocks, strict=True)):
    for block in range(count):
      x = Block(width, kernel, strides if group and not block else (1, 1), conv, norm)(x)
  return nn.relu(norm()(x))


class PreactResNet(nn.Module):
  """A strided convolution (the stem), groups of blocks, batch norm and ReLU, a pool, logits.

  A symbol that is scaled to its canvas has lost its size, by which a dot differs from a whole note.
  With `use_size` the network therefore reads the size as a second input.

  Attributes:
    num_classes: Number of classes.
    widths: Channels of each group; the stem has those of the first group.
    blocks: Blocks of each group; all groups but the first begin with a stride of 2.
    stem_size: Height and width of the stem's kernel.
    stem_stride: Stride of the stem.
    whole_pool: Pool the whole picture by its mean and its maximum instead of windows of 2x2 pixels
      by their mean, for things that are small and may be anywhere in the picture.
    even: Standardize each picture and ignore its colours (`layers.evened`).
    close_up: Height and width to which the symbol is enlarged after staff lines were removed
      (`close_up.enlarged`). Its size is then measured in the picture. None for the whole picture.
    use_size: Read the size of the symbol; without `close_up` from the input `size`.
    dropout: Rate of dropout before the last dense layer.
    momentum: Share that the moving statistics of batch norm keep in a step.
    epsilon: Added to the variance in batch norm.
    dtype: Type of the arithmetic between inputs and logits.
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
      train: Normalize by the batch's statistics, and apply dropout.
    """
    # No biases: the batch norms that follow would subtract them with the mean.
    conv = partial(layers.Conv, use_bias=False, dtype=self.dtype)
    norm = partial(layers.BatchNorm, train, self.momentum, self.epsilon, self.dtype)
    look = layers.evened if self.even else layers.darkness
    x = look(inputs['image'], self.dtype)
    if self.close_up:
      # Coordinates in a picture need a higher precision than its darkness.
      x, size = close_up.enlarged(x.astype(jnp.float32), *self.close_up)
      x = x.astype(self.dtype)
    elif self.use_size:
      size = inputs['size']
    x = conv(self.widths[0], (self.stem_size,) * 2, (self.stem_stride,) * 2)(x)
    x = groups(x, self.widths, self.blocks, (3, 3), (2, 2), conv, norm)
    x = layers.whole_pool(x) if self.whole_pool else layers.average_pool(x)
    others = []
    if self.use_size:
      others = [nn.relu(layers.Dense(_SIZE_FEATURES, dtype=self.dtype)(size.astype(self.dtype)))]
    return layers.classify(x, self.num_classes, self.dropout, train, *others)
