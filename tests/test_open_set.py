"""Exported models that say of strokes that they are none of their classes."""

import json
import shutil

import numpy as np
import pytest

import omr_jax
from omr_jax import open_set
from omr_jax.errors import UserError
from omr_jax.export import __main__ as export
from omr_jax.predict import rows

onnx = pytest.importorskip('onnx', reason='needs the extra [export]')
BAR = {'strokes': [[[70, 40], [70, 70], [71, 100]]]}


@pytest.fixture(scope='module')
def exported(symbol_run, folders, tmp_path_factory):
  out = tmp_path_factory.mktemp('models') / 'symbols'
  export.export(str(symbol_run), out, folders, ['model.onnx'])
  return out


@pytest.fixture
def few_examples(monkeypatch):
  for name, count in (('_PER_KIND', 2), ('_INVENTED', 40), ('_MEASURED', 1)):
    monkeypatch.setattr(open_set, name, count)


def test_a_model_is_taught(exported, folders, few_examples, tmp_path, capsys):
  """Classes and probabilities stay; being taught again gives the same file."""
  folder = tmp_path / 'symbols'
  shutil.copytree(exported, folder)
  before = omr_jax.load(folder)(BAR)
  assert before.unknown is None
  arguments = ['--model', str(folder), '--data_dir', str(folders[0]), '--raw_dir', str(folders[1])]
  assert open_set.main(arguments) == 0
  said = capsys.readouterr().out
  answer = omr_jax.load(folder)(BAR)
  assert answer._replace(unknown=None) == before and isinstance(answer.unknown, bool)
  about = json.loads((folder / 'model.json').read_text())
  assert about['output']['unknown'] == ['float32', ['batch']]
  measured = about['files']['model.onnx']['unknown']
  assert measured['test']['n'] == about['test']['n']
  kinds = {what: each for what, each in measured.items() if what != 'test'}
  assert sum(each['n'] for each in kinds.values()) == len(open_set.foreign_strokes.TO_MEASURE)
  assert f'{measured["test"]["unknown"]:5} of {measured["test"]["n"]:5}' in said
  assert 'answer.unknown' in (folder / 'README.md').read_text()
  content = (folder / 'model.onnx').read_bytes()
  assert open_set.main(arguments) == 0
  assert (folder / 'model.onnx').read_bytes() == content


def test_one_of_a_hundred_validation_symbols_is_unknown(exported, folders, few_examples):
  """Where the log-odds are above 0, by hand: the last whole number of a hundredth of them."""
  from omr_jax.export import open_set as graph

  rng = np.random.default_rng(0)
  true = rng.normal(0, 1, (400, 8)).astype(np.float32)
  head = graph.fit(true, [(0.5, true + 4), (0.5, true - 6)], seed=0)
  threshold = float(np.quantile(head.log_odds(true), 0.99))
  moved = head.moved(threshold)
  assert (moved.log_odds(true) > 0).sum() == 4
  np.testing.assert_allclose(moved.log_odds(true), head.log_odds(true) - threshold, atol=1e-4)
  assert (moved.log_odds(true + 4) > 0).mean() > 0.9 and (moved.log_odds(true - 6) > 0).all()


def test_other_models_are_refused(tmp_path, capsys):
  folder = tmp_path / 'scores'
  shutil.copytree(open_set.Path(omr_jax.__file__).parent / 'pretrained/scores', folder)
  with pytest.raises(UserError, match='knows no symbols by their strokes'):
    open_set.teach(folder, (tmp_path, None), 0)


def test_rows_say_it():
  line = rows.content('csv', [{'path': 'a.json', 'page': 1, 'class': 'Dot', 'unknown': True}])
  assert line.decode().splitlines()[1] == 'a.json,1,Dot,,,,true'
