"""Whose folder it is."""

import json

import pytest
from ml_collections import ConfigDict

from omr_jax.errors import UserError
from omr_jax.training.workdir import claim, is_finished, raw_dir, refuse_unwritable
from omr_jax.utils.files import read_json


def test_a_folder_stays_with_its_config_and_data(config, tmp_path):
  workdir = tmp_path / 'a' / 'run'
  assert not is_finished(config, workdir)
  for _ in range(2):
    with claim({workdir: config}, 'digest'):
      pass
  assert not is_finished(config, workdir)
  (workdir / 'summary.json').write_text('{}')
  assert not is_finished(config, workdir)  # Its answers are lost, and are made again.
  (workdir / 'evaluation.npz').touch()
  assert is_finished(config, workdir)
  with pytest.raises(UserError, match='other data'), claim({workdir: config}, 'another digest'):
    pass
  config.model.widths = (8, 8)
  config.seed = 5
  with pytest.raises(UserError, match=r'differ: model\.widths, seed\.'):
    is_finished(config, workdir)


def test_a_run_knows_where_its_data_was_last(config, tmp_path):
  for given in ('/first', None, '/second'):
    with claim({tmp_path: config}, 'digest', raw_dir=given):
      assert raw_dir(tmp_path) == given
  (tmp_path / 'data.json').write_text('{"digest": "digest"}')  # Of an earlier version.
  assert raw_dir(tmp_path) is None and raw_dir(tmp_path / 'none') is None
  with claim({tmp_path: config}, 'digest'):
    pass


def test_a_run_that_was_begun_with_keys_of_other_choices_goes_on(config, tmp_path):
  """As pages at e22f0a9 had them; what the network reads must be the same."""
  before = ConfigDict(config.to_dict())
  before.optimizer.update({'momentum': 0.9, 'rho': 0.95})
  before.schedule.update({'factor': 0.5, 'patience': 8, 'floor': 1e-5})
  (tmp_path / 'config.json').write_text(before.to_json())
  assert not is_finished(config, tmp_path)
  with claim({tmp_path: config}, 'digest'):
    pass
  assert json.loads((tmp_path / 'config.json').read_text())['optimizer'].keys() == {
    *('name', 'learning_rate', 'l2', 'weight_decay', 'b1', 'b2', 'eps')
  }
  before.model.even = True
  (tmp_path / 'config.json').write_text(before.to_json())
  with pytest.raises(UserError, match=r'differ: model\.even\.'):
    is_finished(config, tmp_path)


def test_a_file_is_no_workdir(config, tmp_path):
  (tmp_path / 'file').write_text('')
  workdir = tmp_path / 'file' / 'run'
  with pytest.raises(UserError, match='choose another workdir'), claim({workdir: config}, 'digest'):
    pass


def test_one_process_at_a_time(config, tmp_path):
  """A lock belongs to the open file, so that a second one in this process meets it too."""
  refused = pytest.raises(UserError, match='another process')
  with claim({tmp_path: config}, 'digest'), refused, claim({tmp_path: config}, 'digest'):
    pass
  with claim({tmp_path: config}, 'digest'):
    pass


@pytest.mark.parametrize('content', [b'{"seed": 0', b'[]', b'\xff', b'[' * 100_000])
def test_damaged_json_is_named(tmp_path, content):
  (tmp_path / 'a.json').write_bytes(content)
  with pytest.raises(UserError, match=r'a\.json: (unreadable|damaged).*; do this\.'):
    read_json(tmp_path / 'a.json', 'do this')


def test_a_run_that_was_finished_meanwhile_is_left_alone(config, tmp_path):
  with claim({tmp_path: config}, 'digest'):
    (tmp_path / 'summary.json').write_text('{}')
    (tmp_path / 'evaluation.npz').touch()
  with (
    pytest.raises(UserError, match='just finished'),
    claim({tmp_path: config}, 'digest'),
  ):
    pass


def test_a_folder_that_another_config_took_meanwhile_is_left_alone(config, tmp_path):
  with claim({tmp_path: config}, 'digest'):
    written = (tmp_path / 'config.json').read_bytes()
  config.seed = 5
  with pytest.raises(UserError, match='differ: seed'), claim({tmp_path: config}, 'digest'):
    pass
  assert (tmp_path / 'config.json').read_bytes() == written


def test_a_run_without_its_config_is_not_gone_on_with(config, tmp_path):
  (tmp_path / 'metrics.jsonl').write_text('')
  with pytest.raises(UserError, match=r'config\.json: is gone'):
    is_finished(config, tmp_path)


def test_where_nothing_can_be_written(tmp_path):
  refuse_unwritable(tmp_path / 'a' / 'b')
  (tmp_path / 'file').write_text('')
  for folder in (tmp_path / 'file', tmp_path / 'file' / 'run'):
    with pytest.raises(UserError, match='cannot be written'):
      refuse_unwritable(folder)
  assert not (tmp_path / 'a').exists()
