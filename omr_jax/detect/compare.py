"""Measures found boxes against true ones, class by class."""

import math
from collections.abc import Mapping

import numpy as np

from omr_jax.detect.annotations import Boxes
from omr_jax.evaluation import boxes
from omr_jax.evaluation.boxes import Average, Counted, Page
from omr_jax.utils.words import cell


def table(
  true: Mapping[str, Boxes], found: Mapping[str, Boxes], threshold: float, iou: float
) -> str:
  """A table in Markdown: average precision, and precision, recall and F, of each class and in all.

  A page that was not looked at counts as one where nothing was found.

  Args:
    true: The true boxes of each page, by its name.
    found: The boxes that were found, by the page's name; the pages are among those of `true`.
    threshold: The confidence from which a box counts as found, for precision, recall and F.
    iou: The overlap from which a found box is right, for precision, recall and F.
  """
  empty = Boxes(np.empty((0, 4)), [], np.empty(0))
  pages = []
  for name, one in true.items():
    other = found.get(name, empty)
    pages.append(Page(one.boxes, one.labels, other.boxes, other.labels, other.scores))
  averages = boxes.by_class(pages)
  counts = boxes.counted(pages, threshold, iou)
  lines = [
    f'| class | true | found | AP50 | AP75 | AP | precision | recall | F at IoU {iou:g} |',
    '| --- ' * 9 + '|',
  ]
  nothing = Average(math.nan, math.nan, math.nan, 0)
  lines += [_row(name, averages.get(name, nothing), count) for name, count in counts.items()]
  if len(counts) > 1:
    whole = Counted(*(sum(column) for column in zip(*counts.values(), strict=True)))
    lines.append(_row('all, by frequency', boxes.weighted(averages), whole))
    lines.append(_row('mean of the classes', boxes.macro(averages), None))
  missing = len(true.keys() - found.keys())
  lines += ['', f'{len(true)} pages' + f', {missing} of them not looked at' * bool(missing)]
  return '\n'.join(lines)


def _row(name: str, average: Average, count: Counted | None) -> str:
  shares = [average.ap50, average.ap75, average.ap]
  numbers = ['', '']
  if count is None:
    shares += [math.nan] * 3
  else:
    numbers = [str(count.true), str(count.found)]
    shares += [math.nan if s is None else s for s in (count.precision, count.recall, count.f)]
  texts = ['' if math.isnan(share) else f'{100 * share:.1f}' for share in shares]
  return f'| {cell(name)} | {" | ".join(numbers + texts)} |'
