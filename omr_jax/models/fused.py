"""Picture and pen in one network: what either sees alone speaks for a class, and both add up."""

from collections.abc import Mapping

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from omr_jax.models.preact import PreactResNet
from omr_jax.models.strokes import StrokeResNet


class FusedResNet(nn.Module):
  """The sum of the logits of a `PreactResNet` and a `StrokeResNet` that are trained as one.

  That is what a last dense layer over the features of both would give. The pen tells the size of
  the symbol, so the picture's branch is not told it again.

  Attributes:
    num_classes: Length of the logits.
    widths: Of the picture's branch, as are the next two.
    blocks: See there.
    stem_stride: See there.
    pen_widths: Of the pen's branch, as are the next two.
    pen_blocks: See there.
    hidden: See there.
    dropout: Of both, as are the next three.
    momentum: See there.
    epsilon: See there.
    dtype: See there.
  """

  num_classes: int
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
  inputs = ('image', 'pen')

  @nn.compact
  def __call__(self, inputs: Mapping[str, jax.Array], train: bool) -> jax.Array:
    """Inputs to float32 logits [batch, classes]; see the two branches."""
    names = ('num_classes', 'dropout', 'momentum', 'epsilon', 'dtype')
    common = {name: getattr(self, name) for name in names}
    picture = PreactResNet(
      widths=self.widths, blocks=self.blocks, stem_stride=self.stem_stride, use_size=False, **common
    )
    pen = StrokeResNet(widths=self.pen_widths, blocks=self.pen_blocks, hidden=self.hidden, **common)
    return picture(inputs, train) + pen(inputs, train)
