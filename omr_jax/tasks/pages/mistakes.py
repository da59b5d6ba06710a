"""The boxes that are not right, with their pictures, and what they are taken for."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from omr_jax.evaluation.box_matching import Boxes
from omr_jax.inputs.overlap import iou
from omr_jax.report import gallery
from omr_jax.report.gallery import Example, Mistake
from omr_jax.report.parts import Table, tables
from omr_jax.report.templates import Section
from omr_jax.tasks.pages.decide import OVERLAP
from omr_jax.tasks.pages.matching import Matching
from omr_jax.tasks.pages.overlays import COLOURS, placed
from omr_jax.tasks.pages.run import DetectedRun

_SHOWN = 160  # The most mistakes that are shown, beside those of the most frequent confusions.
_CONFUSED = 20  # The most pairs of classes in the table of confusions.
_OF_EACH = 8  # The most mistakes of each pair of classes that are shown.
_AROUND = 12  # Pixels around the box of a mistake; a staff space has 10.
_LARGEST = 240  # Pixels of a side of the picture of a mistake.


class _Wrong(NamedTuple):
  """A box that is not right.

  Attributes:
    score: Its confidence.
    page: The number of its page.
    place: Its place in `Page.found`.
    label: Its class.
    true: The class of the missed symbol in the same place, '' if there is none.
  """

  score: float
  page: int
  place: int
  label: str
  true: str


def sections(run: DetectedRun, matched: Sequence[Matching]) -> dict[str, Section]:
  """The mistakes, and the table of confusions, whose numbers lead to their pictures."""
  wrong = sorted(_wrong(run, matched), reverse=True)
  counts = Counter((each.true, each.label) for each in wrong if each.true)
  frequent = sorted(counts, key=lambda pair: (-counts[pair], pair))[:_CONFUSED]
  shown = _gallery(run, matched, wrong, frequent)
  anchors = gallery.anchors(shown)
  rows = [[*pair, gallery.opening(counts[pair], pair, anchors)] for pair in frequent]
  title = f'Most frequent confusions, {len(rows)} of {len(counts)}'
  table = Table(
    f'{title}: a found box in the place of a missed symbol', ('true', 'called', 'symbols'), rows
  )
  return {'Mistakes': shown, 'Confusions': tables([table]) if rows else tables([], 'None.')}


def _wrong(run: DetectedRun, matched: Sequence[Matching]) -> Iterator[_Wrong]:
  for number, (of_page, each) in enumerate(zip(run.pages, matched, strict=True)):
    for place in np.flatnonzero(~each.right):
      which = int(each.found[place])
      label = of_page.found_labels[which]
      yield _Wrong(float(of_page.scores[which]), number, which, label, each.others[place])


def _gallery(
  run: DetectedRun,
  matched: Sequence[Matching],
  wrong: Sequence[_Wrong],
  frequent: Sequence[tuple[str, str]],
) -> Section:
  """The most confident mistakes of each pair of classes."""
  kept: list[_Wrong] = []
  seen: Counter[tuple[str, str]] = Counter()
  for each in wrong:
    pair = each.true, each.label
    seen[pair] += 1
    if seen[pair] <= _OF_EACH and (len(kept) < _SHOWN or pair in frequent):
      kept.append(each)
  mistakes = [
    Mistake(
      str(run.test_ids[each.page]),
      each.true or 'nothing',
      each.label,
      each.score,
      _true_confidence(run, each),
      _cut(run, each.page, run.pages[each.page].found[each.place], COLOURS['made up']),
    )
    for each in kept
  ]
  words = (
    f'{len(kept)} of {len(wrong)} boxes that are not right, at most {_OF_EACH} of each pair of '
    'classes, the most confident first, with the true class of the symbol in the same place, if '
    'there is one, and the probabilities of both. Small: symbols of both classes that are found.'
  )
  named = {name for mistake in mistakes for name in (mistake.true, mistake.predicted)}
  right = _right(run, matched, named)
  return gallery.section(mistakes, 'on page', words, right, 'test_found.csv')


def _true_confidence(run: DetectedRun, wrong: _Wrong) -> float | None:
  """The most confidence of a box of the true class in the same place, 0 where none is."""
  if not wrong.true:
    return None
  of_page = run.pages[wrong.page]
  same = [place for place, label in enumerate(of_page.found_labels) if label == wrong.true]
  near = iou(of_page.found[same], of_page.found[[wrong.place]])[:, 0] >= OVERLAP
  return float(of_page.scores[same][near].max(initial=0.0))


def _right(
  run: DetectedRun, matched: Sequence[Matching], labels: Collection[str]
) -> dict[str, Example]:
  """For each of these classes that is found somewhere, the most confident right box."""
  best: dict[str, tuple[float, int, int]] = {}
  for number, each in enumerate(matched):
    of_page = run.pages[number]
    for place in each.found[each.right]:
      label, score = of_page.found_labels[place], float(of_page.scores[place])
      if label in labels and (label not in best or score > best[label][0]):
        best[label] = score, number, int(place)
  return {
    label: Example(
      f'on page {run.test_ids[number]}',
      _cut(run, number, run.pages[number].found[place], COLOURS['found']),
    )
    for label, (_, number, place) in best.items()
  }


def _cut(run: DetectedRun, number: int, box: Boxes, colour: str) -> np.ndarray:
  """The place of a box on a test page, uint8 [height, width, 3], with the box drawn in it."""
  picture = run.pictures[number]
  left, top, right, bottom = placed(run, number, box[None])[0]
  low = np.floor([left - _AROUND, top - _AROUND]).astype(int)
  high = np.ceil([right + _AROUND, bottom + _AROUND]).astype(int)
  x, y = np.maximum(low, 0)
  seen = picture[y : max(high[1], y + 1), x : max(high[0], x + 1)]
  shown = np.repeat((seen if seen.size else picture[:1, :1])[..., None], 3, 2)
  edges = np.rint([left - x, top - y, right - x, bottom - y]).astype(int)
  limits = np.array(shown.shape[1::-1] * 2) - 1
  left, top, right, bottom = np.clip(edges, 0, limits)
  colours = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
  shown[top : bottom + 1, [left, right]] = colours
  shown[[top, bottom], left : right + 1] = colours
  image = Image.fromarray(shown)
  image.thumbnail((_LARGEST, _LARGEST))
  return np.asarray(image)
