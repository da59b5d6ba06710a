"""From maps of windows to the boxes of pages and their average precision, by hand."""

import numpy as np
import pytest

from omr_jax.inputs import box_kinds, peaks, windows
from omr_jax.inputs.box_kinds import KINDS
from omr_jax.tasks.pages import evaluation, run
from omr_jax.tasks.pages.inputs import WRITTEN

HEAD, STEM = WRITTEN.index('noteheadFull'), WRITTEN.index('stem')
KIND_OF = box_kinds.kinds(WRITTEN)
CELLS = windows.SIDE // peaks.CELL
BOX = np.array([[100.0, 100, 110, 110]])  # In pixels of a window.

# Of page a, in its own pixels: two staves of a system, from 10 to 30 and from 50 to 70.
STAVES = np.array(
  [[[(20, y), (130, y)] for y in range(top, top + 21, 5)] for top in (10, 50)], np.float32
)


CORNER, CORE = (-48, -30), (48, 48, 272, 290)


def split_of(boxes, labels, pages, scale=2.0):
  """Two pages of one window each; boxes are in pixels of the windows."""
  scales = np.full((2, 2), scale)
  return {
    'id': np.array(['a', 'b']),
    'group': np.array(['writer 1', 'writer 2']),
    'scale': scales,
    'window': np.full((2, windows.SIDE, windows.SIDE, 1), 255, np.uint8),
    'window_page': np.array([0, 1], np.int32),
    'corner': np.array([CORNER] * 2, np.int32),
    'core': np.array([CORE] * 2, np.int32),
    'staff': STAVES,
    'staff_page': np.array([0, 0], np.int32),
    'staff_system': np.array([0, 0], np.int32),
    'box': ((np.array(boxes) + np.tile(CORNER, 2)) / scale).astype(np.float32).reshape(-1, 4),
    'box_page': np.array(pages, np.int32),
    'classes': np.array(WRITTEN),
    'box_label': np.array(labels, str),
  }


def maps(objects):
  """Maps of one window: from (box, class, log-odds) of each object."""
  heat = np.full((CELLS, CELLS, len(WRITTEN)), -9.0, np.float32)
  edges = np.zeros((CELLS, CELLS, len(KINDS), 4), np.float32)
  for box, label, log_odds in objects:
    middle, size = (box[:2] + box[2:]) / 2 / peaks.CELL, (box[2:] - box[:2]) / peaks.CELL
    column, row = np.floor(middle).astype(int)
    heat[row, column, label] = log_odds
    edges[row, column, KIND_OF[label]] = *(middle - (column + 0.5, row + 0.5)), *np.log(size)
  return {'heat': heat, 'edges': edges}


def predicting(*of_windows):
  """A function like `Population.predict`: one member, a batch for each window."""

  def predict(arrays, batch_size=None):
    assert set(arrays) == {'window'} and batch_size is not None
    for each in of_windows:
      yield {name: array[None, None] for name, array in maps(each).items()}

  return predict


class Data:
  """A data set of a split for validation and for the test."""

  def __init__(self, split):
    self.splits = {'validation': split, 'test': split}


def test_boxes_go_back_to_their_pages():
  split = split_of(BOX, ['noteheadFull'], [1])
  [found] = evaluation.evaluate([None], Data(split), predicting([], [(BOX[0], HEAD, 3.0)]))
  arrays = found.arrays
  assert run.problem(arrays) is None
  # 100 - 48 = 52 pixels and 100 - 30 = 70 pixels of the resized page, whose scale is 2.
  np.testing.assert_allclose(arrays['found_boxes'], [[26, 35, 31, 40]], rtol=1e-5)
  assert arrays['found_pages'].tolist() == [1] and arrays['found_labels'].tolist() == [HEAD]
  np.testing.assert_allclose(arrays['found_log_odds'], [3])
  assert arrays['validation_ap50'] == 1
  # The core ends at 272 - 48 = 224 and 290 - 30 = 260 pixels of the page.
  assert arrays['picture_sizes'].tolist() == [[260, 224]] * 2


def test_ap50_is_weighted_by_symbols():
  """Two heads, both found; a stem, missed; a class that is none of the network's, never found."""
  other = BOX + [40, 0, 40, 0]
  split = split_of(
    np.concatenate([BOX, other, BOX, BOX]), ['noteheadFull'] * 2 + ['stem', 'unknown'], [0, 0, 1, 1]
  )
  predict = predicting([(BOX[0], HEAD, 3.0), (other[0], HEAD, -1.0)], [(BOX[0], HEAD, -3.0)])
  [line] = evaluation.validate(None, Data(split), predict)
  # The made-up head is less sure than the right ones, so their AP is 1: (2 * 1 + 0 + 0) / 4.
  assert line == {'validation_ap50': pytest.approx(0.5)}


def test_what_is_not_in_the_core_belongs_to_another_window():
  low = CORE[0] - 10.0
  outside = np.array([low, low, low + 8, low + 8])
  split = split_of(BOX, ['stem'], [0])
  [line] = evaluation.validate(None, Data(split), predicting([(outside, STEM, 5.0)], []))
  assert line['validation_ap50'] == 0


def test_what_is_tall_ends_at_the_staves():
  """A brace of which 12 x 16 pixels are found, with the middle at x = 68 and y = 128."""
  whole = np.array([[62.0, 68, 74, 188]])  # From 10 to 70 on the page.
  split = split_of(whole, ['brace'], [0])
  seen = (np.array([62.0, 120, 74, 136]), WRITTEN.index('brace'), 1.0)
  [found] = evaluation.evaluate([None], Data(split), predicting([seen], []))
  np.testing.assert_allclose(found.arrays['found_boxes'], [[7, 10, 13, 70]], rtol=1e-5)
  assert found.arrays['validation_ap50'] == 1


@pytest.mark.parametrize(('temperature', 'left'), [(1.0, 7), (0.25, 19)])
def test_what_is_tall_is_completed_by_calibrated_log_odds(temperature, left):
  """A grouping of a bracket and the line at the begin of a system, from 10 to 70 on the page.

  The bracket has log-odds 0.8 below those of the line. Calibrated with 0.25 they are 3.2 below,
  which is more than 2, so that the grouping consists of the line alone.
  """
  split = split_of(BOX, ['stem'], [0])
  classes = ['bracket', 'barline', 'staffGrouping']
  split['classes'] = np.array(classes)
  found = np.array([[7.0, 10, 13, 70], [19.0, 10, 21, 70], [7.0, 10, 21, 70]])
  windows_found = [(found, np.array([0, 1, 2]), np.array([0.2, 1.0, 1.0]))]
  nothing = np.zeros((0, 4)), np.zeros(0, int), np.zeros(0)
  arrays = evaluation._arrays(split, [*windows_found, nothing], temperature)
  grouping = arrays['found_boxes'][arrays['found_labels'] == 2]
  np.testing.assert_allclose(grouping, [[left, 10, 21, 70]], atol=1e-4)
  assert sorted(arrays['found_log_odds']) == pytest.approx([0.2, 1.0, 1.0])


def test_a_map_that_is_not_finite_is_no_result():
  split = split_of(BOX, ['stem'], [0])
  [line] = evaluation.validate(None, Data(split), predicting([(BOX[0], STEM, np.nan)], []))
  assert np.isnan(line['validation_ap50'])
