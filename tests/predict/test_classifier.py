"""`omr_jax.load`: pictures of all kinds to answers, and what is no picture."""

import io
import multiprocessing
import pickle
import shutil
import subprocess
import sys
import types
import zipfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageDraw
from small_runs import picture_file

import omr_jax
from omr_jax.errors import UserError
from omr_jax.predict import classifier, given, models, prepare


@pytest.fixture(scope='module')
def gate():
  return omr_jax.load('scores')


@pytest.fixture(scope='module')
def page():
  """Staves of five lines across white paper, with heads on them."""
  pixels = np.full((600, 450), 255, np.uint8)
  rng = np.random.default_rng(0)
  for top in range(60, 540, 90):
    for line in range(5):
      pixels[top + 8 * line : top + 8 * line + 1, 30:420] = 0
    for x in range(60, 400, 24):
      y = top + 4 * rng.integers(0, 9)
      pixels[y - 3 : y + 4, x : x + 9] = 0
      pixels[y - 25 : y, x + 8] = 0
  return pixels


def test_pretrained_models_are_there():
  assert models.pretrained() == (
    *('homus', 'homus_scans', 'homus_strokes'),
    *('pages', 'pages_handwriting', 'scores'),
  )


def test_a_model_in_8_bits_alone_is_opened():
  folder = Path(omr_jax.__file__).parent / 'pretrained/homus_strokes'
  assert not (folder / 'model.onnx').exists()
  bar = {'strokes': [[[70, 40], [70, 70], [71, 100]]]}
  answer = omr_jax.load('homus_strokes')(bar)
  assert answer.label == 'Barline'
  assert answer == omr_jax.load(folder)(bar) == omr_jax.load(folder / 'model_int8.onnx')(bar)


def test_crops_of_any_pen_are_read():
  for width in (3, 9):  # Of a line, on a ring of 60x40 with a piece of staff line at its side.
    crop = Image.new('L', (90, 56), 235)
    draw = ImageDraw.Draw(crop)
    draw.ellipse([12, 8, 72, 48], outline=40, width=width)
    draw.line([(74, 28), (90, 28)], fill=60, width=2)
    assert omr_jax.load('homus_scans')(crop).label == 'Whole-Note'


def assert_same(found, expected):
  """A batch may be computed in another order than a single picture, which rounds otherwise."""
  assert [answer.label for answer in found] == [answer.label for answer in expected]
  for one, other in zip(found, expected, strict=True):
    assert one.probabilities == pytest.approx(other.probabilities, abs=1e-6)
    assert [box[:4] for box in one.boxes] == [box[:4] for box in other.boxes]


def test_a_picture_in_every_form_has_one_answer(gate, page, tmp_path):
  Image.fromarray(page).save(tmp_path / 'page.png')
  colours = np.stack([page] * 3, -1)
  forms = [
    tmp_path / 'page.png',
    str(tmp_path / 'page.png'),
    Image.open(tmp_path / 'page.png'),
    Image.fromarray(page).convert('P'),
    Image.fromarray(page).convert('RGBA'),
    Image.fromarray(page).convert('CMYK'),
    page,
    page[..., None],
    colours,
    np.concatenate([colours, np.full_like(page, 255)[..., None]], -1),
  ]
  answers = [gate(form) for form in forms]
  assert_same(gate(forms), answers)
  for answer in answers:
    assert answer.label == 'scores'
    assert answer.confidence > 0.5 and answer.probabilities['scores'] > gate.model.threshold
    assert answer.confidence == pytest.approx(answers[0].confidence, abs=1e-3)
    assert sum(answer.probabilities.values()) == pytest.approx(1, abs=1e-5)


def test_a_file_in_every_form_has_one_answer(gate, page, tmp_path):
  path = tmp_path / 'page.png'
  Image.fromarray(page).save(path)
  content = path.read_bytes()
  with path.open('rb') as file, zipfile.ZipFile(tmp_path / 'a.zip', 'w') as archive:
    archive.writestr('page.png', content)
    with archive.open('page.png') as member:
      forms = [content, bytearray(content), memoryview(content), io.BytesIO(content), file, member]
      assert_same(gate(forms), [gate(path)] * len(forms))
  for kind in ('TIFF', 'JPEG'):  # A TIFF is read by a child process.
    file = io.BytesIO()
    Image.fromarray(page).save(file, kind)
    path.write_bytes(file.getvalue())
    assert gate(file.getvalue()) == gate(path)


