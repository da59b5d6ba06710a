"""The format of metrics.jsonl, to which a run adds a line of JSON after every epoch."""

import math
from typing import Any, TypeGuard

FILE = 'metrics.jsonl'
KEYS = ('epoch', 'step', 'loss', 'learning_rate', 'images_per_s', 'seconds')


def is_line(value: Any, epoch: int, validated: str) -> bool:
  """Whether `value`, read from JSON, is a complete line with the numbers of that epoch.

  Args:
    value: The value.
    epoch: The epoch, from 1.
    validated: The key of the measure in validation by which epochs are compared, from 0 to 1
      (`Task.validated`). A line may have further numbers, such as `validation_loss`.
  """
  return (
    isinstance(value, dict)
    and all(is_number(value.get(key)) for key in (*KEYS, validated))
    and all(is_number(number) for key, number in value.items() if key.startswith('validation_'))
    and value['epoch'] == epoch
    and isinstance(value['step'], int)
    and 0 <= value[validated] <= 1
  )


def is_number(value: Any) -> TypeGuard[float]:
  """Whether `value` is a finite number that a report can draw; True and False are not."""
  if isinstance(value, bool) or not isinstance(value, int | float):
    return False
  return abs(value) < 1e30 and math.isfinite(value)
