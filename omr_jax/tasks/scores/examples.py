"""Pictures to test exported networks with, and to show to people."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from omr_jax.data.dataset import Split
from omr_jax.errors import UserError
from omr_jax.inputs import geometry, views
from omr_jax.synthetic import probes
from omr_jax.tasks.classifiers.examples import COMPUTES_IN_INT8 as COMPUTES_IN_INT8
from omr_jax.tasks.classifiers.examples import FORMS as FORMS
from omr_jax.tasks.classifiers.examples import answers as answers
from omr_jax.tasks.classifiers.examples import of_splits as of_splits
from omr_jax.tasks.scores import inputs

MOST_OFF = 2e-3  # Of log-odds, which are up to about 30, and of probabilities.


def made_up(picture: views.Layout, reads: Sequence[str]) -> dict[str, np.ndarray]:
  """The inputs that `reads` names, of one probe of each kind; each array is [pages, ...]."""
  pages = (Image.fromarray(probe.picture) for probe in probes.probes(instances=1))
  found = [
    inputs.of_picture(page if picture.colour else page.convert('L'), picture, reads, 'a probe')
    for page in pages
  ]
  return {name: np.stack([each[name] for each in found]) for name in reads}


def as_given(array: np.ndarray, name: str, picture: views.Layout) -> np.ndarray:
  """An array of the data set as an exported network reads it.

  The data set keeps colours; a network that does not use them reads brightness.
  """
  if name != 'views' or picture.colour or array.shape[-1] == 1:
    return array
  return np.rint(array @ np.array(geometry.BRIGHTNESS))[..., None].astype(np.uint8)


def questions(
  config: Mapping[str, Any],
  picture: views.Layout,
  size: int,
  data_dir: Path,
  raw_dir: str | None,
) -> tuple[Split, np.ndarray]:
  """The test split of a run, and the pictures to show to people, uint8 [pictures, size, size, 3].

  Args:
    config: The config of the run.
    picture: The picture settings of its network: how pictures become views.
    size: Height and width of the pictures that people see, in pixels.
    data_dir: Folder of prepared data.
    raw_dir: Folder of raw data.

  Raises:
    UserError: The data is not there, or the network was trained with other views of it.
  """
  from omr_jax.tasks.scores import arrays, data

  if picture.bound != views.BOUND:
    raise UserError(
      f"the model's views of long pictures have the bound {picture.bound:g}, and those of the "
      f'prepared data {views.BOUND:g}; give another --model.'
    )

  def load(height: int, width: int, tiles: int) -> Mapping:
    # Without pictures that only training uses: only the test split is needed.
    how = arrays.PictureConfig(height, width, tiles, cuts=0, papers=0, scenes=0, drawn=0)
    return data.load(config['data'], how, data_dir, raw_dir).splits['test']

  test = load(picture.height, picture.width, picture.tiles)
  seen = as_given(np.asarray(test['views']), 'views', picture)
  return dict(test) | {'views': seen}, load(size, size, 0)['image']


def cheat_sheet(picture: views.Layout) -> dict[str, np.ndarray]:
  """Empty: everybody knows what a score looks like."""
  del picture
  return {}
