"""Raw data: where it is looked for, how it is downloaded, and its digest."""

import hashlib

import pytest

from omr_jax.errors import UserError
from tfds_builders import archives, raw_data

LIMITS = archives.Limits(1, 1, 1)
# Port 9 of this machine refuses every connection at once, as where there is no network.
ONE = archives.Archive('one.zip', ('http://127.0.0.1:9/one.zip',), LIMITS)
TWO = archives.Archive('two.tar', ('http://127.0.0.1:9/two.tar', 'file:///none/two.tar'), LIMITS)


@pytest.fixture(autouse=True)
def offline(monkeypatch):
  monkeypatch.delenv('OMR_RAW_DIR', raising=False)
  monkeypatch.setenv('no_proxy', '127.0.0.1')
  monkeypatch.setenv('NO_PROXY', '127.0.0.1')


def no_network(url):
  raise AssertionError(f'{url} was asked for')


@pytest.mark.parametrize('place', ['.', 'below'])
def test_archives_in_the_folder_or_one_level_below(tmp_path, monkeypatch, place):
  expected = [tmp_path / place / archive.name for archive in (ONE, TWO)]
  for path in expected:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b'')
  assert raw_data.locate([ONE, TWO], tmp_path, no_network) == expected
  monkeypatch.setenv('OMR_RAW_DIR', str(tmp_path))
  assert raw_data.locate([ONE, TWO], None, no_network) == expected


def test_raw_dir_goes_before_the_environment(tmp_path, monkeypatch):
  for name in ('a', 'b'):
    (tmp_path / name).mkdir()
    (tmp_path / name / ONE.name).write_bytes(b'')
  monkeypatch.setenv('OMR_RAW_DIR', str(tmp_path / 'a'))
  assert raw_data.locate([ONE], tmp_path / 'b', no_network) == [tmp_path / 'b' / ONE.name]


def test_an_empty_environment_variable_names_no_folder(monkeypatch):
  monkeypatch.setenv('OMR_RAW_DIR', '')
  assert raw_data.folders(None, 'put it there') == []


def test_a_folder_that_is_not_there_is_refused(tmp_path):
  with pytest.raises(
    UserError, match=r'typo: no such folder; put one\.zip, two\.tar into a folder'
  ):
    raw_data.locate([ONE, TWO], tmp_path / 'typo', no_network)


def test_offline_names_all_missing_archives_with_their_addresses_and_the_remedy(tmp_path):
  with pytest.raises(UserError) as caught:
    raw_data.locate([ONE, TWO], tmp_path, no_network)
  for part in (*ONE.urls, *TWO.urls, f'not in {tmp_path}', 'raw_dir', '$OMR_RAW_DIR'):
    assert part in str(caught.value)
  (tmp_path / ONE.name).write_bytes(b'')
  with pytest.raises(UserError) as caught:
    raw_data.locate([ONE, TWO], tmp_path, no_network)
  assert ONE.name not in str(caught.value).partition('downloaded')[2]


def test_digest():
  lines = 'aa  x/10\naa  x/9\n'
  assert raw_data.digest({'x/9': 'aa', 'x/10': 'aa'}) == hashlib.sha256(lines.encode()).hexdigest()
  lines = 'bb  x/9\n'
  digest = raw_data.digest({'x/10': 'aa', 'x/9': 'bb'}, ['x/9'])
  assert digest == hashlib.sha256(lines.encode()).hexdigest()
