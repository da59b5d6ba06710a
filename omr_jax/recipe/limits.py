"""The values that each key of a config may have, for the keys that all tasks share."""

from collections.abc import Mapping

from omr_jax.utils.rules import ABOVE_0, AT_LEAST_0, FLAG, INSIDE, RANGE, SHARE, Rule, one_of, whole

# Steps are counted in 32 bits (`training.population` refuses more).
_COUNT = whole(1, 10**6, 'a whole number from 1 to a million')
_OF_KEYS: Mapping[str, Rule] = {
  'seed': whole(0, 2**32 - 1, 'a whole number of at least 0 and below 2^32'),
  'epochs': _COUNT,
  'batch_size': _COUNT,
  'precision': one_of(('float32', 'bfloat16')),
  'average_decay': SHARE,
  'stop_after': whole(0, 10**6, 'a whole number from 0 to a million'),
  'tested': one_of(('best', 'last')),
  'data.protocol': ('a name', lambda value: isinstance(value, str)),
  'data.feed': one_of(('auto', 'resident', 'streamed')),
  'augment.flip': FLAG,
  'augment.rotation': AT_LEAST_0,
  'augment.zoom': RANGE,
  'augment.shear': AT_LEAST_0,
  'augment.shift': AT_LEAST_0,
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


def of(key: str) -> Rule | None:
  """The rule for the values of a key such as 'optimizer.eps', or None if it may have any."""
  return _OF_KEYS.get(key)
