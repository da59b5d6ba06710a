"""A finished run of a network that finds symbols: what was found on its pages and what is there."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from omr_jax.errors import UserError
from omr_jax.evaluation import confidence, finished_run
from omr_jax.evaluation.box_matching import Page
from omr_jax.evaluation.decision import FILE as DECISION
from omr_jax.evaluation.evaluated import Evaluated
from omr_jax.evaluation.finished_run import REMEDY, FinishedRun
from omr_jax.evaluation.history import is_number
from omr_jax.utils.files import read_json

# The arrays in evaluation.npz: kind of the dtype and number of axes. Boxes are in pixels of their
# pages, which have a staff space of `windows.SPACE` pixels in `pictures`.
ARRAYS = {
  'classes': ('U', 1),
  'validation_ap50': ('f', 0),
  'test_ids': ('U', 1),
  'test_groups': ('U', 1),
  'true_boxes': ('f', 2),
  'true_labels': ('U', 1),
  'true_pages': ('i', 1),
  'found_boxes': ('f', 2),
  'found_labels': ('i', 1),
  'found_log_odds': ('f', 1),
  'found_pages': ('i', 1),
  'pictures': ('u', 1),  # The pixels of all pages, one after the other.
  'picture_sizes': ('i', 2),
  'scales': ('f', 2),
}

_LARGEST = 2**20  # Pixels of a side of a page, and how many times larger its picture may be.


class Decision(NamedTuple):
  """Which of the symbols that a network finds count, and how sure each is.

  Attributes:
    threshold: A symbol counts if its confidence is at least this, above 0 and below 1.
    temperature: With `bias`, the confidence of a symbol is the sigmoid of (log-odds - bias) /
      temperature.
    bias: Log-odds.
  """

  threshold: float
  temperature: float
  bias: float

  def confidence(self, log_odds: np.ndarray) -> np.ndarray:
    """The calibrated probability that a symbol with these log-odds is right, float64 [...]."""
    return confidence.probability((log_odds - self.bias) / self.temperature)


@dataclasses.dataclass(frozen=True)
class DetectedRun(FinishedRun):
  """A finished run whose network finds symbols on pages.

  Attributes:
    validation_ap50: Weighted average precision at IoU 0.5 on the validation pages.
    pages: The test pages with their true boxes and those that were found; scores are calibrated.
    pictures: Each test page as the network sees it, uint8 [height, width].
    scales: Width and height of each picture, divided by those of its page: float [pages, 2].
    decision: Which of the found symbols count, and how sure each is.
  """

  validation_ap50: float
  pages: list[Page]
  pictures: list[np.ndarray]
  scales: np.ndarray
  decision: Decision


def save_joined(run: DetectedRun) -> None:
  """Writes the joined results of several runs into a folder that can be read like that of a run.

  Raises:
    UserError: As `finished_run.save_joined`.
  """
  finished_run.save_joined(run, Evaluated(_arrays(run), run.decision))


def _arrays(run: DetectedRun) -> dict[str, np.ndarray]:
  """The ARRAYS of a run whose scores are the sigmoids of the log-odds."""
  counts = {name: [len(getattr(page, name)) for page in run.pages] for name in ('true', 'found')}
  numbers = np.arange(len(run.pages), dtype=np.int32)
  labels = [run.classes.index(label) for page in run.pages for label in page.found_labels]
  scores = np.concatenate([page.scores for page in run.pages])
  return {
    'classes': np.array(run.classes),
    'validation_ap50': np.array(run.validation_ap50),
    'test_ids': run.test_ids,
    'test_groups': np.array([page.group for page in run.pages]),
    'true_boxes': np.concatenate([page.true for page in run.pages]).astype(np.float32),
    'true_labels': np.array([label for page in run.pages for label in page.true_labels]),
    'true_pages': np.repeat(numbers, counts['true']),
    'found_boxes': np.concatenate([page.found for page in run.pages]).astype(np.float32),
    'found_labels': np.array(labels, np.int32),
    'found_log_odds': confidence.log_odds(scores).astype(np.float32),
    'found_pages': np.repeat(numbers, counts['found']),
    'pictures': np.concatenate([picture.ravel() for picture in run.pictures]),
    'picture_sizes': np.array([picture.shape for picture in run.pictures], np.int32),
    'scales': run.scales,
  }


def problem(arrays: Mapping[str, np.ndarray]) -> str | None:
  """What is inconsistent in the arrays of an evaluation, in words, or None."""
  classes, ids = arrays['classes'].tolist(), arrays['test_ids'].tolist()
  if not ids or len(set(ids)) != len(ids) or len(set(classes)) != len(classes):
    return f'{len(set(ids))} distinct ids of {len(ids)} pages, {len(set(classes))} classes'
  if not 0 <= arrays['validation_ap50'] <= 1:
    return f'a validation AP50 of {arrays["validation_ap50"]}'
  for name in ('true', 'found'):
    boxes, pages = arrays[f'{name}_boxes'], arrays[f'{name}_pages']
    if boxes.shape != (len(pages), 4) or len(arrays[f'{name}_labels']) != len(pages):
      return f'{name} boxes {boxes.shape} on {len(pages)} pages'
    if not (np.isfinite(boxes).all() and np.isin(pages, range(len(ids))).all()):
      return f'{name} boxes that are on no page'
  labels, log_odds = arrays['found_labels'], arrays['found_log_odds']
  if not np.isin(labels, range(len(classes))).all():
    return f'found labels outside the {len(classes)} classes'
  if len(log_odds) != len(labels) or not np.isfinite(log_odds).all():
    return f'{len(log_odds)} log-odds of {len(labels)} found boxes, or some that are not finite'
  sizes, scales = arrays['picture_sizes'], arrays['scales']
  shapes = sizes.shape == scales.shape == (len(ids), 2) and len(arrays['test_groups']) == len(ids)
  fits = ((sizes > 0) & (sizes <= _LARGEST)).all()
  fits &= ((scales > 1 / _LARGEST) & (scales < _LARGEST)).all()
  if not (shapes and fits):
    return f'sizes {sizes.shape} and scales {scales.shape} of {len(ids)} pages'
  if arrays['pictures'].dtype != np.uint8 or len(arrays['pictures']) != sizes.prod(1).sum():
    return f'{len(arrays["pictures"])} pixels for the sizes of the pages'
  return None


def run_of(
  workdir: Path, config: dict, history: list[dict], facts: dict, arrays: Mapping[str, np.ndarray]
) -> DetectedRun:
  """The run in a folder, with the arrays of its evaluation, which `problem` has accepted.

  Raises:
    UserError: The decision is missing or damaged.
  """
  decision, classes = _read_decision(workdir), arrays['classes'].tolist()
  sizes = arrays['picture_sizes']
  parts = np.split(arrays['pictures'], sizes.prod(1).cumsum()[:-1])
  return DetectedRun(
    workdir,
    config,
    history,
    facts,
    classes,
    arrays['test_ids'],
    validation_ap50=float(arrays['validation_ap50']),
    pages=pages(arrays, decision),
    pictures=[part.reshape(size) for part, size in zip(parts, sizes, strict=True)],
    scales=arrays['scales'],
    decision=decision,
  )


def pages(arrays: Mapping[str, np.ndarray], decision: Decision) -> list[Page]:
  """The pages of ARRAYS, with calibrated scores."""
  classes, found = arrays['classes'].tolist(), []
  scores = decision.confidence(arrays['found_log_odds'])
  for number, group in enumerate(arrays['test_groups'].tolist()):
    true, mine = (arrays[f'{name}_pages'] == number for name in ('true', 'found'))
    found.append(
      Page(
        arrays['true_boxes'][true].astype(float),
        arrays['true_labels'][true].tolist(),
        arrays['found_boxes'][mine].astype(float),
        [classes[label] for label in arrays['found_labels'][mine]],
        scores[mine],
        group,
      )
    )
  return found


def described(run: DetectedRun) -> tuple[float, dict[str, Any]]:
  """The threshold of the exported network, and facts of its `model.json`."""
  threshold, temperature, bias = run.decision
  numbers = run.task.report.numbers(run)
  kept = ('pages', 'n', 'ap50', 'ap75', 'ap', 'macro_ap50', 'frequent_ap50', 'precision', 'recall')
  measured = {name: numbers[name] for name in kept}
  return threshold, {'temperature': temperature, 'bias': bias, 'measured': measured}


def _read_decision(workdir: Path) -> Decision:
  path = workdir / DECISION
  found = read_json(path, REMEDY)
  values = [value for value in map(found.get, Decision._fields) if is_number(value)]
  if len(values) < len(Decision._fields) or not (0 < values[0] < 1 and values[1] > 0):
    raise UserError(f'{path}: {" or ".join(Decision._fields)} missing or wrong; {REMEDY}.')
  return Decision(*values)
