"""The seeded split that both experiments of the paper use."""

import collections
import random
from collections.abc import Mapping

SPLITS = ('train', 'validation', 'test')


def original(labels: Mapping[str, str]) -> dict[str, str]:
  """The split of each item (one of SPLITS) by its id, from the class of each by its id.

  For each class, the ids are sorted as ASCII strings and a generator is seeded with 0. It draws a
  tenth of them (rounded down) for validation, then as many of the remaining ones for test.
  """
  ids_of_class = collections.defaultdict(list)
  for name, label in labels.items():
    ids_of_class[label].append(name)
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
