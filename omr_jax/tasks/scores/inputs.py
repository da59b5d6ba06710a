"""Pictures of any kind, as networks that tell scores read them; without JAX."""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NoReturn

import numpy as np
from PIL import Image

from omr_jax.errors import UserError
from omr_jax.inputs import documents, geometry, pictures, resizing, views
from omr_jax.inputs.pictures import CLASSES as CLASSES
from omr_jax.tasks.classifiers import outputs as probabilities
from omr_jax.tasks.classifiers.outputs import CALL as CALL
from omr_jax.tasks.classifiers.outputs import answer as answer
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


def classes(config: Mapping[str, Any]) -> tuple[str, ...]:
  """The names of the classes, in the order of the labels: the same for every config."""
  del config
  return CLASSES


def from_json(fields: Mapping[str, Any]) -> views.Layout:
  """The picture settings from `model.json`. UserError with the key where they are damaged."""
  rules.refuse_unless(rules.OBJECT, fields, 'picture')
  fields = {'bound': None, **fields}  # Earlier versions squeezed pictures of every shape.
  rules.refuse_other_keys(fields, views.Layout._fields, 'picture')
  for name, value in fields.items():
    rules.refuse_unless(_LIMITS[name], value, f'picture.{name}')
  return views.Layout(**fields)._replace(bound=fields['bound'] or math.inf)


def to_json(picture: views.Layout) -> dict:
  """The picture settings as `model.json` has them; an infinite bound is null there."""
  return picture._asdict() | {'bound': None if math.isinf(picture.bound) else picture.bound}


def shapes(picture: views.Layout) -> dict[str, tuple[str, list]]:
  """Type and shape of every input by its name; `batch` stands for any number of pictures."""
  channels = 3 if picture.colour else 1
  views_shape = ['batch', views.count(picture.tiles), picture.height, picture.width, channels]
  return {'views': ('uint8', views_shape)}


def outputs(picture: views.Layout, classes: Sequence[str]) -> dict[str, tuple[str, list]]:
  """Type and shape of the outputs by name: probabilities, and the log-odds of 'scores' by view."""
  log_odds = {'log_odds': ('float32', ['batch', views.count(picture.tiles)])}
  return {**probabilities.shapes(classes), **log_odds}


def preparation(
  picture: views.Layout, reads: Sequence[str], classes: Sequence[str]
) -> dict[str, Any]:
  """Numbers that `steps` names, for programs that do not use this package.

  Returns:
    `jpeg_least`, as in `documents.RULE`; `brightness`, the weights of red, green and blue, for
    networks without colour; `bound`, as in `picture`, so that a damaged one is seen; `part_size`
    and `part_step`, the shares s and 3/4 s of `views.RULE` where a picture is cut into `tiles`
    parts along each side.
  """
  del reads, classes
  found: dict[str, Any] = {'jpeg_least': _least(picture), 'bound': picture.bound}
  if not picture.colour:
    found['brightness'] = list(geometry.BRIGHTNESS)
  if picture.tiles:
    found['part_size'], found['part_step'] = views.part(picture.tiles)
  return found


def steps(picture: views.Layout, reads: Sequence[str]) -> list[str]:
  """Each step from a file to the inputs in words, for programs that do not use this package."""
  del reads
  found = list(documents.RULE)
  if not picture.colour:
    found.append(
      'Grey: round(sum of `brightness` times red, green and blue); of a JPEG the channel Y.'
    )
  return [
    *found,
    *views.RULE[: 3 if picture.tiles else 2],
    f'{resizing.RULE} Each part becomes `height` x `width` pixels.',
    'Input `views`: the views in this order, '
    + ('red, green and blue.' if picture.colour else 'one channel.'),
  ]


def brightness_only(picture: views.Layout) -> bool:
  """Whether the network ignores colours, so that pictures may be decoded without them."""
  return not picture.colour


def of_picture(
  image: Image.Image, picture: views.Layout, reads: Sequence[str], name: str
) -> dict[str, np.ndarray]:
  """A picture as a network sees it: its `views`, and their `boxes` for people to look at.

  Args:
    image: An image of Pillow in mode L or RGB; in mode L if the views have no colour.
    picture: The picture settings: which views the network reads.
    reads: Names of the network's inputs.
    name: For messages.

  Returns:
    `views`, and `boxes`, int32 [views, 4]: left, top, right and bottom of each view in pixels of
    the picture at its full size, even if decoding has reduced it; 0 for views that are left over.
  """
  del reads, name
  width, height = image.size
  parts = views.boxes(width, height, picture.tiles, picture.bound)
  found = np.array([(0, 0, width, height), *parts])
  boxes = np.zeros((views.count(picture.tiles), 4), np.int32)
  scale = np.divide(pictures.full_size(image), image.size)
  boxes[: len(found)] = np.rint(found * np.tile(scale, 2))
  return {'views': views.of_image(image, *picture), 'boxes': boxes}


def of_strokes(
  points: np.ndarray,
  stroke: np.ndarray,
  picture: views.Layout,
  reads: Sequence[str],
  name: str = 'the picture',
) -> NoReturn:
  """Strokes are no picture: UserError."""
  raise UserError(
    f'{name}: strokes are for models of symbols, such as homus_strokes; give a picture.'
  )


def pages(
  source: str | bytes, picture: views.Layout, reads: Sequence[str], name: str
) -> Iterator[tuple]:
  """For each page of a file its number from 1, and its inputs or a UserError.

  Args:
    source: The path of the file, or its bytes.
    picture: The picture settings: which views the network reads.
    reads: Names of the network's inputs.
    name: What to call the file in messages.
  """
  finish = partial(of_picture, picture=picture, reads=reads, name=name)
  return documents.pages(source, _least(picture), finish, picture.colour, name)


def _least(picture: views.Layout) -> int:
  return views.least(picture.height, picture.width, picture.tiles)
