"""Variables of networks, which need no compilation, and networks that are less deep."""

import functools

import jax
import numpy as np


def drawn_variables(module, inputs, seed=0):
  """As of a trained network: kernels that keep the spread, batch statistics of all kinds."""
  shapes = jax.eval_shape(functools.partial(module.init, train=False), jax.random.key(0), inputs)
  rng = np.random.default_rng(seed)

  def drawn(path, leaf):
    if leaf.ndim > 1:
      return rng.normal(0, np.prod(leaf.shape[:-1]) ** -0.5, leaf.shape).astype(leaf.dtype)
    about = float(path[-1].key in ('scale', 'var'))
    return (about + rng.uniform(0, 0.5, leaf.shape)).astype(leaf.dtype)

  return jax.tree_util.tree_map_with_path(drawn, shapes)


def less_deep(module):
  """The network with its first two groups only: further ones are like these.

  The first group has one block, which begins it; the second has one more.
  """
  if hasattr(module, 'strides'):
    module = module.clone(strides=module.strides[:2])
  if hasattr(module, 'depths'):
    return module.clone(widths=module.widths[:2], depths=(1, 2))
  return module.clone(widths=module.widths[:2], blocks=(1, 2))
