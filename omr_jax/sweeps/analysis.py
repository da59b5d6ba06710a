"""Evaluates the finished runs of a sweep: a ranking, effects of factors, correlations."""

import itertools
import math
import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import scipy

from omr_jax.evaluation import metrics
from omr_jax.sweeps import is_draw
from omr_jax.sweeps.results import Row
from omr_jax.tasks.task import Task

_FEW = 7  # So many pairs have 5 040 orders.


class Setting(NamedTuple):
  """Finished runs that differ only in their seed.

  Attributes:
    name: The name of the runs without the seed.
    runs: Number of runs.
    validation: Mean of the task's measure in validation (`Task.validated`).
    validation_deviation: Its standard deviation over the runs, NaN for one run.
    test: Mean of the task's measure in the test (`Task.measure`).
    deviation: Its standard deviation over the runs, NaN for one run.
    low: Lower end of the 95 % Wilson interval of a run with the mean number of right answers; NaN
      for a task whose networks do not give one answer to each example. Runs with other seeds answer
      the same examples, so that more of them do not make it narrower.
    high: Upper end of that interval.
    seconds: Time of all runs; the time of a program is divided among its runs.
  """

  name: str
  runs: int
  validation: float
  validation_deviation: float
  test: float
  deviation: float
  low: float
  high: float
  seconds: float


class Effect(NamedTuple):
  """The difference that one level of a factor makes against another, all else being equal.

  Attributes:
    factor: The factor, such as 'optimizer'.
    level: The level, such as 'adam'.
    against: The level that it is compared with: the factor's first one on the page.
    pairs: Number of pairs of finished runs that differ in this factor only.
    validation: Mean difference in validation: first over the seeds of each setting of all other
      factors, then over these settings.
    test: The same in the test.
    low: Lower end of the 95 % t interval of `test` over the settings, since pairs that differ in
      their seed only are alike; over the seeds if there is one setting. NaN for one pair.
    high: Upper end of that interval.
  """

  factor: str
  level: str
  against: str
  pairs: int
  validation: float
  test: float
  low: float
  high: float


def setting_of(run: str) -> str:
  """The name of a run without the seed."""
  return ','.join(part for part in run.split(',') if not part.startswith('seed=')) or run


def ranking(runs: Sequence[Row], task: Task) -> list[Setting]:
  """Settings by validation, the best first. The test split must not decide a choice."""
  groups: dict[str, list[Mapping]] = {}
  for row in runs:
    if row.summary is not None:
      groups.setdefault(setting_of(row.run), []).append(row.summary)
  found = [_setting(task, name, group) for name, group in groups.items()]
  return sorted(found, key=lambda setting: -setting.validation)


def effects(runs: Sequence[Row], task: Task) -> list[Effect]:
  """The main effect of each level of each factor, from pairs of runs with all else equal."""
  finished = {frozenset(row.run.split(',')): row.summary for row in runs if row.summary is not None}
  seen: dict[str, dict[str, None]] = {}
  for row in runs:
    for factor, level in row.levels.items():
      seen.setdefault(factor, {})[level] = None
  found = []
  for factor, of_factor in seen.items():
    first, *others = of_factor
    for level in others if factor != 'seed' and not is_draw(factor) else ():
      pairs: dict[frozenset[str], list[tuple[Mapping, Mapping]]] = {}
      own, other = f'{factor}={level}', f'{factor}={first}'
      for parts, summary in finished.items():
        if own in parts and (twin := parts - {own} | {other}) in finished:
          setting = frozenset(part for part in parts - {own} if not part.startswith('seed='))
          pairs.setdefault(setting, []).append((summary, finished[twin]))
      if pairs:
        found.append(_effect(task, factor, level, first, list(pairs.values())))
  return found


def correlations(runs: Sequence[Row], task: Task) -> list[tuple[str, int, float, float]]:
  """Rank correlations of randomly drawn numbers with the measure in validation.

  The measure is the mean over the runs of a draw, such as those with several seeds.

  Returns:
    For each key its name, the number of draws, Spearman's rho and the p-value.
  """
  finished = [(row, row.summary) for row in runs if row.summary is not None]
  factors = dict.fromkeys(name for row, _ in finished for name in row.levels if is_draw(name))
  keys = dict.fromkeys(key for row, _ in finished for key in row.overrides)
  found = []
  for factor in factors:
    draws: dict[str, list[tuple[Row, Mapping]]] = {}
    for row, summary in finished:
      if factor in row.levels:
        draws.setdefault(row.levels[factor], []).append((row, summary))
    reached = [statistics.mean(s[task.validated] for _, s in draw) for draw in draws.values()]
    for key in keys:
      values = [_drawn(key, [row for row, _ in draw]) for draw in draws.values()]
      pairs = [(value, y) for value, y in zip(values, reached, strict=True) if value is not None]
      if len({value for value, _ in pairs}) > 2 and len({y for _, y in pairs}) > 1:
        found.append((key, len(pairs), *_correlation(*zip(*pairs, strict=True))))
  return found


def _drawn(key: str, runs: Sequence[Row]) -> float | None:
  """The number that all runs of a draw have for a key; None if they differ, or have none."""
  value = runs[0].overrides.get(key)
  is_drawn = isinstance(value, int | float) and all(row.overrides.get(key) == value for row in runs)
  return value if is_drawn and key != 'seed' else None


def _correlation(values: Sequence[float], reached: Sequence[float]) -> tuple[float, float]:
  """Spearman's rho and its p-value: of few pairs the exact one, as the usual one is too low."""
  rho, p = scipy.stats.spearmanr(values, reached)
  if len(values) <= _FEW:
    x, y = (scipy.stats.zscore(scipy.stats.rankdata(each)) for each in (values, reached))
    orders = np.array(list(itertools.permutations(x))) @ y / len(y)
    p = (np.abs(orders) >= abs(rho) - 1e-9).mean()
  return float(rho), float(p)


def _setting(task: Task, name: str, summaries: Sequence[Mapping]) -> Setting:
  validation = [summary[task.validated] for summary in summaries]
  test = [summary[task.measure] for summary in summaries]
  low, high = math.nan, math.nan
  if 'correct' in task.report.SUMMARY:
    low, high = metrics.wilson_interval(
      *(round(statistics.mean(each[key] for each in summaries)) for key in ('correct', 'n'))
    )
  return Setting(
    name,
    len(summaries),
    statistics.mean(validation),
    statistics.stdev(validation) if len(summaries) > 1 else math.nan,
    statistics.mean(test),
    statistics.stdev(test) if len(summaries) > 1 else math.nan,
    low,
    high,
    sum(summary['seconds'] / summary['trained_together'] for summary in summaries),
  )


def _effect(
  task: Task,
  factor: str,
  level: str,
  first: str,
  settings: Sequence[Sequence[tuple[Mapping, Mapping]]],
) -> Effect:
  """An effect, from the pairs of runs of each setting of the other factors."""
  validation, test = (
    [[own[key] - other[key] for own, other in pairs] for pairs in settings]
    for key in (task.validated, task.measure)
  )
  means = [statistics.mean(each) for each in test]
  mean, low, high = statistics.mean(means), math.nan, math.nan
  units = means if len(means) > 1 else test[0]
  if len(units) > 1:
    low, high = metrics.mean_interval(units)
  in_validation = statistics.mean(map(statistics.mean, validation))
  return Effect(factor, level, first, sum(map(len, settings)), in_validation, mean, low, high)
