"""A trained network, loaded and tried on other symbols."""

import json

import jax
import numpy as np
import pytest

from omr_jax.errors import UserError
from omr_jax.training import loop, trained


@pytest.fixture(scope='module')
def run(tmp_path_factory, folders):
  from small_runs import small_config

  config = small_config()
  config.epochs = 1
  workdir = tmp_path_factory.mktemp('run')
  loop.train_and_evaluate(config, 'small', workdir, *folders)
  return workdir


def test_a_loaded_network_gives_the_logits_of_its_evaluation(run, dataset):
  network = trained.load(run)
  test = dataset.splits['test']
  inputs = {name: test[name] for name in network.recipe.module.inputs}
  logits = jax.jit(network.recipe.module.apply, static_argnames='train')(
    network.variables, inputs, train=False
  )
  written = np.load(run / 'evaluation.npz')
  np.testing.assert_array_equal(written['test_ids'], test['id'])
  np.testing.assert_allclose(written['test_logits'], logits, rtol=1e-4, atol=1e-4)


def test_what_is_no_run_is_refused(run, tmp_path):
  with pytest.raises(UserError, match='give the workdir of a run'):
    trained.load(tmp_path)
  (tmp_path / 'config.json').write_text((run / 'config.json').read_text())
  with pytest.raises(UserError, match='has no checkpoints'):
    trained.load(tmp_path)


def test_what_several_runs_gave_together_is_no_run(run, tmp_path):
  """Its config is by run, whose path has dots where it begins with .. for one."""
  written = json.loads((run / 'config.json').read_text())
  for name in ('../runs/a', 'runs/a'):
    (tmp_path / 'config.json').write_text(json.dumps({name: written}))
    with pytest.raises(
      UserError, match=r'config\.json: .* Give the workdir of a run, not of several'
    ):
      trained.load(tmp_path)


def test_config_of_a_loaded_network_is_the_written_one(run):
  written = json.loads((run / 'config.json').read_text())
  assert json.loads(trained.load(run).config.to_json()) == written
