"""Sweeps: many runs from one page, trained on one machine or on a Ray cluster.

`omr_jax.sweep` is the command, `driver.run` trains a sweep from its page to its report. The page of
a sweep is a Python file that names a config and lists overrides of it by the names of runs; the
functions of this module (`each`, `product`, `draws`) write such lists. `page` reads it. Runs that
differ only in numbers are a pack, which one program trains. `folder` keeps the state of a sweep,
`cluster` runs the programs: each Ray `worker` starts one, `trial`. `results`, `analysis` and
`report` show what was found, `live` the progress. This folder may import export and all below it.
"""

import itertools
import math
import random
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from typing import Any

# By the name of a run the overrides of the config, such as {'optimizer.learning_rate': 0.1}.
Runs = dict[str, dict[str, Any]]


def each(key: str, values: Iterable[Any], label: str = '') -> Runs:
  """One run for each value of a key, named 'seed=0', 'seed=1' and so on.

  Args:
    key: A key of the config, such as 'optimizer.learning_rate'.
    values: The values.
    label: What stands before '=' in the names; by default the last part of the key.
  """
  label = label or key.rpartition('.')[2]
  return {f'{label}={value}': {key: value} for value in values}


def product(*factors: Runs) -> Runs:
  """One run for each combination of the factors' runs, named 'optimizer=adam,seed=0' and so on."""
  runs = {}
  for chosen in itertools.product(*(factor.items() for factor in factors)):
    names, overrides = zip(*chosen, strict=True)
    runs[','.join(names)] = dict(ChainMap(*reversed(overrides)))
  return runs


def draws(
  count: int, seed: int, label: str = 'draw', **ranges: Callable[[random.Random], Any]
) -> Runs:
  """Runs with random values, named 'draw=0' and so on; the same seed gives the same runs.

  Args:
    count: Number of runs.
    seed: Seed of the random values, not of the runs.
    label: What stands before '=' in the names: 'draw', or 'draw_' and more. A product of two draws
      needs two labels.
    **ranges: By key a function that draws its value, such as
      optimizer__learning_rate=log_uniform(1e-4, 1). Two underscores stand for a dot.
  """
  if not is_draw(label):
    raise ValueError(f'{label!r} is no label of draws; it must be draw, or begin with draw_')
  rng = random.Random(seed)
  return {
    f'{label}={number:0{len(str(count - 1))}}': {
      key.replace('__', '.'): draw(rng) for key, draw in ranges.items()
    }
    for number in range(count)
  }


def is_draw(factor: str) -> bool:
  """Whether a factor in the names of runs is one of `draws`."""
  return factor == 'draw' or factor.startswith('draw_')


def uniform(low: float, high: float) -> Callable[[random.Random], float]:
  """Draws a number uniformly from a range, rounded to four digits."""
  return lambda rng: _rounded(rng.uniform(low, high))


def log_uniform(low: float, high: float) -> Callable[[random.Random], float]:
  """Draws a number whose logarithm is uniform in a range, rounded to four digits."""
  return lambda rng: _rounded(math.exp(rng.uniform(math.log(low), math.log(high))))


def choice(*values: Any) -> Callable[[random.Random], Any]:
  """Draws one of the values."""
  return lambda rng: rng.choice(values)


def levels(name: str) -> Mapping[str, str]:
  """The factors in a run's name: 'optimizer=adam,seed=0' to {'optimizer': 'adam', 'seed': '0'}."""
  return dict(part.partition('=')[::2] for part in name.split(',') if '=' in part)


def _rounded(value: float) -> float:
  return float(f'{value:.4g}')
