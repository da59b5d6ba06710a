"""Networks: Flax modules that map named inputs to logits, or, of the detector, to two maps.

`create` makes one by its name, `check_canvas` refuses pictures that are too small for it. Each
family of networks has a module (`vgg`, `resnet`, `preact`, `strokes`, `fused`, `detector`), with
their parts in `layers`, `convolution`, `close_up` and `soft_ink`; `multi_view` joins the logits of
several views. This folder may import inputs and all below it.

The number in a name counts the convolutions from the picture to the dense layer, without those of
shortcuts, at the default number of blocks. A config that sets other `blocks` keeps the name.

These are the networks of the original systems (MusicSymbolClassifier; the two of the paper are in
its section V-B) and their names there:

| here                   | original        | here                 | original        |
|------------------------|-----------------|----------------------|-----------------|
| vgg13, the paper's     | vgg4            | vgg14                | vgg             |
| resnet25, the paper's  | res_net_3_small | resnet25_wide        | res_net_3       |
| resnet25_preact        | res_net_5_small | resnet25_preact_wide | res_net_5       |
| resnet25_strided       | res_net_1       | resnet26_wide        | res_net_4       |
| resnet21_strided       | res_net_2       | preact_resnet9 to 13 | none: our own   |

Three more of our own read strokes: `stroke_resnet17` reads the pen's path and no picture,
`stroke_resnet28` the path and a picture that it draws itself from the path, `fused_resnet30` the
path and a given picture.
"""

import bisect
import typing
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.typing import Dtype

from omr_jax.errors import UserError, nearest
from omr_jax.inputs import pen_path
from omr_jax.models import layers
from omr_jax.models.detector import Detector
from omr_jax.models.fused import FusedResNet
from omr_jax.models.preact import PreactResNet
from omr_jax.models.resnet import ResNet
from omr_jax.models.strokes import StrokeResNet
from omr_jax.models.vgg import VGG
from omr_jax.utils import rules
from omr_jax.utils.rules import FLAG, Rule, whole

# `_POOLED` networks halve the picture by a pool between groups, `_STRIDED` ones by the first
# convolution of each group.
_POOLED = partial(
  ResNet, depths=(1, 2, 3, 3, 3), strides=(1, 1, 1, 1, 1), group_pool=True, shortcut=3
)
_STRIDED = partial(ResNet, stem_pool=True, relu_before_sum=True)
_NARROW = (16, 32, 64, 128, 256)
_WIDE = (32, 64, 128, 256, 512)

NETWORKS: Mapping[str, partial[Any]] = {
  'vgg13': partial(VGG, widths=_WIDE, depths=(2, 2, 3, 3, 3), average_last=True),
  'vgg14': partial(VGG, widths=(16, 32, 64, 128, 192), depths=(2, 2, 3, 3, 4)),
  'resnet25': partial(_POOLED, stem=((16, 3, 1),), widths=_NARROW),
  'resnet25_wide': partial(_POOLED, stem=((32, 3, 1),), widths=_WIDE),
  'resnet25_preact': partial(_POOLED, stem=((16, 3, 1),), widths=_NARROW, preactivation=True),
  'resnet25_preact_wide': partial(_POOLED, stem=((32, 3, 1),), widths=_WIDE, preactivation=True),
  'resnet26_wide': partial(_POOLED, stem=((64, 7, 2), (32, 3, 1)), widths=_WIDE),
  'resnet25_strided': partial(
    _STRIDED,
    stem=((64, 7, 2),),
    widths=(64, 128, 256, 512),
    depths=(3, 3, 3, 3),
    strides=(1, 2, 2, 2),
  ),
  'resnet21_strided': partial(
    _STRIDED,
    stem=((32, 7, 2),),
    widths=(32, 64, 128, 256),
    depths=(2, 2, 3, 3),
    strides=(2, 2, 2, 2),
  ),
  'preact_resnet11': partial(PreactResNet),
  'preact_resnet13': partial(PreactResNet, widths=(24, 48, 96, 160), blocks=(1, 1, 2, 2)),
  'preact_resnet9': partial(
    PreactResNet, widths=(16, 32, 64, 128), blocks=(1, 1, 1, 1), use_size=False, whole_pool=True
  ),
  'stroke_resnet17': partial(StrokeResNet),
  'stroke_resnet28': partial(FusedResNet, canvas=(48, 36), widths=(16, 48, 96), blocks=(1, 2, 2)),
  'fused_resnet30': partial(FusedResNet),
  'detector': partial(Detector),
}

# Largest side in pixels that `check_canvas` tries: networks that draw their own picture may fail on
# every canvas.
_LARGEST = 8192


def _counts(most: int) -> Rule:
  return (
    f'a list of up to 16 whole numbers from 1 to {most}',
    lambda value: 0 < len(value) <= 16 and all(rules.is_whole(n, 1, most) for n in value),
  )


# What the arguments of networks may be.
_VALUES: dict[str, Rule] = {
  **dict.fromkeys(
    ('dropout', 'momentum'), ('a rate of at least 0 and below 1', lambda value: 0 <= value < 1)
  ),
  'epsilon': rules.ABOVE_0,
  **dict.fromkeys(('widths', 'pen_widths'), _counts(4096)),
  **dict.fromkeys(('blocks', 'pen_blocks'), _counts(64)),
  'hidden': whole(1, 4096),
  'up': whole(1, 4096),
  'stem_size': whole(1, 64),
  'stem_stride': whole(1, 64),
  'even': FLAG,
  'close_up': (
    'a height and a width from 16 to 512',
    lambda value: len(value) == 2 and all(rules.is_whole(n, 16, 512) for n in value),
  ),
  'use_size': FLAG,
}