def test_true_is_white(gate, page):
  black_and_white = np.where(page > 127, np.uint8(255), np.uint8(0))
  for array in (black_and_white, black_and_white[..., None], np.stack([black_and_white] * 3, -1)):
    assert gate(array > 0) == gate(array)
  assert gate(np.stack([black_and_white] * 3, -1)[None] > 0) == [gate(black_and_white)]


def test_files_that_are_not_read(gate, tmp_path):
  path = tmp_path / 'a.png'
  path.write_bytes(b'no picture')
  with path.open('rb') as file:
    with pytest.raises(UserError, match=r'a\.png: not a picture'):
      gate(file)
    with pytest.raises(UserError, match=r'a\.png: nothing to read in it; .*seek\(0\)'):
      gate(file)
  with pytest.raises(UserError, match=r'a\.png: cannot be read .*closed.*; open it again'):
    gate(file)
  with path.open() as file, pytest.raises(UserError, match=r"a\.png: is open as text; .*'rb'"):
    gate(file)
  with pytest.raises(UserError, match=r'^picture 1: not a picture'):
    gate([np.zeros((9, 9), np.uint8), b'no picture'])
  with pytest.raises(UserError, match=r'^the picture: the file is empty'):
    gate(b'')
  with pytest.raises(UserError, match=r'^the picture: a damaged TIFF'):
    gate(b'II*\0 cut short')


def test_a_file_may_give_a_few_bytes_at_a_time(gate, page):
  content = io.BytesIO()
  Image.fromarray(page).save(content, 'PNG')
  slow = io.BytesIO(content.getvalue())
  few = types.SimpleNamespace(read=lambda size: slow.read(min(size, 999)))
  assert gate(few) == gate(page)
  with pytest.raises(UserError, match=r'^the picture: gives int when it is read'):
    gate(types.SimpleNamespace(read=lambda size: 5))


def test_large_documents_must_be_given_by_their_path(gate, monkeypatch):
  monkeypatch.setattr(given.budget, 'BUDGET', 1000)
  with pytest.raises(UserError, match=r'^the picture: more than 1000 bytes; give its path'):
    gate(io.BytesIO(b'%PDF-' + bytes(1000)))


def test_a_batch_may_be_an_array(gate, page):
  colours = np.stack([page] * 3, -1)
  blank = np.full_like(colours, 255)
  labels = [answer.label for answer in gate(np.stack([colours, blank] * 10))]
  assert labels == ['scores', 'other'] * 10


def test_an_opened_picture_stays_as_it_is(gate):
  """Decoding for the gate alone would leave a JPEG without colour, and smaller."""
  file = io.BytesIO()
  Image.open(io.BytesIO(picture_file(0, stripes=False))).convert('RGB').resize((2000, 1500)).save(
    file, 'JPEG'
  )
  picture = Image.open(file)
  gate(picture)
  assert (picture.mode, picture.size) == ('RGB', (2000, 1500))


@pytest.mark.parametrize(
  ('given', 'words'),
  [
    ([], 'empty batch'),
    (np.empty((0, 8, 8, 3), np.uint8), 'empty batch'),
    (np.zeros((8, 8, 3)), 'float64; give uint8, .* or bool'),
    (np.zeros((8, 8), np.int64), 'int64; give uint8'),
    (np.ones(8, bool), r'shape \(8,\)'),
    (np.full((8, 8), np.nan, np.float32), 'float32; give uint8'),
    (np.zeros((8, 8, 2), np.uint8), r'shape \(8, 8, 2\)'),
    (np.zeros((0, 8), np.uint8), r'shape \(0, 8\)'),
    (np.zeros(8, np.uint8), r'shape \(8,\)'),
    (np.zeros((2, 2, 8, 8, 3), np.uint8), r'shape \(2, 2, 8, 8, 3\)'),
    (Image.new('L', (0, 0)), 'has no pixels'),
    (Image.new('RGB', (5, 0)), 'has no pixels'),
    ([np.zeros((8, 8), np.uint8), None], 'picture 1: is of type NoneType'),
    (None, 'the picture: is of type NoneType'),
    ('missing.jpg', 'missing.jpg'),
  ],
)
def test_what_is_no_picture(gate, given, words):
  with pytest.raises(UserError, match=words):
    gate(given)


