"""Counts the answers to tested pictures and to their cuts, by kind and by shape.

Cuts, such as strips or a few bars, are made of the tested pictures (`synthetic.cuts`), so that
nothing in them was trained on. The other numbers of a report leave cuts out.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from omr_jax.evaluation import binary
from omr_jax.inputs.pictures import CLASSES
from omr_jax.synthetic import cuts
from omr_jax.tasks.classifiers.run import ClassifiedRun

# The arrays of an evaluation, with the kind of the dtype and the number of dimensions.
ARRAYS = {
  'test_proportions': ('f', 1),
  'cut_kinds': ('U', 1),
  'cut_labels': ('i', 1),
  'cut_proportions': ('f', 1),
  'cut_logits': ('f', 2),
}
WHOLE = 'whole picture'
_BOUNDS = (1.5, 2.5, 5, 10)  # Ratios of the long side to the short one, between shapes.


class Shown(NamedTuple):
  """Tested pictures and their cuts.

  Attributes:
    kinds: str [n], WHOLE or one of `cuts.KINDS`.
    proportions: float [n], width over height.
    labels: int [n], 1 for 'scores'.
    right: bool [n], whether the answer is the label.
  """

  kinds: np.ndarray
  proportions: np.ndarray
  labels: np.ndarray
  right: np.ndarray


def arrays(splits: Mapping[str, Mapping], logits: np.ndarray | None) -> dict[str, np.ndarray]:
  """The ARRAYS of a run, from the splits of its data and the logits of its cuts; None without."""
  found = splits.get('cuts', {})
  return {
    'test_proportions': np.asarray(splits['test']['proportion'], np.float32),
    'cut_kinds': np.asarray(found.get('kind', np.zeros(0, 'U1'))),
    'cut_labels': np.asarray(found.get('label', np.zeros(0, np.int32))),
    'cut_proportions': np.asarray(found.get('proportion', np.zeros(0, np.float32))),
    'cut_logits': np.zeros((0, len(CLASSES)), np.float32) if logits is None else logits,
  }


def problem(further: Mapping[str, np.ndarray], examples: int) -> str | None:
  """Why these ARRAYS cannot belong to a test of `examples` pictures, or None if they can.

  Runs of earlier versions have none of them.
  """
  missing = [name for name in ARRAYS if name not in further]
  if missing:
    return None if len(missing) == len(ARRAYS) else f'no {", ".join(missing)}'
  if len(further['test_proportions']) != examples:
    return f'{len(further["test_proportions"])} proportions for {examples} pictures'
  count = len(further['cut_kinds'])
  if any(len(further[f'cut_{name}']) != count for name in ('labels', 'proportions')):
    return f'{count} kinds of cuts, but other numbers of labels or proportions'
  if not np.isin(further['cut_labels'], range(len(CLASSES))).all():
    return 'cuts of unknown classes'
  logits = further['cut_logits']
  if logits.shape != (count, len(CLASSES)) or not np.isfinite(logits).all():
    return f'logits {logits.shape} for {count} cuts, or some that are not finite'
  return None


def of_run(run: ClassifiedRun) -> Shown:
  """The test pictures of a run and their cuts, with the answers; none for earlier versions."""
  further, labels = run.further, run.test_labels
  if 'test_proportions' not in further:
    return Shown(np.zeros(0, 'U1'), np.zeros(0), np.zeros(0, int), np.zeros(0, bool))
  called = binary.log_odds(further['cut_logits']) >= run.decision.threshold
  whole = np.full(len(labels), WHOLE)
  return Shown(
    np.concatenate([whole, further['cut_kinds']]),
    np.concatenate([further['test_proportions'], further['cut_proportions']]),
    np.concatenate([labels, further['cut_labels']]),
    np.concatenate([run.correct, called == further['cut_labels']]),
  )


def joined(parts: Sequence[Shown]) -> Shown:
  """The pictures of several runs as one."""
  return Shown(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def measure(shown: Shown) -> dict[str, list[dict]]:
  """The rows `kinds` and `shapes` of summary.json, class by class.

  A row has `name`, `label`, `n`, `right`, `share`, and `low` and `high`, the ends of the share's
  95 % Wilson interval. Kinds and shapes that were not tested have no row. Without any picture both
  keys are missing.
  """
  if not len(shown.labels):
    return {}
  long = np.maximum(shown.proportions, 1 / shown.proportions)
  shape = np.searchsorted(_BOUNDS, long, side='left')
  return {
    'kinds': _rows(shown, [(kind, shown.kinds == kind) for kind in (WHOLE, *cuts.KINDS)]),
    'shapes': _rows(shown, [(name, shape == i) for i, name in enumerate(_names())]),
  }


def _rows(shown: Shown, chosen: Sequence[tuple[str, np.ndarray]]) -> list[dict]:
  found = []
  for label, class_name in reversed(list(enumerate(CLASSES))):
    for name, here in chosen:
      right = shown.right[here & (shown.labels == label)]
      if len(right):
        found.append({'name': name, 'label': class_name, **binary.counted(right)})
  return found


def _names() -> list[str]:
  """The names of the shapes, from the squarest to the longest."""
  between = [f'{low:g}:1 to {high:g}:1' for low, high in itertools.pairwise(_BOUNDS)]
  return [f'up to {_BOUNDS[0]:g}:1', *between, f'longer than {_BOUNDS[-1]:g}:1']
