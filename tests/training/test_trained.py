"""A trained network, loaded and tried on other symbols."""

import json

import jax
import numpy as np
import pytest
from small_runs import config_page

from omr_jax.errors import UserError
from omr_jax.training import trained


def test_a_loaded_network_gives_the_logits_of_its_evaluation(symbol_run, dataset):
  network = trained.load(symbol_run)
  test = dataset.splits['test']
  inputs = {name: test[name] for name in network.recipe.module.inputs}
  logits = jax.jit(network.recipe.module.apply, static_argnames='train')(
    network.variables, inputs, train=False
  )
  written = np.load(symbol_run / 'evaluation.npz')
  np.testing.assert_array_equal(written['test_ids'], test['id'])
  np.testing.assert_allclose(written['test_logits'], logits, rtol=1e-4, atol=1e-4)


def test_what_is_no_run_is_refused(symbol_run, tmp_path):
  with pytest.raises(UserError, match='nowhere: no such folder; give the workdir of a run'):
    trained.load(tmp_path / 'nowhere')
  with pytest.raises(UserError, match='give the workdir of a run'):
    trained.load(tmp_path)
  (tmp_path / 'config.json').write_text((symbol_run / 'config.json').read_text())
  with pytest.raises(UserError, match='has no checkpoints'):
    trained.load(tmp_path)


def test_what_several_runs_gave_together_is_no_run(symbol_run, tmp_path):
  """Its config is by run, whose path has dots where it begins with .. for one."""
  written = json.loads((symbol_run / 'config.json').read_text())
  for name in ('../runs/a', 'runs/a'):
    (tmp_path / 'config.json').write_text(json.dumps({name: written}))
    with pytest.raises(
      UserError, match=r'config\.json: .* Give the workdir of a run, not of several'
    ):
      trained.load(tmp_path)


def test_the_runs_of_a_joined_result_are_named(symbol_run, tmp_path):
  """Of folds the config is like that of a run, of an ensemble it is not; both name their runs."""
  folder = tmp_path / 'joined'
  folder.mkdir()
  written = (symbol_run / 'config.json').read_text()
  for name, place in (('writers_0', folder / 'writers_0'), ('../a', tmp_path / 'a')):
    for config in (written, json.dumps({name: json.loads(written)})):
      (folder / 'config.json').write_text(config)
      (folder / 'summary.json').write_text(json.dumps({'runs': [name, name]}))
      with pytest.raises(UserError) as caught:
        trained.load(folder)
      said = f'{folder}: is the result of several runs; give one of them: {place}, {place}.'
      assert str(caught.value) == said


def test_config_of_a_loaded_network_is_the_written_one(symbol_run):
  written = json.loads((symbol_run / 'config.json').read_text())
  assert json.loads(trained.load(symbol_run).config.to_json()) == written


def test_config_of_an_earlier_version_s_run(tmp_path):
  """It has no cuts and no drawn kinds, which is none of them."""
  new = config_page('scores').to_dict()
  old = {**new, 'picture': {**new['picture']}}
  del old['picture']['cuts'], old['picture']['drawn']
  (tmp_path / 'config.json').write_text(json.dumps(old))
  found = trained.config(tmp_path).to_dict()
  assert found == {**new, 'picture': {**new['picture'], 'cuts': 0, 'drawn': 0}}
