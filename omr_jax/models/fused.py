"""Picture and pen in one network: what either sees alone speaks for a class, and both add up."""

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

  In training either branch has to answer by itself too. Trained only for their sum, they learn what
  the pen's branch learns alone, which is no more than that; and it is the picture that helps with
  writers whose strokes come in another order.

  Attributes:
    num_classes: Length of the logits.
    canvas: Height and width of the picture that the network draws itself of the pen's points, see
      `glance`; None to read the input `image`.
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
    """Inputs to float32 logits; see the two branches.

    Returns:
      [batch, classes]. With `train` [3, batch, classes]: as if picture, pen, and both had been
      asked. What trains the network takes the mean of their losses.
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
