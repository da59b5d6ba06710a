"""Pictures for exports and for people."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from omr_jax.inputs import geometry, views
from omr_jax.synthetic import probes
from omr_jax.tasks.scores import inputs


def made_up(picture: views.Layout, reads: Sequence[str]) -> dict[str, np.ndarray]:
  """Inputs of pages that code has drawn, one of each kind of probe, stacked."""
  pages = (Image.fromarray(probe.picture) for probe in probes.probes(instances=1))
  found = [
    inputs.of_picture(page if picture.colour else page.convert('L'), picture, reads, 'a probe')
    for page in pages
  ]
  return {name: np.stack([each[name] for each in found]) for name in reads}


def as_given(array: np.ndarray, name: str, picture: views.Layout) -> np.ndarray:
  """An array of the training data as the exported network gets it.

  Training keeps colours; a network that is blind to them is given brightness.
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
) -> tuple[Mapping[str, np.ndarray], np.ndarray]:
  """The test split of a run, and its pictures for people, uint8 [pictures, size, size, 3].

  Args:
    config: Of the run.
    picture: How its pictures are looked at.
    size: Height and width of the pictures for people, in pixels.
    data_dir: Folder of prepared data.
    raw_dir: Folder of raw data.

  Raises:
    UserError: The data is not there.
  """
  from omr_jax.tasks.scores import data

  chosen = config['data']
  tested = data.Tested(chosen['fold'], chosen['hold_out'])

  def load(side: int, tiles: int) -> Mapping:
    # Without what trains: only the test split is looked at.
    how = data.Picture(side, side, tiles, whole=1.0, papers=0, scenes=0)
    loaded = data.load(chosen['protocol'], tested, chosen['balance'], how, data_dir, raw_dir)
    return loaded.splits['test']

  test = load(picture.height, picture.tiles)
  seen = as_given(np.asarray(test['views']), 'views', picture)
  return dict(test) | {'views': seen}, load(size, 0)['image']


def cheat_sheet(picture: views.Layout) -> dict[str, np.ndarray]:
  """None: everybody knows what a score looks like."""
  del picture
  return {}
