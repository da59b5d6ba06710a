"""Pictures and strokes of one symbol, as networks for symbols read them; without JAX."""

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from PIL import Image

from omr_jax.errors import UserError
from omr_jax.inputs import (
  documents,
  geometry,
  page_reader,
  pen_path,
  pictures,
  render,
  resizing,
  signatures,
  stroke_files,
  symbol_picture,
  thinning,
)
from omr_jax.inputs import strokes as stroke_data
from omr_jax.inputs.strokes import CLASSES as CLASSES
from omr_jax.tasks.classifiers import outputs as probabilities
from omr_jax.tasks.classifiers.outputs import CALL as CALL
from omr_jax.tasks.classifiers.outputs import answer as answer
from omr_jax.tasks.symbols.limits import LIMITS, refuse_unfit
from omr_jax.utils import rules

SUFFIXES = frozenset(('.json', '.txt'))
_FIELDS = tuple(render.Drawing.__dataclass_fields__)
_BOUNDS = ('max_stretch', 'max_zoom')
_LEAST = 2 * symbol_picture.LONGEST  # Pixels along a side of a JPEG that is decoded smaller.


def classes(config: Mapping[str, Any]) -> tuple[str, ...]:
  """The names of the classes, in the order of the labels: the same for every config."""
  del config
  return CLASSES


def from_json(fields: Mapping[str, Any]) -> render.Drawing:
  """The picture settings from `model.json`. UserError with the key where they are damaged."""
  rules.refuse_other_keys(fields, _FIELDS, 'picture')
  # JSON has no tuples, and null in the place of infinity.
  values: dict[str, Any] = {
    name: tuple(v) if isinstance(v, list) else v for name, v in fields.items()
  }
  values |= {name: math.inf for name in _BOUNDS if fields[name] is None}
  for name, value in values.items():
    rules.refuse_unless(LIMITS[f'drawing.{name}'], value, f'picture.{name}')
  drawing = render.Drawing(**values)
  refuse_unfit(drawing, 'picture')
  return drawing


def to_json(picture: render.Drawing) -> dict:
  """The picture settings as `model.json` has them."""
  return vars(picture)


def shapes(picture: render.Drawing) -> dict[str, tuple[str, list]]:
  """Type and shape of every input by its name; `batch` stands for any number of symbols."""
  image = {'image': ('uint8', ['batch', picture.height, picture.width, 1])}
  if not picture.thinned:  # Ink that is no line has no pen's path.
    return image
  return {
    **image,
    'size': ('float32', ['batch', 2]),
    'pen': ('float32', ['batch', pen_path.POINTS, 3]),
  }


def outputs(picture: render.Drawing, classes: Sequence[str]) -> dict[str, tuple[str, list]]:
  """Type and shape of every output by its name; only `omr open_set` adds the second one."""
  del picture
  return probabilities.shapes(classes) | {probabilities.UNKNOWN: ('float32', ['batch'])}


def preparation(
  picture: render.Drawing, reads: Sequence[str], classes: Sequence[str]
) -> dict[str, Any]:
  """Numbers that `steps` names, for programs that do not use this package.

  Returns:
    `staff_space`, pixels from one staff line to the next in the unit of the strokes' points; for
    networks that read the pen's path `pen_up_weight`, how much a length counts where the pen is up
    (`pen_path.sampled`), for others `jpeg_least`, as in `documents.RULE`.
  """
  del picture, classes
  found: dict[str, Any] = {'staff_space': geometry.STAFF_SPACE}
  if 'pen' in reads:
    return found | {'pen_up_weight': pen_path.PEN_UP_WEIGHT}
  return found | {'jpeg_least': _LEAST}


def steps(picture: render.Drawing, reads: Sequence[str]) -> list[str]:
  """Each step from a file to the inputs in words, for programs that do not use this package."""
  given = (
    'Strokes that are given: for each its points x, y, y down, in a unit in which staff lines are '
    '`staff_space` apart, as files of HOMUS have it.'
  )
  layout = render.LAYOUTS[picture.layout]
  ink = (*documents.RULE, *symbol_picture.RULE, resizing.RULE)
  if 'pen' in reads:
    found = [given]
  elif picture.thinned:
    found = [*ink, *thinning.RULE, given]
  else:
    found = [*ink, 'Ink of a picture: its box, cut out, ink 0 and paper 255.', given]
  drawn = (layout, render.INK) if picture.layout == 'scaled' else (render.INK, layout)
  rules_of = {
    'image': [*drawn, 'Input `image`: these pixels.'],
    'size': [
      "Input `size`: the logarithms of the width and the height of the strokes' box, the largest "
      'minus the smallest coordinate, at least 1.'
    ],
    'pen': [pen_path.RULE, 'Input `pen`: x, y and number of these points.'],
  }
  return found + [step for name in reads for step in rules_of[name]]


