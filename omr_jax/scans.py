"""A stand-in for symbols cut out of scanned pages, made of HOMUS, and how a network does on it.

  python -m omr_jax.scans --model runs/homus_scans

Each symbol is written on a piece of paper as large as a scanner of 300 dpi sees it, by a pen of
random width whose ink is uneven, often with a neighbour, staff lines or both; the paper gets light,
grain and JPEG, and a crop is cut out by somebody in a hurry. The network reads that as it reads any
picture. It is drawn by Pillow and NumPy and shares no code with what `crops.py` trains on.
"""

import argparse
import io
import sys
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from tqdm import tqdm

from omr_jax import classifier, evaluate, folders, prepare, render
from omr_jax.data import SPLITS
from omr_jax.errors import UserError, answered

KINDS = ('plain', 'neighbour', 'staff lines', 'both')


class Crop(NamedTuple):
  """A piece of a page.

  Attributes:
    picture: uint8 [height, width], grey.
    kind: One of KINDS, or of those that are counted.
  """

  picture: np.ndarray
  kind: str


def crop(
  rng: np.random.Generator, symbol: Mapping[str, np.ndarray], neighbour: Mapping[str, np.ndarray]
) -> Crop:
  """Writes a symbol on paper and cuts it out.

  Args:
    rng: Decides everything.
    symbol: `points` int [points, 2] and `stroke` int [points].
    neighbour: The same of another symbol.
  """
  space = rng.uniform(14, 36)  # Pixels between staff lines.
  pen = space * rng.uniform(0.1, 0.28)
  points = _written(rng, symbol['points'], space)
  box = np.ptp(points, axis=0)
  border = int(3 * space)
  width, height = (np.ceil(box) + 2 * border).astype(int).tolist()
  ink = Image.new('L', (width, height))
  draw = ImageDraw.Draw(ink)
  _write(rng, draw, points - points.min(0) + border, symbol['stroke'], pen)
  kind = KINDS[rng.choice(4, p=(0.4, 0.25, 0.2, 0.15))]
  if kind in ('neighbour', 'both'):
    other = _written(rng, neighbour['points'], space)
    side, gap = rng.choice((-1, 1)), rng.uniform(0.1, 0.7) * space + pen
    reach = np.ptp(other, axis=0)
    left = border + box[0] + gap if side > 0 else border - gap - reach[0]
    top = border + rng.uniform(-0.5, 0.5) * box[1]
    _write(rng, draw, other - other.min(0) + (left, top), neighbour['stroke'], pen)
  if kind in ('staff lines', 'both'):
    _rule(rng, draw, border, box, space)
  picture = _scanned(rng, np.asarray(ink.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.2)))))
  edges = np.concatenate([[border, border], border + box]) + np.repeat([-1, 1], 2) * pen / 2
  edges += np.repeat([-1, 1], 2) * rng.uniform(0.05, 0.6, 4) * space
  left, top, right, bottom = np.rint(edges).astype(int)
  return Crop(picture[max(0, top) : bottom, max(0, left) : right], kind)


def crops(split: list[Mapping], seed: int) -> list[Crop]:
  """A crop of each symbol of a split, the same for the same seed.

  Args:
    split: Examples of the builder.
    seed: Of the random numbers.
  """
  found = []
  for number, symbol in enumerate(tqdm(split, unit='crop', leave=False, delay=1, disable=None)):
    rng = np.random.default_rng((seed, number))
    found.append(crop(rng, symbol, split[rng.integers(len(split))]))
  return found


def _written(rng: np.random.Generator, points: np.ndarray, space: float) -> np.ndarray:
  """In pixels of the page, leaning and stretched a little, float [points, 2]."""
  angle, lean = np.deg2rad(rng.uniform(-4, 4)), rng.uniform(-0.12, 0.12)
  turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
  stretch = np.diag(rng.uniform(0.88, 1.12, 2)) * space / render.STAFF_SPACE
  return points @ (turn @ np.array([[1, lean], [0, 1]]) @ stretch).T


def _write(
  rng: np.random.Generator, draw: ImageDraw.ImageDraw, points: np.ndarray, stroke, pen: float
) -> None:
  """Discs along every stroke, wider and narrower as the hand presses; some are left out."""
  for number in np.unique(stroke):
    line = points[stroke == number]
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    along = np.arange(0, length[-1] + 0.5, 0.5)
    x, y = (np.interp(along, length, line[:, axis]) for axis in (0, 1))
    knots = max(2, int(length[-1] / (4 * pen)) + 2)
    press = np.interp(along, np.linspace(0, length[-1] + 1, knots), rng.uniform(0.7, 1.2, knots))
    skipped = np.zeros(len(along), bool)
    if rng.random() < 0.25 and length[-1] > 6 * pen:
      start = rng.uniform(0.1, 0.8) * length[-1]
      skipped = (along > start) & (along < start + rng.uniform(1.0, 1.8) * pen)
    for px, py, wide in zip(x[~skipped], y[~skipped], press[~skipped] * pen / 2, strict=True):
      draw.ellipse([px - wide, py - wide, px + wide, py + wide], fill=255)


def _rule(
  rng: np.random.Generator, draw: ImageDraw.ImageDraw, border: int, box: np.ndarray, space: float
) -> None:
  """Five staff lines, at times only to one side."""
  top = border + rng.uniform(-4, 1) * space + rng.uniform(0, 1) * max(0, box[1] - space)
  rise, wide = rng.uniform(-0.02, 0.02), rng.uniform(0.05, 0.11) * space
  end = 2 * border + box[0]
  begin, end = [(0, end), (0, border + rng.uniform(0, 0.5) * box[0]), (end / 2, end)][
    rng.integers(3)
  ]
  for line in range(5):
    y = top + line * space
    draw.line([(begin, y + rise * begin), (end, y + rise * end)], fill=230, width=round(wide) or 1)


def _scanned(rng: np.random.Generator, ink: np.ndarray) -> np.ndarray:
  """Ink 0 to 255 on uneven paper, through a scanner and JPEG: grey, uint8."""
  height, width = ink.shape
  paper, black = rng.uniform(190, 250), rng.uniform(15, 90)
  light = rng.uniform(-15, 15) * np.linspace(-1, 1, width) + rng.uniform(-15, 15) * np.linspace(
    -1, 1, height
  ).reshape(-1, 1)
  cover = ink / 255 * np.clip(rng.normal(1, 0.08, ink.shape), 0, 1)
  grey = (paper + light) * (1 - cover) + black * cover + rng.normal(0, rng.uniform(1, 7), ink.shape)
  file = io.BytesIO()
  picture = Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
  picture.save(file, 'JPEG', quality=int(rng.integers(35, 95)))
  return np.asarray(Image.open(file))


def model_of_pictures(name: str) -> classifier.Classifier:
  """A model that reads pictures of symbols, by name or folder; UserError where it is none."""
  model = classifier.load(name)
  if model.model.task != 'symbols':
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
    interval = evaluate.percent_range(*evaluate.wilson_interval(right, n))
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
  data_dir = folders.data_dir(options.data_dir)
  builder = homus.prepare(options.protocol, data_dir, options.raw_dir)
  source = builder.as_data_source(split=options.split)
  split = source.__getitems__(list(range(len(source))))
  names = builder.info.features['label'].names
  found = crops(split, options.seed)
  print(table(measure(model, found, [names[each['label']] for each in split])))


if __name__ == '__main__':
  sys.exit(main())
