"""Runs as files that other programs load."""

import base64
import io
import json
import shutil
from pathlib import Path

import jax
import numpy as np
import pytest
from PIL import Image

import omr_jax
from omr_jax import human
from omr_jax.errors import UserError
from omr_jax.evaluation import finished_run
from omr_jax.export import __main__ as export
from omr_jax.export import card, examples
from omr_jax.predict import classifier, model_json

onnx = pytest.importorskip('onnx', reason='needs the extra [export]')
FILES = {'model.onnx', 'model_int8.onnx', 'model.jax', 'weights.safetensors'}
FILES |= {'model.json', 'README.md'}


@pytest.fixture(scope='module')
def symbols(symbol_run, folders, tmp_path_factory):
  """The run's export, tested on one batch of all symbols; that of `scores` is tested on several."""
  out = tmp_path_factory.mktemp('models') / 'symbols'
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(examples, '_BATCH', 38)
    export.export(str(symbol_run), out, folders)
  return out


@pytest.fixture(scope='module')
def scores(score_run, picture_folders, tmp_path_factory):
  out = tmp_path_factory.mktemp('models') / 'scores'
  about = out.parent / 'about.toml'
  row = '[[training_data]]\nsource = "scores/prints"\nwhat = "stripes"\n'
  about.write_text(f'licence = "Ours."\n{row}')
  export.export(str(score_run), out, picture_folders, about=about)
  return out


def test_every_form_answers_the_test(symbols, symbol_run, scores, score_run):
  for out, run in ((symbols, symbol_run), (scores, score_run)):
    assert {path.name for path in out.iterdir()} == FILES
    summary = json.loads((run / 'summary.json').read_text())
    about = json.loads((out / 'model.json').read_text())
    assert about['test']['correct'] == summary['correct']
    assert about['run']['data_digest'] == summary['data_digest']
    for name, told in about['files'].items():
      assert told['bytes'] == (out / name).stat().st_size
      assert told['test']['n'] == summary['n']
    for name in ('model.onnx', 'model.jax'):
      assert about['files'][name]['largest_difference'] < 1e-4
      assert about['files'][name]['other_answers'] == 0
    assert about['files']['model.onnx']['test']['correct'] == summary['correct']


def test_a_folder_says_what_it_is(symbols, scores):
  """In its card, in `model.json`, and in the files that can."""
  from safetensors import safe_open

  for out in (symbols, scores):
    content = json.loads((out / 'model.json').read_text())
    assert (out / 'README.md').read_text() == card.card(content, out.name)
    by = content['exported_by']
    assert by['omr_jax'] == omr_jax.__version__ and by['jax'] == jax.__version__
    assert by['onnx'] == onnx.__version__ and len(by['revision']) > 7
    rows = content['training_data']
    assert sum(row['examples'] for row in rows) == content['run']['split_sizes']['train']
    expected = {'task': content['task'], 'licence': content['licence']}
    expected |= {key: json.dumps(content[key]) for key in ('classes', 'threshold')}
    for name in ('model.onnx', 'model_int8.onnx'):
      found = {each.key: each.value for each in onnx.load(out / name).metadata_props}
      assert found == found | expected, name
    with safe_open(out / 'weights.safetensors', 'numpy') as file:
      assert file.metadata() == file.metadata() | expected
  assert content['licence'] == 'Ours.'
  assert [row['what'] for row in rows if 'what' in row] == ['stripes']


def test_symbols_answer_as_the_run_does(symbols, symbol_run, tmp_path):
  """On made-up symbols, read as stroke files."""
  from tfds_builders.homus import made_up

  files = list(made_up.files(writers=1, symbols_per_writer=38).items())
  for name, content in files:
    (tmp_path / name.split('/')[-1]).write_bytes(content)
  paths = sorted(tmp_path.iterdir())
  by_onnx, by_jax = (classifier.load(model)(paths) for model in (symbols, symbol_run))
  assert len(by_onnx) == 38
  assert [answer.label for answer in by_onnx] == [answer.label for answer in by_jax]
  for one, other in zip(by_onnx, by_jax, strict=True):
    np.testing.assert_allclose(
      list(one.probabilities.values()), list(other.probabilities.values()), atol=1e-5
    )