def brightness_only(picture: render.Drawing) -> bool:
  """No: ink is told from paper by its colours too."""
  del picture
  return False


def of_picture(
  image: Image.Image, picture: render.Drawing, reads: Sequence[str], name: str
) -> dict[str, np.ndarray]:
  """A picture of one symbol as a network sees it.

  Args:
    image: In mode L or RGB.
    picture: How symbols are drawn.
    reads: Names of the network's inputs.
    name: For messages.

  Raises:
    UserError: There is no symbol in the picture, or the network reads strokes.
  """
  if 'pen' in reads:
    raise UserError(
      f'{name}: this network reads strokes, and a picture has none; give a stroke file, or a model '
      'for pictures.'
    )
  pixels = np.asarray(symbol_picture.reduced(image).convert('RGB'))
  if not picture.thinned:
    return {'image': symbol_picture.inked(pixels, picture, name)}
  return of_strokes(*symbol_picture.lines(pixels, name), picture, reads, name)


def of_strokes(
  points: np.ndarray,
  stroke: np.ndarray,
  picture: render.Drawing,
  reads: Sequence[str],
  name: str = '',
) -> dict[str, np.ndarray]:
  """Strokes as a network sees them, prepared as those of its test were.

  Args:
    points: [points, 2], x and y in pixels of the tablet.
    stroke: int [points], the stroke each point belongs to, ascending from 0.
    picture: How symbols are drawn.
    reads: Names of the network's inputs.
    name: For messages.

  Returns:
    Those of the following that `reads` names: `image` uint8 [height, width, 1]; `size` float32 [2],
    the logarithms of the box's width and height; `pen` float32 [pen_path.POINTS, 3].
  """
  del name
  make = {
    'image': lambda: render.draw(points, stroke, picture)[..., None],
    'size': lambda: geometry.log_size(np.ptp(points, axis=0)).astype(np.float32),
    'pen': lambda: pen_path.sampled(points, stroke).astype(np.float32),
  }
  return {each: make[each]() for each in reads}


def pages(
  source: str | bytes, picture: render.Drawing, reads: Sequence[str], name: str
) -> Iterator[tuple]:
  """For each page of a file its number from 1, and its inputs or a UserError.

  A stroke file is recognized by its content, whatever its name is.

  Args:
    source: The path of the file, or its bytes.
    picture: How symbols are drawn.
    reads: Names of the network's inputs.
    name: What to call the file in messages.
  """
  try:
    content = source if isinstance(source, bytes) else _beginning(source, name)
  except UserError as error:
    yield 1, error
    return
  except (OSError, ValueError) as error:
    yield 1, UserError(page_reader.unreadable(name, error))
    return
  named_so = os.path.splitext(name)[1].lower() in SUFFIXES
  is_picture = signatures.kind(content[: signatures.SHORT])
  if stroke_files.begins(content) or (named_so and not is_picture):
    yield 1, _of_stroke_file(content, picture, reads, name)
  else:
    finish = partial(of_picture, picture=picture, reads=reads, name=name)
    yield from documents.pages(source, _LEAST, finish, name=name)


def _beginning(path: str, name: str) -> bytes:
  """All bytes of a stroke file; of any other file at least enough to see that it is none."""
  documents.refuse_special(path, name)
  with open(path, 'rb') as file:
    start = file.read(signatures.SHORT)
    if signatures.kind(start):
      return start
    return start + file.read(stroke_data.MAX_BYTES + 1 - len(start))


def _of_stroke_file(
  content: bytes, picture: render.Drawing, reads: Sequence[str], name: str
) -> dict[str, np.ndarray] | UserError:
  try:
    with pictures.refused(name):
      return of_strokes(*stroke_files.read(content, name), picture, reads)
  except UserError as error:
    return error
