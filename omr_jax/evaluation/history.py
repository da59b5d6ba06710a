"""What a line of metrics.jsonl is, for who writes it, goes on from it or reports it."""

import math
from typing import Any

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
  """Whether `value`, read from JSON, are the numbers of that epoch."""
  return (
    isinstance(value, dict)
    and all(is_number(value.get(key)) for key in KEYS)
    and value['epoch'] == epoch
    and isinstance(value['step'], int)
    and 0 <= value['validation_accuracy'] <= 1
  )


def is_number(value: Any) -> bool:
  """Whether it is a number that can be drawn and counted with."""
  if isinstance(value, bool) or not isinstance(value, int | float):
    return False
  return abs(value) < 1e30 and math.isfinite(value)
