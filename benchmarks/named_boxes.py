"""Whether `homus_scans` names the boxes of the detector better than the detector itself.

  python -m benchmarks.named_boxes --raw_dir raw

The detector finds boxes on pages of MUSCIMA++ whose writers did not train it. Those of classes
that HOMUS has too are cut out of the page in three ways, and `homus_scans` names them. The table
has AP50 by class on the pages of the test: of the detector; of its boxes with the names of
`homus_scans`; and of both together, by the sum of the log-odds. The cut, and the weight of
`homus_scans` in this sum, are those that are best on the pages of the validation.
"""

import argparse
import io
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage
from tqdm import tqdm

import omr_jax
from omr_jax.errors import UserError
from omr_jax.evaluation import box_matching, boxes, confidence
from omr_jax.inputs.overlap import iou
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils.ending import answered
from tfds_builders import muscima_pp

# The classes of MUSCIMA++ that HOMUS has too. HOMUS has no heads of notes apart from their stems.
IN_HOMUS = {
  'accidentalDoubleSharp': ['Double-Sharp'],
  'accidentalFlat': ['Flat'],
  'accidentalNatural': ['Natural'],
  'accidentalSharp': ['Sharp'],
  'augmentationDot': ['Dot'],
  'barline': ['Barline'],
  'cClef': ['C-Clef'],
  'fClef': ['F-Clef'],
  'gClef': ['G-Clef'],
  'noteheadWhole': ['Whole-Note'],
  'rest16th': ['Sixteenth-Rest'],
  'rest32nd': ['Thirty-Two-Rest'],
  'rest64th': ['Sixty-Four-Rest'],
  'rest8th': ['Eighth-Rest'],
  'restHalf': ['Whole-Half-Rest'],
  'restQuarter': ['Quarter-Rest'],
  'restWhole': ['Whole-Half-Rest'],
  'timeSigCommon': ['Common-Time'],
  'timeSigCutCommon': ['Cut-Time'],
  'timeSignature': [f'{t}-Time' for t in ('12-8', '2-2', '2-4', '3-4', '3-8', '4-4', '6-8', '9-8')],
}
CLASSES = tuple(IN_HOMUS)
CUTS = ('box', 'half a staff space more', 'box without staff lines')
WEIGHTS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
_THIN = 0.3  # Ink that is lower than this, in staff spaces, is a staff line if it is on one.


class Read(NamedTuple):
  """The boxes of a page, true ones and found ones, of CLASSES.

  Attributes:
    page: The page as the detector found it.
    shares: For each cut the probability of each class by `homus_scans`: [cuts, found, CLASSES].
  """

  page: box_matching.Page
  shares: np.ndarray


def read(example: dict[str, Any], detector: Any, namer: Any) -> Read:
  """Asks both models about a page of the prepared data."""
  picture = Image.open(io.BytesIO(example['image'])).convert('L')
  found = detector(picture.convert('RGB'), threshold=0.01)
  symbols = [symbol for symbol in found.symbols if symbol.label in IN_HOMUS]
  space = found.structure.staff_space
  clean = Image.fromarray(without_lines(np.array(picture), found))
  shares = [
    [_shares(namer, cut(source, symbol.box, margin)) for symbol in symbols]
    for source, margin in ((picture, 0), (picture, space / 2), (clean, 0))
  ]
  true = [
    (box, muscima_pp.CLASSES[label])
    for box, label in zip(example['boxes'], example['labels'], strict=True)
    if muscima_pp.CLASSES[label] in IN_HOMUS
  ]
  page = box_matching.Page(
    np.array([box for box, _ in true], float).reshape(-1, 4),
    [label for _, label in true],
    np.array([symbol.box for symbol in symbols], float).reshape(-1, 4),
    [symbol.label for symbol in symbols],
    np.array([symbol.confidence for symbol in symbols], float),
  )
  return Read(page, np.array(shares, float).reshape(len(CUTS), -1, len(CLASSES)))


def cut(picture: Image.Image, box: Sequence[float], margin: float) -> Image.Image:
  """The part of a page in a box, on white paper where it leaves the page."""
  left, top = (int(np.floor(side - margin)) for side in box[:2])
  right, bottom = (int(np.ceil(side + margin)) for side in box[2:])
  part = Image.new('L', (max(1, right - left), max(1, bottom - top)), 255)
  part.paste(picture, (-left, -top))
  return part


