"""Exported models that say of strokes that they are none of their classes."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import omr_jax
from omr_jax import open_set
from omr_jax.errors import UserError
from omr_jax.predict import rows
from omr_jax.synthetic import foreign_strokes
from tfds_builders import homus

pytest.importorskip('onnx', reason='needs the extra [export]')
BAR = {'strokes': [[[70, 40], [70, 70], [71, 100]]]}


PRETRAINED = Path(omr_jax.__file__).parent / 'pretrained'


@pytest.fixture
def small(few, monkeypatch):
  """Few kinds, few of each, and a short training."""
  from omr_jax.export import open_set as graph

  for name, count in (('_PER_KIND', 2), ('_INVENTED', 20), ('_MEASURED', 3)):
    monkeypatch.setattr(open_set, name, count)
  learned, measured = foreign_strokes.TO_LEARN, foreign_strokes.TO_MEASURE
  monkeypatch.setattr(foreign_strokes, 'TO_LEARN', learned[:10])
  monkeypatch.setattr(foreign_strokes, 'TO_MEASURE', (measured[0], measured[1], measured[-1]))
  monkeypatch.setattr(graph, '_STEPS', 40)
  monkeypatch.setattr(graph, '_BATCH', 32)


def test_a_model_is_taught(small, tmp_path, capsys):
  """Classes and probabilities stay; being taught again gives the same file."""
  folder = tmp_path / 'symbols'
  shutil.copytree(PRETRAINED / 'homus_strokes', folder)
  path = folder / 'model.json'
  about = json.loads(path.read_text())
  about['config']['data']['protocol'] = 'made_up'
  path.write_text(json.dumps(about))
  before = omr_jax.load(folder)(BAR)
  arguments = ['--model', str(folder), '--data_dir', str(tmp_path / 'data')]
  assert open_set.main(arguments) == 2
  assert 'was trained on other data than that found here' in capsys.readouterr().err
  metadata = homus.prepare('made_up', tmp_path / 'data', None).info.metadata
  about['run']['data_digest'] = dict(metadata.items())['digest']
  path.write_text(json.dumps(about))
  assert open_set.main(arguments) == 0
  said = capsys.readouterr().out
  answer = omr_jax.load(folder)(BAR)
  assert answer._replace(unknown=before.unknown) == before and isinstance(answer.unknown, bool)
  measured = json.loads(path.read_text())['files']['model_int8.onnx']['unknown']
  # Two of the seven writers, with 38 symbols each, are tested; two of the kinds are letters, and
  # each is written three times.
  assert measured['test']['n'] == 76 and measured['measured: letter']['n'] == 6
  assert f'{measured["test"]["unknown"]:5} of {measured["test"]["n"]:5}' in said
  content = (folder / 'model_int8.onnx').read_bytes()
  assert open_set.main(arguments) == 0
  assert (folder / 'model_int8.onnx').read_bytes() == content


def test_models_without_the_output_never_say_so():
  picture = np.full((60, 60, 3), 255, np.uint8)
  picture[10:50, 28:32] = 0
  assert omr_jax.load('homus_scans')(picture).unknown is None


def test_the_output_is_computed_from_the_features(tmp_path):
  """By hand: twice the first feature, if it is above 0, minus 1."""
  import onnxruntime

  from omr_jax.export import open_set as graph

  content = (PRETRAINED / 'homus_scans/model.onnx').read_bytes()
  image = np.random.default_rng(0).integers(0, 256, (3, 64, 48, 1)).astype(np.uint8)

  def run(content, names):
    session = onnxruntime.InferenceSession(content, providers=['CPUExecutionProvider'])
    return session.run(names, {'image': image})

  features, probabilities = run(graph.with_features(content), [graph.FEATURES, 'probabilities'])
  inside = np.zeros((features.shape[1], 1), np.float32)
  inside[0] = 1
  zero, two = np.zeros(1, np.float32), np.full((1, 1), 2, np.float32)
  taught = graph.with_unknown(content, graph.Head((inside, zero), (two, zero - 1)))
  unknown, same = run(taught, ['unknown', 'probabilities'])
  np.testing.assert_allclose(unknown, 2 * np.maximum(0, features[:, 0]) - 1, rtol=1e-5)
  np.testing.assert_allclose(same, probabilities, rtol=1e-5)


def test_features_of_a_small_network():
  """By hand: what the dense layer reads, and mean and maximum of what the strided one reads."""
  import onnx
  import onnxruntime
  from onnx import helper, numpy_helper

  from omr_jax.export import open_set as graph

  make, one = helper.make_node, np.ones((1, 1, 1, 1), np.float32)
  known = {'one': one, 'dense': np.ones((4, 2), np.float32)}
  nodes = [
    make('Conv', ['image', 'one'], ['all'], strides=[1, 1]),
    make('Relu', ['all'], ['positive']),
    make('Conv', ['positive', 'one'], ['quarter'], strides=[2, 2]),
    make('Flatten', ['quarter'], ['flat']),
    make('Gemm', ['flat', 'dense'], ['probabilities']),
  ]
  given, found = (
    helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
    for name, shape in (('image', ['batch', 1, 4, 4]), ('probabilities', ['batch', 2]))
  )
  constants = [numpy_helper.from_array(value, name) for name, value in known.items()]
  model = helper.make_model(
    helper.make_graph(nodes, 'small', [given], [found], constants),
    opset_imports=[helper.make_opsetid('', 18)],
    ir_version=9,
  )
  content = graph.with_features(model.SerializeToString())
  session = onnxruntime.InferenceSession(content, providers=['CPUExecutionProvider'])
  image = np.arange(-8, 8, dtype=np.float32).reshape(1, 1, 4, 4)
  (features,) = session.run([graph.FEATURES], {'image': image})
  # Of -8...7 the negative become 0; the first and the third of the first and the third row are -8,
  # -6, 0 and 2; 1 + ... + 7 = 28 on 16 places, and the largest is 7.
  np.testing.assert_array_equal(features, [[0, 0, 0, 2, 28 / 16, 7]])


def test_one_of_a_hundred_validation_symbols_is_unknown(monkeypatch):
  """Of 400 symbols 4: where the log-odds are above 0."""
  from omr_jax.export import open_set as graph

  monkeypatch.setattr(graph, '_STEPS', 300)  # The foreign ones lie far away.
  rng = np.random.default_rng(0)
  true = rng.normal(0, 1, (400, 8)).astype(np.float32)
  head = graph.fit(true, [(0.5, true + 4), (0.5, true - 6)], seed=0)
  threshold = graph.threshold(head.log_odds(true), 0.01)
  moved = head.moved(threshold)
  assert (moved.log_odds(true) > 0).sum() == 4
  np.testing.assert_allclose(moved.log_odds(true), head.log_odds(true) - threshold, atol=1e-4)
  assert (moved.log_odds(true + 4) > 0).mean() > 0.9 and (moved.log_odds(true - 6) > 0).all()


def test_thresholds():
  """By hand: between the second and the third, and between none and the first."""
  from omr_jax.export import open_set as graph

  log_odds = np.array([1, 9, 5, 2, 0, -1, -4, 3, -2, -3], np.float32)
  assert graph.threshold(log_odds, 0.2) == 4 and graph.threshold(log_odds, 0.29) == 4
  assert graph.threshold(log_odds, 0.05) == 9


def test_other_models_are_refused(tmp_path):
  folder = tmp_path / 'scores'
  shutil.copytree(PRETRAINED / 'scores', folder)
  with pytest.raises(UserError, match='knows no symbols by their strokes'):
    open_set.teach(folder, (tmp_path, None), 0)


def test_rows_say_it():
  line = rows.content('csv', [{'path': 'a.json', 'page': 1, 'class': 'Dot', 'unknown': True}])
  assert line.decode().splitlines()[1] == 'a.json,1,Dot,,,,true'
