"""Answers to pictures, and the numbers that are counted from them, for reports and summaries."""

from typing import NamedTuple, cast

import numpy as np

from omr_jax.evaluation import binary, confidence, curves, metrics
from omr_jax.inputs.pictures import CLASSES
from omr_jax.tasks.classifiers.run import ClassifiedRun

RECALLS = (0.99, 0.95)


class Answers(NamedTuple):
  """The tested pictures, and what decides the answers to them.

  Attributes:
    log_odds: float64 [n], the log-odds of 'scores'.
    labels: int [n], 1 for 'scores'.
    sources: str [n], such as 'scores/engraved'.
    threshold: A picture is called 'scores' if its log-odds are at least this. One number, or float
      [n] if several runs are pooled.
    temperature: Divides the distance of the log-odds to the threshold for the confidence. One
      number, or float [n].
  """

  log_odds: np.ndarray
  labels: np.ndarray
  sources: np.ndarray
  threshold: float | np.ndarray
  temperature: float | np.ndarray

  @property
  def predicted(self) -> np.ndarray:
    """Index of the class that is the answer to each picture, int [n]."""
    return (self.log_odds >= self.threshold).astype(int)

  @property
  def confidence(self) -> np.ndarray:
    """Calibrated probability of the class that is the answer to each picture, float64 [n]."""
    return confidence.of_threshold(self.log_odds, self.threshold, self.temperature)

  @property
  def margins(self) -> np.ndarray:
    """Log-odds; of pooled runs, less each run's threshold, so that all have a common scale."""
    return self.log_odds if np.ndim(self.threshold) == 0 else self.log_odds - self.threshold


class Probes(NamedTuple):
  """Pictures drawn by code (`omr_jax.synthetic.probes`), and a network's log-odds for them.

  Attributes:
    names: str [m], a kind and a number such as 'table 2'.
    expected: str [m], a class, or '' if either answer can be defended.
    log_odds: float64 [m], the log-odds of 'scores'.
  """

  names: np.ndarray
  expected: np.ndarray
  log_odds: np.ndarray


def of_run(run: ClassifiedRun) -> tuple[Answers, Probes]:
  """The answers of a run to its test pictures, and its probes."""
  answers = Answers(
    binary.log_odds(run.test_logits),
    run.test_labels,
    run.further['test_sources'],
    cast(float, run.decision.threshold),  # `finished_run` has checked that there is one.
    run.decision.temperature,
  )
  names, expected = run.further['probe_names'], run.further['probe_expected']
  return answers, Probes(names, expected, binary.log_odds(run.further['probe_logits']))


def measure(
  answers: Answers,
  validation: dict | None,
  cost: float | None,
  probes: Probes | None,
) -> dict:
  """The numbers for summary.json, of types that JSON can hold.

  Args:
    answers: The answers to at least one picture.
    validation: The errors of the threshold on the validation pictures that it was chosen on, by
      `false_positives`; None if none of these is 'other'.
    cost: The cost of a false positive that it was chosen for; None if several runs are pooled.
    probes: The probes of the run; None if several runs are pooled.

  Returns:
    The numbers by name. `*_wilson_95` are intervals. A number is None if it cannot be computed,
    for example because no picture of a class was tested. `threshold` is None if it is not the same
    for all pictures. `sure` counts the answers with a confidence of at least `confidence.SURE`.
  """
  found = binary.decisions(answers.log_odds, answers.labels, answers.threshold)
  rows = binary.by_source(
    answers.log_odds,
    answers.labels,
    [str(name) for name in answers.sources],
    answers.threshold,
    answers.temperature,
  )
  curve = curves.curve(answers.margins, answers.labels)
  sure = answers.confidence >= confidence.SURE
  return {
    'threshold': float(answers.threshold) if np.ndim(answers.threshold) == 0 else None,
    'false_positive_cost': cost,
    'validation': validation,
    'n': len(answers.labels),
    'correct': len(answers.labels) - found.false_positives - found.false_negatives,
    'accuracy': found.accuracy,
    'accuracy_wilson_95': [found.low, found.high],
    'positives': found.positives,
    'negatives': found.negatives,
    'sure': {
      'n': int(sure.sum()),
      'correct': int((answers.predicted == answers.labels)[sure].sum()),
    },
    'false_positives': found.false_positives,
    'false_negatives': found.false_negatives,
    'recall': found.recall,
    'false_positive_rate': found.false_positive_rate,
    'false_positive_rate_wilson_95': list(
      metrics.wilson_interval(found.false_positives, found.negatives)
    )
    if found.negatives
    else None,
    'at_recall': {f'{recall:g}': _at_recall(answers, curve, recall) for recall in RECALLS},
    'auc': curves.auc(curve) if curve else None,
    'average_precision': curves.average_precision(curve) if curve else None,
    'sources': rows,
    'mean_share': binary.mean_share(rows),
    'probes': None if probes is None else _probe_numbers(probes, answers),
  }


def _at_recall(answers: Answers, curve: curves.Curve | None, recall: float) -> dict | None:
  """The errors at the highest threshold that finds this share of the scores."""
  if curve is None:
    return None
  threshold = curves.threshold_at_recall(curve, recall)
  return false_positives(answers.margins, answers.labels, threshold)


def answered(probes: Probes, answers: Answers) -> Answers:
  """The answers to the probes, with the threshold and the temperature of the run of `answers`."""
  return answers._replace(log_odds=np.asarray(probes.log_odds, np.float64))


def false_positives(values: np.ndarray, labels: np.ndarray, threshold: float) -> dict:
  """Recall and false positives at a threshold, of pictures of which at least one is 'other'."""
  found = binary.decisions(values, labels, threshold)
  interval = metrics.wilson_interval(found.false_positives, found.negatives)
  return {
    'threshold': threshold,
    'recall': found.recall,
    'false_positives': found.false_positives,
    'negatives': found.negatives,
    'false_positive_rate': found.false_positive_rate,
    'false_positive_rate_wilson_95': list(interval),
  }


def _probe_numbers(probes: Probes, answers: Answers) -> dict:
  called = [CLASSES[index] for index in answered(probes, answers).predicted]
  found = list(zip(map(str, probes.names), map(str, probes.expected), called, strict=True))
  known = [(name, expected == given) for name, expected, given in found if expected]
  return {
    'n': len(known),
    'right': sum(right for _, right in known),
    'wrong': [name for name, right in known if not right],
    'open': {name: given for name, expected, given in found if not expected},
  }
