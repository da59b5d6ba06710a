"""A small pre-activation ResNet along the pen's path, for symbols given as strokes."""

from collections.abc import Mapping
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from omr_jax.models import layers
from omr_jax.models.preact import groups
from omr_jax.models.soft_ink import centred, part

# Size of the kernels. The path is treated as a picture one pixel high, because XLA and ONNX Runtime
# are fastest with two-dimensional convolutions.
_KERNEL = (1, 5)
# Points per side of a symbol, by which steps are scaled to about 1: the line of a symbol is about
# four times as long as the symbol's longer side, and has 96 points.
_STEPS = 24
_LOG_SIZE = 3.5  # Logarithm of a typical side, 33 pixels of the tablet.


class StrokeResNet(nn.Module):
  """A convolution, groups of blocks, norm and ReLU, mean and maximum over the path, dense, logits.

  Attributes:
    num_classes: Number of classes.
    widths: Channels of each group; the first convolution has those of the first group.
    blocks: Blocks of each group; all groups but the first begin with a stride of 2.
    hidden: Width of the dense layer before the last.
    dropout: Rate of dropout before each of the two dense layers.
    momentum: Share that the moving statistics of batch norm keep in a step.
    epsilon: Added to the variance in batch norm.
    dtype: Type of the arithmetic between inputs and logits.
  """

  num_classes: int
  widths: tuple[int, ...] = (64, 96, 144, 192)
  blocks: tuple[int, ...] = (2, 2, 2, 2)
  hidden: int = 128
  dropout: float = 0.0
  momentum: float = 0.9
  epsilon: float = 1e-5
  dtype: Dtype = jnp.float32

  options = ('widths', 'blocks', 'hidden', 'dropout', 'momentum', 'epsilon')
  inputs = ('pen',)

  @nn.compact
  def __call__(self, inputs: Mapping[str, jax.Array], train: bool) -> jax.Array:
    """Inputs to float32 logits [batch, classes].

    Args:
      inputs: `pen` float32 [batch, points, 3], from `omr_jax.inputs.pen_path.sampled`.
      train: Normalize by the batch's statistics, and apply dropout.
    """
    conv = partial(layers.Conv, use_bias=False, dtype=self.dtype)
    norm = partial(layers.BatchNorm, train, self.momentum, self.epsilon, self.dtype)
    x = features(inputs['pen']).astype(self.dtype)
    x = conv(self.widths[0], _KERNEL)(x[:, None])
    x = groups(x, self.widths, self.blocks, _KERNEL, (1, 2), conv, norm)
    x = layers.whole_pool(x)
    x = nn.Dropout(self.dropout, deterministic=not train)(x)
    x = nn.relu(layers.Dense(self.hidden, dtype=self.dtype)(x))
    return layers.classify(x, self.num_classes, self.dropout, train)


def features(pen: jax.Array) -> jax.Array:
  """The features of each point, which do not depend on the symbol's place on the tablet.

  Args:
    pen: float32 [batch, points, 3], from `omr_jax.inputs.pen_path.sampled`.

  Returns:
    float32 [batch, points, 10]. For each point: x and y divided by the longer side of the box, x
    and y divided by the box's width and height, the step from the previous point along x and y, and
    1 where the pen is down. For the whole symbol, repeated at every point: the logarithms of width
    and height and the number of strokes, shifted and scaled to be about 0.
  """
  xy, stroke, box = centred(pen)
  in_proportion = xy / box.max(-1, keepdims=True)
  before = part(in_proportion, 0, -1, axis=1)
  first = part(in_proportion, 0, 1, axis=1)
  step = _STEPS * (in_proportion - jnp.concatenate([first, before], 1))
  down = (stroke == jnp.floor(stroke)).astype(xy.dtype)
  # The size is given at every point. When only the last layers knew it, dots whose line is open
  # were taken for whole notes and double sharps in spite of their size.
  size = jnp.log(box) - _LOG_SIZE
  count = (stroke.max(1, keepdims=True) - 1) / 2  # Two strokes give 0, four give 1.
  whole = jnp.broadcast_to(jnp.concatenate([size, count], -1), (*xy.shape[:2], 3))
  return jnp.concatenate([in_proportion, xy / box, step, down, whole], -1)
