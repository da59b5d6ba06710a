"""Splits of HOMUS: folds by writer, and folds inside the training part of the original split.

A split maps the id of every symbol to `train`, `validation` or `test`. It divides symbols, not
pictures: all pictures that are drawn from a symbol are on its side.
"""

import collections
import hashlib
import random
from collections.abc import Iterable, Mapping

from omr_jax.errors import UserError
from omr_jax.inputs.strokes import Symbol
from tfds_builders import folds

# The `digest` of the original split of HOMUS 2.0: 12 170 / 1 515 / 1 515 symbols.
ORIGINAL_DIGEST = 'b3a4bc37ae65a1f9f0d65b1c5a01da2fc2c4bf3f30c5df2d09d2d18ac76f7b50'


def by_writer(
  symbols: Iterable[Symbol],
  fold: int,
  num_folds: int = folds.SYMBOL_FOLDS,
) -> dict[str, str]:
  """A split in which no writer is on two sides.

  A writer is in the fold (writer - 1) mod `num_folds`; `fold` is the test split (`folds.split_of`).
  """
  return {s.id: folds.split_of(s.writer - 1, fold, num_folds) for s in symbols}


def inner(split_of: Mapping[str, str], symbols: Iterable[Symbol], fold: int) -> dict[str, str]:
  """A split of the training and validation symbols of `split_of`, which leaves out its test split.

  It serves choices, such as that of a learning rate, that must not see the test split. The ids of
  each class are sorted as ASCII strings, shuffled by a generator seeded with 0, and dealt in turn
  to folds.SYMBOL_FOLDS folds (`folds.split_of`). Symbols left out are `unused`.
  """
  ids_of_class = collections.defaultdict(list)
  for symbol in symbols:
    if split_of[symbol.id] != 'test':
      ids_of_class[symbol.label].append(symbol.id)
  found = dict.fromkeys(split_of, 'unused')
  for ids in ids_of_class.values():
    ids.sort()
    random.Random(0).shuffle(ids)
    for i, name in enumerate(ids):
      found[name] = folds.split_of(i, fold, folds.SYMBOL_FOLDS)
  return found


def digest(symbols: Iterable[Symbol], split_of: Mapping[str, str]) -> str:
  """SHA-256 of the sorted lines `class<TAB>id<TAB>split`, each with a newline."""
  lines = sorted(f'{s.label}\t{s.id}\t{split_of[s.id]}\n' for s in symbols)
  return hashlib.sha256(''.join(lines).encode('ascii')).hexdigest()


def check_original(symbols: Iterable[Symbol], split_of: Mapping[str, str]) -> None:
  """Checks that a split of HOMUS 2.0 puts every symbol where the original experiments had it.

  Raises:
    UserError: It doesn't, as another Python may draw other random numbers.
  """
  if digest(symbols, split_of) != ORIGINAL_DIGEST:
    raise UserError(
      "original: this Python's random.sample draws another split than that of the original "
      'experiments; use CPython 3.11 to 3.13.'
    )
