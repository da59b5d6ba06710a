"""Turns whatever a program gives to a model (path, bytes, picture, strokes) into network inputs."""

import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import IO, Any, cast

import numpy as np
from PIL import Image

from omr_jax.errors import UserError
from omr_jax.inputs import budget, pictures, stroke_files
from omr_jax.predict import prepare
from omr_jax.predict.prepare import Inputs, Rule
from omr_jax.utils import paths

# A path; the bytes of a file; a file object in mode 'rb'; an image of Pillow; or {'strokes': ...}
# as in `stroke_files`.
Content = bytes | bytearray | memoryview
One = str | os.PathLike[str] | Content | IO[bytes] | Image.Image | Mapping[str, Any]
Given = One | np.ndarray
# From the path or the bytes of a file, and its name, to its pages with their numbers from 1.
Pages = Callable[[str | bytes, str], Iterator[tuple[int, Any | UserError]]]


def inputs(given: Given, rule: Rule, name: str = 'the picture') -> Inputs:
  """The inputs of a network: arrays by name, without a batch axis.

  Args:
    given: One of the forms of Given; of a document the first page is taken.
    rule: How the network's inputs are made.
    name: What to call it in messages; files are called by their own names.

  Raises:
    UserError: It can't be read, or is none of these.
  """
  if isinstance(given, Mapping):
    points, stroke = stroke_files.of_lists(dict(given), name)
    found: Inputs = rule.task.inputs.of_strokes(points, stroke, rule.picture, rule.reads, name)
  else:
    finish = partial(prepare.inputs, rule=rule, name=name)
    found = read(given, partial(prepare.pages, rule=rule), finish, name)
  return found


def read(given: Given, pages: Pages, finish: Callable[[Image.Image], Any], name: str) -> Any:
  """What `pages` or `finish` makes of a picture.

  Args:
    given: One of the forms of Given without strokes; of a document the first page is taken.
    pages: Applied to a file, given by its path or its bytes.
    finish: Applied to a picture that is not a file, in mode L or RGB.
    name: What to call it in messages; files are called by their own names.

  Raises:
    UserError: It can't be read, or is none of these.
  """
  if isinstance(given, str | os.PathLike):
    path = paths.expanded(os.fsdecode(given))
    return _first(pages(path, path))
  if isinstance(given, Content):
    return _first(pages(bytes(given), name))
  if not isinstance(given, Image.Image | np.ndarray) and hasattr(given, 'read'):
    return _first(pages(*_read(cast(IO[bytes], given), name)))
  picture = given if isinstance(given, Image.Image) else _image(given, name)
  # In colour always: decoding to brightness would change a file that the caller has opened.
  return pictures.decode(picture, name, finish=finish)


def _first(pages: Iterator[tuple[int, Any | UserError]]) -> Any:
  _, found = next(pages)
  if isinstance(found, UserError):
    raise found
  return found


def _read(file: IO[bytes], name: str) -> tuple[bytes, str]:
  """The rest of an open file, and what to call it."""
  own = getattr(file, 'name', None)
  name = own if isinstance(own, str) and own else name
  content = bytearray()
  try:
    # A pipe or a socket without a buffer gives what has come so far.
    while len(content) <= budget.BUDGET and (some := file.read(budget.BUDGET + 1 - len(content))):
      content += _bytes(some, name)
  except UserError:
    raise
  except Exception as error:  # Files of other libraries have errors of their own.
    reason = f'cannot be read ({str(error).rstrip(".") or type(error).__name__})'
    raise UserError(f'{name}: {reason}; open it again, or give its path.') from error
  if not content:
    _bytes(some, name)
    raise UserError(f'{name}: nothing to read in it; if it was read before, call seek(0).')
  if len(content) > budget.BUDGET:
    raise UserError(f'{name}: more than {budget.BUDGET} bytes; give its path, or save it smaller.')
  return bytes(content), name


def _bytes(some: Any, name: str) -> Content:
  if isinstance(some, str):
    raise UserError(f"{name}: is open as text; open it with mode 'rb'.")
  if not isinstance(some, Content):
    raise UserError(f'{name}: gives {type(some).__name__} when it is read; give a file of bytes.')
  return some


def _image(array: Any, name: str) -> Image.Image:
  if not isinstance(array, np.ndarray):
    raise UserError(
      f'{name}: is of type {type(array).__name__}; give a path, bytes, an open file, an image of '
      'Pillow, an array of NumPy, or for strokes {"strokes": [[[x, y], ...], ...]}.'
    )
  if array.dtype not in (np.uint8, np.bool_):
    raise UserError(
      f'{name}: {array.dtype}; give uint8, black 0 to white 255, or bool, white where true.'
    )
  colours = array.shape[2:] in ((), (1,), (3,), (4,))
  if array.ndim not in (2, 3) or not colours or 0 in array.shape:
    raise UserError(f'{name}: shape {array.shape}; give [height, width] or [height, width, 3].')
  if isinstance(array, np.ma.MaskedArray):
    raise UserError(f'{name}: a masked array; fill what it hides, such as with array.filled(255).')
  budget.check_array(array, name)
  if array.dtype == np.bool_:
    array = np.where(array, np.uint8(255), np.uint8(0))
  return Image.fromarray(array[..., 0] if array.shape[2:] == (1,) else array)
