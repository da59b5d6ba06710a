"""The structure of a page as arrays: how data sets of pages store it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omr_jax.structure.structure import LINES, Measure, Structure

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


def structure(example: Mapping[str, Any], height: int, width: int) -> Structure:
  """The structure that an example has as arrays; its picture has `height` rows, `width` columns."""
  staves = [staff.astype(float) for staff in example['staves']]
  gaps = [float(np.diff(staff[..., 1], axis=0).mean()) for staff in staves]
  systems = example['systems'].tolist()
  return Structure(
    width,
    height,
    float(np.median(gaps)) if gaps else 0.0,
    staves,
    [[n for n, s in enumerate(systems) if s == system] for system in sorted(set(systems))],
    [Measure(int(staff), left, right) for staff, left, right in example['measures'].tolist()],
  )
