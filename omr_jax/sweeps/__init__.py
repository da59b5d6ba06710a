"""Many runs from one page, on one machine or many: see launch/sweep.py and launch/README.md.

A page in configs/sweeps names a config and gives named overrides of it; the rest of this module is
for writing them.
"""

import itertools
import math
import random
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from typing import Any

# Overrides of a config by key, such as {'optimizer.learning_rate': 0.1}, by the name of a run.
Runs = dict[str, dict[str, Any]]


def each(key: str, values: Iterable[Any], label: str = '') -> Runs:
  """A run for each value of a key, such as 'seed=0', 'seed=1'.

  Args:
    key: Of the config.
    values: To give it.
    label: Of the names, else the key's last part.
  """
  label = label or key.rpartition('.')[2]
  return {f'{label}={value}': {key: value} for value in values}


def product(*factors: Runs) -> Runs:
  """A run for each combination of one run of every factor: 'optimizer=adam,seed=0' and so on."""
  runs = {}
  for chosen in itertools.product(*(factor.items() for factor in factors)):
    names, overrides = zip(*chosen, strict=True)
    runs[','.join(names)] = dict(ChainMap(*reversed(overrides)))
  return runs


def draws(count: int, seed: int, **ranges: Callable[[random.Random], Any]) -> Runs:
  """Runs with random values, 'draw=0' and so on; the same for the same seed.

  Args:
    count: How many.
    seed: Of the draws, not of the runs.
    **ranges: What draws the value of a key, such as optimizer__learning_rate=log_uniform(1e-4, 1):
      two underscores stand for the dot.
  """
  rng = random.Random(seed)
  return {
    f'draw={number:0{len(str(count - 1))}}': {
      key.replace('__', '.'): draw(rng) for key, draw in ranges.items()
    }
    for number in range(count)
  }


def uniform(low: float, high: float) -> Callable[[random.Random], float]:
  """Draws evenly from a range, to four digits."""
  return lambda rng: _rounded(rng.uniform(low, high))


def log_uniform(low: float, high: float) -> Callable[[random.Random], float]:
  """Draws a number whose logarithm is even in a range, to four digits."""
  return lambda rng: _rounded(math.exp(rng.uniform(math.log(low), math.log(high))))


def choice(*values: Any) -> Callable[[random.Random], Any]:
  """Draws one of the values."""
  return lambda rng: rng.choice(values)


def levels(name: str) -> Mapping[str, str]:
  """What a run's name says: 'optimizer=adam,seed=0' is {'optimizer': 'adam', 'seed': '0'}."""
  return dict(part.partition('=')[::2] for part in name.split(',') if '=' in part)


def _rounded(value: float) -> float:
  return float(f'{value:.4g}')