def test_pictures_answer_as_the_run_does(scores, score_run, picture_folders):
  paths = sorted(picture_folders[1].rglob('*.png'))[::7]
  models = [classifier.load(model) for model in (scores, score_run)]
  by_onnx, by_jax = (model(paths) for model in models)
  assert {answer.label for answer in by_onnx} == {'scores', 'other'}
  for one, other in zip(by_onnx, by_jax, strict=True):
    assert (one.label, one.sure) == (other.label, other.sure)
    assert one.confidence == pytest.approx(other.confidence, abs=1e-5)
    assert [box[:4] for box in one.boxes] == [box[:4] for box in other.boxes]
    assert bool(one.boxes) == (one.label == 'scores')
  # Of each view of these and of a strip of paper: the last of its views are blank.
  views = [models[0].inputs(path)['views'] for path in (*paths, np.full((9, 99), 255, np.uint8))]
  by_onnx, by_jax = (model._run({'views': np.stack(views)})['log_odds'] for model in models)
  np.testing.assert_allclose(by_onnx, by_jax, atol=1e-4)
  assert np.isneginf(by_onnx[-1, 1:]).all() and np.isfinite(by_onnx[:, 0]).all()


def test_jax_form_is_read_by_jax_alone(symbols):
  exported = jax.export.deserialize((symbols / 'model.jax').read_bytes())
  assert set(exported.platforms) == {'cpu', 'cuda', 'tpu'}
  for batch in (1, 3):
    image = np.full((batch, 16, 16, 1), 255, np.uint8)
    found = exported.call({'image': image, 'size': np.zeros((batch, 2), np.float32)})
    np.testing.assert_allclose(found.sum(1), np.ones(batch), rtol=1e-5)


def test_jax_form_multiplies_in_float32_on_gpus_and_tpus_too(symbols):
  text = jax.export.deserialize((symbols / 'model.jax').read_bytes()).mlir_module()
  products = [
    line
    for line in text.splitlines()
    if 'stablehlo.convolution' in line or 'stablehlo.dot_general' in line
  ]
  assert products
  # HIGHEST for both factors; by default a GPU has 10 bits of each, a TPU 7.
  assert all(line.count('HIGHEST') == 2 for line in products)


def test_weights_have_flax_s_names(symbols):
  from safetensors.numpy import load_file

  tensors = load_file(symbols / 'weights.safetensors')
  assert tensors['params/Conv_0/kernel'].shape == (5, 5, 1, 4)
  assert {name.split('/')[0] for name in tensors} == {'params', 'batch_stats'}


def test_without_data_over_an_older_export(symbols, symbol_run, tmp_path, capsys):
  out, about = tmp_path / 'models/small', tmp_path / 'about.toml'
  options = ['--model', str(symbol_run), '--out', str(out), '--without_data', '--about', str(about)]
  about.write_text('license = "Ours."')
  assert export.main(options) == 2 and "did you mean 'licence'" in capsys.readouterr().err
  assert not out.exists()
  shutil.copytree(symbols, out)
  about.write_text('licence = "Ours."')
  assert export.main(options) == 0
  assert '\nOurs.\n' in (out / 'README.md').read_text()
  assert {path.name for path in out.iterdir()} == FILES - {'model_int8.onnx'}
  assert 'test' not in json.loads((out / 'model.json').read_text())['files']['model.onnx']
  assert [path.name for path in out.parent.iterdir()] == ['small']
  assert export.main([*options, '--forms', 'model_int8.onnx']) == 2
  assert 'model_int8.onnx: making it needs the data' in capsys.readouterr().err
  assert {path.name for path in out.iterdir()} == FILES - {'model_int8.onnx'}


def test_other_folders_stay(symbol_run, tmp_path, capsys):
  (tmp_path / 'mine.txt').write_text('mine')
  code = export.main(['--model', str(symbol_run), '--out', str(tmp_path), '--without_data'])
  assert code == 2 and 'holds something else' in capsys.readouterr().err
  assert [path.name for path in tmp_path.iterdir()] == ['mine.txt']


