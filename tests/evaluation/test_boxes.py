"""Average precision, derived by hand and compared with COCO's own evaluator where it is there."""

import contextlib
import io
import math

import numpy as np
import pytest

from omr_jax.evaluation import boxes
from omr_jax.evaluation.box_matching import Page
from omr_jax.evaluation.boxes import Counted
from omr_jax.inputs.overlap import iou


def page(true, found, group=''):
  """Of lists of (label, box) and (label, box, score)."""
  return Page(
    np.array([box for _, box in true], float).reshape(-1, 4),
    [label for label, _ in true],
    np.array([box for _, box, _ in found], float).reshape(-1, 4),
    [label for label, _, _ in found],
    np.array([score for _, _, score in found], float),
    group,
  )


HERE, THERE, NOWHERE = (0, 0, 10, 10), (20, 0, 30, 10), (50, 50, 60, 60)


def test_iou():
  one = np.array([HERE, (0, 0, 0, 0)], float)
  # Half of the first, a quarter of a box as large, twice as large, and apart from it.
  other = np.array([(5, 0, 10, 10), (5, 5, 15, 15), (0, 0, 10, 20), THERE, (0, 0, 0, 0)], float)
  expected = [[0.5, 25 / 175, 0.5, 0, 0], [0, 0, 0, 0, 0]]
  np.testing.assert_allclose(iou(one, other), expected)


def test_average_precision():
  # Right, wrong, right: precision 1 up to recall 1/2, then 2/3. Of the 101 recalls 0, 0.01 ... 1
  # the first 51 are at most 1/2.
  found = [('a', HERE, 0.9), ('a', NOWHERE, 0.8), ('a', THERE, 0.7)]
  classes = boxes.by_class([page([('a', HERE), ('a', THERE)], found)])
  expected = (51 + 50 * 2 / 3) / 101
  assert classes['a'] == pytest.approx((expected, expected, expected, 2))


def test_the_overlap_decides_at_which_iou_a_box_is_right():
  # 8 of 10 columns: IoU 0.8, right at 0.50, 0.55 ... 0.80, which are 7 of the 10 thresholds.
  (found,) = boxes.by_class([page([('a', HERE)], [('a', (0, 0, 8, 10), 1)])]).values()
  assert found == pytest.approx((1, 1, 0.7, 1))


def test_a_box_can_be_found_once():
  found = boxes.counted([page([('a', HERE)], [('a', HERE, 0.9), ('a', HERE, 0.8)])], 0, 0.5)
  assert found == {'a': Counted(1, 2, 1)}


def test_a_class_does_not_take_the_boxes_of_another():
  pages = [page([('a', HERE), ('b', THERE)], [('b', HERE, 1), ('a', THERE, 1)])]
  assert {name: value.ap50 for name, value in boxes.by_class(pages).items()} == {'a': 0, 'b': 0}


def test_means():
  # Class a: all 3 found; b: none of 1; c is found though it is nowhere, and has no average.
  true = [('a', HERE), ('a', THERE), ('a', NOWHERE), ('b', HERE)]
  found = [('a', HERE, 1), ('a', THERE, 1), ('a', NOWHERE, 1), ('c', HERE, 1)]
  classes = boxes.by_class([page(true, found)])
  assert set(classes) == {'a', 'b'}
  assert boxes.macro(classes) == pytest.approx((0.5, 0.5, 0.5, 4))
  assert boxes.weighted(classes) == pytest.approx((0.75, 0.75, 0.75, 4))
  assert math.isnan(boxes.macro({}).ap)


def test_groups():
  first, second, third = (page([('a', HERE)], [], group) for group in ('2', '1', '2'))
  found = boxes.groups([first, second, third])
  assert list(found) == ['1', '2']
  assert found['1'][0] is second and [each is first for each in found['2']] == [True, False]


def test_precision_and_recall_at_a_threshold():
  true = [('a', HERE), ('a', THERE)]
  found = [('a', HERE, 0.9), ('a', NOWHERE, 0.6), ('a', THERE, 0.4), ('b', HERE, 0.9)]
  counts = boxes.counted([page(true, found)], 0.5, 0.75)
  assert counts == {'a': Counted(1, 2, 2), 'b': Counted(0, 1, 0)}
  assert (counts['a'].precision, counts['a'].recall, counts['a'].f) == (0.5, 0.5, 0.5)
  assert (counts['b'].precision, counts['b'].recall, counts['b'].f) == (0, None, 0)
  assert (Counted(0, 0, 0).f, Counted(0, 0, 2).precision) == (None, None)


