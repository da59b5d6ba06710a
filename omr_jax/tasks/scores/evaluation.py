"""From logits to 'scores' or 'other', and what an evaluation keeps besides the accuracy."""

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import scipy  # It loads `scipy.optimize`, which takes long, when that is first used.

from omr_jax.data.dataset import Dataset, Split
from omr_jax.evaluation import binary
from omr_jax.inputs import views
from omr_jax.synthetic import probes
from omr_jax.tasks.classifiers import run as runs
from omr_jax.tasks.classifiers.evaluation import evaluate as evaluate
from omr_jax.tasks.classifiers.evaluation import validate as validate
from omr_jax.tasks.classifiers.run import ClassifiedRun
from omr_jax.tasks.classifiers.run import described as described
from omr_jax.tasks.classifiers.run import run_of as run_of
from omr_jax.tasks.scores import answers, shapes

ARRAYS = {
  **runs.ARRAYS,
  'test_sources': ('U', 1),
  'probe_names': ('U', 1),
  'probe_expected': ('U', 1),
  'probe_logits': ('f', 2),
  **shapes.ARRAYS,
}
LATER = (*runs.LATER, *shapes.ARRAYS)  # Those that the runs of earlier versions lack.
_PROBES = 4  # Number of probes of each kind.


def threshold(config: Mapping[str, Any], labels: np.ndarray, logits: np.ndarray) -> float:
  """The threshold: a picture is called 'scores' if its log-odds are at least this.

  Args:
    config: The config of the run, with `decision.false_positive_cost`.
    labels: int [validation pictures].
    logits: float [validation pictures, 2].
  """
  return choose(binary.log_odds(logits), labels, config['decision']['false_positive_cost'])


def choose(log_odds: np.ndarray, labels: np.ndarray, false_positive_cost: float) -> float:
  """The threshold at which a false positive and a missed score are expected to cost the same.

  Few validation pictures lie where the classes meet, so their errors say little. The odds of
  'scores' are therefore a logistic function of the log-odds, fitted to all pictures as by Platt
  (Probabilistic outputs for support vector machines, 1999): of n pictures of a class, a further one
  is taken to be wrong with the probability 1 / (n + 2). Both classes have the same weight. Where
  these odds equal the cost is the threshold, but never below even odds of the network.

  Args:
    log_odds: float [pictures], ln(p / (1 - p)) for p the probability of 'scores'.
    labels: int [pictures], 1 for 'scores'.
    false_positive_cost: What another picture called 'scores' costs, in missed scores.
  """
  classes = [log_odds[labels == label].astype(np.float64) for label in (0, 1)]
  if not (all(map(len, classes)) and false_positive_cost):
    return 0.0  # There is nothing to compare, or only missed scores matter.

  def loss(fitted: np.ndarray) -> tuple[float, np.ndarray]:
    """The cross-entropy of slope and offset with the classes' shares of errors; its gradient."""
    total, gradient = 0.0, np.zeros(2)
    for sign, values in zip((-1, 1), classes, strict=True):
      right = sign * (fitted[0] * values + fitted[1])
      share = 1 / (len(values) + 2)
      total += np.mean(np.logaddexp(0, -right) + share * right)
      slopes = sign * (share - scipy.special.expit(-right))
      gradient += np.mean(slopes * values), np.mean(slopes)
    return total, gradient

  slope, offset = scipy.optimize.minimize(loss, [1.0, 0.0], jac=True, tol=1e-9).x
  if slope <= 0:
    return 0.0  # The network tells nothing.
  return float(max(0.0, (math.log(false_positive_cost) - offset) / slope))


def further(
  config: Mapping[str, Any],
  dataset: Dataset,
  predict: Callable[[Split], np.ndarray],
) -> list[dict[str, np.ndarray]]:
  """The further arrays of each member: sources and shapes of the test pictures; probes and cuts.

  Args:
    config: The config of a member; all members share what is read here.
    dataset: The data; its test split is tested.
    predict: Arrays of examples to logits, float32 [members, examples, 2].
  """
  chosen = config['picture']
  names, expected, seen = _probes(chosen['height'], chosen['width'], chosen['tiles'])
  splits, probe_logits = dataset.splits, predict({'views': seen})
  cut_logits = predict(splits['cuts']) if 'cuts' in splits else [None] * len(probe_logits)
  return [
    {
      'test_sources': np.asarray(dataset.splits['test']['source']),
      'probe_names': names,
      'probe_expected': expected,
      'probe_logits': logits,
      **shapes.arrays(splits, of_cuts),
    }
    for logits, of_cuts in zip(probe_logits, cut_logits, strict=True)
  ]


@functools.cache
def _probes(height: int, width: int, tiles: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Names, expected answers and views of the probes.

  Drawing them takes twenty seconds; a process that trains one fold after another draws them once.
  """
  shown = probes.probes(instances=_PROBES) + probes.of_kinds(instances=_PROBES)
  return (
    np.array([probe.name for probe in shown]),
    np.array([probe.expected or '' for probe in shown]),
    np.stack([views.views(probe.picture, height, width, tiles) for probe in shown]),
  )


def problem(arrays: Mapping[str, np.ndarray]) -> str | None:
  """What is inconsistent in the arrays of an evaluation, in words, or None."""
  found = runs.problem(arrays)
  if found is not None:
    return found
  examples = len(arrays['test_labels'])
  sources, names, logits = (arrays[n] for n in ('test_sources', 'probe_names', 'probe_logits'))
  if len(sources) != examples:
    return f'{len(sources)} sources for {examples} pictures'
  if len(names) != len(arrays['probe_expected']) or logits.shape != (len(names), 2):
    return f'probe logits {logits.shape} for {len(names)} probes'
  if not np.isfinite(logits).all():
    return 'probe logits that are not finite'
  return shapes.problem(arrays, examples)


def measure(run: ClassifiedRun) -> dict:
  """Further numbers for `summary.json`, under the key 'gate'.

  The gate is the network, which lets pages of music through and stops other pictures. The numbers
  are those of `answers.measure` and of `shapes.measure`, which runs of earlier versions lack.
  """
  tested, probed = answers.of_run(run)
  log_odds, labels = binary.log_odds(run.validation_logits), run.validation_labels
  validation = None
  if not np.all(labels):
    validation = answers.false_positives(log_odds, labels, float(tested.threshold))
  cost = run.config['decision']['false_positive_cost']
  measured = answers.measure(tested, validation, cost, probed)
  return {'gate': measured | shapes.measure(shapes.of_run(run))}
