"""Measures a finished run whose network finds symbols on pages, and writes its report."""

from collections.abc import Mapping, Sequence
from typing import Any

from omr_jax.evaluation import boxes
from omr_jax.evaluation.box_matching import Page
from omr_jax.evaluation.boxes import Average
from omr_jax.report.write import csv_file
from omr_jax.tasks.pages import page
from omr_jax.tasks.pages.decide import OVERLAP
from omr_jax.tasks.pages.run import DetectedRun
from omr_jax.utils import rules

# What the keys of summary.json must be that tables of several runs show.
SUMMARY: Mapping[str, rules.Rule] = {
  **dict.fromkeys(('validation_ap50', 'ap50', 'ap75', 'ap'), rules.CHANCE),
  **dict.fromkeys(
    ('macro_ap50', 'frequent_ap50', 'f'),
    ('from 0 to 1, or null', lambda value: value is None or 0 <= value <= 1),
  ),
  'pages': rules.whole(1, 2**63),
  'n': rules.whole(0, 2**63),
}


def numbers(run: DetectedRun) -> dict[str, Any]:
  """The measured numbers of `summary.json`.

  Returns:
    `ap50`, `ap75` and `ap` are weighted by the numbers of true boxes; `macro_ap50` is the mean of
    the classes with `boxes.ENOUGH` of them or more, `frequent_ap50` that of the `boxes.FREQUENT`
    most frequent ones; both are None if there are no such classes. `precision`, `recall` and `f`
    count boxes that reach the threshold, at an IoU of 0.5. `n` is the number of true boxes.
  """
  classes = boxes.by_class(run.pages)
  weighted, threshold = boxes.weighted(classes), run.decision.threshold
  return {
    'ap50': weighted.ap50,
    'ap75': weighted.ap75,
    'ap': weighted.ap,
    'macro_ap50': _mean(boxes.with_enough(classes)),
    'frequent_ap50': _mean(boxes.most_frequent(classes)),
    'validation_ap50': run.validation_ap50,
    'pages': len(run.pages),
    'n': weighted.true,
    'threshold': threshold,
    **_counts(run.pages, threshold),
    'groups': [_group(*each, threshold) for each in boxes.groups(run.pages).items()],
    'classes': {name: each._asdict() for name, each in classes.items()},
  }


def _group(name: str, pages: Sequence[Page], threshold: float) -> dict[str, Any]:
  weighted = boxes.weighted(boxes.by_class(pages))
  return {
    'group': name,
    'pages': len(pages),
    'n': weighted.true,
    # NaN without true boxes, which JSON has no number for.
    'ap50': weighted.ap50 if weighted.true else None,
    'ap': weighted.ap if weighted.true else None,
    **_counts(pages, threshold),
  }


def _counts(pages: Sequence[Page], threshold: float) -> dict[str, float | None]:
  counted = boxes.total(boxes.counted(pages, threshold, OVERLAP))
  return {'precision': counted.precision, 'recall': counted.recall, 'f': counted.f}


def _mean(classes: Mapping[str, Average]) -> float | None:
  return boxes.macro(classes).ap50 if classes else None


def files(run: DetectedRun, numbers: Mapping) -> dict[str, bytes]:
  """The files of the folder `report` by name, in the order in which they are to be written."""
  header = ('page', 'class', 'left', 'top', 'right', 'bottom', 'confidence')
  found = (
    (name, label, *(f'{edge:.1f}' for edge in box), f'{score:.4f}')
    for name, of_page in zip(run.test_ids.tolist(), run.pages, strict=True)
    for label, box, score in zip(of_page.found_labels, of_page.found, of_page.scores, strict=True)
  )
  counts = boxes.counted(run.pages, run.decision.threshold, OVERLAP)
  per_class = (
    (
      name,
      *each,
      *(_cell(numbers['classes'].get(name, {}).get(key)) for key in ('ap50', 'ap75', 'ap')),
    )
    for name, each in counts.items()
  )
  columns = ('class', 'right', 'found', 'true', 'ap50', 'ap75', 'ap')
  return {
    'test_found.csv': csv_file(header, found),
    'per_class.csv': csv_file(columns, per_class),
    'report.html': page.page(run, numbers, counts).encode(errors='backslashreplace'),
  }


def _cell(value: float | None) -> str:
  return '' if value is None else f'{value:.6f}'


def in_words(summary: Mapping) -> str:
  """The result of a run in a few words."""
  return (
    f'AP50 {100 * summary["ap50"]:.2f} %, AP {100 * summary["ap"]:.2f} % ({summary["n"]} symbols '
    f'on {summary["pages"]} pages)'
  )


def columns(summary: Mapping) -> dict[str, str]:
  """The cells of a run in the table of `report.compare` by the names of their columns."""
  keys = {'AP50': 'ap50', 'AP75': 'ap75', 'AP': 'ap', 'macro AP50': 'macro_ap50', 'F1': 'f'}
  return {
    name: '' if summary[key] is None else f'{100 * summary[key]:.2f} %'
    for name, key in keys.items()
  }


def pair(a: DetectedRun, b: DetectedRun) -> str:
  """Compares two runs that were tested on the same pages, page by page."""
  order_a, order_b = ([run.pages[n] for n in run.test_ids.argsort()] for run in (a, b))
  pairs = [
    (boxes.weighted_ap50([one]), boxes.weighted_ap50([other]))
    for one, other in zip(order_a, order_b, strict=True)
  ]
  first, second = (sum(better) for better in zip(*((x > y, y > x) for x, y in pairs), strict=True))
  return f'the first has the higher AP50 on {first} pages, the second on {second}'
