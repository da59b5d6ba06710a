"""How a network that finds the symbols of a page is trained, from a config."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from omr_jax.augment import page_windows, pasting
from omr_jax.data.dataset import Dataset, Split
from omr_jax.errors import UserError
from omr_jax.inputs import box_kinds, windows
from omr_jax.tasks.pages import inputs
from omr_jax.tasks.pages import loss as losses

Inputs = Mapping[str, jax.Array]

# The strengths of `page_windows.look`.
_DISTORTION = ('zoom', 'stretch', 'lean', 'bend', 'ink', 'paper', 'noise', 'blur', 'shadow')
AUGMENTATIONS: Mapping[str, tuple[str, ...]] = {
  'none': (),
  'windows': (),  # It reads the section `distortion` instead.
}
LOSS: tuple[str, ...] = ()
SECTIONS = {
  'data': ('name', 'source', 'protocol', 'feed', 'tiles_per_epoch', 'made_up', 'pasted'),
  'windows': ('trained_side',),
  'distortion': _DISTORTION,
}
# Keys of these sections that only some choices read.
CONDITIONAL = tuple(f'distortion.{name}' for name in _DISTORTION)
# Types of the keys that only some choices read; those that are not listed are floats.
TYPES: Mapping[str, type] = {}


def conditions(config: ConfigDict) -> dict[str, str | None]:
  """By key, the choice that reads it, or None if this config does not read it.

  It lists only keys for which `omr_jax.recipe.check` cannot tell this from the sections and the
  augmentations above.
  """
  reader = 'augment.space=windows' if config.augment.space == 'windows' else None
  return dict.fromkeys(CONDITIONAL, reader)


def check(config: ConfigDict) -> None:
  """Accepts every config: no two keys of this task depend on each other."""


def split_name(config: Mapping) -> str:
  """How the data is split, in words."""
  chosen = config['data']
  source, protocol = chosen['source'], chosen['protocol']
  return protocol if protocol == source else f'{protocol} of {source}'


def picture(config: ConfigDict) -> inputs.Layout:
  """The picture settings: how a page becomes windows."""
  del config
  return inputs.Layout(windows.SPACE, windows.SIDE)


def shape(config: ConfigDict) -> tuple[int, int, int]:
  """Height, width and channels of the windows that the network reads after training."""
  del config
  return windows.SIDE, windows.SIDE, 1


def load(config: ConfigDict, data_dir, raw_dir) -> Dataset:
  """The pages as arrays; `omr_jax.tasks.pages.data` lists them."""
  from omr_jax.tasks.pages import data

  chosen = config.data
  found = data.load(
    chosen.source, chosen.protocol, data_dir, raw_dir, chosen.made_up, chosen.pasted
  )
  return found._replace(drawn=chosen.tiles_per_epoch or None)


def check_network(config: ConfigDict, module: nn.Module) -> None:
  """Refuses a network that gives no maps, or none of windows of this size.

  Raises:
    UserError: It names the key and what to choose instead.
  """
  if module.inputs != ('window',):
    raise UserError(
      f'config.model.name: {config.model.name} gives one class to a whole picture, and finds '
      'nothing on a page. Choose the network detector.'
    )
  if windows.SIDE % module.stride:
    raise UserError(
      f'config.model.widths: with {len(module.widths)} of them windows must have sides that are '
      f'multiples of {module.stride}, and they have {windows.SIDE}. Give fewer widths and blocks.'
    )


def strengths(config: ConfigDict) -> dict:
  """The numbers of the augmentation that the config chooses, by name."""
  if config.augment.space == 'none':
    return dict.fromkeys(_DISTORTION, 0.0)
  return dict(config.distortion.items())


def augmentation(
  config: ConfigDict, module: nn.Module
) -> tuple[tuple[str, ...], Callable[[Mapping, jax.Array, Inputs], tuple[Inputs, Inputs]]]:
  """How a training step makes its inputs.

  Returns:
    The names of the training arrays that it reads, and a function from (`strengths`, rng, batch) to
    a window of each tile, and the boxes and classes in it.
  """
  del module
  side, of_tile = config.windows.trained_side, ('tile', 'boxes', 'classes')
  of_sprites = ('sprite', 'sprite_box', 'sprite_class') if config.data.pasted else ()

  def augmented(strengths: Mapping, rng: jax.Array, batch: Inputs) -> tuple[Inputs, Inputs]:
    tiles, boxes, classes = (batch[name] for name in of_tile)
    if of_sprites:
      rng, key = jax.random.split(rng)
      pasted = (batch[name] for name in of_sprites)
      tiles, boxes, classes = pasting.paste(key, tiles, boxes, classes, *pasted)
    window, boxes = page_windows.look(rng, tiles, boxes, side, **strengths)
    return {'window': window}, {'boxes': boxes, 'classes': classes}

  return (*of_tile, *of_sprites), augmented


def loss_numbers(config: ConfigDict) -> dict[str, Any]:
  """None: the loss has no numbers that a config sets."""
  del config
  return {}


def loss(
  config: ConfigDict, train: Split, draws: np.ndarray | None = None
) -> Callable[..., jax.Array]:
  """The loss of a run: (outputs, targets) to the loss by object in a batch."""
  del train, draws
  kinds = jnp.array(box_kinds.kinds(inputs.classes(config)))
  return lambda outputs, targets: losses.loss(outputs, **targets, kinds=kinds)


def evaluation(
  config: ConfigDict, module: nn.Module
) -> tuple[tuple[str, ...], Callable[[Mapping, Inputs], Inputs]]:
  """What is computed of windows that are not augmented.

  Returns:
    The names of the arrays that are read, and a function from (variables, arrays) to the maps
    `heat` and `edges` (`inputs.peaks`).
  """
  del config
  maps: Callable[..., Any] = partial(module.apply, train=False)
  return ('window',), maps


def exported(
  module: nn.Module, facts: Mapping[str, Any]
) -> Callable[[Mapping, Inputs], dict[str, jax.Array]]:
  """What an exported network computes: (variables, inputs) to its outputs by name.

  These are the two maps of `inputs.peaks`. `heat` is calibrated, so that its sigmoid is the
  probability that a symbol which is found there is right.
  """
  maps: Callable[..., Any] = partial(module.apply, train=False)

  def outputs(variables: Mapping, inputs: Inputs) -> dict[str, jax.Array]:
    found = maps(variables, inputs)
    heat = (found['heat'] - facts['bias']) / facts['temperature']
    return {'heat': heat, 'edges': found['edges']}

  return outputs
