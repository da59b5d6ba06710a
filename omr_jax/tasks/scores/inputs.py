"""Pictures of any kind, as networks that tell scores read them; without JAX."""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NoReturn

import numpy as np
from PIL import Image

from omr_jax.errors import UserError
from omr_jax.inputs import documents, geometry, resizing, views
from omr_jax.inputs.pictures import CLASSES as CLASSES
from omr_jax.tasks.scores.limits import LIMITS
from omr_jax.utils import rules

SUFFIXES: frozenset[str] = frozenset()
_LIMITS = {name: LIMITS[f'picture.{name}'] for name in ('height', 'width', 'tiles')} | {
  'colour': rules.FLAG,
  'bound': (
    'a number of at least 1, or null',
    lambda value: value is None or (rules.is_number(value) and value >= 1),
  ),
}

_ROUNDED = 'Halves are rounded to even numbers. Each part has at least one pixel.'
_PARTS = (
  'Parts: row by row, `tiles` x `tiles` parts that overlap. A part is round(`part_size` * n) '
  'pixels long along a side of n pixels; part i begins at round(`part_step` * i * n), or earlier '
  f'where it would end beyond the picture. {_ROUNDED}'
)
_WHOLE = (
  'Whole picture: if its long side is at most `bound` times its short side, it is resized to a '
  'view. If not, it fills a view along its long side only, and lies in the middle, '
  'max(1, round(`bound` * short / long * side of the view)) pixels across, with one pixel less '
  'before it where the rest is odd. The rest has the median of its resized pixels in each channel, '
  'of two in the middle the lower one.'
)
_BOUND_PARTS = (
  'Parts: row by row, parts that overlap, m along the short side and n = floor(`tiles` ** 2 / m) '
  'along the long side, with the largest m <= `tiles` for which long * (3 m + 1) <= `bound` * '
  'short * (3 n + 1), or else m = 1. Of k parts along a side of x pixels each is round(s x) long, '
  's = 4 / (3 k + 1), and part i begins at round(3 / 4 s i x); where s x is more than `bound` * '
  'short, s is `bound` * short / x, and part i begins at round((1 - s) / max(1, k - 1) i x). None '
  f'ends beyond the picture: it begins earlier. {_ROUNDED} Views that are left over are black.'
)


def from_json(fields: Mapping[str, Any]) -> views.Layout:
  """How pictures are looked at, by `model.json`. UserError with the key where it is damaged."""
  rules.refuse_unless(rules.OBJECT, fields, 'picture')
  fields = {'bound': None, **fields}  # Earlier versions squeezed pictures of every shape.
  rules.refuse_other_keys(fields, views.Layout._fields, 'picture')
  for name, value in fields.items():
    rules.refuse_unless(_LIMITS[name], value, f'picture.{name}')
  return views.Layout(**fields)._replace(bound=fields['bound'] or math.inf)


def to_json(picture: views.Layout) -> dict:
  """The same for `model.json`; a bound of null is none."""
  return picture._asdict() | {'bound': None if math.isinf(picture.bound) else picture.bound}


def shapes(picture: views.Layout) -> dict[str, tuple[str, list]]:
  """Type and shape of all that networks may read, by name; `batch` for any number of pictures."""
  channels = 3 if picture.colour else 1
  views_shape = ['batch', views.count(picture.tiles), picture.height, picture.width, channels]
  return {'views': ('uint8', views_shape)}


def preparation(picture: views.Layout, reads: Sequence[str]) -> dict[str, Any]:
  """Further numbers of the rule, for programs that do not use this package.

  Returns:
    `jpeg_least`, as in `documents.RULE`; `brightness`, the weights of red, green and blue, for
    networks without colour; `bound`, as in `picture`, so that a damaged one is seen; with parts
    their `part_size` and `part_step`, shares of the picture's height and width (`views.views`).
  """
  del reads
  found: dict[str, Any] = {'jpeg_least': _least(picture), 'bound': picture.bound}
  if not picture.colour:
    found['brightness'] = list(geometry.BRIGHTNESS)
  if picture.tiles:
    found['part_size'], found['part_step'] = views.part(picture.tiles)
  return found


def steps(picture: views.Layout, reads: Sequence[str]) -> list[str]:
  """The whole rule in words, step by step, for programs that do not use this package."""
  del reads
  found = list(documents.RULE)
  if not picture.colour:
    found.append(
      'Grey: round(sum of `brightness` times red, green and blue); of a JPEG the channel Y.'
    )
  if not math.isinf(picture.bound):
    found.append(_WHOLE)
  if picture.tiles:
    found.append(_PARTS if math.isinf(picture.bound) else _BOUND_PARTS)
  return [
    *found,
    f'{resizing.RULE} Each view becomes `height` x `width` pixels.',
    'Input `views`: the whole picture, then the parts; '
    + ('red, green and blue.' if picture.colour else 'one channel.'),
  ]


def brightness_only(picture: views.Layout) -> bool:
  """Whether the network is blind to colours, so that pictures may be decoded without them."""
  return not picture.colour


def of_picture(
  image: Image.Image, picture: views.Layout, reads: Sequence[str], name: str
) -> dict[str, np.ndarray]:
  """A picture as a network sees it: its views.

  Args:
    image: In mode L or RGB; L alone for views without colour.
    picture: How it is looked at.
    reads: Names of the network's inputs.
    name: For messages.
  """
  del reads, name
  return {'views': views.of_image(image, *picture)}


def of_strokes(
  points: np.ndarray,
  stroke: np.ndarray,
  picture: views.Layout,
  reads: Sequence[str],
  name: str = 'the picture',
) -> NoReturn:
  """Strokes are no picture: UserError."""
  raise UserError(f'{name}: strokes are for networks that tell symbols; give a picture.')


def pages(
  source: str | bytes, picture: views.Layout, reads: Sequence[str], name: str
) -> Iterator[tuple]:
  """Of each page of a file its number from 1, and its inputs or what is wrong with it.

  Args:
    source: The path of the file, or its bytes.
    picture: How pictures are looked at.
    reads: Names of the network's inputs.
    name: Of the file, for messages.
  """
  finish = partial(of_picture, picture=picture, reads=reads, name=name)
  return documents.pages(source, _least(picture), finish, picture.colour, name)


def _least(picture: views.Layout) -> int:
  return views.least(picture.height, picture.width, picture.tiles)
