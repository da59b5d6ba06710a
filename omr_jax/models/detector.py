"""A network that finds every symbol of a page: small, fully convolutional, made for CPUs.

Most of it works at a quarter of the picture's resolution, where a staff space has 2.5 pixels. Its
last layer gives the numbers of 2x2 cells for each of these pixels, so that the maps have half of
the picture's resolution: fewer neighbours then share a cell (`inputs.peaks`).
"""

from collections.abc import Mapping, Sequence
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from omr_jax.inputs.box_kinds import KINDS
from omr_jax.models import layers
from omr_jax.models.preact import Block

_CELLS = 2  # Cells along each side of a pixel of the last features.
_RARE = 0.003  # The share of a class's cells that the network expects at first to hold an object.


class Detector(nn.Module):
  """Pre-activation blocks down to a coarse picture, and up again with sums (Lin et al., 2017).

  Attributes:
    num_classes: Number of classes.
    dtype: Type of the arithmetic. Params, batch statistics and the maps are always float32.
    widths: Channels at strides 4, 8, 16 and so on.
    blocks: Number of blocks there.
    up: Channels of the last features, at stride 4.
    momentum: Of the batch norms.
    epsilon: Of the batch norms.
  """

  num_classes: int
  dtype: Dtype = jnp.float32
  widths: Sequence[int] = (64, 96, 128, 160)
  blocks: Sequence[int] = (2, 2, 2, 1)
  up: int = 64
  momentum: float = 0.95
  epsilon: float = 1e-3

  options = ('widths', 'blocks', 'up', 'momentum', 'epsilon')
  inputs = ('window',)

  @property
  def stride(self) -> int:
    """Height and width of a window must be multiples of it: 32 with four `widths`."""
    return 4 * 2 ** (len(self.widths) - 1)

  @nn.compact
  def __call__(self, inputs: Mapping[str, jax.Array], train: bool) -> dict[str, jax.Array]:
    """A window to its two maps, as `inputs.peaks` describes them.

    Args:
      inputs: `window` [batch, height, width, 1] from 0 (black) to 255; height and width are
        multiples of `stride`.
      train: Normalize by the batch's statistics.

    Returns:
      `heat` float32 [batch, height / 2, width / 2, classes] and `edges` float32 [batch,
      height / 2, width / 2, kinds, 4].
    """
    conv = partial(layers.Conv, use_bias=False, dtype=self.dtype)
    norm = partial(layers.BatchNorm, train, self.momentum, self.epsilon, self.dtype)
    block = partial(Block, kernel=(3, 3), strides=(1, 1), conv=conv, norm=norm)
    x = layers.darkness(inputs['window'], self.dtype)
    levels: list[jax.Array] = []
    for width, count in zip(self.widths, self.blocks, strict=True):
      if levels:
        x = conv(width, (3, 3), (2, 2))(nn.relu(norm()(x)))
      else:
        x = conv(width, (8, 8), (4, 4))(x)
      for _ in range(count):
        x = block(width)(x)
      levels.append(x)
    widths = (self.up, *self.widths[1:])
    for width, level in zip(widths[-2::-1], levels[-2::-1], strict=True):
      x = _twice_as_large(conv(width, (1, 1))(nn.relu(norm()(x))))
      x = x + (level if level.shape[-1] == width else conv(width, (1, 1))(level))
      x = block(width)(x)
    x = nn.relu(norm()(x)).astype(jnp.float32)
    last = partial(layers.Conv, kernel_size=(1, 1))
    expected = nn.initializers.constant(jnp.log(_RARE / (1 - _RARE)))
    heat = last(_CELLS**2 * self.num_classes, bias_init=expected)(x)
    edges = _in_cells(last(_CELLS**2 * len(KINDS) * 4)(x))
    return {'heat': _in_cells(heat), 'edges': edges.reshape(*edges.shape[:3], len(KINDS), 4)}


def _twice_as_large(x: jax.Array) -> jax.Array:
  """Repeats each pixel of [batch, height, width, channels] twice along both sides."""
  return x.repeat(2, 1).repeat(2, 2)


def _in_cells(x: jax.Array) -> jax.Array:
  """[batch, height, width, 4 n] to [batch, 2 height, 2 width, n]."""
  batch, height, width, channels = x.shape
  x = x.reshape(batch, height, width, _CELLS, _CELLS, channels // _CELLS**2)
  return x.transpose(0, 1, 3, 2, 4, 5).reshape(batch, height * 2, width * 2, -1)
