"""Pages with the boxes of their symbols, on which `omr_jax.evaluate` measures a detector."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from omr_jax.tasks.pages.inputs import Layout

DATA = {
  'typeset': 'test pages of printed music, typeset from the MusicXML in --raw_dir',
  'muscima_pp': 'handwritten test pages of MUSCIMA++',
  'made_up': 'six pages drawn by code, which need no data',
}
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
  """Adds nothing: there is nothing to choose."""
  del parser


def examples(
  on: str,
  options: argparse.Namespace,
  config: Mapping[str, Any],
  picture: Layout,
  reads: Sequence[str],
  data_folders: tuple[Path, str | None],
) -> Iterator[AnnotatedPage]:
  """The pages that a run tests: at most 30 of the test split, at equal distances.

  Of the data that a network was trained on, they are those of its own split.

  Args:
    on: One of DATA.
    options: Not used here.
    config: The config of the run that trained the network.
    picture: Not used here.
    reads: Not used here.
    data_folders: The folders of prepared and of raw data.

  Raises:
    UserError: The data is not there, or cannot be prepared.
  """
  del options, picture, reads
  from omr_jax.tasks.pages import data_sets

  own = config['data']
  protocol = own['protocol'] if own['source'] == on else _PROTOCOLS[on]
  found = data_sets.opened(on, protocol, *data_folders)
  for example in data_sets.tested(found.examples('test')):
    boxes = np.asarray(example['boxes'], np.float64)
    labels = [found.names[label] for label in example['labels']]
    yield AnnotatedPage(data_sets.group(example), example['image'], boxes, labels)
