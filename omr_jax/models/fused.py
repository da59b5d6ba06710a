"""A network of two branches, for the picture and for the pen's path, whose logits add up."""

from collections.abc import Mapping

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from omr_jax.models import soft_ink
from omr_jax.models.preact import PreactResNet
from omr_jax.models.strokes import StrokeResNet


class FusedResNet(nn.Module):
  """The sum of the logits of a `PreactResNet` and a `StrokeResNet`.

  In training each branch also has to answer by itself. If only the sum is trained, the network
  learns no more than the pen's branch alone would. But the picture is what helps with writers who
  write the strokes in another order.

  Attributes:
    num_classes: Number of classes.
    canvas: Height and width of the picture that the network draws itself from the pen's points
      (`soft_ink.drawn`); None to read the input `image`.
    widths: Channels of each group of the picture's branch.
    blocks: Blocks of each group of the picture's branch.
    stem_stride: Stride of the first convolution of the picture's branch.
    pen_widths: Channels of each group of the pen's branch.
    pen_blocks: Blocks of each group of the pen's branch.
    hidden: Width of the dense layer before the last in the pen's branch.
    dropout: Rate of dropout in both branches.
    momentum: Share that the moving statistics of batch norm keep in a step.
    epsilon: Added to the variance in batch norm.
    dtype: Type of the arithmetic between inputs and logits.
  """

  num_classes: int
  canvas: tuple[int, int] | None = None
  widths: tuple[int, ...] = (16, 32, 64, 128)
  blocks: tuple[int, ...] = (1, 1, 2, 2)
  stem_stride: int = 2
  pen_widths: tuple[int, ...] = (64, 96, 144, 192)
  pen_blocks: tuple[int, ...] = (2, 2, 2, 2)
  hidden: int = 128
  dropout: float = 0.0
  momentum: float = 0.9
  epsilon: float = 1e-5
  dtype: Dtype = jnp.float32

  options = (
    *('widths', 'blocks', 'stem_stride', 'pen_widths', 'pen_blocks', 'hidden', 'dropout'),
    *('momentum', 'epsilon'),
  )

  @property
  def inputs(self) -> tuple[str, ...]:
    """Names of the inputs that the network reads."""
    return ('pen',) if self.canvas else ('image', 'size', 'pen')

  @nn.compact
  def __call__(self, inputs: Mapping[str, jax.Array], train: bool) -> jax.Array:
    """Inputs to float32 logits.

    Args:
      inputs: `pen` float32 [batch, points, 3] and, without `canvas`, `image` [batch, height, width,
        channels] and `size` float32 [batch, 2].
      train: Normalize by the batch's statistics, and apply dropout.

    Returns:
      [batch, classes]. With `train` [3, batch, classes]: twice the logits of the picture's branch,
      twice those of the pen's branch, and their sum. The training takes the mean of their losses.
    """
    names = ('num_classes', 'dropout', 'momentum', 'epsilon', 'dtype')
    common = {name: getattr(self, name) for name in names}
    picture = PreactResNet(
      widths=self.widths, blocks=self.blocks, stem_stride=self.stem_stride, use_size=True, **common
    )
    pen = StrokeResNet(widths=self.pen_widths, blocks=self.pen_blocks, hidden=self.hidden, **common)
    if self.canvas:
      image, size = soft_ink.drawn(inputs['pen'], *self.canvas)
      inputs = {**inputs, 'image': image, 'size': size}
    seen, followed = picture(inputs, train), pen(inputs, train)
    both = seen + followed
    return jnp.stack([2 * seen, 2 * followed, both]) if train else both
