"""How well staves, systems and measures are found on pages, and how fast.

  python benchmarks/structure.py --raw_dir raw --kind flat
  python benchmarks/structure.py --raw_dir raw --source typeset --kind camera --every 6

They are all pages of MUSCIMA++, or the test pages of the typeset songs; as they are (`flat`), or as
`omr_jax.synthetic.moved_pages` shows them. The same call always takes the same pages and moves.
"""

import argparse
import io
import sys
import time
from collections.abc import Iterator

import numpy as np
from measure import parser_of
from PIL import Image
from tqdm import tqdm

from omr_jax.detect import annotations, compare
from omr_jax.structure import find
from omr_jax.structure.structure import Structure
from omr_jax.synthetic import moved_pages
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils.ending import answered
from tfds_builders import muscima_pp, typeset

_SOURCES = {'muscima_pp': (muscima_pp, 'writers_0'), 'typeset': (typeset, 'composers')}


def pages(options: argparse.Namespace) -> Iterator[tuple[str, np.ndarray, Structure]]:
  """The name, the picture and the true structure of each page."""
  source, protocol = _SOURCES[options.source]
  builder = source.prepare(protocol, *command_arguments.data_folders(options))
  splits = builder.info.splits if source is muscima_pp else ['test']
  examples = [each for split in splits for each in builder.as_data_source(split=split)]
  examples.sort(key=lambda each: each['id'])
  for number, example in enumerate(
    tqdm(examples[:: options.every], unit='page', leave=False, disable=None)
  ):
    # A PNG of two values would become an array of bools.
    grey = np.array(Image.open(io.BytesIO(example['image'])).convert('L'))
    structure = source.structure(example, *grey.shape)
    if options.kind != 'flat':
      rng = np.random.default_rng((number, moved_pages.KINDS.index(options.kind)))
      grey, structure = moved_pages.moved(rng, grey, structure, options.kind)
    yield example['id'].decode(), grey, structure


def _measure(options: argparse.Namespace) -> None:
  true, found, seconds = {}, {}, []
  for name, grey, structure in pages(options):
    began = time.process_time()
    answer = find.structure(grey)
    seconds.append(time.process_time() - began)
    true[name], found[name] = map(annotations.of_structure, (structure, answer))
  print(compare.table(true, found, threshold=0.5, iou=0.75))
  print(f'{np.mean(seconds):.2f} s of computing for a page, at most {max(seconds):.2f} s')


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  parser = parser_of(__doc__)
  parser.add_argument('--source', choices=_SOURCES, default='muscima_pp')
  parser.add_argument('--kind', choices=('flat', *moved_pages.KINDS), default='flat')
  parser.add_argument('--every', type=int, default=1, help='take every so many pages')
  command_arguments.add_data_folders(parser)
  options = parser.parse_args(arguments)
  return answered(lambda: _measure(options))


if __name__ == '__main__':
  sys.exit(main())
