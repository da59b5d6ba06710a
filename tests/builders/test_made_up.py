"""Made-up symbols: format, habits, and what every reader of music knows about the symbols."""

import numpy as np
import pytest

from omr_jax.inputs import strokes
from tfds_builders.homus import archive, made_up, made_up_notes, made_up_pen, made_up_templates

FLAGS = {'Eighth-Note': 1, 'Sixteenth-Note': 2, 'Thirty-Two-Note': 3, 'Sixty-Four-Note': 4}
HOOKS = {'Eighth-Rest': 1, 'Sixteenth-Rest': 2, 'Thirty-Two-Rest': 3, 'Sixty-Four-Rest': 4}


@pytest.fixture(scope='module')
def default_files():
  return made_up.files()


@pytest.fixture(scope='module')
def symbols(default_files):
  """Those of the first 60 writers."""
  names = [f'HOMUS/{w}/{w}-{n}.txt' for w in range(1, 61) for n in range(1, 39)]
  return [strokes.parse(default_files[name], name) for name in names]


def of(symbols, label):
  return [symbol for symbol in symbols if symbol.label == label]


def boxes(symbols, label):
  return np.array([np.ptp(symbol.points, axis=0) for symbol in of(symbols, label)])


def stroke_counts(symbols, label):
  return {int(symbol.stroke[-1]) + 1 for symbol in of(symbols, label)}


def hands(count=50):
  return [made_up_pen.Hand(np.random.default_rng(seed)) for seed in range(count)]


def test_files_are_named_and_written_as_in_homus():
  files = made_up.files(writers=2, symbols_per_writer=3)
  assert list(files) == [f'HOMUS/{w}/{w}-{n}.txt' for w in (1, 2) for n in (1, 2, 3)]
  for name, content in files.items():
    symbol = strokes.parse(content, name)
    assert f'HOMUS/{symbol.writer}/{symbol.id}.txt' == name
    assert strokes.format_symbol(symbol) == content


def test_every_writer_writes_every_class_and_stemmed_notes_twice(symbols):
  stemmed = {'Half-Note', 'Quarter-Note', *FLAGS}
  for label in strokes.CLASSES:
    writers = [symbol.writer for symbol in of(symbols, label)]
    assert np.bincount(writers).tolist() == [0] + [2 if label in stemmed else 1] * 60


def test_same_arguments_give_the_same_files():
  files = made_up.files(writers=3)
  assert made_up.files(writers=3) == files
  # More of either adds files and leaves the others alone.
  more = made_up.files(writers=4, symbols_per_writer=40)
  assert {name: more[name] for name in files} == files


def test_another_seed_or_writer_gives_other_symbols():
  files = made_up.files(writers=2)
  other = made_up.files(writers=2, seed=1)
  assert all(other[name] != content for name, content in files.items())
  for n in range(1, 39):
    assert files[f'HOMUS/1/1-{n}.txt'] != files[f'HOMUS/2/2-{n}.txt']


def test_coordinates_fit_a_tablet(symbols):
  for symbol in symbols:
    assert symbol.points.min() >= 0
    assert symbol.points.max() < 344  # the largest coordinate in HOMUS


def test_a_writer_is_more_like_himself_than_like_others(monkeypatch):
  # The height of 8 barlines each: the spread within a hand against that between hands.
  barlines = [(label, template) for label, template in made_up.TEMPLATES if label == 'Barline']
  monkeypatch.setattr(made_up, 'TEMPLATES', barlines)
  files = made_up.files(writers=60, symbols_per_writer=8)
  symbols = [strokes.parse(content, name) for name, content in files.items()]
  heights = np.array([np.ptp(symbol.points[:, 1]) for symbol in symbols]).reshape(60, 8)
  assert heights.std(axis=1).min() > 0
  assert heights.mean(axis=1).std() > 2 * heights.std(axis=1).mean()


@pytest.mark.parametrize('label', FLAGS)
def test_one_stroke_per_flag_beside_head_and_stem(symbols, label):
  # Head, stem and flags; the first flag may hang on the stem and the stem on the head.
  assert stroke_counts(symbols, label) <= {FLAGS[label], FLAGS[label] + 1, FLAGS[label] + 2}
  assert {FLAGS[label] + 1, FLAGS[label] + 2} <= stroke_counts(symbols, label)


@pytest.mark.parametrize('label', HOOKS)
def test_one_stroke_per_hook_beside_the_stem(symbols, label):
  assert stroke_counts(symbols, label) == {HOOKS[label], HOOKS[label] + 1}