def test_bad_files(gate, tmp_path):
  (tmp_path / 'empty.jpg').write_bytes(b'')
  (tmp_path / 'text.jpg').write_text('no picture')
  for name, words in (('empty.jpg', 'the file is empty'), ('text.jpg', 'not a picture')):
    with pytest.raises(UserError, match=words):
      gate(tmp_path / name)
  with pytest.raises(UserError, match='too large'):
    gate(np.zeros((70_000, 8), np.uint8))


@pytest.mark.parametrize(
  ('name', 'words'),
  [
    ('scors', "did you mean 'scores'"),
    ('no/such/folder', 'no such file'),
    ('x.onnx', 'model.json'),
  ],
)
def test_no_such_model(name, words):
  with pytest.raises(UserError, match=words):
    omr_jax.load(name)


def test_a_name_that_no_file_can_have():
  with pytest.raises(UserError, match='no such file, folder or model'):
    omr_jax.load('x' * 300)


@pytest.mark.parametrize('given', [None, 5, b'scores', ['scores']])
def test_what_is_no_path_is_no_model(given):
  with pytest.raises(UserError, match='is no path; give the name of a model, or a path'):
    omr_jax.load(given)


@pytest.mark.parametrize(
  ('shape', 'words'),
  [
    ((2**31, 2**31), 'at most 65535 along a side'),
    ((50_000, 50_000), '50000x50000 pixels take 5.0 GB of memory'),  # 2.5 GB, and a copy.
    ((20_000, 10_000, 3), '10000x20000 pixels take 1.6 GB of memory'),  # 4 bytes a pixel in Pillow.
    ((50_000, 50_000, 1), '50000x50000 pixels take 5.0 GB of memory'),
  ],
)
def test_an_array_that_repeats_one_value_is_not_copied(gate, shape, words):
  with pytest.raises(UserError, match=f'^the picture: too large .*{words}'):
    gate(np.broadcast_to(np.uint8(255), shape))


def test_a_model_with_a_wrong_weight_is_refused(tmp_path):
  shipped, copy = models._PRETRAINED / 'scores', shutil.copyfile  # A checkout may be read-only.
  shutil.copytree(shipped, tmp_path / 'model', copy_function=copy)
  path = tmp_path / 'model' / 'model.onnx'
  content = bytearray(path.read_bytes())
  content[len(content) // 2] ^= 1
  path.write_bytes(content)
  with pytest.raises(
    UserError, match=r'model\.onnx: is damaged, or not the file that was exported'
  ):
    omr_jax.load(tmp_path / 'model')


def test_hidden_pixels_are_not_looked_at(gate):
  with pytest.raises(UserError, match=r'^the picture: a masked array; fill what it hides'):
    gate(np.ma.masked_all((20, 20), np.uint8))


def test_no_model_in_a_folder(tmp_path):
  with pytest.raises(UserError, match=r'holds no model \(model\.json\) and no run'):
    omr_jax.load(tmp_path)


def test_symbols(tmp_path):
  """A bar line as a picture, chalk on slate, and as strokes."""
  symbols = omr_jax.load('homus')
  picture = np.full((90, 60), 30, np.uint8)
  picture[10:80, 28:31] = 230
  (tmp_path / '1-1.txt').write_text('Barline\n10,10;10,40;11,90;\n')
  assert [answer.label for answer in symbols([picture, tmp_path / '1-1.txt'])] == ['Barline'] * 2
  assert len(symbols(picture).probabilities) == 32
  with pytest.raises(UserError, match='no ink'):
    symbols(np.full((50, 50), 255, np.uint8))


def test_neither_jax_nor_tensorflow_is_loaded(page):
  program = (
    'import sys, numpy, omr_jax; '
    'print(omr_jax.load()(numpy.zeros((99, 99), numpy.uint8)).label); '
    'print([name for name in ("jax", "flax", "tensorflow", "matplotlib") if name in sys.modules])'
  )
  done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, check=True)
  assert done.stdout.split('\n') == ['other', '[]', '']


@pytest.mark.parametrize(
  'found',
  [
    [[np.nan, 0.5]],
    [[5.0, -4.0]],
    [[5.0, 0.5]],
    [[np.inf, 0]],
    [[0.2, 0.2]],
    [[1.0]],
    [[0.5, 0.5]] * 2,
    [0.5, 0.5],
  ],
)
def test_what_is_no_probability_is_no_answer(gate, page, found):
  broken = classifier.Classifier(gate.model, lambda _: {'probabilities': np.array(found)})
  with pytest.raises(UserError, match='gives no probabilities'):
    broken(page)


