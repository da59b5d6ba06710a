"""The data sets of pages with the boxes of their symbols, and which pages a split has.

An example is a mapping with the features that `tfds_builders/muscima_pp/README.md` lists.
"""

import importlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from omr_jax.data.dataset import SPLITS
from omr_jax.errors import UserError
from omr_jax.synthetic import recorded_pages
from tfds_builders import muscima_pp, prepared

# What the data sets are called, by `config.data.source`, one of `limits.SOURCES`.
ORIGINS = {
  'muscima_pp': 'MUSCIMA++',
  'typeset': 'typeset scores',
  'made_up': 'pages drawn by code',
}
# At most so many pages are validated and tested on, at equal distances in the order of the data
# set. More would take longer than an epoch of training.
_MOST_PAGES = 30
# Pages drawn by code, by split. They have no builder.
_MADE_UP = {'train': 24, 'validation': 4, 'test': 6}
_MADE_UP_DIGEST = 'drawn by code'

Example = Mapping[str, Any]


class Source(NamedTuple):
  """A data set of pages.

  Attributes:
    examples: A function from the name of a split to all of its examples.
    names: The names of the labels.
    digest: The digest of the raw data.
    identity: The digest of what was prepared from it.
  """

  examples: Callable[[str], Iterable[Example]]
  names: Sequence[str]
  digest: str
  identity: str


def opened(
  source: str, protocol: str, data_dir: str | os.PathLike, raw_dir: str | os.PathLike | None
) -> Source:
  """A data set, which is prepared if need be.

  Args:
    source: One of `limits.SOURCES`.
    protocol: Name of the split protocol.
    data_dir: Folder of prepared data.
    raw_dir: Folder of the raw data.

  Raises:
    UserError: There is no such protocol, or the data cannot be prepared.
  """
  if source == 'made_up':
    if protocol != 'made_up':
      raise UserError(f'{protocol!r}: no such split of made-up pages; it is called made_up.')
    return Source(_made_up, muscima_pp.CLASSES, _MADE_UP_DIGEST, _MADE_UP_DIGEST)
  builders = importlib.import_module(f'tfds_builders.{source}')
  builder = builders.prepare(protocol, data_dir, raw_dir)
  digest = dict(builder.info.metadata.items())['digest']
  identity = prepared.identity(builder)
  return Source(
    lambda split: builder.as_data_source(split=split), builders.CLASSES, digest, identity
  )


def tested(examples: Iterable[Example]) -> list[Example]:
  """Those examples of a split that are validated or tested on."""
  found = list(examples)
  places = np.linspace(0, len(found) - 1, min(_MOST_PAGES, len(found))).round().astype(int)
  return [found[place] for place in places]


def drawn(count: int, names: Sequence[str]) -> Iterator[Example]:
  """Further pages drawn by code, for training, with labels that are places in `names`."""
  first = _MADE_UP['train']
  for number in range(first, first + count):
    yield recorded_pages.example(number, names, seed=SPLITS.index('train'))


def name(example: Example) -> str:
  """The name of a page."""
  return _text(example['id'])


def group(example: Example) -> str:
  """The name of the group in which a page is counted, such as its writer; empty if it has none."""
  return f'writer {example["writer"]}' if 'writer' in example else _text(example.get('group', ''))


def _made_up(split: str) -> Iterator[Example]:
  """Pages drawn by code, other ones for each split."""
  for number in range(_MADE_UP[split]):
    yield recorded_pages.example(number, muscima_pp.CLASSES, seed=SPLITS.index(split))


def _text(value: str | bytes) -> str:
  return value.decode() if isinstance(value, bytes) else value
