"""A stand-in for symbols cut out of scanned pages, made of HOMUS, and how a network does on it.

  python -m omr_jax.scans --model runs/homus_scans

Each symbol is written on a piece of paper as large as a scanner of 300 dpi sees it, by a pen of
random width whose ink is uneven, often with a neighbour, staff lines or both; the paper gets light,
grain and JPEG, and a crop is cut out by somebody in a hurry. The network reads that as it reads any
picture. It is drawn by Pillow and NumPy and shares no code with what `crops.py` trains on.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping

from PIL import Image

from omr_jax.data.dataset import SPLITS
from omr_jax.errors import UserError, answered
from omr_jax.evaluation import metrics
from omr_jax.predict import classifier, prepare
from omr_jax.synthetic.scans import KINDS, Crop, crops
from omr_jax.utils import paths


def model_of_pictures(name: str) -> classifier.Classifier:
  """A model that reads pictures of symbols, by name or folder; UserError where it is none."""
  model = classifier.load(name)
  if model.model.task.name != 'symbols':
    raise UserError(f'{name}: tells pages, not symbols; give another model.')
  if 'pen' in model.model.reads:
    raise UserError(f'{name}: reads strokes, which a crop has not; give another model.')
  return model


def measure(
  model: classifier.Classifier, found: list[Crop], labels: list[str], kinds: Iterable[str] = KINDS
) -> dict:
  """Right answers and symbols by kind of crop; one that is refused is answered wrong."""
  counts = {kind: [0, 0] for kind in kinds}
  rows = []
  for each in found:
    try:
      rows.append(prepare.inputs(Image.fromarray(each.picture), model.model.rule))
    except UserError:
      rows.append(None)
  answers = iter(model.answers([row for row in rows if row is not None]))
  for each, row, label in zip(found, rows, labels, strict=True):
    counts[each.kind][0] += row is not None and next(answers).label == label
    counts[each.kind][1] += 1
  return {kind: tuple(count) for kind, count in counts.items() if count[1]}


def table(counts: Mapping[str, tuple[int, int]]) -> str:
  """The counts for a terminal, with Wilson intervals."""
  rows = {**counts, 'all crops': tuple(map(sum, zip(*counts.values(), strict=True)))}
  lines, width = [], max(12, *map(len, rows))
  for kind, (right, n) in rows.items():
    interval = metrics.percent_range(*metrics.wilson_interval(right, n))
    lines.append(f'{kind:{width}} {right:5} of {n:5}  {100 * right / n:6.2f} %  {interval}')
  return '\n'.join(lines)


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  parser = argparse.ArgumentParser(
    prog='python -m omr_jax.scans',
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument('--model', required=True, help='as of omr_jax.predict, one for symbols')
  parser.add_argument('--protocol', default='original', help='of the split: original, made_up, ...')
  parser.add_argument('--split', choices=SPLITS, default='validation')
  parser.add_argument('--seed', type=int, default=0)
  parser.add_argument('--raw_dir', help='folder with the raw data; $OMR_RAW_DIR by default')
  parser.add_argument('--data_dir', help='folder of prepared data, as of omr_jax.main')
  options = parser.parse_args(arguments)
  return answered(lambda: _say(options))


def _say(options: argparse.Namespace) -> None:
  from tfds_builders import homus

  if options.seed < 0:
    raise UserError(f'--seed is {options.seed}; it must be 0 or more.')
  model = model_of_pictures(options.model)
  data_dir = paths.data_dir(options.data_dir)
  builder = homus.prepare(options.protocol, data_dir, options.raw_dir)
  source = builder.as_data_source(split=options.split)
  split = source.__getitems__(list(range(len(source))))
  names = builder.info.features['label'].names
  found = crops(split, options.seed)
  print(table(measure(model, found, [names[each['label']] for each in split])))


if __name__ == '__main__':
  sys.exit(main())
