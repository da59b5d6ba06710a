"""How networks learn to give one class to each example: cross-entropy, weights of classes."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from ml_collections import ConfigDict

from omr_jax.data.dataset import Split
from omr_jax.errors import UserError
from omr_jax.tasks import task as tasks

Inputs = Mapping[str, jax.Array]
LOSS = ('label_smoothing', 'class_weights')


def cross_entropy(
  logits: jax.Array,
  labels: jax.Array,
  label_smoothing: float,
  class_weights: np.ndarray | None = None,
) -> jax.Array:
  """Cross-entropy, averaged over the examples and over the heads of the network.

  Each head is trained to give the right answer by itself, and all heads have the same weight.

  Args:
    logits: float32 [batch, classes], or [heads, batch, classes] of a network with several heads.
    labels: int [batch].
    label_smoothing: Share of the target that is spread evenly over the classes.
    class_weights: float [classes], factors of the examples' losses by class, or None.
  """
  one_hot = jax.nn.one_hot(labels, logits.shape[-1])
  targets = optax.smooth_labels(one_hot, label_smoothing)
  losses = optax.softmax_cross_entropy(logits, targets)  # [batch] or [heads, batch].
  if class_weights is not None:
    losses *= jnp.asarray(class_weights, jnp.float32)[labels]
  batch_and_heads = tuple(range(losses.ndim))
  return losses.mean(batch_and_heads)


def loss(
  config: ConfigDict, train: Split, draws: np.ndarray | None = None
) -> Callable[..., jax.Array]:
  """The loss of a run, whose weights of classes depend on the training examples.

  Where examples are drawn with different probabilities (`Dataset.draws`), an example counts as
  often as it is drawn in an epoch on average.
  """
  classes = tasks.of_config(config).inputs.classes(config)
  times = None if draws is None else draws * len(draws)
  counts = np.bincount(train['label'], times, minlength=len(classes))
  return partial(cross_entropy, class_weights=class_weights(config.loss.class_weights, counts))


def loss_numbers(config: ConfigDict) -> dict[str, Any]:
  """The numbers of the loss by name; the members of a population may differ in them."""
  return {'label_smoothing': config.loss.label_smoothing}


def class_weights(name: str, counts: np.ndarray) -> np.ndarray | None:
  """The weight of each class, float [classes]; None if all have the same.

  Args:
    name: The value of `config.loss.class_weights`.
    counts: The number of training examples of each class in an epoch.
  """
  if name == 'none':
    return None
  if name == 'inverse_sqrt':  # As in the paper's code: this also makes the whole loss smaller.
    return 1 / np.sqrt(np.maximum(counts, 1))
  return counts.sum() / (len(counts) * np.maximum(counts, 1))


def refuse_detector(name: str, module: nn.Module) -> None:
  """Raises UserError for a network of `config.model.name` that gives no class to an example."""
  if 'window' in module.inputs:
    raise UserError(
      f'config.model.name: {name} finds symbols on pages, and gives no class to a whole picture. '
      'Choose another network.'
    )


def labelled(
  reads: tuple[str, ...], inputs: Callable[[Mapping, jax.Array, Inputs], Inputs]
) -> tuple[tuple[str, ...], Callable[[Mapping, jax.Array, Inputs], tuple[Inputs, jax.Array]]]:
  """From an augmentation of inputs to one of inputs and targets, which are the labels.

  Args:
    reads: Names of the training arrays that `inputs` reads.
    inputs: (strengths, rng, batch) to the network's inputs.
  """
  return (*reads, 'label'), lambda strengths, rng, batch: (
    inputs(strengths, rng, batch),
    batch['label'],
  )
