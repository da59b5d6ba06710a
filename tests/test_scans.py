"""The stand-in for scans: crops that show their symbol, and the count of answers."""

import types

import numpy as np
import pytest
from PIL import Image, ImageDraw

from omr_jax import scans
from omr_jax.inputs import render, strokes
from omr_jax.predict import classifier
from omr_jax.predict.model_json import Described
from tfds_builders import homus
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


def test_the_kind_says_what_is_written(monkeypatch):
  written, ruled = [], []
  write, rule = scans._write, scans._rule

  def watched_write(rng, draw, points, *rest):
    written.append(points)
    write(rng, draw, points, *rest)

  def watched_rule(*arguments):
    ruled.append(1)
    rule(*arguments)

  monkeypatch.setattr(scans, '_write', watched_write)
  monkeypatch.setattr(scans, '_rule', watched_rule)
  kinds = set()
  for seed in range(30):
    written.clear(), ruled.clear()
    kind = scans.crop(np.random.default_rng(seed), SPLIT[0], SPLIT[1]).kind
    kinds.add(kind)
    assert len(ruled) == (kind in ('staff lines', 'both'))
    assert len(written) == 1 + (kind in ('neighbour', 'both'))
    if len(written) == 2:
      symbol, other = (points[:, 0] for points in written)
      assert other.min() > symbol.max() or other.max() < symbol.min()
  assert kinds == set(scans.KINDS)


def test_staff_lines_are_five_a_space_apart():
  whole = 0
  for seed in range(20):
    page = Image.new('L', (300, 400))
    # Of a symbol of 100x200 in the middle; lines rise or fall by a fiftieth at most.
    rng = np.random.default_rng(seed)
    scans._rule(rng, ImageDraw.Draw(page), 100, np.array([100.0, 200.0]), 20.0)
    columns = [np.asarray(page)[:, x] for x in (2, 297)]
    levels = [np.flatnonzero(np.diff((column > 0).astype(int)) == 1) for column in columns]
    for level in levels:
      assert len(level) in (0, 5) and (np.abs(np.diff(level) - 20) <= 1).all()
    assert len(levels[0]) or len(levels[1])
    whole += len(levels[0]) == len(levels[1])
  assert 0 < whole < 20  # At times they are to one side only.


def test_the_command_counts_a_split(tmp_path, monkeypatch, capsys):
  few = types.SimpleNamespace(
    files=lambda: made_up.files(writers=7, symbols_per_writer=38), DIGEST='0123456789abcdef'
  )
  monkeypatch.setattr(homus, 'made_up', few)
  command = ['--model', 'homus_scans', '--protocol', 'made_up', '--data_dir', str(tmp_path)]
  said = []
  for seed in ('0', '0', '1'):
    assert scans.main([*command, '--seed', seed]) == 0
    said.append(capsys.readouterr().out)
  assert said[0] == said[1] != said[2]
  rows = [line.rsplit(' of', 1) for line in said[0].splitlines()]
  right = [int(row[0].split()[-1]) for row in rows]
  symbols = [int(row[1].split()[0]) for row in rows]
  assert sum(right[:-1]) == right[-1] and sum(symbols[:-1]) == symbols[-1]
  assert symbols[-1] % 38 == 0 and right[-1] > symbols[-1] / 2  # Of 32 classes.


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
