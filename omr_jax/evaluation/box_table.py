"""Tables in Markdown of how well boxes were found."""

import math
from collections.abc import Sequence

from omr_jax.evaluation import boxes
from omr_jax.evaluation.box_matching import Page
from omr_jax.evaluation.boxes import Average, Counted
from omr_jax.utils.words import cell


def by_class(pages: Sequence[Page], threshold: float, iou: float) -> str:
  """Average precision, and precision, recall and F1, of each class and of all together.

  Args:
    pages: The pages, with what was found on them.
    threshold: The confidence from which a box counts as found, for precision, recall and F1.
    iou: The overlap from which a found box is right, for precision, recall and F1.

  Returns:
    The table, without classes that are neither there nor found with this confidence; empty if there
    are no boxes.
  """
  averages = boxes.by_class(pages)
  counts = boxes.counted(pages, threshold, iou)
  if counts and not any(count.true or count.found for count in counts.values()):
    return f'No true boxes, and none found with a confidence of {threshold:g} or more.'
  counts = {name: count for name, count in counts.items() if count.true or count.found}
  lines = [
    f'| class | true | found | AP50 | AP75 | AP | precision | recall | F1 at IoU {iou:g} |',
    '| --- ' * 9 + '|',
  ]
  nothing = Average(math.nan, math.nan, math.nan, 0)
  lines += [_row(name, averages.get(name, nothing), count) for name, count in counts.items()]
  if len(counts) > 1:
    lines.append(_row('all, by frequency', boxes.weighted(averages), boxes.total(counts)))
    lines.append(_row('mean of the classes', boxes.macro(averages), None))
  frequent, common = boxes.most_frequent(averages), boxes.with_enough(averages)
  for name, some in (
    (f'mean of the {len(frequent)} most frequent', frequent),
    (f'mean of the {len(common)} with {boxes.ENOUGH} or more', common),
  ):
    if 0 < len(some) < len(averages):
      lines.append(_row(name, boxes.macro(some), None))
  return '\n'.join(lines) if counts else ''


def by_group(pages: Sequence[Page]) -> str:
  """Average precision of each group of pages, all classes weighted by frequency."""
  lines = ['| group | pages | true | AP50 | AP75 | AP |', '| --- ' * 6 + '|']
  for group, mine in boxes.groups(pages).items():
    whole = boxes.weighted(boxes.by_class(mine))
    shares = ' | '.join(_percents([whole.ap50, whole.ap75, whole.ap]))
    lines.append(f'| {cell(group)} | {len(mine)} | {whole.true} | {shares} |')
  return '\n'.join(lines)


def _row(name: str, average: Average, count: Counted | None) -> str:
  shares: list[float | None] = [average.ap50, average.ap75, average.ap]
  numbers = ['', '']
  if count is None:
    shares += [None] * 3
  else:
    numbers = [str(count.true), str(count.found)]
    shares += [count.precision, count.recall, count.f]
  return f'| {cell(name)} | {" | ".join(numbers + _percents(shares))} |'


def _percents(shares: Sequence[float | None]) -> list[str]:
  return ['' if s is None or math.isnan(s) else f'{100 * s:.1f}' for s in shares]