def options(name: str) -> tuple[str, ...]:
  """The arguments of a network that a config may set; KeyError if there is no such network."""
  module: Any = NETWORKS[name].func
  return module.options


def rule(key: str) -> Rule | None:
  """The rule for a key of a config such as 'model.widths'; None if it is no network's argument."""
  section, _, argument = key.partition('.')
  return _VALUES.get(argument) if section == 'model' else None


def type_of(argument: str) -> type:
  """The type of a network's argument that a config may set: bool, int, float or tuple."""
  name = next(each for each in NETWORKS if argument in options(each))
  hint = typing.get_type_hints(NETWORKS[name].func)[argument]
  for kind in typing.get_args(hint):  # Such as tuple[int, int] | None.
    if typing.get_origin(kind):
      return typing.get_origin(kind)
  return typing.get_origin(hint) or hint


def arguments(section: Mapping[str, Any]) -> dict[str, Any]:
  """Those values of a config's section `model` that its network reads as arguments of `create`."""
  return {key: section[key] for key in options(section['name']) if key in section}


def create(name: str, num_classes: int, dtype: Dtype = jnp.float32, **arguments) -> nn.Module:
  """Makes a network of NETWORKS.

  Call it as `module.apply(variables, inputs, train=...)`. Its attribute `inputs` names what it
  reads from the dict `inputs`:

    image: [batch, height, width, channels], uint8 or float32, dark ink (0) on white (255).
    size: float32 [batch, 2], the logarithms of the width and height of a symbol's box.
    pen: float32 [batch, points, 3], the pen's path (`omr_jax.inputs.pen_path.sampled`).
    window: [batch, height, width, 1], uint8 or float32, a part of a page, dark ink (0) on white.

  It returns float32 logits [batch, classes]. With `train=True` a network may have several heads,
  such as one for each branch, and returns [heads, batch, classes]: each head answers alone, and the
  loss is the mean over the heads (`tasks.classifiers.training.cross_entropy`). `detector`, which
  reads `window`, returns the maps `heat` and `edges` instead (`omr_jax.inputs.peaks`).

  Args:
    name: A key of NETWORKS.
    num_classes: Number of classes.
    dtype: Type of the arithmetic. Params, batch statistics and logits are always float32.
    **arguments: Attributes of the module, such as `dropout`; its `options` lists those that may be
      set.

  Raises:
    UserError: The name or an argument is unknown, or a value is impossible.
  """
  if name not in NETWORKS:
    raise UserError(f'No network is called {name!r}{nearest(name, NETWORKS)}')
  network = NETWORKS[name]
  # A config may have lists, but modules must be hashable.
  arguments = {k: tuple(v) if isinstance(v, list) else v for k, v in arguments.items()}
  for argument, value in arguments.items():
    if argument not in options(name):
      raise UserError(f'{name} has no argument {argument!r}{nearest(argument, options(name))}')
    rules.refuse_unless(_VALUES[argument], value, f'{name}: {argument}')
  module = network(num_classes=num_classes, dtype=dtype, **arguments)
  if getattr(module, 'even', False) and getattr(module, 'close_up', None):
    raise UserError(f'{name}: close_up needs paper that is white; leave out close_up or even.')
  for widths, blocks in (('widths', 'blocks'), ('pen_widths', 'pen_blocks')):
    wide, deep = getattr(module, widths, ()), getattr(module, blocks, None)
    if deep is not None and len(wide) != len(deep):
      raise UserError(f'{name}: {widths} {wide} and {blocks} {deep} must be equally long.')
  return module


def reads_pictures(name: str) -> bool:
  """Whether a network of NETWORKS reads pictures; the others read only the pen's path."""
  return 'image' in create(name, 1).inputs


def check_canvas(name: str, height: int, width: int, **arguments) -> None:
  """Refuses a canvas that is too small for the network's strides and pools.

  Args:
    name: A key of NETWORKS.
    height: Height of the canvas in pixels.
    width: Width of the canvas in pixels.
    **arguments: The network's arguments for `create`.

  Raises:
    UserError: The canvas is too small, or `create` refuses the name or the arguments.
  """
  module = create(name, 1, **arguments)
  if _fits(module, height, width):
    return
  # Height and width shrink in the same way and independently, so the least side is a square's.
  enough = 1
  while not _fits(module, enough, enough):
    enough *= 2
    if enough > _LARGEST:
      raise UserError(
        f'No canvas is large enough for {name}: choose fewer groups, a smaller stem_stride or, '
        'where it has one, a larger close_up.'
      )
  side = 1 + bisect.bisect_left(range(1, enough), True, key=lambda n: _fits(module, n, n))
  raise UserError(
    f'A canvas of {height}x{width} is too small for {name}, whose pooling needs {side}x{side} or '
    'more: choose a larger canvas or another network.'
  )


@cache
def _fits(module: nn.Module, height: int, width: int) -> bool:
  """Whether the network can read pictures of this size. Only shapes are traced.

  Even that takes part of a second, so answers are cached.
  """
  if height < 1 or width < 1:
    return False
  inputs = {
    'image': jax.ShapeDtypeStruct((1, height, width, 1), jnp.uint8),
    'size': jax.ShapeDtypeStruct((1, 2), jnp.float32),
    'pen': jax.ShapeDtypeStruct((1, pen_path.POINTS, 3), jnp.float32),
    'window': jax.ShapeDtypeStruct((1, height, width, 1), jnp.uint8),
  }
  try:
    key = jax.eval_shape(partial(jax.random.key, 0))  # To make a key would compile.
    jax.eval_shape(partial(module.init, train=False), key, inputs)
  except layers.TooSmallError:
    return False
  return True
