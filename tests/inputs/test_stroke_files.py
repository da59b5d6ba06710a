"""Strokes as files and lists, and what networks are given of them."""

import json

import numpy as np
import pytest
from PIL import Image

from omr_jax.errors import UserError
from omr_jax.inputs import pen_path, render, stroke_files
from omr_jax.inputs.strokes import CLASSES
from omr_jax.predict import __main__ as predict
from omr_jax.predict import classifier, prepare
from omr_jax.predict.model_json import Described
from omr_jax.tasks import task as tasks

DRAWING = render.Drawing(64, 48, 'scaled', (2.0,), (), 4, 2.5, 8.0, True, True)
SYMBOLS = tasks.named('symbols')
LINES = [[[10, 5], [10.5, 45]], [[12, 20], [40, 20]]]
ALL = ('image', 'size', 'pen')


@pytest.mark.parametrize('content', [{'strokes': LINES}, LINES, {'strokes': LINES, 'by': 'me'}])
def test_json(content):
  points, stroke = stroke_files.read(json.dumps(content).encode(), 'a.JSON')
  np.testing.assert_array_equal(points, [(10, 5), (10.5, 45), (12, 20), (40, 20)])
  assert stroke.tolist() == [0, 0, 1, 1]


def test_symbol_file():
  points, stroke = stroke_files.read(b'Barline\n10,5;10,45;\n12,20;40,20;\n', 'notes/1-2.txt')
  np.testing.assert_array_equal(points, [(10, 5), (10, 45), (12, 20), (40, 20)])
  assert stroke.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
  'content',
  [
    b'Barline\n10,5;10,45;\n12,20;40,20;\n',
    b'\xef\xbb\xbf10,5;10,45;\r\n12,20;40,20;\r\n',  # Without its class.
    json.dumps({'strokes': [[[10, 5], [10, 45]], [[12, 20], [40, 20]]]}).encode(),
    b' [[[10, 5], [10, 45]], [[12, 20], [40, 20]]]',
  ],
)
@pytest.mark.parametrize('name', ['12-34', '12-34.homus', 'a.png', 'a.json', 'a.txt'])
def test_strokes_are_known_by_their_content(content, name, tmp_path):
  (tmp_path / name).write_bytes(content)
  points, stroke = np.array([(10, 5), (10, 45), (12, 20), (40, 20)]), np.array([0, 0, 1, 1])
  expected = SYMBOLS.inputs.of_strokes(points, stroke, DRAWING, ALL)
  path = str(tmp_path / name)
  for source, called in ((path, path), (content, 'these bytes')):
    ((number, found),) = prepare.pages(source, called, prepare.Rule(SYMBOLS, DRAWING, ALL))
    assert number == 1
    for key in ALL:
      np.testing.assert_array_equal(found[key], expected[key])


@pytest.mark.parametrize(
  ('name', 'content', 'words'),
  [
    ('a', b'Barlin\n10,5;', "a: unknown class 'Barlin'; the nearest known one is Barline"),
    ('a.png', b'10,5;10;', "line 1: '10;' is no point"),
    ('a.dat', b'{"strokes": []}', 'no strokes in it'),
    ('a.txt', b'words', 'unknown class'),
    ('a.json', b'words', 'no JSON'),
    ('a', b'words', 'a: not a picture'),
    ('a', b'', 'a: the file is empty'),
    ('a.txt', b'\x89PNG\r\n\x1a\n', 'a.txt: not a picture'),
  ],
)
def test_what_is_nearly_a_stroke_file(name, content, words, tmp_path):
  rule = prepare.Rule(SYMBOLS, DRAWING, ('image',))
  (tmp_path / name).write_bytes(content)
  ((_, error),) = prepare.pages(str(tmp_path / name), str(tmp_path / name), rule)
  assert isinstance(error, UserError)
  assert str(error).startswith(str(tmp_path / name)) and words in str(error)
  ((_, error),) = prepare.pages(content, name, rule)
  assert isinstance(error, UserError) and words in str(error)


