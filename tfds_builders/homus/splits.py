"""Which symbol trains, validates or tests: folds by writer, folds to choose by, the original.

A split maps the ids of all symbols to `train`, `validation` or `test`. It is by symbol, whatever is
drawn from it later.
"""

import collections
import hashlib
import random
from collections.abc import Iterable, Mapping

from omr_jax.errors import UserError
from omr_jax.inputs.strokes import Symbol

NUM_FOLDS = 10

# What `digest` gives for `original` on HOMUS 2.0: 12 170 / 1 515 / 1 515 symbols.
ORIGINAL_DIGEST = 'b3a4bc37ae65a1f9f0d65b1c5a01da2fc2c4bf3f30c5df2d09d2d18ac76f7b50'


def by_writer(symbols: Iterable[Symbol], fold: int, num_folds: int = NUM_FOLDS) -> dict[str, str]:
  """No writer is in two splits.

  Test has the writers with (writer - 1) mod `num_folds` == `fold`, validation those of the next
  fold (after the last comes the first), train the others.
  """
  split_of_remainder = {fold: 'test', (fold + 1) % num_folds: 'validation'}
  return {s.id: split_of_remainder.get((s.writer - 1) % num_folds, 'train') for s in symbols}


def inner(split_of: Mapping[str, str], symbols: Iterable[Symbol], fold: int) -> dict[str, str]:
  """Folds inside what trains and validates in `split_of`, for choices that must not see its test.

  Per class, ids sorted as ASCII strings are shuffled by a generator seeded with 0 and dealt to
  NUM_FOLDS; test has number `fold`, validation the next one (after the last comes the first), train
  the others. What `split_of` tests is in none of the three.
  """
  ids_of_class = collections.defaultdict(list)
  for symbol in symbols:
    if split_of[symbol.id] != 'test':
      ids_of_class[symbol.label].append(symbol.id)
  found = dict.fromkeys(split_of, 'unused')
  split_of_number = {fold: 'test', (fold + 1) % NUM_FOLDS: 'validation'}
  for ids in ids_of_class.values():
    ids.sort()
    random.Random(0).shuffle(ids)
    for i, name in enumerate(ids):
      found[name] = split_of_number.get(i % NUM_FOLDS, 'train')
  return found


def digest(symbols: Iterable[Symbol], split_of: Mapping[str, str]) -> str:
  """SHA-256 of the sorted lines `class<TAB>id<TAB>split`, each with a newline."""
  lines = sorted(f'{s.label}\t{s.id}\t{split_of[s.id]}\n' for s in symbols)
  return hashlib.sha256(''.join(lines).encode('ascii')).hexdigest()


def check_original(symbols: Iterable[Symbol], split_of: Mapping[str, str]) -> None:
  """Refuses a split of HOMUS 2.0 that is not the original one, symbol by symbol."""
  if digest(symbols, split_of) != ORIGINAL_DIGEST:
    raise UserError(
      "original: this Python's random.sample draws another split than the original experiments "
      'had; use CPython 3.11 to 3.13.'
    )
