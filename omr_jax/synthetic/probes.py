"""Probes: drawn pictures with a known answer, for networks that tell music from other pictures.

A network that has learned 'white page means music' passes a test on clean pages and colour photos.
Probes catch it: on one side there is paper with lines, text, tables and forms, on the other music
that is inverted, rotated, small, dark or half covered with text. They do not estimate an accuracy.
Pages of the kinds without music may also be used in training, drawn with other random numbers
(`papers`), because few collections have lined paper or forms. So may the kinds of `kinds`. Pages of
music drawn here, and their alterations, are never used in training.
"""

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from omr_jax.synthetic import alterations, kinds, music
from omr_jax.synthetic import papers as pages_of

_OTHER: Mapping[str, Callable[..., np.ndarray]] = {
  'blank page, white': functools.partial(pages_of.blank, paper='white'),
  'blank page, cream': functools.partial(pages_of.blank, paper='cream'),
  'blank page, grey': functools.partial(pages_of.blank, paper='grey'),
  'ruled page, black': pages_of.ruled,
  'ruled page, coloured': functools.partial(pages_of.ruled, coloured=True),
  'squared paper, black': pages_of.squared,
  'squared paper, coloured': functools.partial(pages_of.squared, coloured=True),
  'text, one column': pages_of.text,
  'text, two columns': functools.partial(pages_of.text, columns=2),
  'newspaper': pages_of.newspaper,
  'table': pages_of.table,
  'form': pages_of.form,
  'bar chart': pages_of.chart,
  'barcode': pages_of.barcode,
  'handwriting on ruled paper': pages_of.notebook,
}
_PAPERS = 2**32  # First number of the seeds of `papers`.
_SHAPES = ((1400, 1000), (1800, 750), (1000, 1400))  # Height and width of `papers`.


class Probe(NamedTuple):
  """A picture and the answer that a network should give.

  Attributes:
    name: What it shows; `probes` adds a number from 1.
    picture: uint8 [height, width, 3], as large as a photo, not yet resized for a network.
    expected: 'scores', 'other', or None where either answer is acceptable.
  """

  name: str
  picture: np.ndarray
  expected: str | None


def probes(height: int = 1400, width: int = 1000, seed: int = 0, instances: int = 2) -> list[Probe]:
  """Draws `instances` probes of every kind, which differ in sizes, spacings and density.

  A probe depends only on height, width, seed, its kind and its number. At the default size one
  instance of every kind takes a few seconds and 84 MB.

  Args:
    height: Height in pixels, at least 300; for a page rotated by 90 degrees it is the width.
    width: Width in pixels, at least 300; for a page rotated by 90 degrees it is the height.
    seed: Other seeds give other pages of the same kinds.
    instances: Number of pictures of each kind.

  Returns:
    The probes, ordered by kind and then by number; names are unique.
  """
  sets = [list(_one_of_each(height, width, (seed, number))) for number in range(instances)]
  numbered = (
    probe._replace(name=f'{probe.name} {number}')
    for kind in zip(*sets, strict=True)
    for number, probe in enumerate(kind, start=1)
  )
  return list(numbered)


def of_kinds(seed: int = 0, instances: int = 2) -> list[Probe]:
  """Draws `instances` probes of every kind in `kinds.KINDS`, ordered as by `probes`.

  One instance of every kind takes a few seconds.
  """
  return [
    Probe(f'{kind.name} {number + 1}', kinds.drawn(kind, number, (seed,)), kind.label)
    for kind in kinds.KINDS
    for number in range(instances)
  ]


def papers(instances: int) -> Iterator[tuple[str, np.ndarray]]:
  """Draws pages without music to train with, of the same kinds as the probes without music.

  Args:
    instances: Number of pages of each kind; in turn they are upright, narrow as a receipt, and
      broad.

  Yields:
    A name and a picture, uint8 [height, width, 3], instance by instance.
  """
  for number in range(instances):
    for kind, (name, draw) in enumerate(_OTHER.items()):
      # Seeds of probes are three numbers too. NumPy takes 2^32 as two, 0 and 1, so a page of kind 0
      # has the numbers of a probe; but it is blank, and draws none.
      rng = np.random.default_rng((_PAPERS, number, kind))
      yield f'{name} {number + 1}', draw(rng, *_SHAPES[number % len(_SHAPES)])


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
  yield Probe('staff paper without notes', _coloured(paper), 'scores')
  notes = music.page(rng(), height, width, lines=False)
  yield Probe('notes without staff lines', _coloured(notes), None)


def _altered(page: np.ndarray, seed: tuple[int, ...]) -> Iterator[Probe]:
  """A page of music, altered in each of the ways of `alterations`."""
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
    # `_one_of_each` uses the numbers from 0 on, one for each kind.
    rng = np.random.default_rng((*seed, 1000 + number))
    yield Probe(f'music {name}', look(rng), 'scores')


def _coloured(grey: np.ndarray) -> np.ndarray:
  """Repeats grey in three channels: [height, width] to [height, width, 3]."""
  return np.repeat(grey[:, :, None], 3, axis=2)
