"""Tested pages with what was found, missed and made up, as the report shows them."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from omr_jax.evaluation.box_matching import Boxes
from omr_jax.report import figures
from omr_jax.report.templates import Section
from omr_jax.tasks.pages.decide import OVERLAP
from omr_jax.tasks.pages.matching import Matching
from omr_jax.tasks.pages.run import DetectedRun

# Colours that people of any colour vision tell apart (Okabe and Ito, 2008).
COLOURS = {'found': '#0072b2', 'missed': '#e69f00', 'made up': '#d55e00'}
MOST = 32 * 2**20  # Characters of the pictures of pages in a report.


def section(run: DetectedRun, matched: Sequence[Matching]) -> Section:
  """All test pages with their boxes, or as many of the first ones as fit into MOST."""
  shown, left = [], MOST
  for number, each in enumerate(matched):
    address = figures.picture(run.pictures[number][..., None])
    left -= len(address)
    if left < 0:
      break
    shown.append(_overlay(run, number, each, address))
  return Section(
    'tasks/pages/overlays.html',
    {
      'pages': shown,
      'left_out': len(matched) - len(shown),
      'colours': COLOURS,
      'threshold': run.decision.threshold,
      'overlap': OVERLAP,
    },
  )


def _overlay(run: DetectedRun, number: int, matched: Matching, address: str) -> dict[str, Any]:
  height, width = run.pictures[number].shape
  of_page, name = run.pages[number], str(run.test_ids[number])
  counts = matched.right.sum(), matched.missed.sum(), (~matched.right).sum()
  return {
    'id': name,
    'name': f'{name}, {of_page.group}' if of_page.group else name,
    'counts': dict(zip(COLOURS, map(int, counts), strict=True)),
    'address': address,
    'width': width,
    'height': height,
    'boxes': dict(zip(COLOURS, _boxes(run, number, matched), strict=True)),
  }


def _boxes(run: DetectedRun, number: int, matched: Matching) -> Iterator[list]:
  """For each of COLOURS its boxes, (left, top, width, height, words), in pixels of the picture."""
  of_page, right = run.pages[number], matched.right
  labels = [of_page.found_labels[place] for place in matched.found]
  called = [
    f'{label}, which is {other}' if other else label
    for label, other in zip(labels, matched.others, strict=True)
  ]
  found = placed(run, number, of_page.found[matched.found])
  true = placed(run, number, of_page.true)
  yield _drawn(found, labels, right)
  yield _drawn(true, of_page.true_labels, matched.missed)
  yield _drawn(found, called, ~right)


def _drawn(boxes: Boxes, words: Sequence[str], chosen: np.ndarray) -> list:
  corners = np.round(np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1), 1).tolist()
  return [(*corners[place], words[place]) for place in np.flatnonzero(chosen).tolist()]


def placed(run: DetectedRun, number: int, boxes: Boxes) -> Boxes:
  """Boxes of a test page in pixels of its picture."""
  return boxes * np.tile(run.scales[number], 2)
