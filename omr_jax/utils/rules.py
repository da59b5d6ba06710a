"""What a config's value may be: tests that any value passes or fails, none raises."""

import math
from collections.abc import Callable, Collection
from typing import Any

# What a value must be, in words, and as a test.
Rule = tuple[str, Callable[[Any], bool]]


def holds(rule: Rule, value: Any) -> bool:
  """Whether a value keeps a rule; one of a type that can't be compared doesn't."""
  try:
    return bool(rule[1](value))
  except TypeError:
    return False


def is_number(value: Any) -> bool:
  """An int or a float; True and False are none."""
  return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_on(value: Any) -> bool:
  """False for the number 0; one that JAX traces is never 0, see `population`."""
  return not is_number(value) or value != 0


def is_whole(value: Any, least: int, most: float = math.inf) -> bool:
  """An int within the bounds, themselves included."""
  return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def whole(least: int, most: int, words: str = '') -> Rule:
  """A whole number within the bounds, themselves included."""
  words = words or f'a whole number from {least} to {most}'
  return words, lambda value: is_whole(value, least, most)


def one_of(known: Collection[str]) -> Rule:
  """One of the names."""
  return f'one of {", ".join(known)}', lambda value: value in known


FLAG: Rule = ('True or False', lambda value: isinstance(value, bool))
SHARE: Rule = ('at least 0 and below 1', lambda value: 0 <= value < 1)
CHANCE: Rule = ('from 0 to 1', lambda value: 0 <= value <= 1)
INSIDE: Rule = ('between 0 and 1', lambda value: 0 < value < 1)
ABOVE_0: Rule = ('above 0', lambda value: 0 < value < math.inf)
AT_LEAST_0: Rule = ('at least 0', lambda value: 0 <= value < math.inf)
RANGE: Rule = (
  'a smallest and a largest number, above 0',
  lambda value: (
    len(value) == 2 and all(map(is_number, value)) and 0 < value[0] <= value[1] < math.inf
  ),
)
