"""Whose folder it is."""

import pytest

from omr_jax.errors import UserError
from omr_jax.workdir import claim, is_finished


def test_a_folder_stays_with_its_config_and_data(config, tmp_path):
  workdir = tmp_path / 'a' / 'run'
  assert not is_finished(config, workdir)
  claim(config, workdir, 'digest')
  claim(config, workdir, 'digest')
  assert not is_finished(config, workdir)
  (workdir / 'summary.json').write_text('{}')
  assert is_finished(config, workdir)
  with pytest.raises(UserError, match='other data'):
    claim(config, workdir, 'another digest')
  config.model.widths = (8, 8)
  config.seed = 5
  with pytest.raises(UserError, match=r'differ: model\.widths, seed\.'):
    is_finished(config, workdir)


def test_a_file_is_no_workdir(config, tmp_path):
  (tmp_path / 'file').write_text('')
  with pytest.raises(UserError, match='choose another workdir'):
    claim(config, tmp_path / 'file' / 'run', 'digest')
