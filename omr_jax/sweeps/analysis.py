"""Evaluates the finished runs of a sweep: a ranking, effects of factors, correlations."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import scipy

from omr_jax.evaluation import metrics
from omr_jax.sweeps.results import Row
from omr_jax.tasks.task import Task


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
    validation: Mean difference of the pairs in validation.
    test: Mean difference of the pairs in the test.
    low: Lower end of the 95 % t interval of `test` over the pairs, NaN for one pair.
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
    for level in others if factor not in ('seed', 'draw') else ():
      pairs = []
      own, other = f'{factor}={level}', f'{factor}={first}'
      for parts, summary in finished.items():
        if own in parts and (twin := parts - {own} | {other}) in finished:
          pairs.append((summary, finished[twin]))
      if pairs:
        found.append(_effect(task, factor, level, first, pairs))
  return found


def correlations(runs: Sequence[Row], task: Task) -> list[tuple[str, int, float, float]]:
  """Rank correlations of randomly drawn numbers with the measure in validation.

  Returns:
    For each key its name, the number of runs, Spearman's rho and the p-value.
  """
  drawn = [
    (row.overrides, row.summary) for row in runs if 'draw' in row.levels and row.summary is not None
  ]
  keys = dict.fromkeys(key for overrides, _ in drawn for key in overrides)
  found = []
  for key in keys:
    pairs = [
      (overrides[key], summary[task.validated])
      for overrides, summary in drawn
      if isinstance(overrides.get(key), int | float)
    ]
    if len({value for value, _ in pairs}) > 2 and len({value for _, value in pairs}) > 1:
      rho, p = scipy.stats.spearmanr(*zip(*pairs, strict=True))
      found.append((key, len(pairs), float(rho), float(p)))
  return found


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
  task: Task, factor: str, level: str, first: str, pairs: Sequence[tuple[Mapping, Mapping]]
) -> Effect:
  differences = {
    key: [own[key] - other[key] for own, other in pairs] for key in (task.validated, task.measure)
  }
  mean, low, high = statistics.mean(differences[task.measure]), math.nan, math.nan
  if len(pairs) > 1:
    error = statistics.stdev(differences[task.measure]) / math.sqrt(len(pairs))
    half = float(scipy.stats.t.ppf(0.975, len(pairs) - 1)) * error
    low, high = mean - half, mean + half
  validation = statistics.mean(differences[task.validated])
  return Effect(factor, level, first, len(pairs), validation, mean, low, high)
