"""The format of metrics.jsonl, to which a run adds a line of JSON after every epoch."""

import math
from typing import Any, TypeGuard

FILE = 'metrics.jsonl'
KEYS = (
  'epoch',
  'step',
  'loss',
  'validation_accuracy',
  'validation_loss',
  'learning_rate',
  'images_per_s',
  'seconds',
)


def is_line(value: Any, epoch: int) -> bool:
  """Whether `value`, read from JSON, is a complete line with the numbers of that epoch."""
  return (
    isinstance(value, dict)
    and all(is_number(value.get(key)) for key in KEYS)
    and value['epoch'] == epoch
    and isinstance(value['step'], int)
    and 0 <= value['validation_accuracy'] <= 1
  )


def is_number(value: Any) -> TypeGuard[float]:
  """Whether `value` is a finite number that a report can draw; True and False are not."""
  if isinstance(value, bool) or not isinstance(value, int | float):
    return False
  return abs(value) < 1e30 and math.isfinite(value)
