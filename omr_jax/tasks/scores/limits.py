"""The values that the task's own keys of a config may have, and their copies in `model.json`.

Nothing here needs JAX.
"""

from collections.abc import Mapping
from typing import Any

from omr_jax.tasks.classifiers import limits
from omr_jax.utils import rules
from omr_jax.utils.rules import CHANCE, SHARE, Rule
from tfds_builders.folds import SCORE_FOLDS

# The section of a config that the picture settings are made from.
PICTURE = 'picture'
# Keys that the configs of earlier versions lack, with values that say what these did.
LATER: Mapping[str, Any] = {
  'picture.cuts': 0,
  'picture.drawn': 0,
  'decision.false_positive_cost': 2.0,  # Its rule is used for their thresholds, too.
  'decision.lower_weight': 0.0,
}
# Keys that only the configs of earlier versions have. Nothing reads them.
GONE = ('decision.false_positive_rate',)
LIMITS: Mapping[str, Rule] = {
  **limits.LOSS,
  'data.fold': rules.whole(0, SCORE_FOLDS - 1),
  'data.hold_out': ("a source such as 'scores/desk', or ''", lambda value: isinstance(value, str)),
  'data.balance': CHANCE,
  'picture.height': rules.whole(1, 4096),
  'picture.width': rules.whole(1, 4096),
  'picture.tiles': rules.whole(0, 8),
  'picture.whole': CHANCE,
  'picture.cuts': rules.whole(0, 20),
  'picture.papers': rules.whole(0, 1000),
  'picture.scenes': rules.whole(0, 10_000),
  'picture.drawn': rules.whole(0, 1000),
  'decision.false_positive_cost': ('from 0 to 1000', lambda value: 0 <= value <= 1000),
  'decision.lower_weight': ('from 0 to 0.5', lambda value: 0 <= value <= 0.5),
  # Strengths of the camera. For some of them tables and windows have a limited size.
  'camera.rotation': ('from 0 to 180 degrees', lambda value: 0 <= value <= 180),
  'camera.smaller': ('from 0 to 3 octaves', lambda value: 0 <= value <= 3),
  'camera.larger': ('from 0 to 3 octaves', lambda value: 0 <= value <= 3),
  'camera.shift': ('from 0 to 2', lambda value: 0 <= value <= 2),
  'camera.motion': ('from 0 to 5 pixels', lambda value: 0 <= value <= 5),
  'camera.dark': ('from 0 to 5 octaves', lambda value: 0 <= value <= 5),
  'camera.bright': ('from 0 to 5 octaves', lambda value: 0 <= value <= 5),
  'camera.light': ('from 0 to 5 octaves', lambda value: 0 <= value <= 5),
  'camera.white_balance': ('from 0 to 2 octaves', lambda value: 0 <= value <= 2),
  'camera.perspective': ('from 0 to 0.5', lambda value: 0 <= value <= 0.5),
  'camera.stretch': SHARE,
  'camera.midtones': ('from 0 to 0.25', lambda value: 0 <= value <= 0.25),
  'camera.noise': ('from 0 to 255', lambda value: 0 <= value <= 255),
  'camera.jpeg': ('from 0 to 99', lambda value: 0 <= value <= 99),
  'camera.clean': CHANCE,
  'camera.chance': CHANCE,
  'camera.rare': CHANCE,
  'camera.flip': CHANCE,
  'camera.turn': CHANCE,
  'camera.background': CHANCE,
  'camera.inverse': CHANCE,
  'camera.grey': CHANCE,
  'camera.defocus': CHANCE,
  'camera.shadow': CHANCE,
  'camera.moire': CHANCE,
  'camera.contrast': CHANCE,
}
# The threshold of an exported network. None is chosen below even odds, see `evaluation.choose`.
THRESHOLD: Rule = (
  'a probability from 0.5 to 1',
  lambda value: rules.is_number(value) and 0.5 <= value <= 1,
)