def test_other_data_is_refused(score_run, symbol_run, tmp_path, folders, monkeypatch):
  from omr_jax.predict import from_run

  about = from_run.describe(from_run.exact(symbol_run), symbol_run)
  facts = dict(about.facts) | {'run': {**about.facts['run'], 'data_digest': 'another'}}
  monkeypatch.setattr(from_run, 'describe', lambda *_: about._replace(facts=facts))
  with pytest.raises(UserError, match=r'other data than that in .*/raw.*--raw_dir'):
    export.export(str(symbol_run), tmp_path / 'out', folders)


def test_the_run_knows_its_data(score_run, picture_folders, tmp_path, monkeypatch):
  """Neither a flag nor $OMR_RAW_DIR names its folder. One that was moved is asked for."""
  from omr_jax.export import examples
  from omr_jax.predict import from_run

  monkeypatch.delenv('OMR_RAW_DIR', raising=False)
  data_dir, raw_dir = picture_folders
  run = shutil.copytree(score_run, tmp_path / 'run')
  network = from_run.exact(run)
  about = from_run.describe(network, run)

  def load(raw_dir=None):
    return examples.of_run(network, about, str(run), (data_dir, raw_dir))

  assert set(load()) == {'train', 'validation', 'test', 'cuts'}
  facts = json.loads((run / 'data.json').read_text())
  # That of the worker which has trained the run.
  assert Path(facts['raw_dir']).name == raw_dir.name and Path(facts['raw_dir']).is_absolute()
  (run / 'data.json').write_text(json.dumps(facts | {'raw_dir': '/moved/away'}))
  with pytest.raises(UserError, match=r'the data in /moved/away, which is not there.*--raw_dir'):
    load()
  load(str(raw_dir))
  monkeypatch.setenv('OMR_RAW_DIR', str(raw_dir))
  load()


@pytest.mark.parametrize(
  ('file', 'content', 'words'),
  [
    ('model.onnx', b'no model', 'no ONNX model, or damaged'),
    ('model.onnx', b'', 'no ONNX model, or damaged'),
    ('model.onnx', None, 'cannot be read'),
    ('model.json', b'{}', 'of another version'),
    ('model.json', b'[', 'unreadable'),
    ('model.json', b'{"format": 1}', 'damaged'),
  ],
)
def test_damage_is_refused(symbols, tmp_path, file, content, words):
  shutil.copytree(symbols, tmp_path / 'model')
  if content is None:
    (tmp_path / 'model' / file).unlink()
  else:
    (tmp_path / 'model' / file).write_bytes(content)
  with pytest.raises(UserError, match=words):
    classifier.load(tmp_path / 'model')


PRETRAINED = Path(omr_jax.__file__).parent / 'pretrained'
# Three parts along each side, each 4/10 of the side, beginning 3/10 after the one before. A part of
# a picture of 384 pixels has 1.2 times the 128 of a view.
PREPARATIONS = {
  'scores': {
    'jpeg_least': 384,
    'bound': 2,
    'brightness': [0.299, 0.587, 0.114],
    'part_size': 0.4,
    'part_step': 0.75 * 0.4,
  },
  'homus': {'staff_space': 14, 'jpeg_least': 2048},
  'homus_strokes': {'staff_space': 14, 'pen_up_weight': 0.35},
}


@pytest.mark.parametrize('name', PREPARATIONS)
def test_model_json_has_the_whole_preparation(name, tmp_path):
  """Older folders have its numbers or nothing of it, and are read; other numbers are refused."""
  content = json.loads((PRETRAINED / name / 'model.json').read_text())
  words = {key: content['preparation'].pop(key) for key in ('call', 'steps')}
  assert content['preparation'] == PREPARATIONS[name]
  model = model_json.read(PRETRAINED / name)
  assert model_json.to_json(model) == content | {'preparation': words | PREPARATIONS[name]}
  for older in ({}, {'preparation': PREPARATIONS[name]}, {'preparation': words}):
    found = {key: value for key, value in content.items() if key not in ('preparation', 'answer')}
    (tmp_path / 'model.json').write_text(json.dumps(found | older | {'format': 1}))
    assert model_json.read(tmp_path) == model
  another = {key: 2 * (value or 1) for key, value in PREPARATIONS[name].items()}
  (tmp_path / 'model.json').write_text(json.dumps(found | {'preparation': another}))
  with pytest.raises(UserError, match=r'model\.json: damaged .*preparation'):
    model_json.read(tmp_path)


