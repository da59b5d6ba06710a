"""The values of the keys of `config.loss` that these tasks share. Nothing here needs JAX."""

from collections.abc import Mapping

from omr_jax.utils.rules import SHARE, Rule, one_of

LOSS: Mapping[str, Rule] = {
  'loss.label_smoothing': SHARE,
  'loss.class_weights': one_of(('none', 'inverse_sqrt', 'balanced')),
}