def test_networks_are_given_what_they_read():
  points, stroke = np.array([(10, 5), (10, 45), (12, 20), (40, 20)]), np.array([0, 0, 1, 1])
  found = SYMBOLS.inputs.of_strokes(points, stroke, DRAWING, ALL)
  expected = render.draw_rendering(points, stroke, DRAWING, 2.0, None)
  np.testing.assert_array_equal(found['image'][..., 0], expected)
  np.testing.assert_allclose(found['size'], np.log([30, 40]), rtol=1e-6)
  np.testing.assert_allclose(found['pen'][[0, -1]], [(10, 5, 0), (40, 20, 1)])
  assert [found[name].shape for name in ALL] == [(64, 48, 1), (2,), (pen_path.POINTS, 3)]
  assert [found[name].dtype for name in ALL] == [np.uint8, np.float32, np.float32]
  assert list(SYMBOLS.inputs.of_strokes(points, stroke, DRAWING, ('pen',))) == ['pen']


@pytest.mark.parametrize('content', [b'', b'Nothing\n1,2;', b'Dot\n0,0;90000,0;', b'\x89PNG'])
def test_what_is_no_symbol_file_is_refused_by_name(content):
  with pytest.raises(UserError, match=r'^notes/1-2\.txt'):
    stroke_files.read(content, 'notes/1-2.txt')


@pytest.mark.parametrize(
  ('content', 'words'),
  [
    ('', 'no JSON'),
    ('[[[1, 2]', 'no JSON'),
    ('[' * 10**5, 'no JSON'),
    ('{}', 'no strokes'),
    ('[]', 'no strokes'),
    ('7', 'no strokes'),
    ('{"strokes": "abc"}', 'no strokes'),
    ('[[]]', 'stroke 1: is no list of points'),
    ('[[[1, 2]], [[1, 2, 3]]]', 'stroke 2: is no list of points'),
    ('[[[1, 2], [1]]]', 'stroke 1: is no list of points'),
    ('[[1, 2]]', 'stroke 1: is no list of points'),
    ('[[["a", 2]]]', 'stroke 1: is no list of points'),
    ('[[["1_0", "2"]]]', 'stroke 1: is no list of points'),
    ('[[[true, false]]]', 'stroke 1: is no list of points'),
    ('[[[1, null]]]', 'stroke 1: is no list of points'),
    (f'[[[1, {10**400}]]]', 'stroke 1: is no list of points'),
    ('[[[NaN, 2]]]', 'stroke 1: has a point beyond'),
    ('[[[1e9, 2]]]', 'stroke 1: has a point beyond'),
    ('[[[0, 0], [5000, 2.5]]]', '5000x2.5 pixels'),
    (json.dumps([[[0, 0]] * 10_001]), '10001 points'),
    (' ' * 1_000_001, '1000001 bytes'),
    ('[[[1, -9223372036854775808]]]', 'stroke 1: has a point beyond'),
  ],
)
def test_json_without_strokes_is_refused_by_name(content, words):
  with pytest.raises(UserError, match=rf'^a\.json.*{words}'):
    stroke_files.read(content.encode(), 'a.json')


@pytest.fixture
def stroke_model():
  """A network for strokes that calls everything above the middle of the tablet a dot."""
  about = Described(SYMBOLS, CLASSES, DRAWING, ('pen',), ('probabilities',), None, {})

  def probabilities(inputs):
    found = np.zeros((len(inputs['pen']), len(CLASSES)), np.float32)
    chosen = np.where(inputs['pen'][:, :, 1].mean(1) < 50, CLASSES.index('Dot'), 0)
    found[np.arange(len(found)), chosen] = 1
    return {'probabilities': found}

  return classifier.Classifier(about, probabilities)


def test_classifier_takes_strokes(stroke_model, tmp_path):
  low = [[[5, 90], [9, 90]], np.array([(5, 80.5), (9, 80)])]
  assert stroke_model({'strokes': LINES}).label == 'Dot'
  assert [answer.label for answer in stroke_model([{'strokes': low}, {'strokes': LINES}])] == [
    CLASSES[0],
    'Dot',
  ]
  (tmp_path / 'a.json').write_text(json.dumps(LINES))
  assert stroke_model(tmp_path / 'a.json').label == 'Dot'
  with pytest.raises(UserError, match=r'picture 1, stroke 1'):
    stroke_model([{'strokes': LINES}, {'strokes': [[]]}])


