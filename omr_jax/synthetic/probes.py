"""Pictures made by code with the answer that a gate for music should give.

A gate that learned 'white page means music' passes a test on clean pages and colour photos. These
pictures catch it: paper with lines, text, tables and forms on one side, music inverted, turned,
small, dark or half covered with text on the other. They are no estimate of an accuracy: each is a
question with a known answer. Other drawings of the kinds without music may train (`papers`), as
few collections have lined paper or forms; no music that is drawn here does.
"""

import functools
import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from omr_jax.synthetic import alterations, music
from omr_jax.synthetic import papers as probe_pages

_OTHER = {
  'blank page, white': functools.partial(probe_pages.blank, paper='white'),
  'blank page, cream': functools.partial(probe_pages.blank, paper='cream'),
  'blank page, grey': functools.partial(probe_pages.blank, paper='grey'),
  'ruled page, black': probe_pages.ruled,
  'ruled page, coloured': functools.partial(probe_pages.ruled, coloured=True),
  'squared paper, black': probe_pages.squared,
  'squared paper, coloured': functools.partial(probe_pages.squared, coloured=True),
  'text, one column': probe_pages.text,
  'text, two columns': functools.partial(probe_pages.text, columns=2),
  'newspaper': probe_pages.newspaper,
  'table': probe_pages.table,
  'form': probe_pages.form,
  'bar chart': probe_pages.chart,
  'barcode': probe_pages.barcode,
  'handwriting on ruled paper': probe_pages.notebook,
}


_PAPERS = 2**32
_SHAPES = ((1400, 1000), (1800, 750), (1000, 1400))  # Height and width of papers.


class Probe(NamedTuple):
  """A picture and the answer to it.

  Attributes:
    name: What it shows; in `probes` followed by a number from 1.
    picture: uint8 [height, width, 3], as large as a photo: it still has to be resized.
    expected: 'scores', 'other', or None where either answer can be defended.
  """

  name: str
  picture: np.ndarray
  expected: str | None


def probes(height: int = 1400, width: int = 1000, seed: int = 0, instances: int = 2) -> list[Probe]:
  """All kinds of probes, `instances` of each, which differ in sizes, spacings and density.

  A probe depends on (height, width, seed, its kind and number) only. 84 MB a set of one instance
  at the default size, some seconds.

  Args:
    height: Of the pictures in pixels, at least 300; of a page turned by 90 degrees the width.
    width: Of the pictures in pixels, at least 300.
    seed: Another seed draws other pages of the same kinds.
    instances: Pictures of each kind.

  Returns:
    Kind by kind, the instances of one kind one after the other; names are unique.
  """
  sets = [list(_one_of_each(height, width, (seed, number))) for number in range(instances)]
  numbered = (
    probe._replace(name=f'{probe.name} {number}')
    for kind in zip(*sets, strict=True)
    for number, probe in enumerate(kind, start=1)
  )
  return list(numbered)


def papers(instances: int) -> Iterator[tuple[str, np.ndarray]]:
  """Pages without music to train with: other drawings of the kinds that probes have.

  Args:
    instances: Of each kind; they take turns in being upright, narrow as receipts, and broad.

  Yields:
    A name and a picture, uint8 [height, width, 3], instance by instance.
  """
  for number in range(instances):
    for kind, (name, draw) in enumerate(_OTHER.items()):
      # Three numbers, as probes have, but far from any seed of theirs.
      rng = np.random.default_rng((_PAPERS, number, kind))
      yield f'{name} {number + 1}', draw(rng, *_SHAPES[number % len(_SHAPES)])


def from_page(picture: np.ndarray, seed: int = 0) -> list[Probe]:
  """The same alterations of a real page of music: each is still music.

  Args:
    picture: uint8 [height, width, 3], each side at least 64.
    seed: Decides the desk, the words and the light.
  """
  return list(_altered(picture, (seed,)))


def _one_of_each(height: int, width: int, seed: tuple[int, ...]) -> Iterator[Probe]:
  """One probe of each kind."""
  count = itertools.count()

  def rng():
    return np.random.default_rng((*seed, next(count)))

  for name, draw in _OTHER.items():
    yield Probe(name, draw(rng(), height, width), 'other')
  page = _coloured(music.page(rng(), height, width))
  yield Probe('music', page, 'scores')
  yield from _altered(page, seed)
  paper = music.page(rng(), height, width, notes=False)
  yield Probe('staff paper without notes', _coloured(paper), None)
  notes = music.page(rng(), height, width, lines=False)
  yield Probe('notes without staff lines', _coloured(notes), None)


def _altered(page: np.ndarray, seed: tuple[int, ...]) -> Iterator[Probe]:
  """A page of music in all the ways that it can be met."""
  looks = {
    'inverted': lambda _: alterations.inverted(page),
    'turned by 90 degrees': lambda _: alterations.turned(page, 90),
    'turned by 180 degrees': lambda _: alterations.turned(page, 180),
    'on a desk, half as high and wide': lambda rng: alterations.on_desk(rng, page, 1 / 2),
    'on a desk, a quarter as high and wide': lambda rng: alterations.on_desk(rng, page, 1 / 4),
    'above text': lambda rng: alterations.half_text(rng, page, beside=False),
    'beside text': lambda rng: alterations.half_text(rng, page, beside=True),
    'in poor light': lambda rng: alterations.poor_light(rng, page),
    'on a screen': lambda rng: alterations.on_screen(rng, page),
  }
  for number, (name, look) in enumerate(looks.items()):
    # Far from the numbers of the kinds that are drawn.
    rng = np.random.default_rng((*seed, 1000 + number))
    yield Probe(f'music {name}', look(rng), 'scores')


def _coloured(grey: np.ndarray) -> np.ndarray:
  """[height, width] to [height, width, 3]."""
  return np.repeat(grey[:, :, None], 3, axis=2)
