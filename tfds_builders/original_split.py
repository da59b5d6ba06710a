"""The seeded split of both of the paper's experiments."""

import collections
import random
from collections.abc import Iterable
from typing import Protocol

SPLITS = ('train', 'validation', 'test')


class Item(Protocol):
  """Anything with an id and the class it is of."""

  id: str
  label: str


def original(items: Iterable[Item]) -> dict[str, str]:
  """`train`, `validation` or `test` of each item, by id.

  Per class, with the file names sorted as ASCII strings and the generator seeded with 0: a tenth
  (rounded down) is drawn for validation, then as many of the remaining ones for test.
  """
  ids_of_class = collections.defaultdict(list)
  for item in items:
    ids_of_class[item.label].append(item.id)
  split_of = {}
  for ids in ids_of_class.values():
    ids.sort()
    rng = random.Random(0)
    size = len(ids) // 10
    validation = set(rng.sample(range(len(ids)), size))
    remaining = [i for i in range(len(ids)) if i not in validation]
    test = set(rng.sample(remaining, size))
    for i, name in enumerate(ids):
      split_of[name] = 'validation' if i in validation else 'test' if i in test else 'train'
  return split_of