def test_a_model_of_another_task_is_refused(symbols, scores, tmp_path):
  shutil.copytree(symbols, tmp_path / 'model')
  shutil.copy(scores / 'model.onnx', tmp_path / 'model/model.onnx')
  with pytest.raises(UserError, match=r'is not the model of the model\.json'):
    classifier.load(tmp_path / 'model')


def test_int8_is_a_model_too(scores, picture_folders):
  path = next(picture_folders[1].rglob('scores/*/*.png'))
  with Image.open(path) as picture:
    answer = classifier.load(scores / 'model_int8.onnx')(picture)
  assert answer.label == 'scores'


def test_products_of_8_bits_overflow_nowhere(symbols):
  """Two weights times 255 fit into 16 bits, which is what CPUs without VNNI add them in."""
  for path in (symbols / 'model_int8.onnx', *PRETRAINED.glob('*/model_int8.onnx')):
    graph = onnx.load(path).graph
    if all(node.op_type != 'QuantizeLinear' for node in graph.node):
      continue  # It only stores its weights in 8 bits.
    stored = [onnx.numpy_helper.to_array(each) for each in graph.initializer]
    weights = [array for array in stored if array.dtype == np.int8 and array.ndim > 1]
    assert len(weights) > 3, path
    assert max(np.abs(array.astype(int)).max() for array in weights) * 2 * 255 < 2**15, path


def picture_of(question):
  content = question['picture'].removeprefix('data:image/png;base64,')
  return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


def test_difference():
  """Parts that are blank have log-odds of -infinity in both; one that has not is noticed."""
  found = np.array([[-np.inf, 1.0], [3.0, -np.inf]])
  assert examples.difference(found, found + [[0.0, 0.5], [-0.25, 0.0]]) == 0.5
  assert examples.difference(found, np.array([[7.0, 1.0], [3.0, -np.inf]])) == np.inf
  assert examples.difference(found[:0], found[:0]) == 0


def test_questions_on_symbols(symbols, symbol_run, folders, dataset):
  """All test symbols in another order, in their own size, with the network's answers."""
  session = human.prepare('symbols', str(symbols), 0, 0, 128, folders)
  test = dataset.splits['test']
  place = {str(name): row for row, name in enumerate(test['id'])}
  asked = [place[question['id']] for question in session['questions']]
  assert sorted(asked) == list(range(38)) and asked != sorted(asked)
  for row, question in zip(asked, session['questions'], strict=True):
    # Twice as large as on the tablet, and wider by the pen, 6 pixels; the staff is grey.
    ink = np.nonzero(picture_of(question) < 100)
    box = 2 * np.exp(test['size'][row]) + 6
    np.testing.assert_allclose([np.ptp(ink[1]), np.ptp(ink[0])], box, atol=3)
    assert question['label'] == session['classes'][test['label'][row]]
  right = sum(question['label'] == question['model'] for question in session['questions'])
  assert right == json.loads((symbol_run / 'summary.json').read_text())['correct']
  assert set(session['cheat']) == set(session['classes'])
  fewer = human.prepare('symbols', str(symbols), 5, 1, 128, folders)
  assert len(fewer['questions']) == 5 and fewer['digest'] != session['digest']


def test_questions_on_pages(scores, score_run, picture_folders):
  session = human.prepare('scores', str(scores), 12, 0, 256, picture_folders)
  assert [picture_of(question).shape for question in session['questions']] == [(256, 256, 3)] * 12
  finished = finished_run.read(score_run)
  answers = dict(zip(finished.test_ids, finished.test_predicted, strict=True))
  for question in session['questions']:
    assert question['model'] == session['classes'][answers[question['id']]]
  with pytest.raises(UserError, match='knows scores, not symbols'):
    human.prepare('symbols', str(scores), 12, 0, 256, picture_folders)