def test_two_thousand_boxes_of_a_page_are_averaged_and_all_counted():
  true = [('a', (20 * n, 0, 20 * n + 10, 10)) for n in range(2001)]
  found = [(*each, 1 - n / 10_000) for n, each in enumerate(true)]
  assert boxes.counted([page(true, found)], 0, 0.5) == {'a': Counted(2001, 2001, 2001)}
  # The recall ends at 2000 of 2001, so that the last of the 101 recalls is not reached.
  assert boxes.by_class([page(true, found)])['a'].ap50 == pytest.approx(100 / 101)


def test_what_is_found_in_a_crowd_is_neither_right_nor_wrong():
  # Of the boxes found, one is in the crowd, one half in it, one a second time in the place of a
  # true box in the crowd, and one is of another class.
  crowd = np.array([(20, 0, 40, 10)], float)
  found = [('a', (32, 2, 36, 6), 0.95), ('a', (30, 0, 50, 10), 0.9), ('a', THERE, 0.8)]
  found += [('a', THERE, 0.7), ('b', THERE, 0.9)]
  one = page([('a', THERE)], found)._replace(crowds=crowd, crowd_labels=['a'])
  assert boxes.counted([one], 0, 0.5) == {'a': Counted(1, 1, 1), 'b': Counted(0, 1, 0)}
  assert boxes.counted([one], 0, 0.75)['a'] == Counted(1, 2, 1)
  # From IoU 0.55 on the half one is wrong, and surer than the right one: precision 1/2.
  assert boxes.by_class([one])['a'] == pytest.approx((1, 0.5, 0.55, 1))
  assert boxes.weighted_ap50([one]) == 1


def made_up(rng):
  """Pages of two classes with boxes found, missed, doubled and moved, scores partly equal.

  Each page has crowds, of one class.
  """
  for _ in range(4):
    corner = rng.uniform(0, 300, (40, 2))
    true = np.concatenate([corner, corner + rng.uniform(4, 60, (40, 2))], 1)
    found = np.concatenate([true[:30] + rng.normal(0, 3, (30, 4)), true[20:35]])
    found[:, 2:] = np.maximum(found[:, 2:], found[:, :2] + 1)
    labels = rng.choice(['a', 'b'], 40).tolist()
    crowds = np.concatenate([corner[:2] - 20, corner[:2] + 60], 1)
    scores = rng.integers(1, 40, 45) / 40
    found_labels = labels[:30] + labels[20:35]
    yield Page(true, labels, found, found_labels, scores, crowds=crowds, crowd_labels=['a', 'a'])


def test_it_agrees_with_coco(capsys):
  coco = pytest.importorskip('pycocotools.coco')
  evaluator = pytest.importorskip('pycocotools.cocoeval')
  pages = list(made_up(np.random.default_rng(0)))
  number = {'a': 1, 'b': 2}

  def rows(kind):
    for image, each in enumerate(pages, 1):
      labels = {'true': each.true_labels, 'found': each.found_labels, 'crowds': each.crowd_labels}
      for i, (box, label) in enumerate(zip(getattr(each, kind), labels[kind], strict=True)):
        wide, high = box[2] - box[0], box[3] - box[1]
        row = {'image_id': image, 'category_id': number[label], 'bbox': [*box[:2], wide, high]}
        yield row | (
          {'score': each.scores[i]} if kind == 'found' else {'iscrowd': int(kind == 'crowds')}
        )

  truth = coco.COCO()
  truth.dataset = {
    'images': [{'id': n} for n in range(1, 5)],
    'categories': [{'id': n} for n in (1, 2)],
    'annotations': [
      row | {'id': n, 'area': row['bbox'][2] * row['bbox'][3]}
      for n, row in enumerate([*rows('true'), *rows('crowds')], 1)
    ],
  }
  with contextlib.redirect_stdout(io.StringIO()):
    truth.createIndex()
    judged = evaluator.COCOeval(truth, truth.loadRes(list(rows('found'))), 'bbox')
    judged.params.maxDets = [1, 10, 2000]
    judged.evaluate()
    judged.accumulate()
  precision = judged.eval['precision'][:, :, :, 0, 2]  # IoU, recall, class.
  for label, average in boxes.by_class(pages).items():
    expected = precision[:, :, number[label] - 1].mean(1)
    assert average[:3] == pytest.approx((expected[0], expected[5], expected.mean()))
    assert 0.1 < average.ap < 0.9
