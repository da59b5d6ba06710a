"""Pictures of any kind, as networks that tell scores read them; without JAX."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NoReturn

import numpy as np
from PIL import Image

from omr_jax.errors import UserError
from omr_jax.inputs import documents, geometry, views
from omr_jax.inputs.pictures import CLASSES as CLASSES
from omr_jax.tasks.scores.limits import LIMITS
from omr_jax.utils import rules

SUFFIXES: frozenset[str] = frozenset()
_LIMITS = {name: LIMITS.get(f'picture.{name}', rules.FLAG) for name in views.Layout._fields}


def from_json(fields: Mapping[str, Any]) -> views.Layout:
  """How pictures are looked at, by `model.json`. UserError with the key where it is damaged."""
  rules.refuse_other_keys(fields, views.Layout._fields, 'picture')
  for name, value in fields.items():
    rules.refuse_unless(_LIMITS[name], value, f'picture.{name}')
  return views.Layout(**fields)


def to_json(picture: views.Layout) -> dict:
  """The same for `model.json`."""
  return picture._asdict()


def shapes(picture: views.Layout) -> dict[str, tuple[str, list]]:
  """Type and shape of all that networks may read, by name; `batch` for any number of pictures."""
  channels = 3 if picture.colour else 1
  views_shape = ['batch', views.count(picture.tiles), picture.height, picture.width, channels]
  return {'views': ('uint8', views_shape)}


def preparation(picture: views.Layout, reads: Sequence[str]) -> dict[str, Any]:
  """Further numbers of the rule, for programs that do not use this package.

  Returns:
    `brightness`, the weights of red, green and blue, for networks without colour; with parts their
    `part_size` and `part_step`, shares of the picture's height and width (`views.views`).
  """
  del reads
  found = {} if picture.colour else {'brightness': list(geometry.BRIGHTNESS)}
  if picture.tiles:
    found |= dict(zip(('part_size', 'part_step'), views.part(picture.tiles), strict=True))
  return found


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


def pages(path: str, picture: views.Layout, reads: Sequence[str]) -> Iterator[tuple]:
  """Of each page of a file its number from 1, and its inputs or what is wrong with it."""
  finish = partial(of_picture, picture=picture, reads=reads, name=path)
  least = views.least(picture.height, picture.width, picture.tiles)
  return documents.pages(path, least, finish, picture.colour)
