"""What the finished runs of a sweep say together: a ranking, effects of factors, correlations."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import scipy

from omr_jax.evaluation import metrics
from omr_jax.sweeps.results import Row


class Setting(NamedTuple):
  """The finished runs that differ in nothing but the seed.

  Attributes:
    name: Of the runs without the seed.
    runs: How many.
    validation: Mean accuracy.
    validation_deviation: Standard deviation over the runs, NaN of one.
    accuracy: Mean, on the test.
    deviation: As of validation.
    low: Of the 95 % Wilson interval of all test answers together.
    high: Likewise.
    seconds: Of all runs; those trained together share theirs.
  """

  name: str
  runs: int
  validation: float
  validation_deviation: float
  accuracy: float
  deviation: float
  low: float
  high: float
  seconds: float


class Effect(NamedTuple):
  """What one level of a factor is worth against another, all else being equal.

  Attributes:
    factor: Such as 'optimizer'.
    level: Such as 'adam'.
    against: The factor's first level on the page.
    pairs: Pairs of finished runs that differ in this factor only.
    validation: Mean difference of their accuracies.
    accuracy: Likewise on the test.
    low: Of its 95 % t interval over the pairs, NaN of one pair.
    high: Likewise.
  """

  factor: str
  level: str
  against: str
  pairs: int
  validation: float
  accuracy: float
  low: float
  high: float


def ranking(runs: Sequence[Row]) -> list[Setting]:
  """Settings by their validation accuracy, the best first: the test split is not for choices."""
  groups: dict[str, list[Row]] = {}
  for row in runs:
    if row.summary is not None:
      name = ','.join(part for part in row.run.split(',') if not part.startswith('seed='))
      groups.setdefault(name or row.run, []).append(row)
  found = [_setting(name, group) for name, group in groups.items()]
  return sorted(found, key=lambda setting: -setting.validation)


def effects(runs: Sequence[Row]) -> list[Effect]:
  """Main effects, with all other factors held equal within each pair of runs."""
  finished = {tuple(sorted(row.levels.items())): row for row in runs if row.summary is not None}
  seen: dict[str, dict[str, None]] = {}
  for row in runs:
    for factor, level in row.levels.items():
      seen.setdefault(factor, {})[level] = None
  found = []
  for factor, of_factor in seen.items():
    first, *others = of_factor
    for level in others if factor not in ('seed', 'draw') else ():
      pairs = []
      for row in finished.values():
        twin = tuple(sorted((dict(row.levels) | {factor: first}).items()))
        if row.levels.get(factor) == level and twin in finished:
          pairs.append((row.summary, finished[twin].summary))
      if pairs:
        found.append(_effect(factor, level, first, pairs))
  return found


def correlations(runs: Sequence[Row]) -> list[tuple[str, int, float, float]]:
  """Of numbers drawn at random: key, runs, Spearman's rho with validation accuracy, and its p."""
  drawn = [row for row in runs if 'draw' in row.levels and row.summary is not None]
  keys = dict.fromkeys(key for row in drawn for key in row.overrides)
  found = []
  for key in keys:
    pairs = [
      (row.overrides[key], row.summary['validation_accuracy'])
      for row in drawn
      if isinstance(row.overrides.get(key), int | float)
    ]
    if len({value for value, _ in pairs}) > 2 and len({value for _, value in pairs}) > 1:
      rho, p = scipy.stats.spearmanr(*zip(*pairs, strict=True))
      found.append((key, len(pairs), float(rho), float(p)))
  return found


def _setting(name: str, group: Sequence[Row]) -> Setting:
  summaries = [row.summary for row in group]
  validation = [summary['validation_accuracy'] for summary in summaries]
  accuracies = [summary['accuracy'] for summary in summaries]
  counts = [sum(summary[key] for summary in summaries) for key in ('correct', 'n')]
  return Setting(
    name,
    len(group),
    statistics.mean(validation),
    statistics.stdev(validation) if len(group) > 1 else math.nan,
    statistics.mean(accuracies),
    statistics.stdev(accuracies) if len(group) > 1 else math.nan,
    *metrics.wilson_interval(*counts),
    sum(summary['seconds'] / summary['trained_together'] for summary in summaries),
  )


def _effect(
  factor: str, level: str, first: str, pairs: Sequence[tuple[Mapping, Mapping]]
) -> Effect:
  differences = {
    key: [own[key] - other[key] for own, other in pairs]
    for key in ('validation_accuracy', 'accuracy')
  }
  mean, low, high = statistics.mean(differences['accuracy']), math.nan, math.nan
  if len(pairs) > 1:
    error = statistics.stdev(differences['accuracy']) / math.sqrt(len(pairs))
    half = float(scipy.stats.t.ppf(0.975, len(pairs) - 1)) * error
    low, high = mean - half, mean + half
  validation = statistics.mean(differences['validation_accuracy'])
  return Effect(factor, level, first, len(pairs), validation, mean, low, high)
