"""Whose folder it is."""

import pytest

from omr_jax.errors import UserError
from omr_jax.workdir import claim, is_finished


def test_a_folder_stays_with_its_config_and_data(config, tmp_path):
  workdir = tmp_path / 'a' / 'run'
  assert not is_finished(config, workdir)
  for _ in range(2):
    with claim(config, workdir, 'digest'):
      pass
  assert not is_finished(config, workdir)
  (workdir / 'summary.json').write_text('{}')
  assert is_finished(config, workdir)
  with pytest.raises(UserError, match='other data'), claim(config, workdir, 'another digest'):
    pass
  config.model.widths = (8, 8)
  config.seed = 5
  with pytest.raises(UserError, match=r'differ: model\.widths, seed\.'):
    is_finished(config, workdir)


def test_a_file_is_no_workdir(config, tmp_path):
  (tmp_path / 'file').write_text('')
  workdir = tmp_path / 'file' / 'run'
  with pytest.raises(UserError, match='choose another workdir'), claim(config, workdir, 'digest'):
    pass


def test_one_process_at_a_time(config, tmp_path):
  """A lock belongs to the open file, so that a second one in this process meets it too."""
  refused = pytest.raises(UserError, match='another process')
  with claim(config, tmp_path, 'digest'), refused, claim(config, tmp_path, 'digest'):
    pass
  with claim(config, tmp_path, 'digest'):
    pass
