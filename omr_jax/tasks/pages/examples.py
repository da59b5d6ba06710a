"""Windows to test exported networks with."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from omr_jax.data.dataset import Splits
from omr_jax.evaluation import confidence
from omr_jax.inputs import box_kinds, peaks, windows
from omr_jax.structure import scale
from omr_jax.synthetic import recorded_pages
from omr_jax.tasks.pages.inputs import Layout

FORMS = ('model.onnx', 'model_int8.onnx', 'weights.safetensors')
# The edges of boxes need more than 8 bits, so the int8 form only stores its kernels in them.
COMPUTES_IN_INT8 = False
MOST_OFF = 1e-2  # Of log-odds, and of boxes in cells: a quarter of a percent, 1/50 of a pixel.
_WINDOWS = 4  # That exported networks are tested on; the maps of one take 18 MB.


def made_up(picture: Layout, reads: Sequence[str]) -> dict[str, np.ndarray]:
  """The inputs that `reads` names, of a page drawn by code; each array is [windows, ...]."""
  del picture
  page = recorded_pages.page(np.random.default_rng(0)).picture
  pixels = windows.cut(page, scale.staff_spaces(page)[0]).pixels(0, _WINDOWS)
  return dict.fromkeys(reads, pixels)


def of_splits(splits: Splits) -> Splits:
  """The splits of a run's data as exported networks are tested on them: a few windows."""
  found = {}
  for name in ('validation', 'test'):
    if name in splits:
      seen = splits[name]['window']
      rows = np.unique(np.linspace(0, len(seen) - 1, _WINDOWS).astype(int))
      found[name] = {'window': seen[rows]}
  return found


def as_given(array: np.ndarray, name: str, picture: Layout) -> np.ndarray:
  """An array of the data set as an exported network reads it: unchanged."""
  del name, picture
  return array


def answers(model: Any, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
  """How many symbols are found in each window, int [windows].

  Args:
    model: What `model.json` says of the network.
    outputs: The outputs of the network by name.
  """
  least = float(confidence.log_odds(model.threshold))
  kinds = box_kinds.kinds(model.classes)
  pairs = zip(outputs['heat'], outputs['edges'], strict=True)
  return np.array([len(peaks.found(heat, edges, kinds, least)[0]) for heat, edges in pairs])
