"""A detector whose maps are made by hand: it finds wanted symbols on the page of `drawn_music`."""

import functools
import itertools

import drawn_music
import numpy as np

from omr_jax.inputs import box_kinds, windows
from omr_jax.inputs.box_kinds import KINDS
from omr_jax.predict.detector import Detector
from omr_jax.predict.model_json import Described
from omr_jax.structure import find
from omr_jax.tasks import task as tasks
from omr_jax.tasks.pages.inputs import Layout

CLASSES = ('noteheadFull', 'accidentalFlat', 'beam', 'brace')
LOG_ODDS = 2.0  # sigmoid(2) is 0.8808.
# Classes and boxes on the page of `drawn_music`. Its second staff has its middle line at y = 333.
# With 16 pixels a staff space, half of one is 8 pixels.
WANTED = (
  ('noteheadFull', (300, 309, 316, 325)),  # In the middle of the box, 317: the first line above it.
  ('noteheadFull', (100, 317, 116, 333)),  # The space between.
  ('accidentalFlat', (200, 298, 210, 344)),  # 0.69 of the height below its top: 329.7.
  ('beam', (400, 454, 440, 460)),  # Four staff spaces above the third staff.
  ('brace', (40, 211, 56, 275)),  # In the middle between the first staff and the second.
)


def described(threshold=0.5):
  picture = Layout(windows.SPACE, windows.SIDE)
  task = tasks.named('pages')
  return Described(task, CLASSES, picture, ('window',), ('heat', 'edges'), threshold, {})


@functools.cache
def staff_space():
  """That of the page, as it is measured: 16, or a little more or less."""
  return find.structure(drawn_music.page()).staff_space


def network(space=None):
  """A network that finds WANTED, and knows windows by their order; `space` is the staff space."""
  cut = windows.cut(drawn_music.page(), space or staff_space())
  corners = itertools.cycle(cut.corners)

  def run(inputs):
    pixels = inputs['window']
    assert pixels.dtype == np.uint8 and pixels.shape[1:] == (windows.SIDE, windows.SIDE, 1)
    half = windows.SIDE // 2
    heat = np.full((len(pixels), half, half, len(CLASSES)), -9, np.float32)
    edges = np.zeros((len(pixels), half, half, len(KINDS), 4), np.float32)
    for heat_map, edge_map in zip(heat, edges, strict=True):
      corner = np.tile(next(corners), 2)
      for label, box in WANTED:
        left, top, right, bottom = (np.array(box) * np.tile(cut.scale, 2) - corner) / 2
        x, y = (left + right) / 2, (top + bottom) / 2
        if 0 <= x < half and 0 <= y < half:
          heat_map[int(y), int(x), CLASSES.index(label)] = LOG_ODDS
          size = np.log([right - left, bottom - top])
          kind = box_kinds.kinds([label])[0]
          edge_map[int(y), int(x), kind] = [x - int(x) - 0.5, y - int(y) - 0.5, *size]
    return {'heat': heat, 'edges': edges}

  return run


def detector(threshold=0.5, space=None):
  """It gives the symbols of WANTED with a confidence of 0.88."""
  return Detector(described(threshold), network(space))
