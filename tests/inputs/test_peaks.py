"""Maps of known objects become their boxes."""

import numpy as np

from omr_jax.inputs import peaks

NOTHING = -9.0
KINDS = np.array([0, 1])  # Of the two classes.


def maps(classes=2):
  return np.full((16, 16, classes), NOTHING, np.float32), np.zeros((16, 16, 2, 4), np.float32)


def test_a_box_by_hand():
  # The middle is at (7.75, 4.0) in cells, the box 3 x 1 cells of 2 pixels.
  code = np.array([[0.25, -0.5, np.log(3), np.log(1)]], np.float32)
  found = peaks.boxes_at(code, np.array([4]), np.array([7]))
  np.testing.assert_allclose(found, [[12.5, 7.0, 18.5, 9.0]], rtol=1e-6)


def test_sizes_have_bounds():
  code = np.array([[0, 0, -99, 99]], np.float32)
  left, top, right, bottom = peaks.boxes_at(code, np.array([0]), np.array([0]))[0]
  np.testing.assert_allclose([right - left, bottom - top], [0.5, 2000.0], rtol=1e-3)


def test_the_highest_of_neighbours_is_the_object_and_classes_do_not_matter_to_each_other():
  heat, edges = maps()
  heat[5, 5, 0], heat[5, 6, 0], heat[6, 5, 1], heat[0, 15, 1] = 2.0, 1.0, 1.5, 0.5
  boxes, classes, log_odds = peaks.found(heat, edges, KINDS, least=-2.0)
  assert classes.tolist() == [0, 1, 1] and log_odds.tolist() == [2.0, 1.5, 0.5]
  np.testing.assert_allclose(boxes, [[10, 10, 12, 12], [10, 12, 12, 14], [30, 0, 32, 2]])


def test_a_cell_has_a_box_for_each_kind():
  heat, edges = maps()
  heat[5, 5, 0], heat[5, 5, 1] = 2.0, 1.0
  edges[5, 5, 1, 2] = np.log(7)  # A ledger line, 7 cells wide, in the middle of a head of 1.
  boxes, classes, _ = peaks.found(heat, edges, KINDS, least=-2.0)
  assert classes.tolist() == [0, 1]
  np.testing.assert_allclose(boxes, [[10, 10, 12, 12], [4, 10, 18, 12]], rtol=1e-6)


def test_what_is_less_likely_is_left_out():
  heat, edges = maps()
  heat[5, 5, 0] = -2.5
  boxes, classes, log_odds = peaks.found(heat, edges, KINDS, least=-2.0)
  assert boxes.shape == (0, 4) and len(classes) == len(log_odds) == 0


def test_two_peaks_of_one_long_object_are_one():
  heat, edges = maps()
  heat[5, 4, 0], heat[5, 8, 0], heat[5, 12, 1] = 2.0, 1.0, 0.5
  edges[..., 2] = np.log(12)  # 12 cells wide. Boxes 4 cells apart overlap by 8 of 16: IoU 0.5.
  edges[5, 8, 0, 2] = np.log(13)
  edges[5, 8, 0, 0] = -0.5  # From 1 to 14 cells, and the first from -1.5 to 10.5: IoU 9.5 / 15.5.
  boxes, classes, _ = peaks.found(heat, edges, KINDS, least=-2.0)
  assert classes.tolist() == [0, 1]
  np.testing.assert_allclose(boxes[0], [-3, 10, 21, 12], atol=1e-4)
