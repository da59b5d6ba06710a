"""Pictures of mistakes, each beside right examples, and tables whose cells open them.

Pictures make up most of a report's size, so no more are shown than fit into MOST. The first mistake
of every pair of classes is shown before the second one of any. The report says how many are left
out.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from omr_jax.report import figures
from omr_jax.report.parts import Cell
from omr_jax.report.templates import Section

MOST = 8 * 2**20  # Characters of the pictures of mistakes on a page.


class Mistake(NamedTuple):
  """A misclassified test example.

  Attributes:
    id: Id of the example.
    true: The true class.
    predicted: The predicted class.
    confidence: Calibrated probability of the predicted class.
    true_confidence: That of the true class; None where it is unknown.
    picture: uint8 [height, width, channels] as the network sees it, or None where it is not kept.
  """

  id: str
  true: str
  predicted: str
  confidence: float
  true_confidence: float | None
  picture: np.ndarray | None


class Example(NamedTuple):
  """A test example with a right answer.

  Attributes:
    id: Id of the example.
    picture: Like that of a `Mistake`.
  """

  id: str
  picture: np.ndarray


class _Shown(NamedTuple):
  """A mistake as the template shows it, with the address of its picture, or ''."""

  mistake: Mistake
  address: str
  anchor: str


def section(
  mistakes: Sequence[Mistake],
  noun: str,
  words: str,
  examples: Mapping[str, Example],
  file: str,
) -> Section:
  """Mistakes with their pictures, the most confident first.

  Args:
    mistakes: All of them.
    noun: What an example is called, such as 'symbol'.
    words: What is shown, in a sentence or two.
    examples: An example with a right answer for some classes, by class.
    file: The file of the report that names all answers.
  """
  shown = _within(mistakes)
  needed = {name for each in shown for name in (each.mistake.true, each.mistake.predicted)}
  values: dict[str, Any] = {
    'noun': noun,
    'words': words,
    'shown': shown,
    'left_out': len(mistakes) - len(shown),
    'file': file,
    'examples': {
      name: (f'example-{number}', figures.picture(each.picture), each)
      for number, (name, each) in enumerate(examples.items())
      if name in needed
    },
  }
  return Section('report/gallery.html', values)


def anchors(gallery: Section) -> dict[tuple[str, str], str]:
  """Where the mistakes of a pair of classes, true and predicted, begin in a gallery: ids."""
  shown: Sequence[_Shown] = gallery.values['shown']
  found: dict[tuple[str, str], str] = {}
  for each in shown:
    found.setdefault((each.mistake.true, each.mistake.predicted), each.anchor)
  return found


def opening(count: int, pair: tuple[str, str], anchors: Mapping[tuple[str, str], str]) -> Cell:
  """The number of mistakes of a pair of classes; it opens their pictures, if any are shown."""
  if pair not in anchors:
    return Cell(str(count))
  return Cell(str(count), link=f'#{anchors[pair]}', opens=pair)


def _within(mistakes: Sequence[Mistake]) -> list[_Shown]:
  """As many mistakes as fit, the most confident first."""
  ordered = sorted(mistakes, key=lambda mistake: -mistake.confidence)
  seen: Counter[tuple[str, str]] = Counter()
  places: list[tuple[int, int]] = []
  for place, mistake in enumerate(ordered):
    pair = mistake.true, mistake.predicted
    places.append((seen[pair], place))
    seen[pair] += 1
  addresses, left = {}, MOST
  for _, place in sorted(places):
    picture = ordered[place].picture
    address = '' if picture is None else figures.picture(picture)
    left -= len(address)
    if left < 0:
      break
    addresses[place] = address
  return [
    _Shown(ordered[place], addresses[place], f'mistake-{number}')
    for number, place in enumerate(sorted(addresses))
  ]
