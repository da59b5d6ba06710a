"""The stand-in for scans: crops that show their symbol, and the count of answers."""

import numpy as np
import pytest

from omr_jax import classifier, render, scans, strokes
from omr_jax.described import Described
from tfds_builders.homus import made_up

SPLIT = [
  {'points': each.points, 'stroke': each.stroke, 'label': strokes.CLASSES.index(each.label)}
  for each in (strokes.parse(content, name) for name, content in made_up.files(writers=2).items())
]
DRAWING = render.Drawing(64, 48, 'resized', (3.0,), (), 1, 2.0, float('inf'), True, False)


def test_crops_follow_from_the_seed():
  first, again, other = (scans.crops(SPLIT[:6], seed) for seed in (0, 0, 1))
  for a, b, c in zip(first, again, other, strict=True):
    np.testing.assert_array_equal(a.picture, b.picture)
    assert a.kind == b.kind
    assert a.picture.shape != c.picture.shape or (a.picture != c.picture).any()


def test_crops_show_ink_on_lighter_paper_of_many_sizes():
  found = scans.crops(SPLIT, 0)
  assert {each.kind for each in found} == set(scans.KINDS)
  for each in found:
    assert each.picture.dtype == np.uint8 and min(each.picture.shape) > 5
    ink, paper = np.percentile(each.picture, (1, 95))
    assert paper - ink > 60
  heights = [each.picture.shape[0] for each in found]
  assert max(heights) > 4 * min(heights)


def test_answers_are_counted_by_kind():
  about = Described('symbols', strokes.CLASSES, DRAWING, ('image',), None, {})

  def always_the_first(inputs):
    return np.eye(1, len(strokes.CLASSES), dtype=np.float32).repeat(len(inputs['image']), 0)

  model = classifier.Classifier(about, always_the_first)
  found = [
    *(scans.Crop(np.pad(np.zeros((9, 4), np.uint8), 9, constant_values=255), 'plain'),) * 3,
    scans.Crop(np.full((20, 20), 255, np.uint8), 'both'),  # Without ink it is refused, so wrong.
  ]
  first = strokes.CLASSES[0]
  counts = scans.measure(model, found, [first, 'Dot', first, first])
  assert counts == {'plain': (2, 3), 'both': (0, 1)}
  text = scans.table(counts)
  assert 'all crops        2 of     4   50.00 %' in text and 'staff' not in text


@pytest.mark.parametrize(
  ('model', 'words'),
  [
    ('scores', 'tells pages, not symbols'),
    ('homus_strokes', 'reads strokes, which a crop has not'),
    ('nothing', 'no such file'),
  ],
)
def test_other_models_are_refused(model, words, capsys):
  assert scans.main(['--model', model]) == 2
  assert words in capsys.readouterr().err


def test_other_seeds_are_refused(capsys):
  assert scans.main(['--model', 'homus', '--seed', '-1']) == 2
  assert '--seed is -1; it must be 0 or more.' in capsys.readouterr().err
