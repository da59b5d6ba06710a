"""Which symbol trains, validates or tests: the original split and writer-disjoint folds.

Every function maps the ids of all symbols to `train`, `validation` or `test`. A split is by
symbol, whatever is drawn from it later.
"""

import collections
import hashlib
import random
from collections.abc import Iterable, Mapping

from omr_jax.errors import UserError
from omr_jax.strokes import Symbol

SPLITS = ('train', 'validation', 'test')
NUM_FOLDS = 10

# What `digest` gives for `original` on HOMUS 2.0: 12 170 / 1 515 / 1 515 symbols.
ORIGINAL_DIGEST = 'b3a4bc37ae65a1f9f0d65b1c5a01da2fc2c4bf3f30c5df2d09d2d18ac76f7b50'


def original(symbols: Iterable[Symbol]) -> dict[str, str]:
  """The split of the paper's experiments, symbol by symbol.

  Per class, with the file names sorted as ASCII strings and the generator seeded with 0: a tenth
  (rounded down) is drawn for validation, then as many of the remaining ones for test.
  """
  ids_of_class = collections.defaultdict(list)
  for symbol in symbols:
    ids_of_class[symbol.label].append(symbol.id)
  split_of = {}
  for ids in ids_of_class.values():
    ids.sort()
    rng = random.Random(0)
    size = len(ids) // 10
    validation = set(rng.sample(range(len(ids)), size))
    remaining = [i for i in range(len(ids)) if i not in validation]
    test = set(rng.sample(remaining, size))
    for i, symbol_id in enumerate(ids):
      split_of[symbol_id] = 'validation' if i in validation else 'test' if i in test else 'train'
  return split_of


def by_writer(symbols: Iterable[Symbol], fold: int, num_folds: int = NUM_FOLDS) -> dict[str, str]:
  """No writer is in two splits.

  Test has the writers with (writer - 1) mod `num_folds` == `fold`, validation those of the next
  fold (after the last comes the first), train the others.
  """
  split_of_remainder = {fold: 'test', (fold + 1) % num_folds: 'validation'}
  return {s.id: split_of_remainder.get((s.writer - 1) % num_folds, 'train') for s in symbols}


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
