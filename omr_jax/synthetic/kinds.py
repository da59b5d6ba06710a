"""Kinds of pictures that real collections lack: code draws them to train and to test.

docs/scores.md says what counts as a score, and lists the same kinds with their classes. A picture
of a kind has a random shape between two proportions. It is clean, coloured, light on dark, or
photographed (`looks`).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image

from omr_jax.synthetic import charts, codes, lettering, looks, notations, patterns, sheets, snippets

_KINDS = 2**34  # First number of the seeds.
_PIXELS = 220_000  # The pixels of a picture on average.


class Kind(NamedTuple):
  """Pictures of one kind.

  Attributes:
    name: What they show.
    label: Their class, 'scores' or 'other'.
    draw: Draws one, from a random generator, a height and a width.
    narrow: The smallest proportion of width to height.
    wide: The largest proportion of width to height.
  """

  name: str
  label: str
  draw: Callable[[np.random.Generator, int, int], np.ndarray]
  narrow: float
  wide: float


KINDS = (
  Kind('staves', 'scores', snippets.staves, 0.5, 12),
  Kind('a few bars', 'scores', snippets.bars, 0.5, 4),
  Kind('percussion', 'scores', notations.percussion, 0.6, 10),
  Kind('tablature', 'scores', notations.tablature, 0.6, 10),
  Kind('chant', 'scores', notations.chant, 0.6, 10),
  Kind('chart of chords', 'scores', notations.chords, 0.6, 10),
  Kind('staff paper', 'scores', snippets.paper, 0.6, 10),
  Kind('staves among text', 'scores', snippets.among_text, 0.6, 3),
  Kind('answer sheet', 'other', sheets.answers, 0.5, 6),
  Kind('table with bands', 'other', sheets.bands, 0.5, 12),
  Kind('grid of signs', 'other', sheets.signs, 0.5, 10),
  Kind('window of a program', 'other', sheets.window, 0.6, 3),
  Kind('menu', 'other', sheets.menu, 0.4, 12),
  Kind('curves', 'other', charts.curves, 0.6, 8),
  Kind('plan of times', 'other', charts.times, 0.6, 8),
  Kind('bar code', 'other', codes.bars, 0.5, 8),
  Kind('QR code', 'other', codes.squares, 0.7, 3),
  Kind('matrix code', 'other', codes.matrix, 0.7, 6),
  Kind('checkerboard', 'other', patterns.checkerboard, 0.5, 12),
  Kind('dither', 'other', patterns.dither, 0.5, 8),
  Kind('stripes', 'other', patterns.stripes, 0.5, 12),
  Kind('dots', 'other', patterns.dots, 0.5, 10),
  Kind('keys', 'other', patterns.keys, 1, 12),
  Kind('big print', 'other', lettering.big_print, 2, 12),
  Kind('single word', 'other', lettering.word, 1, 8),
  Kind('formula', 'other', lettering.formula, 0.8, 10),
  Kind('underlined text', 'other', lettering.underlined, 0.7, 12),
  Kind('logo', 'other', lettering.logo, 0.8, 5),
)


def drawn(kind: Kind, number: int, seed: tuple[int, ...] = (_KINDS,)) -> np.ndarray:
  """A picture of a kind, uint8 [height, width, 3], which depends on the arguments only.

  Args:
    kind: One of KINDS.
    number: Other numbers give other pictures of the kind.
    seed: Other seeds do too; the default is that of the training pictures.
  """
  rng = np.random.default_rng((*seed, number, *kind.name.encode()))
  proportion = np.exp(rng.uniform(np.log(kind.narrow), np.log(kind.wide)))
  height = max(40, round(np.sqrt(_PIXELS * np.exp(rng.uniform(-1, 0.6)) / proportion)))
  picture = kind.draw(rng, height, round(height * proportion))
  if picture.ndim == 2:
    picture = np.repeat(picture[:, :, None], 3, axis=2)
  return np.ascontiguousarray(_look(rng, picture))


def _look(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
  """Recolours, inverts or photographs half of the pictures; then turns or reduces some of them."""
  look = rng.choice(['clean', 'colours', 'inverse', 'photo'], p=[0.5, 0.14, 0.16, 0.2])
  if look == 'colours':
    picture = looks.recoloured(rng, picture)
  elif look == 'inverse':
    picture = looks.inverse(rng, picture)
  elif look == 'photo':
    angle = rng.normal(0, 8) if rng.random() < 0.6 else rng.uniform(-180, 180)
    picture = looks.photographed(rng, looks.rotated(picture, angle))
  if rng.random() < 0.08:
    picture = np.rot90(picture, rng.choice([1, 2, 3]))
  if rng.random() < 0.2:  # As small as a picture in a web page.
    size = [max(20, round(side * rng.uniform(0.25, 0.6))) for side in picture.shape[1::-1]]
    picture = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))
  return picture
