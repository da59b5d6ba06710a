"""Examples that the forms of a network are held to: the data of its run, or some made up."""

from collections.abc import Callable, Iterator
from pathlib import Path

import jax
import numpy as np
from PIL import Image

from omr_jax import pictures, prepare, probes, strokes
from omr_jax.described import Described
from omr_jax.errors import UserError
from omr_jax.prepare import Inputs
from omr_jax.trained import Trained
from tfds_builders.homus import made_up as symbols

_BATCH = 16


def made_up(about: Described) -> dict[str, Inputs]:
  """Examples that code has drawn, as a `test` without labels."""
  if about.task == 'scores':
    pages = (Image.fromarray(probe.picture) for probe in probes.probes(instances=1))
    colour = about.picture.colour
    found = [prepare.inputs(page if colour else page.convert('L'), about.rule) for page in pages]
  else:
    files = symbols.files(writers=2).items()
    written = [strokes.parse(content, name) for name, content in files]
    found = [prepare.of_strokes(each.points, each.stroke, about.rule) for each in written]
  return {'test': {name: np.stack([each[name] for each in found]) for name in about.reads}}


def of_run(
  network: Trained, about: Described, model: str, data: tuple[Path, str | None]
) -> dict[str, Inputs]:
  """The splits of the run. UserError where it was trained on other data."""
  dataset = network.parts.load(*data)
  if dataset.digest != about.facts['run']['data_digest']:
    raise UserError(f'{model}: was trained on other data than this; give its --raw_dir.')
  return dataset.splits


def batches(split: Inputs, about: Described, most: int | None = None) -> Iterator[Inputs]:
  """What the network reads of a split, evenly chosen where it is too much."""
  count = len(split[about.reads[0]])
  rows = np.unique(np.linspace(0, count - 1, min(count, most or count)).astype(int))
  for first in range(0, len(rows), _BATCH):
    chosen = rows[first : first + _BATCH]
    yield {name: as_given(split[name][chosen], name, about) for name in about.reads}


def as_given(array: np.ndarray, name: str, about: Described) -> np.ndarray:
  """Training keeps colours; a network that is blind to them is given brightness."""
  if name != 'views' or about.picture.colour or array.shape[-1] == 1:
    return array
  return np.rint(array @ np.array(pictures.BRIGHTNESS))[..., None].astype(np.uint8)


def shapes(split: Inputs, about: Described) -> dict[str, jax.ShapeDtypeStruct]:
  """Of what the network reads, with some number of examples."""
  batch = next(batches(split, about))
  return {name: jax.ShapeDtypeStruct(value.shape, value.dtype) for name, value in batch.items()}


def asked(function: Callable[[Inputs], np.ndarray], split: Inputs, about: Described) -> np.ndarray:
  """What a form of the network gives for a split: probabilities float32 [examples, classes]."""
  return np.concatenate([np.asarray(function(batch)) for batch in batches(split, about)])