def test_probabilities_may_be_rounded(gate, page):
  found = {'probabilities': np.array([[0.004, 0.999]])}
  rounded = classifier.Classifier(gate.model, lambda _: found)
  assert rounded(page).label == 'scores'


def test_how_sure_and_where(gate):
  """At a threshold of 3 to 1, odds of 9 to 1 are 3 to 1 from there. Parts 2 and 9 say scores."""
  odds = np.array([9, 1 / 9, 1, 3, 100], float)
  log_odds = np.full((5, 10), -np.inf, np.float32)
  log_odds[:, 0] = np.log([1, 1 / 9, 1, 5, 100])
  log_odds[0, [2, 9]], log_odds[2, 1] = np.log([27, 3.1]), np.log(30)
  outputs = {
    'probabilities': np.stack([1 / (1 + odds), odds / (1 + odds)], 1),
    'log_odds': log_odds,
  }
  model = gate.model._replace(threshold=0.75, facts={'sure': 0.8})
  asked = classifier.Classifier(model, lambda _: outputs)
  strip = Image.new('L', (1200, 1000))
  answers = asked([strip] * 5)
  assert [answer.label for answer in answers] == ['scores', 'other', 'other', 'scores', 'scores']
  sure = [answer.confidence for answer in answers]
  np.testing.assert_allclose(sure, [3 / 4, 27 / 28, 3 / 4, 1 / 2, 100 / 103])
  assert [answer.sure for answer in answers] == [False, True, False, False, True]
  # Parts have 0.4 of the sides, every 0.3 of them: the second in the first row, the last of all.
  first, last = answers[0].boxes
  assert first[:4] == (360, 0, 840, 400) and last[:4] == (720, 600, 1200, 1000)
  assert (first.confidence, last.confidence) == pytest.approx((27 / 30, 3.1 / 6.1))
  # What is no music has none, even where a part looks like it.
  assert answers[1].boxes == answers[2].boxes == ()
  # No part alone: it is the whole.
  assert answers[3].boxes == ((0, 0, 1200, 1000, pytest.approx(5 / 8)),)


def test_boxes_are_in_pixels_of_the_file(gate, tmp_path):
  """A JPEG on its side, which is decoded at a quarter of its size."""
  exif = Image.Exif()
  exif[ExifTags.Base.Orientation] = 6
  Image.new('L', (3200, 1602)).save(tmp_path / 'page.jpg', exif=exif)
  ((_, found),) = prepare.pages(str(tmp_path / 'page.jpg'), 'page.jpg', gate.model.rule)
  assert found['boxes'][0].tolist() == [0, 0, 1602, 3200]
  assert found['boxes'][9, 2:].tolist() == [1602, 3200]
  assert list(gate.inputs(tmp_path / 'page.jpg')) == ['views']


def test_models_of_earlier_versions_say_neither_how_sure_nor_where(gate, page):
  model = gate.model._replace(facts={}, gives=('probabilities',))
  outputs = {'probabilities': np.array([[0.1, 0.9]])}
  answer = classifier.Classifier(model, lambda _: outputs)(page)
  assert (answer.sure, answer.boxes) == (None, None)


def test_other_processes_are_given_a_model(page, tmp_path, monkeypatch):
  """It is loaded there by its path, also where the current folder is another one."""
  exported = shutil.copytree(models._PRETRAINED / 'scores', tmp_path / 'models/mine')
  monkeypatch.chdir(tmp_path / 'models')
  gates = [omr_jax.load('mine'), omr_jax.load('scores'), classifier.load('mine', 1)]
  monkeypatch.chdir(tmp_path)
  with ProcessPoolExecutor(1, multiprocessing.get_context('spawn')) as processes:
    found = [processes.submit(gate, page).result() for gate in gates]
  assert found == [gates[0](page)] * 3
  pages = pickle.loads(pickle.dumps(omr_jax.load('pages')))
  assert pages.model.classes == omr_jax.load('pages').model.classes
  shutil.rmtree(exported)
  with pytest.raises(UserError, match=r'models/mine: no such file'):
    pickle.loads(pickle.dumps(gates[0]))


def test_a_model_of_one_s_own_can_not_be_pickled(gate):
  made = classifier.Classifier(gate.model, lambda _: {})
  with pytest.raises(TypeError, match=r'only a model that `load` has returned'):
    pickle.dumps(made)
