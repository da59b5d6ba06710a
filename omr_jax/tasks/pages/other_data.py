"""Pages with the boxes of their symbols, on which `omr_jax.evaluate` measures a detector."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from omr_jax.errors import UserError
from omr_jax.tasks.pages.inputs import Layout

DATA = {
  'typeset': 'test pages of the songs in --raw_dir, which are all typeset first (extra [engrave])',
  'muscima_pp': 'handwritten test pages of MUSCIMA++ 2.0',
  'made_up': 'six pages drawn by code, which need no data',
}
_ABOUT = """\
At most 30 pages of a test split are taken, at equal distances: for the data that the model was
trained on its own split, else `composers` and `most_writers`, those of the models of the package.
Pages of your own: omr detect --compare."""
OPTIONS: Mapping[str, tuple[str, ...]] = {}
# The split for a network that was trained on other data. It is that of the models of the package.
_PROTOCOLS = {'typeset': 'composers', 'muscima_pp': 'most_writers', 'made_up': 'made_up'}


class AnnotatedPage(NamedTuple):
  """A page with what is on it.

  Attributes:
    group: The name of the group in which it is counted, such as its writer; empty if it has none.
    picture: The bytes of a PNG file.
    boxes: The box of each symbol in pixels: left, top, right and bottom edge; float64 [n, 4].
    labels: The class of each symbol, [n].
  """

  group: str
  picture: bytes
  boxes: np.ndarray
  labels: list[str]


def add_options(parser: argparse.ArgumentParser) -> None:
  """Adds no option, only what is said of the pages."""
  parser.add_argument_group('for models of pages', _ABOUT)


def examples(
  on: str,
  options: argparse.Namespace,
  facts: Mapping[str, Any],
  picture: Layout,
  reads: Sequence[str],
  data_folders: tuple[Path, str | None],
) -> Iterator[AnnotatedPage]:
  """The pages that a run tests: at most 30 of the test split, at equal distances.

  Of the data that a network was trained on, they are those of its own split.

  Args:
    on: One of DATA.
    options: Not used here.
    facts: Facts of the network, with its `config` and `run`.
    picture: Not used here.
    reads: Not used here.
    data_folders: The folders of prepared and of raw data.

  Raises:
    UserError: The data is not there, or cannot be prepared; or it is of the kind that the network
      was trained on, but not the same, so that pages of its training may be in the test.
  """
  del options, picture, reads
  from omr_jax.tasks.pages import data_sets

  own = facts['config']['data']
  is_own = own['source'] == on
  found = data_sets.opened(on, own['protocol'] if is_own else _PROTOCOLS[on], *data_folders)
  if is_own and found.digest != facts.get('run', {}).get('data_digest'):
    raise UserError(
      f'--on {on}: the model was trained on another set of these data, whose splits differ, so it '
      'may have seen these pages. Give the same raw data, or compare by omr detect --compare.'
    )
  for example in data_sets.tested(found.examples('test')):
    boxes = np.asarray(example['boxes'], np.float64)
    labels = [found.names[label] for label in example['labels']]
    yield AnnotatedPage(data_sets.group(example), example['image'], boxes, labels)