@pytest.mark.parametrize('label', [*FLAGS, 'Half-Note', 'Quarter-Note'])
def test_stems_leave_the_head_on_the_right_side(label):
  flags = FLAGS.get(label, 0)
  for hand in hands():
    for up in (True, False):
      shapes = made_up_notes.note(hand, label, up)
      if len(shapes) < max(2, flags + 1):
        continue  # head and stem in one
      head, stem = shapes[0].mean(axis=0), shapes[1]
      end = stem[np.abs(stem[:, 1]).argmax()]
      assert (end[1] < head[1]) == up
      # Flags are on the right of the stem, whichever way that goes.
      if flags:
        assert max(shape[:, 0].max() for shape in shapes[1:]) > end[0] + 3


def test_halves_have_an_open_head_and_quarters_a_filled_one():
  def ink(label):
    heads = [made_up_notes.note(hand, label, True)[0] for hand in hands(200)]
    return np.median([np.hypot(*np.diff(h, axis=0).T).sum() / np.ptp(h[:, 0]) for h in heads])

  # Once around an oval is between 2 (flat) and pi (round) times its width, plus some overlap.
  assert 2 < ink('Half-Note') < 1.25 * np.pi
  assert ink('Quarter-Note') > 1.25 * np.pi


@pytest.mark.parametrize(
  'label', [name for name in strokes.CLASSES if name.endswith(('-4-Time', '-8-Time', '-2-Time'))]
)
def test_time_signatures_have_their_numbers_above_each_other(symbols, label):
  width, height = np.median(boxes(symbols, label), axis=0)
  assert height > 1.3 * width
  assert min(stroke_counts(symbols, label)) == (3 if label.startswith('12') else 2)


def test_sizes_relate_as_in_music(symbols):
  box = {label: np.median(boxes(symbols, label), axis=0) for label in strokes.CLASSES}
  width, height = ({label: size[i] for label, size in box.items()} for i in (0, 1))
  assert width['Whole-Note'] > height['Whole-Note']
  assert width['Whole-Half-Rest'] > 2 * height['Whole-Half-Rest']
  assert height['Barline'] > 5 * width['Barline']
  assert height['Cut-Time'] > 1.5 * height['Common-Time']
  assert max(box['Dot']) < 0.5 * min(min(box[c]) for c in ('Sharp', 'Natural', 'Quarter-Rest'))
  assert height['G-Clef'] == max(height.values())
  assert width['12-8-Time'] > 1.2 * width['3-8-Time']
  for order in (FLAGS, HOOKS):
    assert [height[label] for label in order] == sorted(height[label] for label in order)


def test_a_hand_keeps_to_its_range_and_habits():
  for hand in hands():
    drawn = [hand.between('x', 2, 6) for _ in range(50)]
    assert min(drawn) >= 2
    assert max(drawn) <= 6
    # Chance moves it by at most 20 % of the range to either side.
    assert 0 < np.ptp(drawn) <= 0.4 * 4 + 1e-9
  first = np.array([hand.between('x', 2, 6) for hand in hands(400)])
  # Uniform habits: a mean of 4, known to 4 / sqrt(12 * 400) = 0.06.
  assert abs(first.mean() - 4) < 0.25


def test_hands_choose_by_weight():
  chosen = [hand.choose('x', {'a': 3, 'b': 1}) for hand in hands(2000)]
  # The standard error of a share of 3/4 in 2 000 is 0.01.
  assert abs(chosen.count('a') / 2000 - 0.75) < 0.04
  always = [hand.choose('x', {'a': 3, 'b': 1}, fickle=0) for hand in hands(1) for _ in range(20)]
  assert len(set(always)) == 1


def test_curves_pass_through_their_knots():
  knots = [(0.0, 0.0), (3.0, 1.0), (5.0, -2.0)]
  points = made_up_pen.curve(*knots)
  for knot in knots:
    assert np.abs(points - knot).sum(axis=1).min() < 1e-12
  straight = made_up_pen.curve((0, 0), (1, 2), (2, 4))
  np.testing.assert_allclose(straight[:, 1], 2 * straight[:, 0], atol=1e-12)


def test_arcs_and_turns_go_clockwise_on_paper():
  quarter = made_up_pen.arc(10, 20, 4, 2, 0, 90)
  np.testing.assert_allclose(quarter[[0, -1]], [(14, 20), (10, 22)], atol=1e-12)
  np.testing.assert_allclose(made_up_pen.turned(np.array([[1.0, 0.0]]), 90), [(0, 1)], atol=1e-12)


def test_every_class_has_a_template():
  assert {label for label, _ in made_up_templates.TEMPLATES} == set(strokes.CLASSES)
  assert len(made_up_templates.TEMPLATES) == 38


def test_digest_is_that_of_the_default_files(default_files):
  assert archive.digest(default_files) == made_up.DIGEST