def test_a_picture_is_refused_by_a_network_for_strokes(stroke_model, tmp_path):
  with pytest.raises(UserError, match='reads strokes'):
    stroke_model(np.zeros((9, 9), np.uint8))
  Image.new('L', (20, 20), 255).save(tmp_path / 'a.png')
  (tmp_path / 'b.json').write_text(json.dumps(LINES))
  rows = list(predict.answers(stroke_model, [tmp_path / 'a.png', tmp_path / 'b.json']))
  assert 'reads strokes' in rows[0]['error'] and str(tmp_path / 'a.png') in rows[0]['error']
  assert rows[1]['class'] == 'Dot'


def test_strokes_are_refused_by_a_network_for_scores():
  with pytest.raises(UserError, match='give a picture'):
    classifier.load('scores')({'strokes': LINES})


@pytest.mark.parametrize(
  'points',
  [
    np.array([[1, np.inf]], np.float16),
    np.array([[1, -np.inf]], np.float16),
    np.array([[1, np.nan]], np.float16),
    np.array([[np.iinfo(np.int64).min, 1]]),
    np.array([[np.iinfo(np.int32).min, 1]], np.int32),
    np.array([[np.iinfo(np.uint64).max, 1]], np.uint64),
    np.array([[1e300, 1]], np.longdouble),
  ],
)
def test_points_beyond_all_bounds(points):
  with pytest.raises(UserError, match='x, stroke 1: has a point beyond'):
    stroke_files.of_lists([points], 'x')


def test_the_smallest_number_of_a_byte_is_a_point():
  points, _ = stroke_files.of_lists([np.array([[-128, 1]], np.int8)], 'x')
  assert points.tolist() == [[-128, 1]]


@pytest.mark.parametrize('name', ['notes/1-2.txt', 'my symbol.txt', "it's.TXT"])
@pytest.mark.parametrize('label', [b'Barline\n', b''])
def test_a_symbol_file_needs_no_class_and_no_number(label, name):
  points, stroke = stroke_files.read(label + b'10,5;10,45;\n12,20;40,20;\n', name)
  np.testing.assert_array_equal(points, [(10, 5), (10, 45), (12, 20), (40, 20)])
  assert stroke.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
  ('content', 'words'),
  [(b'1,2;3,4', "line 1: '3,4' is no point"), (b'1,2;\n;', "line 2: ';' is no point")],
)
def test_lines_are_counted_without_the_class_too(content, words):
  with pytest.raises(UserError) as error:
    stroke_files.read(content, 'a b/x.txt')
  assert str(error.value).startswith(f'a b/x.txt, {words}')


class Odd:
  """An object that says it is an array, and fails."""

  def __array__(self, *arguments, **options):
    raise RuntimeError


@pytest.mark.parametrize(
  ('stroke', 'words'),
  [
    (Odd(), 'is no list of points'),
    ([Odd()], 'is no list of points'),
    (np.ma.masked_all((3, 2)), 'is a masked array; leave out the points that it hides'),
    # 16 TB if it were copied.
    (np.broadcast_to(np.uint8(1), (10**12, 2)), '1000000000000 points; a symbol has at most 10000'),
  ],
)
def test_odd_arrays_are_refused(stroke, words):
  with pytest.raises(UserError, match=f'^x, stroke 1: {words}'):
    stroke_files.of_lists([stroke], 'x')


def test_too_many_strokes_are_refused_before_each_is_looked_at():
  with pytest.raises(UserError, match=r'^x: 10001 strokes; a symbol has at most 10000 points'):
    stroke_files.of_lists([None] * 10_001, 'x')


def test_coordinates_from_0_to_1_are_refused():
  """Each symbol would be a dot of one pixel."""
  with pytest.raises(UserError, match='between 0 and 1; multiply them, so that staff lines are 14'):
    stroke_files.of_lists([[[0.1, 0.2], [0.9, 1.0]], [[0, 0]]], 'x')
  for corner in (1, 1.5):  # Whole numbers, and a small dot.
    points, _ = stroke_files.of_lists([[[0, 0], [corner, 1]]], 'x')
    assert points.tolist() == [[0, 0], [corner, 1]]
