"""What the evaluation at the end of a run leaves in its folder, whatever the task."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from omr_jax.evaluation import decision as decisions
from omr_jax.evaluation import evaluation_file


class Evaluated(NamedTuple):
  """All that a report needs of data and network.

  Attributes:
    arrays: The arrays of evaluation.npz, by name.
    decision: How outputs become answers, a NamedTuple of the task's own type.
  """

  arrays: Mapping[str, np.ndarray]
  decision: Any


def save(workdir: Path, evaluated: Evaluated) -> None:
  """Writes `evaluation.npz` and `decision.json`.

  Raises:
    UserError: A file cannot be written.
  """
  evaluation_file.write(workdir, evaluated.arrays)
  decisions.write(workdir, evaluated.decision)
