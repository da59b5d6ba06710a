"""`benchmarks.named_boxes`: cuts of a page, and the names and scores of boxes by two models."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from benchmarks import named_boxes
from omr_jax.evaluation import box_matching

FLAT, SHARP, DOT = (
  named_boxes.CLASSES.index(f'{name}')
  for name in ('accidentalFlat', 'accidentalSharp', 'augmentationDot')
)


def read(label, score, shares):
  """A page with one box, which is named the same way in all cuts."""
  box = np.array([[0.0, 0, 10, 20]])
  page = box_matching.Page(box, ['accidentalFlat'], box, [label], np.array([score]))
  row = np.zeros(len(named_boxes.CLASSES))
  for place, share in shares.items():
    row[place] = share
  return named_boxes.Read(page, np.array([[row]] * len(named_boxes.CUTS)))


def test_a_box_takes_the_likeliest_name():
  named = named_boxes.renamed(read('accidentalSharp', 0.9, {FLAT: 0.7, SHARP: 0.2}), 0)
  assert named.found_labels == ['accidentalFlat']


def test_log_odds_are_added():
  # 4:1 by the detector and 1:4 by the other model: with weight 1 even odds, with 1/2 two to one.
  each = read('augmentationDot', 0.8, {DOT: 0.2})
  scores = [named_boxes.together(each, 0, weight).scores[0] for weight in (0, 0.5, 1)]
  assert scores == pytest.approx([4 / 5, 2 / 3, 1 / 2])


def test_boxes_with_the_right_name_are_counted():
  pages = [read(label, score, {}).page for label, score in (
    ('accidentalFlat', 0.9), ('accidentalSharp', 0.9), ('accidentalFlat', 0.4)
  )]  # fmt: skip
  assert named_boxes.right(pages, 'accidentalFlat') == (1, 2)  # The last one is not likely enough.


def test_a_cut_is_white_beyond_the_page():
  page = Image.new('L', (30, 20), 0)
  part = np.array(named_boxes.cut(page, (-2, 5, 10, 15), 1))
  assert part.shape == (12, 14)
  assert (part[:, :3] == 255).all() and (part[:, 3:] == 0).all()


def test_staff_lines_are_removed_but_for_what_crosses_them():
  grey = np.full((100, 60), 255, np.uint8)
  grey[50:52, 5:55] = 0
  grey[30:70, 20:24] = 0
  line = np.array([[5.0, 51], [55, 51]])
  page = SimpleNamespace(staves=[line[None]], structure=SimpleNamespace(staff_space=10.0))
  clean = named_boxes.without_lines(grey, page)
  expected = np.full_like(grey, 255)
  expected[30:70, 20:24] = 0
  np.testing.assert_array_equal(clean, expected)
