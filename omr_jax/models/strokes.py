"""A small pre-activation ResNet along the pen's way, for those who have strokes."""

from collections.abc import Mapping
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from omr_jax.models import layers
from omr_jax.models.preact import groups

_REACH = (1, 5)  # Kernels: pictures one pixel high, as which XLA and ONNX have their best forms.
# A symbol's line is some four times as long as the symbol is large, and its points are this dense.
_STEPS = 24
_LOG_SIZE = 3.5  # Of a middling side, 33 pixels of the tablet.


class StrokeResNet(nn.Module):
  """A convolution, groups of blocks, norm and ReLU, mean and maximum over the way, dense, logits.

  Attributes:
    num_classes: Length of the logits.
    widths: Channels of each group; the first convolution has those of the first.
    blocks: Blocks of each group; all groups but the first begin with a stride of 2.
    hidden: Width of the dense layer before the last.
    dropout: Rate before each of the two dense layers.
    momentum: Of batch norm's moving statistics.
    epsilon: Of batch norm.
    dtype: Of the arithmetic between inputs and logits.
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
      inputs: `pen` float32 [batch, points, 3], see `omr_jax.inputs.pen_path.way`.
      train: Normalize by the batch, and drop out.
    """
    conv = partial(layers.Conv, use_bias=False, dtype=self.dtype)
    norm = partial(layers.BatchNorm, train, self.momentum, self.epsilon, self.dtype)
    x = features(inputs['pen']).astype(self.dtype)
    x = conv(self.widths[0], _REACH)(x[:, None])
    x = groups(x, self.widths, self.blocks, _REACH, (1, 2), conv, norm)
    x = layers.whole_pool(x)
    x = nn.Dropout(self.dropout, deterministic=not train)(x)
    x = nn.relu(layers.Dense(self.hidden, dtype=self.dtype)(x))
    return layers.classify(x, self.num_classes, self.dropout, train)


def features(pen: jax.Array) -> jax.Array:
  """What the network sees of a way, wherever on the tablet it is.

  Args:
    pen: float32 [batch, points, 3], see `omr_jax.inputs.pen_path.way`.

  Returns:
    float32 [batch, points, 10]. Of each point: x and y in units of the longer side of the box, x
    and y in units of the box, the step from the point before along x and y, and 1 where the pen is
    down. Of the symbol, at every point: the logarithms of width and height, and the number of
    strokes, each about 0.
  """
  # Slices and indices of an array whose batch has no number yet, as in exports, are gathers.
  part = jax.lax.slice_in_dim
  xy, stroke = part(pen, 0, 2, axis=2), part(pen, 2, 3, axis=2)
  low, high = xy.min(1, keepdims=True), xy.max(1, keepdims=True)
  box = jnp.maximum(high - low, 1)
  xy = xy - (low + high) / 2
  in_proportion = xy / box.max(-1, keepdims=True)
  before = part(in_proportion, 0, -1, axis=1)
  first = part(in_proportion, 0, 1, axis=1)
  step = _STEPS * (in_proportion - jnp.concatenate([first, before], 1))
  down = (stroke == jnp.floor(stroke)).astype(xy.dtype)
  # At every point, as told only before the last layers it came too late: dots whose line is open
  # looked like whole notes and double sharps, however small.
  size = jnp.log(box) - _LOG_SIZE
  count = (stroke.max(1, keepdims=True) - 1) / 2  # Two strokes are 0, four are 1.
  whole = jnp.broadcast_to(jnp.concatenate([size, count], -1), (*xy.shape[:2], 3))
  return jnp.concatenate([in_proportion, xy / box, step, down, whole], -1)
