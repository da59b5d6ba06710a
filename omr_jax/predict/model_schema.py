"""The values that the keys of `model.json` may have. docs/export.md explains the keys.

Each key that programs may need is a row of FACTS and of the table in docs/export.md. It may be
missing, since folders of earlier versions lack it.
"""

import json
import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

from omr_jax.utils import rules

_LONGEST = 1000  # Characters of a value in a message.


def same(expected: Any) -> rules.Rule:
  """Exactly this value; of a long one the words have the beginning."""
  words = json.dumps(expected)
  words = words if len(words) <= _LONGEST else f'{words[:_LONGEST]} ...'
  return words, lambda value: value == expected


def preparation(expected: Mapping[str, Any]) -> rules.Rule:
  """An object whose numbers are those of this package; words may be those of an earlier version.

  Keys may be missing.
  """
  numbers = {key: value for key, value in expected.items() if key not in ('call', 'steps')}
  known = {key: same(value) for key, value in numbers.items()}
  known |= {'call': rules.TEXT, 'steps': _TEXTS}

  def holds(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
      key in known and rules.holds(known[key], each) for key, each in value.items()
    )

  return f'an object with {json.dumps(numbers)}, a text call and a list of texts steps', holds


def some_of(known: Mapping[str, Any]) -> rules.Rule:
  """An object with at least one of these keys, each with the value that it has here."""

  def holds(value: Any) -> bool:
    return bool(value) and value == {name: known[name] for name in value if name in known}

  return f'an object with some of {json.dumps(known)}, by the key picture', holds


def _is_test(value: Any) -> bool:
  if not isinstance(value, Mapping):
    return False
  n = value.get('n')
  return rules.is_whole(n, 1) and rules.is_whole(value.get('correct'), 0, n)


def _is_figure(value: Any) -> bool:
  if not isinstance(value, Mapping) or not isinstance(value.get('on'), str):
    return False
  if 'ap50' in value or 'pages' in value:
    is_share = rules.is_number(value.get('ap50')) and 0 <= value['ap50'] <= 1
    is_alone = not value.keys() & {'correct', 'n', 'examples'}
    return is_share and is_alone and rules.is_whole(value.get('pages'), 1)
  return _is_test(value) and rules.is_whole(value.get('examples', 1), 1, value['n'])


def _list_of(words: str, holds: Callable[[Any], bool]) -> rules.Rule:
  return f'a list of {words}', lambda value: isinstance(value, list) and all(map(holds, value))


def _are_texts(value: Any, keys: Collection[str]) -> bool:
  """Whether a value is an object in which each of these keys, if it is there, is a text."""
  return isinstance(value, Mapping) and all(isinstance(value.get(key, ''), str) for key in keys)


def _is_source(value: Any) -> bool:
  if not _are_texts(value, ('source', 'what', 'licence')) or 'source' not in value:
    return False
  return rules.is_whole(value.get('examples', 0), 0)


_TEXTS = _list_of('texts', lambda value: isinstance(value, str))
# The rule of each key, for when it is there.
FACTS: Mapping[str, rules.Rule] = {
  'answer': rules.TEXT,
  'temperature': ('a number above 0', lambda v: rules.is_number(v) and 0 < v < math.inf),
  'bias': ('a number', lambda value: rules.is_number(value) and math.isfinite(value)),
  'measured': rules.OBJECT,
  'sure': ('a probability from 0.5 to 1', lambda v: rules.is_number(v) and 0.5 <= v <= 1),
  'test': ('an object with the whole numbers correct and n', _is_test),
  'figures': _list_of(
    'objects with a text on, and whole numbers correct, n and perhaps examples, of at most n, or a '
    'share ap50 and its pages',
    _is_figure,
  ),
  'use': rules.TEXT,
  'limits': _TEXTS,
  'licence': rules.TEXT,
  'training_data': _list_of(
    'objects with a text source, and perhaps examples, what and licence', _is_source
  ),
  'run': rules.OBJECT,
  'config': rules.OBJECT,
  'exported_by': (
    'an object of texts, or in format 1 a text or null',
    lambda value: value is None or isinstance(value, str) or _are_texts(value, value),
  ),
  'files': rules.OBJECT,
}
