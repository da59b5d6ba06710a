"""Rules for values of a config: each is a test of one value and its description for messages."""

import math
import reprlib
import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeGuard

from omr_jax.errors import UserError, nearest

# What a value must be, in words that complete "it must be ...", and a function that tests a value.
Rule = tuple[str, Callable[[Any], bool]]


_repr = reprlib.Repr()  # Messages must stay readable, whatever a damaged file holds.
_repr.maxstring = _repr.maxother = _repr.maxlong = 60


def holds(rule: Rule, value: Any) -> bool:
  """Whether a value keeps a rule. One that the test can't compare, such as an array, does not."""
  if isinstance(value, int) and abs(value) > sys.float_info.max:
    return False  # Arithmetic with floats would fail.
  try:
    return bool(rule[1](value))
  except (TypeError, ValueError):
    return False


def refuse_unless(rule: Rule, value: Any, key: str) -> None:
  """Raises a UserError with the name of the key where its value breaks the rule."""
  if not holds(rule, value):
    raise UserError(f'{key} is {_repr.repr(value)}; it must be {rule[0]}.')


def refuse_other_keys(value: Any, keys: Collection[str], where: str) -> None:
  """Raises a UserError where a value is no mapping with exactly these keys."""
  refuse_unless(OBJECT, value, where)
  for key in keys:
    if key not in value:
      raise UserError(f'{where} lacks the key {key!r}.')
  for key in value:
    if key not in keys:
      raise UserError(f'{where} has no key {_repr.repr(key)}{nearest(key, keys)}')


def is_number(value: Any) -> bool:
  """Whether a value is a float, or an int that a float can hold; True and False are no numbers."""
  if isinstance(value, bool) or not isinstance(value, int | float):
    return False
  return isinstance(value, float) or abs(value) <= sys.float_info.max


def is_on(value: Any) -> bool:
  """Whether an effect of this strength is computed at all: not where it is the number 0.

  Where the members of a population differ in a strength it is a traced JAX array, whose value is
  unknown here, so the effect is computed. Some effects must not be computed with a strength of 0:
  `recipe.members` refuses a population in which only some members have a 0 of these.
  """
  return not is_number(value) or value != 0


def is_whole(value: Any, least: int, most: int = 2**53) -> TypeGuard[int]:
  """Whether a value is an int from `least` to `most`, both included.

  All programs that read JSON have whole numbers up to 2^53 exactly.
  """
  return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def whole(least: int, most: int, words: str = '') -> Rule:
  """The rule for a whole number from `least` to `most`, both included."""
  words = words or f'a whole number from {least} to {most}'
  return words, lambda value: is_whole(value, least, most)


def one_of(known: Collection[str]) -> Rule:
  """The rule for one of the given names."""
  return f'one of {", ".join(known)}', lambda value: value in known


OBJECT: Rule = ('an object with keys', lambda value: isinstance(value, Mapping))
TEXT: Rule = ('a text', lambda value: isinstance(value, str))
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
