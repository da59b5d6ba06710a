"""A run on pictures of scores from start to report."""

import csv
import json
import shutil

import jax
import numpy as np
import pytest
from small_runs import small_score_config

from omr_jax.errors import UserError
from omr_jax.evaluation import finished_run
from omr_jax.predict import from_run
from omr_jax.recipe import recipe
from omr_jax.recipe.check import check_config
from omr_jax.training import loop, trained


def test_report(score_run):
  summary = json.loads((score_run / 'summary.json').read_text())
  gate = summary['gate']
  assert summary['network'] == 'preact_resnet9' and summary['protocol'] == 'fold 0'
  assert gate['n'] == summary['n'] and gate['correct'] == summary['correct']
  assert gate['probes']['n'] == 54  # One of each kind with a known answer.
  assert {row['source'] for row in gate['sources']} == {
    *('scores/prints', 'scores/desk', 'other/photos', 'other/books')
  }
  page = (score_run / 'report/report.html').read_text()
  for title in ('Decision', 'Sources', 'Probes', 'Misclassified pictures'):
    assert f'<h2>{title}</h2>' in page
  with (score_run / 'report/test_predictions.csv').open(newline='') as file:
    rows = list(csv.DictReader(file))
  wrong = sum(row['true'] != row['predicted'] for row in rows)
  assert (len(rows), wrong) == (summary['n'], summary['n'] - summary['correct'])


def test_stripes_are_told_from_colours(score_run):
  """Easy: the whole way from files to answers works."""
  assert json.loads((score_run / 'summary.json').read_text())['accuracy'] > 0.9


def test_answers_are_those_of_the_report(score_run, picture_folders):
  """What is saved and loaded gives the very logits that were tested, and the same decision."""
  network = trained.load(score_run)
  model = from_run.describe(network, score_run)
  dataset = network.recipe.load(*picture_folders)
  views = dataset.splits['test']['views'][:]
  logits = np.asarray(jax.jit(network.recipe.predicted)(network.variables, {'views': views}))
  run = finished_run.read(score_run)
  np.testing.assert_allclose(logits, run.test_logits, atol=1e-5)
  summary = json.loads((score_run / 'summary.json').read_text())
  threshold = summary['gate']['threshold']
  temperature = model.facts['temperature']
  assert threshold >= 0 and temperature == summary['temperature']
  assert model.threshold == pytest.approx(1 / (1 + np.exp(-threshold / temperature)))
  np.testing.assert_array_equal(run.test_predicted, logits[:, 1] - logits[:, 0] >= threshold)


def test_a_run_of_an_earlier_version(score_run, tmp_path):
  """It was trained for a rate of false positives, which nothing reads now.

  Its config has no `lower_weight`. In its answers the lower of whole and parts has none.
  """
  earlier = shutil.copytree(score_run, tmp_path / 'earlier')
  config = json.loads((earlier / 'config.json').read_text())
  config['decision'] = {'false_positive_rate': 0.01}
  (earlier / 'config.json').write_text(json.dumps(config))
  network = trained.load(earlier)
  model = from_run.describe(network, earlier)
  noise = np.random.default_rng(0).integers(0, 256, (6, 5, 16, 16, 3), np.uint8)
  found = from_run.by_jax(network, model)({'views': noise})
  whole, parts = found['log_odds'][:, 0], found['log_odds'][:, 1:]
  assert model.facts['config']['decision'] == {'false_positive_cost': 2.0, 'lower_weight': 0.0}
  temperature = model.facts['temperature']
  joined = 2 / temperature * np.log(np.exp(temperature * parts / 2).mean(1))
  odds = np.log(found['probabilities'][:, 1] / found['probabilities'][:, 0])
  np.testing.assert_allclose(odds, np.maximum(whole, joined), rtol=1e-4, atol=1e-5)


def test_second_start_only_tells(score_run, picture_folders, capsys):
  loop.train_and_evaluate(small_score_config(), 'scores', score_run, *picture_folders)
  assert 'this run is finished' in capsys.readouterr().out


def test_views_of_a_batch():
  """Without augmentation the network sees the whole picture or one of the parts, none blank."""
  config = small_score_config()
  config.augment.space = 'none'
  made = recipe.create(config)
  noise = np.random.default_rng(0).integers(0, 256, (200, 5, 16, 16, 3), np.uint8)
  noise[:, 4] = 7
  labels = np.arange(200, dtype=np.int32)
  batch = {'views': noise, 'label': labels}
  inputs, targets = jax.jit(made.augmented)({}, jax.random.key(0), batch)
  seen = np.asarray(inputs['image'])
  np.testing.assert_array_equal(targets, labels)
  found = (seen[:, None] == noise).all((2, 3, 4))
  assert (found.sum(1) == 1).all()
  counts = found.sum(0)
  # Parts 1 to 3 have 0.65 / 4 = 0.16 each; the whole picture has the rest, the blank part's too.
  assert counts[4] == 0
  np.testing.assert_allclose(counts[:4] / 200, [0.51, 0.16, 0.16, 0.16], atol=0.1)


def test_network_that_reads_the_pen_is_refused():
  config = small_score_config()
  config.model.use_size = True
  with pytest.raises(UserError, match=r'config\.model\.use_size'):
    recipe.create(config)


@pytest.mark.parametrize(
  ('section', 'key', 'value', 'words'),
  [
    ('data', 'fold', 5, 'from 0 to 4'),
    ('data', 'balance', 1.5, 'from 0 to 1'),
    ('picture', 'tiles', 9, 'from 0 to 8'),
    ('decision', 'false_positive_cost', -0.1, 'from 0 to 1000'),
    ('decision', 'lower_weight', 0.6, 'from 0 to 0.5'),
    ('camera', 'midtones', 0.5, '0.25'),
    ('augment', 'space', 'strokes', 'none, pictures, camera'),
  ],
)
def test_refused(section, key, value, words):
  config = small_score_config()
  config[section][key] = value
  with pytest.raises(UserError, match=rf'config\.{section}\.{key}.*{words}'):
    check_config(config)