def without_lines(grey: np.ndarray, page: Any) -> np.ndarray:
  """The page without its staff lines, where nothing else crosses them."""
  ink = grey < 128
  high = max(2, round(_THIN * page.structure.staff_space))
  thin = ink & ~ndimage.binary_opening(ink, np.ones((high, 1)))
  on_line = np.zeros_like(ink)
  for line in (line for staff in page.staves for line in staff):
    columns = np.arange(max(0, int(line[0, 0])), min(grey.shape[1], int(line[-1, 0]) + 1))
    rows = np.interp(columns, *line.T)[None] + np.arange(-high, high + 1)[:, None]
    on_line[np.clip(rows, 0, len(grey) - 1).astype(int), columns[None]] = True
  return np.where(thin & on_line, 255, grey).astype(np.uint8)


def _shares(namer: Any, part: Image.Image) -> list[float]:
  """The probability of each of CLASSES; 0 for a part of a page without ink."""
  try:
    found = namer(part).probabilities
  except UserError:
    return [0.0] * len(CLASSES)
  return [sum(found[name] for name in names) for names in IN_HOMUS.values()]


def renamed(each: Read, way: int) -> box_matching.Page:
  """The boxes with the names of `homus_scans`; it gives half and whole rests the same name."""
  own = [CLASSES.index(label) for label in each.page.found_labels]
  best = each.shares[way].max(1, initial=0)
  labels = [
    CLASSES[mine if share[mine] == high else int(share.argmax())]
    for mine, share, high in zip(own, each.shares[way], best, strict=True)
  ]
  return each.page._replace(found_labels=labels)


def together(each: Read, way: int, weight: float) -> box_matching.Page:
  """The boxes with the detector's names, and the sum of the log-odds of both models."""
  own = [CLASSES.index(label) for label in each.page.found_labels]
  shares = np.clip(each.shares[way][np.arange(len(own)), own], 1e-4, 1 - 1e-4)
  odds = confidence.log_odds(each.page.scores) + weight * confidence.log_odds(shares)
  return each.page._replace(scores=confidence.probability(odds))


def right(pages: Sequence[box_matching.Page], label: str) -> tuple[int, int]:
  """How many boxes that lie on a true one of a class, and are likely, have its name; and of all."""
  hits = count = 0
  for page in pages:
    for box, name, score in zip(page.found, page.found_labels, page.scores, strict=True):
      overlap = iou(box[None], page.true)[0]
      if len(overlap) and overlap.max() >= 0.5 and score >= 0.5:
        is_class = page.true_labels[int(overlap.argmax())] == label
        hits, count = hits + (is_class and name == label), count + is_class
  return hits, count


def _measure(options: argparse.Namespace) -> None:
  builder = muscima_pp.prepare('most_writers', *command_arguments.data_folders(options))
  detector, namer = omr_jax.load(options.model), omr_jax.load('homus_scans')
  some = []
  for split in ('validation', 'test'):
    pages = list(builder.as_data_source(split=split))[:: options.every]
    some.append([read(page, detector, namer) for page in tqdm(pages, desc=split, disable=None)])
  chosen = [(way, weight) for way in range(len(CUTS)) for weight in WEIGHTS]
  way, weight = max(chosen, key=lambda pair: _ap50(together(each, *pair) for each in some[0]))
  alone = [each.page for each in some[1]]
  named = [renamed(each, way) for each in some[1]]
  ways = [alone, named, [together(each, way, weight) for each in some[1]]]
  print(f'{len(alone)} pages; cut: {CUTS[way]}; weight of homus_scans: {weight:g}\n')
  print('| class | true | detector | named by homus_scans | together | right names: both |')
  print('| --- ' * 6 + '|')
  averages = [boxes.by_class(pages) for pages in ways]
  for label in (label for label in CLASSES if label in averages[0] and averages[0][label].true):
    texts = [f'{100 * each[label].ap50:.1f}' for each in averages]
    (one, count), (two, _) = right(alone, label), right(named, label)
    print(
      f'| {label} | {averages[0][label].true} | {" | ".join(texts)} | {one}, {two} of {count} |'
    )
  print('| all, by frequency | |', ' | '.join(f'{100 * _ap50(pages):.1f}' for pages in ways), '| |')


def _ap50(pages: Iterable[box_matching.Page]) -> float:
  return boxes.weighted(boxes.by_class(list(pages))).ap50


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
  )
  parser.add_argument('--model', default='pages_handwriting', help='the detector')
  parser.add_argument('--every', type=int, default=1, help='take every so many pages')
  command_arguments.add_data_folders(parser)
  options = parser.parse_args(arguments)
  return answered(lambda: _measure(options))


if __name__ == '__main__':
  sys.exit(main())
