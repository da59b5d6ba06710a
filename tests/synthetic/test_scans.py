"""Made-up scans: crops that show their symbol, and what is around it."""

import numpy as np
from PIL import Image, ImageDraw

from omr_jax.inputs import strokes
from omr_jax.synthetic import scans
from tfds_builders.homus import made_up

SPLIT = [
  {'points': each.points, 'stroke': each.stroke, 'label': strokes.CLASSES.index(each.label)}
  for each in (strokes.parse(content, name) for name, content in made_up.files(writers=2).items())
]


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


def test_a_crop_shows_a_part_of_the_neighbour():
  dot = {'points': np.array([[0, 0], [8, 8]]), 'stroke': np.zeros(2, int)}
  # A tall scribble, as broad as a note head: wherever a crop ends in it, there is ink at its edge.
  y = np.arange(0, 400, 3)
  tall = {'points': np.stack([24 * (y % 2), y], 1), 'stroke': np.zeros(len(y), int)}
  shown = []
  for seed in range(60):
    picture, kind = scans.crop(np.random.default_rng(seed), dot, tall)
    if kind == 'neighbour':
      ink = picture < picture.max() - 60.0
      shown.append(ink[:, 0].any() or ink[:, -1].any())
  assert len(shown) > 8 and all(shown)


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
