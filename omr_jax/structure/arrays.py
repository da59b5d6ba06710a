"""A page of music, its symbols and its structure, as data sets of pages store them."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from omr_jax.structure.structure import LINES, Measure, Structure, space_of

POINTS = 65  # The points of each line, at equal distances.


def arrays(found: Structure) -> dict[str, NDArray[Any]]:
  """The arrays of a structure whose lines have POINTS points.

  Returns:
    `staves` float32 [staves, LINES, POINTS, 2], x and y along the middle of each line; `systems`
    int32 [staves], the system of each staff; `measures` float32 [measures, 3], the place of the
    staff, x of the left and of the right bar line.
  """
  system_of = {staff: n for n, system in enumerate(found.systems) for staff in system}
  return {
    'staves': np.array(found.staves, np.float32).reshape(-1, LINES, POINTS, 2),
    'systems': np.array([system_of[n] for n in range(len(found.staves))], np.int32),
    'measures': np.array(found.measures, np.float32).reshape(-1, 3),
  }


def example(
  name: str,
  picture: NDArray[Any],
  boxes: NDArray[Any],
  labels: Sequence[int],
  found: Structure,
) -> dict[str, Any]:
  """A page as it is stored.

  Args:
    name: Its id.
    picture: uint8 [height, width], or bool where paper is True.
    boxes: Of the symbols, [symbols, 4]: left, top, right and bottom edge in pixels.
    labels: Places of the symbols' classes.
    found: Its staves, whose lines have POINTS points, its systems and its measures.

  Returns:
    `image` (bytes of a PNG), `boxes`, `labels` int32 [symbols], the `arrays` of its structure, and
    `id`.
  """
  return {
    'image': png(picture),
    'boxes': boxes.reshape(-1, 4),
    'labels': np.array(labels, np.int32),
    **arrays(found),
    'id': name,
  }


def png(picture: NDArray[Any]) -> bytes:
  """A picture as the bytes of a PNG."""
  file = io.BytesIO()
  Image.fromarray(picture).save(file, 'PNG')
  return file.getvalue()


def structure(example: Mapping[str, Any], height: int, width: int) -> Structure:
  """The structure that an example has as arrays; its picture has `height` rows, `width` columns."""
  staves = [staff.astype(float) for staff in example['staves']]
  systems = example['systems'].tolist()
  return Structure(
    width,
    height,
    space_of(staves),
    staves,
    [[n for n, s in enumerate(systems) if s == system] for system in sorted(set(systems))],
    [Measure(int(staff), left, right) for staff, left, right in example['measures'].tolist()],
  )
