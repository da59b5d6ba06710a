"""What the value of each key of a config may be by itself."""

import math
from collections.abc import Mapping
from typing import Any

from omr_jax import render, values
from omr_jax.values import ABOVE_0, AT_LEAST_0, CHANCE, FLAG, INSIDE, SHARE, Rule, one_of, whole
from tfds_builders.music_scores.groups import NUM_FOLDS

_PRECISIONS = ('float32', 'bfloat16')
_TESTED = ('best', 'last')
_FEEDS = ('auto', 'resident', 'streamed')
_CLASS_WEIGHTS = ('none', 'inverse_sqrt', 'balanced')


def of(key: str) -> Rule | None:
  """The rule of a key such as 'optimizer.eps', or None where any value goes."""
  section, _, name = key.rpartition('.')
  return _OF_CAMERA.get(name, CHANCE) if section == 'camera' else _OF_KEYS.get(key)


def _is_range(value: Any) -> bool:
  low, high = value
  return values.is_number(low) and values.is_number(high) and 0 < low <= high < math.inf


_RANGE = (
  'a smallest and a largest number, above 0',
  lambda value: len(value) == 2 and _is_range(value),
)
# Steps are counted in 32 bits.
_COUNT = whole(1, 10**6, 'a whole number from 1 to a million')
_SIDE = whole(1, 4096)
_OF_KEYS: Mapping[str, Rule] = {
  'seed': whole(0, 2**32 - 1, 'a whole number of at least 0 and below 2^32'),
  'epochs': _COUNT,
  'batch_size': _COUNT,
  'precision': one_of(_PRECISIONS),
  'average_decay': SHARE,
  'stop_after': whole(0, 10**6, 'a whole number from 0 to a million'),
  'tested': one_of(_TESTED),
  'data.protocol': ('a name', lambda value: isinstance(value, str)),
  'data.feed': one_of(_FEEDS),
  'data.allow_changed': FLAG,
  'data.fold': whole(0, NUM_FOLDS - 1),
  'data.hold_out': ("a source such as 'scores/desk', or ''", lambda value: isinstance(value, str)),
  'data.balance': CHANCE,
  'picture.height': _SIDE,
  'picture.width': _SIDE,
  'picture.tiles': whole(0, 8),
  'picture.whole': CHANCE,
  'picture.papers': whole(0, 1000),
  'picture.scenes': whole(0, 10_000),
  'decision.false_positive_rate': CHANCE,
  'drawing.height': _SIDE,
  'drawing.width': _SIDE,
  'drawing.layout': one_of(render.LAYOUTS),
  'drawing.thickness': (
    'a tuple of widths above 0 and up to 4096',
    lambda value: len(value) > 0 and all(values.is_number(w) and 0 < w <= 4096 for w in value),
  ),
  'drawing.staff_lines': (
    'a tuple of whole numbers from 0 to 4096',
    lambda value: isinstance(value, tuple) and all(values.is_whole(y, 0, 4096) for y in value),
  ),
  'drawing.margin': ('a whole number of at least 0', lambda value: values.is_whole(value, 0)),
  'drawing.max_stretch': ('at least 1', lambda value: value >= 1),
  'drawing.max_zoom': ('at least 0.01', lambda value: value >= 0.01),
  'drawing.antialias': FLAG,
  'drawing.thinned': FLAG,
  'augment.flip': FLAG,
  'augment.rotation': AT_LEAST_0,
  'augment.zoom': _RANGE,
  'augment.shear': AT_LEAST_0,
  'augment.shift': AT_LEAST_0,
  'augment.thickness': _RANGE,
  'augment.stroke_zoom': SHARE,
  'augment.stroke_shift': AT_LEAST_0,
  'augment.bend': SHARE,
  'augment.around': CHANCE,
  'augment.staff': CHANCE,
  'augment.worn': CHANCE,
  'loss.label_smoothing': SHARE,
  'loss.class_weights': one_of(_CLASS_WEIGHTS),
  'optimizer.learning_rate': ABOVE_0,
  'optimizer.l2': AT_LEAST_0,
  'optimizer.weight_decay': AT_LEAST_0,
  'optimizer.b1': SHARE,
  'optimizer.b2': SHARE,
  'optimizer.rho': SHARE,
  'optimizer.eps': ABOVE_0,
  'optimizer.momentum': SHARE,
  'schedule.warm_up': INSIDE,
  'schedule.factor': INSIDE,
  'schedule.patience': _COUNT,
  'schedule.floor': AT_LEAST_0,
}
# Of `camera.look`, strengths that its tables and windows are made for; its others are chances.
_OF_CAMERA: Mapping[str, Rule] = {
  'rotation': ('from 0 to 180 degrees', lambda value: 0 <= value <= 180),
  'smaller': ('from 0 to 3 octaves', lambda value: 0 <= value <= 3),
  'larger': ('from 0 to 3 octaves', lambda value: 0 <= value <= 3),
  'shift': ('from 0 to 2', lambda value: 0 <= value <= 2),
  'motion': ('from 0 to 5 pixels', lambda value: 0 <= value <= 5),
  'dark': ('from 0 to 5 octaves', lambda value: 0 <= value <= 5),
  'bright': ('from 0 to 5 octaves', lambda value: 0 <= value <= 5),
  'light': ('from 0 to 5 octaves', lambda value: 0 <= value <= 5),
  'white_balance': ('from 0 to 2 octaves', lambda value: 0 <= value <= 2),
  'perspective': ('from 0 to 0.5', lambda value: 0 <= value <= 0.5),
  'stretch': SHARE,
  'midtones': ('from 0 to 0.25', lambda value: 0 <= value <= 0.25),
  'noise': ('from 0 to 255', lambda value: 0 <= value <= 255),
  'jpeg': ('from 0 to 99', lambda value: 0 <= value <= 99),
}
